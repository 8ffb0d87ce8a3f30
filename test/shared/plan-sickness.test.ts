import { describe, expect, test } from 'vitest'
import type { HealthFacts } from '../../shared/model/facts.ts'
import type { HealingStep } from '../../shared/model/member.ts'
import type { Survey } from '../../shared/model/observation.ts'
import { planConsultation } from '../../shared/plan/healing/consult.ts'
import { planHealing } from '../../shared/plan/healing/heal.ts'
import { ensemble, facts, health, holders, noted, one } from './healing-scene.ts'
import { inGroup, instance, member, other, seconds, self, third, volume } from './scene.ts'

/** What is done to whom, and what is said. */
const steps = (seen: Survey) =>
  planHealing(seen).steps.map((step) => {
    if (step.kind === 'take-over') return `${step.restart ? 'restart' : 'apply'} ${step.member}`
    return step.kind === 'mark-unhealthy' ? `replace ${step.instanceId}` : step.kind
  })
const said = (seen: Survey) => planHealing(seen).findings.map(({ because }) => because)
const alarms = (seen: Survey) => planHealing(seen).findings.flatMap(({ because, alarm }) => (alarm ? because : []))

const sees = (role: HealthFacts['peers'][string]) => ({ peers: { 3: role } as const })
const seenAs = (role: HealthFacts['peers'][string]) => ({ 1: facts(1, sees(role)), 2: facts(2, sees(role)) })
const stopped = { service: { running: false, role: 'none' } } as const
const idle = { service: { role: 'none' } } as const
const dead = { ...seenAs('absent'), 3: facts(3, stopped) }
const without = { ...seenAs('none'), 3: facts(3, idle) }
const handedOver = { ...seenAs('absent'), 3: facts(3, { ...stopped, handedOver: true }) }
const silent = { ...seenAs('absent'), 3: 'silent' } as const
const routes = facts(3, { routes: 'gone' })
const states = (last: string) => [...holders.slice(0, 2).map((id) => inGroup(id, 'InService')), inGroup(third, last)]
const instances = (last: string) => [instance(self), instance(other), instance(third, { state: last })]

describe('what is said of a member', () => {
  test.each<[string, Survey]>([
    [`its holder ${third} is Terminating:Wait`, ensemble({}, { groupInstances: states('Terminating:Wait') })],
    [`its holder ${third} is stopping`, ensemble({}, { instances: instances('stopping') })],
    [`a command is at work on ${third}`, ensemble({ 3: facts(3, { busy: true }) })],
    [`EC2 does not show its holder ${third}`, ensemble({}, { instances: instances('running').slice(0, 2) })],
    [
      `its holder ${third} is terminated, and in no group of the ensemble`,
      ensemble({}, { instances: instances('terminated'), groupInstances: states('InService').slice(0, 2) }),
    ],
    [`${third} does not answer, and no other server sees it serve: it is looked at again`, ensemble(silent)],
    [
      'its server does not run; what was missing was applied 89 s ago, which may need time',
      ensemble(dead, { members: noted(3, 'apply', 89) }),
    ],
    [
      'its server does not run; its service was restarted 89 s ago, which may need time',
      ensemble(dead, { members: noted(3, 'restart', 89) }),
    ],
    [
      'its server runs, and has no role while the others have a leader; noticed 29 s ago, which may need time',
      ensemble(without, { members: noted(3, 'noticed', 29) }),
    ],
    [
      'its server runs, and answers nobody: its service is restarted',
      ensemble({ ...seenAs('unknown'), 3: facts(3, idle) }, { members: noted(3, 'noticed', 30) }),
    ],
  ])('%s', (because, seen) => {
    expect(planHealing(seen).findings).toEqual([expect.objectContaining({ member: 3, because })])
    expect(alarms(seen)).toEqual([])
  })

  test.each<[string, Survey]>([
    [
      `its holder ${third} is not visible, and in no group of the ensemble`,
      ensemble({}, { instances: instances('running').slice(0, 2), groupInstances: states('InService').slice(0, 2) }),
    ],
    [
      `${third} has handed over, and will not serve again: its instance is replaced`,
      ensemble(handedOver, { members: noted(3, 'noticed', 180) }),
    ],
    [
      `its server has no role; ${volume(3).id} at /var/lib/zookeeper is 97 % full: grow it, the file system follows: what is missing is applied`,
      ensemble({ ...without, 3: facts(3, { ...idle, volumes: [{ used: 97 }] }) }),
    ],
    [
      `its server does not run; ${volume(3).id} at /var/lib/zookeeper is 97 % full: grow it, the file system follows: what is missing is applied`,
      ensemble({ ...dead, 3: facts(3, { ...stopped, volumes: [{ used: 97 }] }) }),
    ],
  ])('as an alarm: %s', (because, seen) => {
    expect(alarms(seen)).toEqual([because])
  })

  test('nothing while the tags are in doubt, if it is well', () => {
    const findings = [{ because: 'member 9 has no volume', alarm: true }]
    expect(planHealing(ensemble({}, { tagFaults: ['member 9 has no volume'] }))).toMatchObject({ findings, steps: [] })
  })
})

describe('a member is sick', () => {
  test('that has no role beside a leader: it is restarted at the second look', () => {
    expect(steps(ensemble(without, { members: noted(3, 'noticed', 30) }))).toEqual(['restart 3'])
    const alone = {
      1: facts(1, { service: { role: 'standalone' }, peers: { 3: 'none' } }),
      2: facts(2, { ...idle, peers: { 3: 'none' } }),
      3: facts(3, { ...idle, peers: {} }),
    }
    expect(steps(ensemble(alone, { members: noted(3, 'noticed', 30) }))).toEqual(['restart 3'])
  })

  test('whose disk is full: what is applied removes old files, so that it is done at the first look', () => {
    const full = facts(3, { ...idle, volumes: [{ used: 97 }] })
    expect(steps(ensemble({ ...without, 3: full }))).toEqual(['apply 3'])
  })

  test('that has another volume in the place of its own', () => {
    const foreign = facts(3, { volumes: [{ volume: volume(9).id }] })
    expect(steps(ensemble({ 3: foreign }))).toEqual(['apply 3'])
  })

  test('whose host has not answered in time, as one that is silent is', () => {
    const late = ensemble({ ...silent, 3: undefined }, { members: noted(3, 'noticed', 180) })
    expect(steps(late)).toEqual([`replace ${third}`])
  })

  test('not while the others have no leader, unless none of them has an answer from it', () => {
    const told = {
      1: facts(1, { ...idle, peers: { 2: 'none', 3: 'none' } }),
      2: facts(2, { ...idle, peers: { 1: 'none', 3: 'unknown' } }),
      3: facts(3, { ...idle, peers: { 1: 'none', 2: 'none' } }),
    }
    const noticed = { members: noted(3, 'noticed', 30) }
    expect(steps(ensemble(told, noticed))).toEqual([])
    const unheard = { ...told, 1: facts(1, { ...idle, peers: { 2: 'none', 3: 'unknown' } }) }
    expect(steps(ensemble(unheard, noticed))).toEqual(['restart 3'])
  })

  test('not where it stands alone, as an only member does', () => {
    const alone = { members: [one(1)], groupInstances: [inGroup(self, 'InService')], instances: [instance(self)] }
    const healths = [health(1, facts(1, { service: { role: 'standalone' }, peers: {} }))]
    expect(planHealing(ensemble({}, { ...alone, healths }))).toEqual({ notes: [], steps: [], findings: [] })
  })
})

describe('a silent host', () => {
  const serves = `${third} does not answer, but its server serves: look after its SSM agent`

  test('serves if one of the others sees it serve, though another does not', () => {
    const told = { ...silent, 2: facts(2, sees('follower')) }
    expect(alarms(ensemble(told))).toEqual([serves])
  })

  test('is not seen by one that has taken nothing over: whose server that is, nobody knows', () => {
    const told = { ...silent, 2: facts(2, { ...sees('follower'), member: null }) }
    expect(said(ensemble(told))).not.toContain(serves)
  })
})

describe('the ladder', () => {
  test('what can not be had again is not restarted for, whatever was done before', () => {
    expect(steps(ensemble(handedOver, { members: noted(3, 'apply', 90) }))).toEqual([`replace ${third}`])
  })

  test('nothing is noted as done for which the range of a subnet is missing', () => {
    const seen = ensemble(dead, { subnetCidrs: new Map() })
    const because = `its server does not run; the range of ${member(3).networkInterface.subnetId} is unknown`
    expect(planHealing(seen)).toEqual({ notes: [], steps: [], findings: [{ member: 3, because }] })
  })

  test('the note of one that is well again is forgotten, and no other note', () => {
    const networkInterfaceId = member(3).networkInterface.id
    const members = noted(3, 'apply', 600)
    const note = { key: 'healing', ...members[2]!.networkInterface.healing }
    const { notes } = planHealing(ensemble({}, { members }))
    expect(notes).toEqual([{ kind: 'forget-note', networkInterfaceId, note }])
  })
})

describe('who votes', () => {
  const voting = (two: Parameters<typeof facts>[1] = {}) => ({
    1: facts(1, { service: { voters: [1, 2] } }),
    2: facts(2, two),
  })

  test('is changed by the sweep while nothing else is done to a server', () => {
    expect(steps(ensemble(voting()))).toEqual(['reconfigure'])
    expect(steps(ensemble(voting({ routes: 'gone' })))).toEqual(['apply 2'])
  })
})

describe('whether the others are a quorum without one that serves', () => {
  const held = 'its routes: gone; it is not ended now: without it 1 members serve, and a quorum is 2'
  const applied = { members: noted(3, 'apply', 90) }

  test('one counts whose host has not answered in time, if others see it serve', () => {
    expect(steps(ensemble({ 2: undefined, 3: routes }, applied))).toEqual(['restart 3'])
  })

  test('one does not count whose host says that it is another member', () => {
    expect(alarms(ensemble({ 2: facts(1), 3: routes }, applied))).toContain(held)
  })

  test('one does not count whose instance stops, though it has told that it serves', () => {
    const stopping = [instance(self), instance(other, { state: 'stopping' }), instance(third)]
    expect(alarms(ensemble({ 3: routes }, { ...applied, instances: stopping }))).toEqual([held])
  })

  test('one that was replaced and is well again keeps nobody waiting', () => {
    const note = (step: HealingStep, ago: number) => ({ step, at: seconds(ago) })
    const members = [one(1), one(2, note('replace', 120)), one(3, note('apply', 90))]
    expect(steps(ensemble({ 3: routes }, { members }))).toEqual(['restart 3'])
  })
})

describe('the hosts are asked', () => {
  test('all at once, where only some have told', () => {
    const plan = planConsultation(ensemble({}, { healths: [health(1, facts(1)), health(2, facts(2))] }))
    expect(plan).toMatchObject({ kind: 'ask', step: { instanceIds: holders } })
  })

  test.each<[string, Partial<Survey>]>([
    ['nothing holds', { members: [one(1), one(2), member(3)] }],
    ['an instance in no group holds', { groupInstances: states('InService').slice(0, 2) }],
    ['an instance holds that EC2 does not show', { instances: instances('running').slice(0, 2) }],
  ])('but for one that %s', (_, change) => {
    const plan = planConsultation(ensemble({}, { ...change, healths: [] }))
    expect(plan).toMatchObject({ kind: 'ask', step: { instanceIds: [self, other] } })
  })
})
