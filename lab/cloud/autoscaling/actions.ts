import type {
  CompleteLifecycleActionCommandInput,
  RecordLifecycleActionHeartbeatCommandInput,
} from '@aws-sdk/client-auto-scaling'
import type { Cancel } from '../clock.ts'
import type { OperationTable } from '../operation.ts'
import { globalTimeout, readResult } from './hooks.ts'
import { publishLifecycleAction } from './notices.ts'
import { type GroupInstance, type Hook, launching, type LifecycleResult, type Transition } from './records.ts'
import { groupNamed, hooksOf, invalid, type Store } from './store.ts'

/** One lifecycle action that somebody has to complete: an instance waits for a hook. */
export interface OpenAction {
  readonly token: string
  readonly instanceId: string
  readonly hook: Hook
  /** Milliseconds since the epoch; heartbeats move it, but never past the other one. */
  readonly deadline: number
  readonly globalDeadline: number
}

/** Called when nothing is open any more for the instance, or one action was abandoned: then with the reason. */
export type Settled = (instanceId: string, transition: Transition, abandonedBecause: string | undefined) => void

type Sought = CompleteLifecycleActionCommandInput | RecordLifecycleActionHeartbeatCommandInput

/**
 * The open lifecycle actions: one for each hook that an instance waits for. Their heartbeat clock and the global one
 * are promises that handlers rely on, so unlike latencies they are not divided by the lab's speed.
 */
export class Actions {
  readonly #store: Store
  readonly #settled: Settled
  readonly #open = new Map<string, { readonly action: OpenAction; readonly cancel: Cancel }>()

  constructor(store: Store, settled: Settled) {
    this.#store = store
    this.#settled = settled
  }

  /** In the order in which they were opened or last extended. */
  open(): OpenAction[] {
    return [...this.#open.values()].map((timed) => timed.action)
  }

  /** Whether the group has hooks for this transition. */
  awaited(groupName: string, transition: Transition): boolean {
    return hooksOf(this.#store, groupName).some((hook) => hook.transition === transition)
  }

  /** Opens an action for each hook of the transition and publishes their events. */
  begin(member: GroupInstance, transition: Transition): void {
    const { clock, random } = this.#store.kernel
    for (const hook of hooksOf(this.#store, member.groupName)) {
      if (hook.transition !== transition) continue
      const token = random.uuid()
      const globalDeadline = clock.now() + globalTimeout(hook) * 1000
      const deadline = clock.now() + hook.heartbeatTimeout * 1000
      this.#arm({ token, instanceId: member.instanceId, hook, deadline, globalDeadline })
      publishLifecycleAction(this.#store, hook, member, token)
    }
  }

  /** Forgets whatever is open for the instance, without any result. */
  discard(instanceId: string): void {
    for (const action of this.open()) if (action.instanceId === instanceId) this.#close(action.token)
  }

  /** Ends the actions that wait for a hook which is no more. */
  hookDeleted(hook: Hook): void {
    const result = hook.transition === launching ? 'ABANDON' : 'CONTINUE'
    for (const action of this.open()) {
      const same = action.hook.groupName === hook.groupName && action.hook.name === hook.name
      // Ending one may have closed another of the same instance meanwhile.
      if (same && this.#open.has(action.token)) this.#finish(action, result, 'Lifecycle Hook was deleted')
    }
  }

  operations(): OperationTable {
    return {
      CompleteLifecycleAction: (input: CompleteLifecycleActionCommandInput) => {
        const result = readResult(input.LifecycleActionResult)
        this.#finish(this.#find(input), result, 'Lifecycle Action Completed with ABANDON Result')
        return {}
      },
      RecordLifecycleActionHeartbeat: (input: RecordLifecycleActionHeartbeatCommandInput) => {
        const action = this.#find(input)
        const extended = this.#store.kernel.clock.now() + action.hook.heartbeatTimeout * 1000
        this.#close(action.token)
        this.#arm({ ...action, deadline: Math.min(extended, action.globalDeadline) })
        return {}
      },
    }
  }

  /** By the token if there is one, else by the instance. At its deadline an action can no longer be reached. */
  #find(input: Sought): OpenAction {
    const group = groupNamed(this.#store, input.AutoScalingGroupName)
    const token = input.LifecycleActionToken
    const action = this.open().find(
      (each) =>
        each.hook.groupName === group.name &&
        each.hook.name === input.LifecycleHookName &&
        each.deadline > this.#store.kernel.clock.now() &&
        (token === undefined ? each.instanceId === input.InstanceId : each.token === token),
    )
    if (action) return action
    const sought = token === undefined ? `instance ID ${input.InstanceId}` : `token ${token}`
    throw invalid(`No active Lifecycle Action found with ${sought}`)
  }

  #finish(action: OpenAction, result: LifecycleResult, reason: string): void {
    this.#close(action.token)
    const { instanceId, token, hook } = action
    if (result === 'ABANDON') {
      // An abandoned action ends the waiting at once, whatever other hooks are still at work.
      this.discard(instanceId)
      this.#settled(instanceId, hook.transition, `Lifecycle Action with token ${token} was abandoned: ${reason}`)
    } else if (!this.open().some((other) => other.instanceId === instanceId)) {
      this.#settled(instanceId, hook.transition, undefined)
    }
  }

  #arm(action: OpenAction): void {
    const { clock } = this.#store.kernel
    const timeOut = (): void => this.#finish(action, action.hook.defaultResult, 'Heartbeat Timeout')
    this.#open.set(action.token, { action, cancel: clock.after(action.deadline - clock.now(), timeOut) })
  }

  #close(token: string): void {
    this.#open.get(token)?.cancel()
    this.#open.delete(token)
  }
}
