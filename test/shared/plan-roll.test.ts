import { expect, test } from 'vitest'
import type { Survey } from '../../shared/model/observation.ts'
import { planRoll } from '../../shared/plan/roll.ts'
import { ensemble, facts } from './healing-scene.ts'
import { inGroup, instance, now, other, seconds, self, third } from './scene.ts'

const zones = ['eu-central-1a', 'eu-central-1b', 'eu-central-1c']

/** The instances of members 1 (which leads), 2 and 3, launched so many seconds ago. */
const launched = (...ago: number[]) =>
  [self, other, third].map((id, place) => instance(id, { zone: zones[place]!, launchTime: seconds(ago[place]!) }))

const next = (seen: Survey, began = seconds(100)) => {
  const roll = planRoll(seen, began)
  return roll.kind === 'replace' ? `${roll.member.id} ${roll.role} ${roll.instanceId}` : roll
}

test('followers come first in the order of their ids, the leader last, and then nobody', () => {
  expect(next(ensemble({}, { instances: launched(200, 200, 200) }))).toBe(`2 follower ${other}`)
  expect(next(ensemble({}, { instances: launched(200, 50, 200) }))).toBe(`3 follower ${third}`)
  expect(next(ensemble({}, { instances: launched(200, 50, 50) }))).toBe(`1 leader ${self}`)
  expect(next(ensemble({}, { instances: launched(50, 50, 50) }))).toEqual({ kind: 'done' })
})

test('whoever leads by then is the last, not who led at the beginning', () => {
  const told = {
    1: facts(1, { service: { role: 'follower' } }),
    2: facts(2, { service: { role: 'leader' } }),
    3: facts(3),
  }
  expect(next(ensemble(told, { instances: launched(200, 200, 50) }))).toBe(`1 follower ${self}`)
})

test('an instance that was launched when the roll began is new', () => {
  expect(next(ensemble({}, { instances: launched(100, 100, 101) }))).toBe(`3 follower ${third}`)
})

test('nobody is next while somebody is not well, on the way, or in doubt', () => {
  const old = { instances: launched(200, 200, 200) }
  const dead = facts(3, { service: { running: false, role: 'none' } })
  expect(next(ensemble({ 3: dead }, old))).toEqual({ kind: 'wait', because: 'member 3: its server does not run' })
  expect(next(ensemble({}, { ...old, tagFaults: ['member 4 has no volume'] }))).toEqual({
    kind: 'wait',
    because: 'member 4 has no volume',
  })
  const groupInstances = [...ensemble().groupInstances, inGroup('i-00000000000000ddd' as typeof self, 'Pending:Wait')]
  expect(next(ensemble({}, { ...old, groupInstances }), now)).toEqual({
    kind: 'wait',
    because: 'i-00000000000000ddd is Pending:Wait',
  })
})
