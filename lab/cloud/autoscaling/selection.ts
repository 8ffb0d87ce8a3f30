import type { Subnet } from '../ec2/records.ts'
import type { Backoff } from './backoff.ts'
import type { Group, GroupInstance } from './records.ts'
import type { Store } from './store.ts'

/** Where the next instance goes, and which one goes next. */

export function subnetsOf(store: Store, group: Group): Subnet[] {
  return group.subnetIds.flatMap((subnetId) => store.ec2.subnets.get(subnetId) ?? [])
}

/**
 * The zone with the fewest instances. Those that are to be replaced are left out of the count, so that a replacement
 * that is launched first comes to the zone of the one it replaces. Under balanced-best-effort a zone that has just
 * refused an instance stands back.
 */
export function chooseSubnet(
  store: Store,
  group: Group,
  members: readonly GroupInstance[],
  backoff: Backoff,
): Subnet | undefined {
  const staying = members.filter((member) => member.replaceBecause === undefined)
  const all = subnetsOf(store, group)
  const willing = all.filter((subnet) => !backoff.avoids(group.name, subnet.zone))
  const bestEffort = group.capacityDistributionStrategy === 'balanced-best-effort'
  const candidates = bestEffort && willing.length > 0 ? willing : all
  return fewest(candidates, (subnet) => inZone(staying, subnet.zone).length)
}

/** Of a scale-in: from the zone with the most instances, then as the termination policies say. */
export function chooseVictims(group: Group, members: readonly GroupInstance[], count: number): GroupInstance[] {
  const left = [...members]
  const victims: GroupInstance[] = []
  while (victims.length < count) {
    const open = left.filter((member) => !member.protectedFromScaleIn)
    const zone = fewest(open, (member) => -inZone(left, member.zone).length)?.zone
    const [victim] = inZone(open, zone).toSorted(byPolicies(group.terminationPolicies))
    if (!victim) break
    victims.push(victim)
    left.splice(left.indexOf(victim), 1)
  }
  return victims
}

/** The zones whose numbers of instances differ by more than one, or undefined when the group is in balance. */
export function imbalance(
  store: Store,
  group: Group,
  members: readonly GroupInstance[],
): { readonly crowded: string; readonly sparse: string } | undefined {
  const zones = [...new Set(subnetsOf(store, group).map((subnet) => subnet.zone))]
  const sparse = fewest(zones, (zone) => inZone(members, zone).length)
  const crowded = fewest(zones, (zone) => -inZone(members, zone).length)
  if (sparse === undefined || crowded === undefined) return undefined
  return inZone(members, crowded).length - inZone(members, sparse).length > 1 ? { crowded, sparse } : undefined
}

function inZone(members: readonly GroupInstance[], zone: string | undefined): GroupInstance[] {
  return members.filter((member) => member.zone === zone)
}

/** The first item with the smallest number. */
function fewest<T>(items: readonly T[], number: (item: T) => number): T | undefined {
  return items.toSorted((one, other) => number(one) - number(other))[0]
}

type Order = (one: GroupInstance, other: GroupInstance) => number

const oldestInstance: Order = (one, other) => one.launchedAt - other.launchedAt
const oldestTemplate: Order = (one, other) => Number(one.launchTemplate.version) - Number(other.launchTemplate.version)

const policies: Readonly<Record<string, readonly Order[]>> = {
  OldestInstance: [oldestInstance],
  NewestInstance: [(one, other) => oldestInstance(other, one)],
  OldestLaunchTemplate: [oldestTemplate],
  // The default policy ends in a choice by chance; the oldest instance keeps it reproducible.
  Default: [oldestTemplate, oldestInstance],
}

const toReplace: Order = (one, other) => Number(!one.replaceBecause) - Number(!other.replaceBecause)
const notInService: Order = (one, other) =>
  Number(one.lifecycleState === 'InService') - Number(other.lifecycleState === 'InService')

/** Unhealthy instances go first, and then those that are not in service yet: nobody would miss them. */
function byPolicies(names: readonly string[]): Order {
  const orders = [toReplace, notInService, ...names.flatMap((name) => policies[name] ?? [])]
  return (one, other) => orders.map((order) => order(one, other)).find((difference) => difference !== 0) ?? 0
}
