import { expect, test } from 'vitest'
import type { Survey } from '../../shared/model/observation.ts'
import { planRoll, roleOf } from '../../shared/plan/roll.ts'
import { ensemble, facts, health, one } from './healing-scene.ts'
import { inGroup, instance, member, now, other, seconds, self, third } from './scene.ts'

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

/** The first leads, and tells who votes. */
const voting = (voters: number[]) => facts(1, { service: { voters } })

test('one that nothing holds is passed over where it has no vote, and waited for where it has one', () => {
  const away = { members: [one(1), one(2), member(3)] }
  const world = (voters: number[], ...ago: number[]) =>
    ensemble({ 1: voting(voters) }, { ...away, instances: launched(...ago) })
  expect(next(world([1, 2], 200, 200, 200))).toBe(`2 follower ${other}`)
  expect(next(world([1, 2], 50, 50, 200))).toEqual({ kind: 'done' })
  expect(next(world([1, 2, 3], 200, 200, 200))).toEqual({ kind: 'wait', because: 'member 3: no instance holds it' })
})

test('one that is held and not well is waited for, though it has no vote', () => {
  const told = { 1: voting([1, 2]), 3: facts(3, { service: { running: false, role: 'none' } }) }
  expect(next(ensemble(told, { instances: launched(200, 200, 200) }))).toEqual({
    kind: 'wait',
    because: 'member 3: its server does not run',
  })
})

test('one whose host was not asked is not known to be well', () => {
  const healths = [health(1, facts(1)), health(2, facts(2))]
  expect(next(ensemble({}, { instances: launched(200, 200, 200), healths }))).toEqual({
    kind: 'wait',
    because: `member 3: ${third} has not been asked`,
  })
})

test('what waits in a warm pool is on its way to nobody', () => {
  const pooled = inGroup('i-00000000000000ddd' as typeof self, 'Warmed:Pending:Wait')
  const groupInstances = [...ensemble().groupInstances, pooled]
  expect(next(ensemble({}, { instances: launched(200, 200, 200), groupInstances }))).toBe(`2 follower ${other}`)
})

test('the role of a server is unknown where its host is silent, or was not asked', () => {
  const seen = ensemble({ 2: 'silent' }, {})
  expect([self, other].map((host) => roleOf(seen, host))).toEqual(['leader', 'unknown'])
  expect(roleOf({ ...seen, healths: [] }, self)).toBe('unknown')
})
