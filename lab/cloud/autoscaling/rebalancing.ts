import type { Launching } from './launching.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Group } from './records.ts'
import { imbalance } from './selection.ts'
import { isSuspended, membersOf, stamp, type Store } from './store.ts'

const because = 'a difference between desired and actual capacity'

/**
 * Once a group is at rest, one instance at a time moves from its fullest zone to its emptiest, launched there before
 * it is terminated here. Answers the beginning of the launch's cause when a move begins.
 */
export function startRebalancing(
  store: Store,
  lifecycle: Lifecycle,
  launching: Launching,
  group: Group,
): string | undefined {
  const members = membersOf(store, group.name)
  const atRest = members.every((member) => member.lifecycleState === 'InService' && !member.replaceBecause)
  if (!atRest || members.length !== group.desiredCapacity) return undefined
  if (['AZRebalance', 'Launch', 'Terminate'].some((name) => isSuspended(group, name))) return undefined
  const zones = imbalance(store, group, members)
  if (!zones || launching.avoids(group, zones.sparse)) return undefined
  const mover = members.find((member) => member.zone === zones.crowded && !member.protectedFromScaleIn)
  if (!mover) return undefined
  lifecycle.move(mover.instanceId, 'InService', { replaceBecause: because, launchFirst: true })
  const balance = `instances were launched to balance instances in zones ${zones.sparse} with other zones`
  return `At ${stamp(store)} ${balance} resulting in more than desired number of instances in the group.`
}

/** The emptier zone refused the instance: nothing moves. */
export function stopRebalancing(store: Store, lifecycle: Lifecycle, group: Group): void {
  for (const member of membersOf(store, group.name)) {
    if (member.replaceBecause !== because) continue
    lifecycle.move(member.instanceId, member.lifecycleState, { replaceBecause: undefined, launchFirst: undefined })
  }
}
