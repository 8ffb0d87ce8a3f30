import { describe, expect, test } from 'vitest'
import type { GroupInstance, Survey } from '../../shared/model/observation.ts'
import { planHealing } from '../../shared/plan/healing/heal.ts'
import { ensemble, facts, health, holders, one } from './healing-scene.ts'
import { attachedTo, heldBy, inGroup, instance, member, other, seconds, self, third, volume } from './scene.ts'

/** The third instance is in service and no member, of a zone whose member 3 is free. */
const stray = instance(third, { zone: 'eu-central-1c', launchTime: seconds(900) })
const free = member(3, { zone: 'eu-central-1c' })
const world = (change: Partial<Survey> = {}) =>
  ensemble(
    {},
    {
      members: [one(1), one(2), free],
      instances: [instance(self), instance(other), stray],
      healths: [health(1, facts(1)), health(2, facts(2))],
      ...change,
    },
  )

/** What is said of the stray alone, and what is done to whom. */
const said = (seen: Survey) => planHealing(seen).findings.filter(({ instance: name }) => name === third)
const replaced = (seen: Survey) =>
  planHealing(seen).steps.flatMap((step) => (step.kind === 'mark-unhealthy' ? step.instanceId : []))

const stranger = `${third} is in service and is no member`
const waiting = [{ instance: third, because: `${stranger}, and member 3 is free` }]
const abandoned = [{ instance: third, because: `${stranger}: no member of its zone is free`, alarm: true }]

test('a stray is replaced with an alarm', () => {
  expect(replaced(world())).toEqual([third])
  expect(said(world())).toEqual([{ instance: third, because: `${stranger}: it is replaced`, alarm: true }])
})

test.each<[string, Partial<Survey>]>([
  [
    'while it may be on its way to it',
    { instances: [instance(self), instance(other), { ...stray, launchTime: seconds(599) }] },
  ],
  [
    'while another was restarted a moment ago',
    { members: [one(1), one(2, { step: 'restart', at: seconds(10) }), free] },
  ],
  ['while the tags are in doubt', { tagFaults: ['member 9 has no volume'] }],
])('a stray is not replaced %s, which is said and no alarm', (_, change) => {
  expect(replaced(world(change))).toEqual([])
  expect(said(world(change))).toEqual(waiting)
})

describe('beside one that is on its way', () => {
  const beside = (ago: number, moving: Partial<GroupInstance>) =>
    replaced(
      world({
        instances: [instance(self), instance(other), { ...stray, launchTime: seconds(ago) }],
        groupInstances: [
          inGroup(self, 'InService'),
          { ...inGroup(other, 'Pending:Wait'), ...moving },
          inGroup(third, 'InService'),
        ],
      }),
    )

  test('a stray is given time, but not for ever: that one may wait for a quorum, and the quorum for this member', () => {
    expect(beside(1199, { zone: 'eu-central-1b' })).toEqual([])
    expect(beside(1200, { zone: 'eu-central-1b' })).toEqual([third])
    expect(beside(1200, { zone: 'eu-central-1c' })).toEqual([third])
  })

  test('a stray stays while that one may come for the free member', () => {
    const newcomer = { instanceId: 'i-00000000000000ddd' as typeof self }
    expect(beside(7200, { ...newcomer, zone: 'eu-central-1c' })).toEqual([])
    expect(beside(7200, { ...newcomer, zone: 'eu-central-1b' })).toEqual([third])
  })
})

test.each<[string, Partial<Survey>]>([
  ['the free member is one of another zone', { members: [one(1), one(2), { ...free, zone: 'eu-central-1b' }] }],
  ['the members of its zone are held', { members: [one(1), one(2), heldBy(holders[1]!, free)] }],
  [
    'a volume of the member is still attached somewhere',
    { members: [one(1), one(2), { ...free, volumes: [volume(3, attachedTo('i-00000000000000ddd' as typeof self))] }] },
  ],
])('a stray is left to a person where %s', (_, change) => {
  expect(replaced(world(change))).toEqual([])
  expect(said(world(change))).toEqual(abandoned)
})

test('a stray that does not run is not marked: it is ended already', () => {
  const instances = [instance(self), instance(other), { ...stray, state: 'shutting-down' }]
  expect(replaced(world({ instances }))).toEqual([])
  expect(said(world({ instances }))).toEqual([{ instance: third, because: `${stranger}: it is shutting-down` }])
  const unseen = instances.slice(0, 2)
  expect(said(world({ instances: unseen }))).toEqual([{ instance: third, because: `${stranger}: it is not visible` }])
})

test('an instance that is put aside, or leaves, is no stray', () => {
  for (const state of ['Standby', 'Terminating:Wait', 'Warmed:Stopped']) {
    const groupInstances = [inGroup(self, 'InService'), inGroup(other, 'InService'), inGroup(third, state)]
    expect(planHealing(world({ groupInstances }))).toMatchObject({ steps: [], notes: [] })
    expect(said(world({ groupInstances }))).toEqual([])
  }
})
