import type { InstanceId } from './ids.ts'

export type Transition = 'launching' | 'terminating'

/** An open lifecycle action of Auto Scaling: an instance that waits in a transition for somebody's verdict. */
export interface LifecycleAction {
  readonly instanceId: InstanceId
  readonly groupName: string
  readonly transition: Transition
  readonly hookName: string
  /** Only an event carries it; no API tells it afterwards, so the sweep names the action by its instance. */
  readonly token?: string
}

/** CONTINUE and ABANDON are Auto Scaling's words; WAIT leaves the action open, to be looked at again later. */
export type Verdict = 'CONTINUE' | 'ABANDON' | 'WAIT'

/** How looking after an action ended. NOTHING: there was nothing open, or it is none of ours. */
export interface Outcome {
  readonly verdict: Verdict | 'NOTHING'
  readonly because: string
}
