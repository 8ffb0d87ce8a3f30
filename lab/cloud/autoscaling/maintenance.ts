import type { Group, GroupInstance } from './records.ts'

/** What the group's instance maintenance policy means for replacing. */

/** With at least 100 percent healthy, the new instance has to be in service before the old one may go. */
export function launchesFirst(group: Group, member: GroupInstance): boolean {
  return member.launchFirst === true || group.maintenance?.minHealthyPercentage === 100
}

/** Without a policy, launching first may exceed the desired capacity by this (Auto Scaling User Guide, rebalancing). */
const defaultMaxHealthy = 110

/** How many instances the group may hold while `replaced` of them wait for their replacement: one more at least. */
export function mostInstances(group: Group, replaced: number): number {
  if (replaced === 0) return Number.POSITIVE_INFINITY
  const percentage = group.maintenance?.maxHealthyPercentage ?? defaultMaxHealthy
  return group.desiredCapacity + Math.max(1, Math.floor((group.desiredCapacity * (percentage - 100)) / 100))
}
