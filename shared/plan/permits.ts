import type { Member } from '../model/member.ts'
import type { Survey } from '../model/observation.ts'
import type { Step } from '../model/plan.ts'

/**
 * The permits, and why three first launches at once are safe.
 *
 * A quorum of empty disks has no memory: were one formed after the ensemble has acknowledged a write, that write would
 * be lost. So a member without data may vote only while *no* member can ever have had data. Every volume carries a
 * bootstrap permit from its creation; it is withdrawn from all of them as soon as any member is proved to have a role,
 * which takes a quorum, and before any launch is continued.
 *
 * - Crashed before the first withdrawal: the permits stand although there may be data. The host then finds it: a member
 *   that has data is not made to start from nothing, and one that has none asks its peers first. Nor could the empty
 *   ones outvote the others: what is acknowledged is on a majority, so each majority contains one who remembers.
 * - Crashed between two withdrawals: one missing permit is enough to deny it to all.
 * - A volume that is replaced later may carry a permit again: the others do not.
 * - A member whose tags are in doubt may be one that has data: then nobody bootstraps.
 */
export function bootstrapPermitted(seen: Survey): boolean {
  return (
    seen.tagFaults.length === 0 && seen.members.every((member) => member.volumes.every((one) => one.bootstrapPermitted))
  )
}

/** The permits that a proved member makes void: to format its own volumes, and to bootstrap for everybody. */
export function servedPermits(seen: Survey, proved: Member): Step[] {
  const format = proved.volumes.filter((volume) => volume.formatPermitted)
  const bootstrap = seen.members.flatMap((member) => member.volumes).filter((volume) => volume.bootstrapPermitted)
  return [
    ...bootstrap.map(({ id }): Step => ({ kind: 'withdraw-permit', permit: 'bootstrap', volumeId: id })),
    ...format.map(({ id }): Step => ({ kind: 'withdraw-permit', permit: 'format', volumeId: id })),
  ]
}
