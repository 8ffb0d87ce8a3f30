import type { InstanceId } from '../model/ids.ts'
import type { GroupInstance, Instance, Survey } from '../model/observation.ts'

export function groupInstance(seen: Survey, id: InstanceId): GroupInstance | undefined {
  return seen.groupInstances.find((instance) => instance.instanceId === id)
}

export function ec2Instance(seen: Survey, id: InstanceId): Instance | undefined {
  return seen.instances.find((instance) => instance.id === id)
}

/**
 * How an instance stands to what is attached to it.
 *
 * - keeping: it uses it, or may.
 * - leaving: it is on its way out, and EC2 or its own hand-over will free what it holds.
 * - unknown: EC2 does not show it. It is treated as keeping by whoever wants to take something away.
 */
export type Hold = 'keeping' | 'leaving' | 'unknown'

const leavingEc2States = new Set(['shutting-down', 'terminated'])
const leavingLifecycleStates = new Set([
  'Terminating',
  'Terminating:Wait',
  'Terminating:Proceed',
  'Terminated',
  'Warmed:Terminating',
  'Warmed:Terminating:Wait',
  'Warmed:Terminating:Proceed',
  'Warmed:Terminated',
])

export function hold(seen: Survey, id: InstanceId): Hold {
  const instance = ec2Instance(seen, id)
  const lifecycleState = groupInstance(seen, id)?.lifecycleState ?? ''
  if (leavingLifecycleStates.has(lifecycleState)) return 'leaving'
  if (!instance) return 'unknown'
  return leavingEc2States.has(instance.state) ? 'leaving' : 'keeping'
}

/** For a sentence: what the holder is doing. */
export function describe(seen: Survey, id: InstanceId): string {
  const state = ec2Instance(seen, id)?.state ?? 'not visible'
  const lifecycleState = groupInstance(seen, id)?.lifecycleState
  return lifecycleState ? `${id} (${state}, ${lifecycleState})` : `${id} (${state})`
}
