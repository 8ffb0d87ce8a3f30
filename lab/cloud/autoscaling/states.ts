import type { GroupInstance, LifecycleState, Place } from './records.ts'

/** How the states of the lifecycle are named and what their names say. */

/** In the warm pool, or on the way into it or out of life from it. */
export function isWarm(state: LifecycleState): boolean {
  return state.startsWith('Warmed:')
}

/** Whether it is part of the capacity that the group has or is about to have. */
export function counts(member: GroupInstance): boolean {
  return member.lifecycleState === 'InService' || /^Pending(:|$)/.test(member.lifecycleState)
}

/** On its way to termination; a retained instance has stopped on that way. */
export function isLeaving(member: GroupInstance): boolean {
  return member.lifecycleState.includes('Terminat') && !member.lifecycleState.endsWith(':Retained')
}

/** Whether it stands in the warm pool, prepared. */
export function isReady(member: GroupInstance): boolean {
  return /^Warmed:(Stopped|Running|Hibernated)$/.test(member.lifecycleState) && member.healthStatus === 'Healthy'
}

/** A retained instance has its hooks behind it: asked to go again, it goes. */
export function departureState(member: GroupInstance, destination: Place): LifecycleState {
  if (destination === 'WarmPool') return 'Warmed:Pending'
  const state = `${isWarm(member.lifecycleState) ? 'Warmed:' : ''}Terminating` as const
  return member.lifecycleState.endsWith(':Retained') ? `${state}:Proceed` : state
}

export function waitingState(member: GroupInstance): LifecycleState {
  return `${member.lifecycleState}:Wait` as LifecycleState
}

export function proceedingState(member: GroupInstance): LifecycleState {
  return member.lifecycleState.replace(':Wait', ':Proceed') as LifecycleState
}

export function retainedState(member: GroupInstance): LifecycleState {
  return member.lifecycleState.replace(':Proceed', ':Retained') as LifecycleState
}
