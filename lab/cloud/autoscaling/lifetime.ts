import type { Lifecycle } from './lifecycle.ts'
import type { GroupInstance } from './records.ts'
import type { Store } from './store.ts'

/** Has an instance replaced when it reaches the group's MaxInstanceLifetime, which speed does not shorten. */
export function limitLifetime(store: Store, lifecycle: Lifecycle, member: GroupInstance): void {
  const seconds = store.groups.get(member.groupName)?.maxInstanceLifetime
  if (seconds === undefined || member.replaceBecause !== undefined) return
  const age = store.kernel.clock.now() - member.launchedAt
  store.kernel.clock.after(seconds * 1000 - age, () => {
    const now = store.members.get(member.instanceId)
    if (now?.lifecycleState !== 'InService' || now.replaceBecause !== undefined) return
    lifecycle.move(now.instanceId, 'InService', { replaceBecause: 'a max instance lifetime expiration' })
  })
}
