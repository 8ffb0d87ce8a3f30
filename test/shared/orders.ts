import { expect } from 'vitest'
import { assembleMembers } from '../../shared/model/members.ts'
import type { Observation } from '../../shared/model/observation.ts'
import type { Plan } from '../../shared/model/plan.ts'
import { newestFirst } from './worlds.ts'

/** One observation, told in another order. */

/** Frozen through and through: whoever writes to it throws. */
export function deepFrozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const one of Object.values(value)) deepFrozen(one)
  }
  return value
}

/** Any order, but the same one for the same key. */
function shuffled<Value>(list: readonly Value[], key: number): Value[] {
  const rank = (index: number) => Math.imul((key ^ (index + 1)) + 0x9e3779b9, 0x85ebca6b) >>> 0
  return list
    .map((value, index) => ({ value, rank: rank(index) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map((one) => one.value)
}

/** The same facts as the APIs might have listed them another time; the members are put together from them anew. */
export function inOtherOrder(seen: Observation, key: number): Observation {
  const interfaces = seen.members.map(({ id, zone, networkInterface }) => ({
    resource: networkInterface,
    zone,
    member: String(id),
  }))
  const disks = seen.members.flatMap(({ id, zone, volumes }) =>
    volumes.map((resource) => ({ resource, zone, member: String(id) })),
  )
  const { members, faults } = assembleMembers(shuffled(interfaces, key), shuffled(disks, key + 1))
  expect(faults).toEqual([])
  return {
    ...seen,
    members,
    groupInstances: shuffled(seen.groupInstances, key),
    instances: shuffled(seen.instances, key).map((one) => ({
      ...one,
      networkInterfaces: shuffled(one.networkInterfaces, key),
      devices: shuffled(one.devices, key),
    })),
    tagFaults: shuffled(seen.tagFaults, key),
    commands: newestFirst(shuffled(seen.commands, key)),
    reaches: shuffled(seen.reaches, key),
    healths: shuffled(seen.healths, key),
    leavingSince: new Map(shuffled([...seen.leavingSince], key)),
    refusedAttaches: new Set(shuffled([...seen.refusedAttaches], key)),
  }
}

/** All of a plan but its sentences, in which facts are listed as they came. */
export const decision = ({ steps, verdict, member, alarm, givesUp }: Plan) => ({
  steps: steps.map((step) => JSON.stringify(step)).toSorted(),
  verdict,
  member,
  alarm,
  givesUp: givesUp !== undefined,
})
