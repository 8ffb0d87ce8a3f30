import { describe, expect, test } from 'vitest'
import type { HealthFacts } from '../../shared/model/facts.ts'
import type { HealingStep, Member } from '../../shared/model/member.ts'
import type { Survey } from '../../shared/model/observation.ts'
import { planConsultation } from '../../shared/plan/healing/consult.ts'
import { planHealing } from '../../shared/plan/healing/heal.ts'
import { ensemble, facts, health, holders, noted, one, type Told } from './healing-scene.ts'
import { attachedTo, id, inGroup, instance, member, now, other, seconds, self, third, volume } from './scene.ts'

/** What is done, in short: each step with what it is done to, each note with what it says. */
function done(seen: Survey) {
  const { notes, steps, findings } = planHealing(seen)
  return {
    notes: notes.map((step) => {
      if (step.kind === 'forget-note') return `forget ${step.networkInterfaceId.slice(-1)}`
      if (step.kind !== 'write-note' || step.note.key !== 'healing') return step.kind
      return `${step.networkInterfaceId.slice(-1)} ${step.note.step} ${step.note.at === now}`
    }),
    steps: steps.map((step) => {
      if (step.kind === 'take-over') return `${step.restart ? 'restart' : 'apply'} ${step.member} on ${step.instanceId}`
      return step.kind === 'mark-unhealthy' ? `replace ${step.instanceId}` : step.kind
    }),
    alarms: findings.filter((finding) => finding.alarm).map((finding) => finding.because),
    because: findings.map((finding) => finding.because),
  }
}

const sees = (number: number, role: HealthFacts['peers'][string]) => ({ peers: { [number]: role } as const })
/** Member 3 as its own host and both others see it. */
const unwell = (told: Told, seenAs: HealthFacts['peers'][string]) => ({
  1: facts(1, sees(3, seenAs)),
  2: facts(2, sees(3, seenAs)),
  3: facts(3, told),
})
const dead = unwell({ service: { running: false, role: 'none' } }, 'absent')
const hung = unwell({ service: { role: 'none' } }, 'unknown')
const without = unwell({ service: { role: 'none' } }, 'none')
const silent = { ...unwell({}, 'absent'), 3: 'silent' as const }

describe('the hosts are asked', () => {
  test('all that hold a member and are in service, with one command', () => {
    const plan = planConsultation(ensemble({}, { healths: [] }))
    expect(plan).toMatchObject({ kind: 'ask', step: { kind: 'ask-health', instanceIds: holders } })
    expect(plan).toHaveProperty('step.members.length', 3)
  })

  test('not one that is on its way in or out, nor one that does not run', () => {
    const groupInstances = [inGroup(self, 'Pending:Wait'), inGroup(other, 'InService'), inGroup(third, 'InService')]
    const instances = [instance(self), instance(other, { state: 'shutting-down' }), instance(third)]
    const plan = planConsultation(ensemble({}, { groupInstances, instances, healths: [] }))
    expect(plan).toMatchObject({ kind: 'ask', step: { instanceIds: [third] } })
  })

  test('and one that waits to leave: it serves, and can tell how the others are', () => {
    const groupInstances = [inGroup(self, 'InService'), inGroup(other, 'InService'), inGroup(third, 'Terminating:Wait')]
    const plan = planConsultation(ensemble({}, { groupInstances, healths: [] }))
    expect(plan).toMatchObject({ kind: 'ask', step: { instanceIds: holders } })
    const members = [1, 2, 3].map((number) =>
      one(number, number === 2 ? { step: 'noticed', at: seconds(600) } : undefined),
    )
    const healths = [
      health(1, 'silent'),
      health(2, 'silent'),
      health(3, facts(3, { peers: { 1: 'leader', 2: 'absent' } })),
    ]
    expect(done(ensemble({}, { groupInstances, members, healths })).steps).toEqual([`replace ${other}`])
  })

  test('and are awaited for as long as an answer may take', () => {
    const after = (ago: number) => [health(1, facts(1)), health(2, facts(2)), health(3, undefined, seconds(ago))]
    expect(planConsultation(ensemble({}, { healths: after(24) }))).toEqual({ kind: 'awaited' })
    expect(planConsultation(ensemble({}, { healths: after(25) }))).toEqual({ kind: 'told' })
    expect(planConsultation(ensemble())).toEqual({ kind: 'told' })
  })

  test('while the range of a subnet is not known there is nothing to ask with', () => {
    expect(planConsultation(ensemble({}, { healths: [], subnetCidrs: new Map() }))).toEqual({ kind: 'awaited' })
  })
})

test('of an ensemble that is well nothing is done and nothing said', () => {
  expect(planHealing(ensemble())).toEqual({ notes: [], steps: [], findings: [] })
})

describe('what is missing is applied at once', () => {
  test.each<[string, Told]>([
    ['its routes: no rule', { routes: 'no rule' }],
    [`${volume(3).id} is not mounted at /var/lib/zookeeper`, { volumes: [{ mounted: false, used: null }] }],
    [`${volume(3).id} is not mounted at /var/lib/zookeeper`, { volumes: [{ mount: '/mnt' }] }],
    [`${volume(3).id} is not mounted at /var/lib/zookeeper`, { volumes: [] }],
    ['its server does not run', { service: { running: false, role: 'none' } }],
    ['its host has taken nothing over', { member: null }],
  ])('%s', (because, told) => {
    const plan = done(ensemble({ 3: facts(3, told) }))
    expect(plan).toEqual({
      notes: ['3 apply true'],
      steps: [`apply 3 on ${third}`],
      alarms: [],
      because: [`${because}: what is missing is applied`],
    })
  })

  test('to all at once: it takes nothing from a server that serves', () => {
    const told = { 1: facts(1, { routes: 'gone' }), 2: facts(2, { routes: 'gone' }), 3: facts(3, { routes: 'gone' }) }
    expect(done(ensemble(told)).steps).toHaveLength(3)
  })

  test('without any quorum as well', () => {
    const none = { service: { running: false, role: 'none' }, peers: {} } as const
    expect(done(ensemble({ 1: facts(1, none), 2: facts(2, none), 3: facts(3, none) })).steps).toHaveLength(3)
  })
})

describe('the ladder', () => {
  test.each<[string, Parameters<typeof ensemble>[0], string, number, string[], string[]]>([
    ['what was applied has its time', dead, 'apply', 89, [], []],
    [
      'what was applied and did not help is followed by a restart',
      dead,
      'apply',
      90,
      ['3 restart true'],
      [`restart 3 on ${third}`],
    ],
    ['a restart has its time', dead, 'restart', 89, [], []],
    [
      'a restart that did not help is followed by a replacement',
      dead,
      'restart',
      90,
      ['3 replace true'],
      [`replace ${third}`],
    ],
    ['a replacement is not repeated', dead, 'replace', 90, [], []],
    ['after half an hour it is another illness', dead, 'replace', 1800, ['3 apply true'], [`apply 3 on ${third}`]],
    ['one that hangs is looked at twice', hung, 'noticed', 29, [], []],
    [
      'one that hangs is restarted at the second look',
      hung,
      'noticed',
      30,
      ['3 restart true'],
      [`restart 3 on ${third}`],
    ],
    [
      'one that hangs is not told to apply what is there',
      hung,
      'apply',
      90,
      ['3 restart true'],
      [`restart 3 on ${third}`],
    ],
    ['one that is silent is looked at for minutes', silent, 'noticed', 179, [], []],
    ['one that stays silent is replaced', silent, 'noticed', 180, ['3 replace true'], [`replace ${third}`]],
    ['silence after something was applied is a new illness', silent, 'apply', 90, ['3 noticed true'], []],
    ['silence after a restart is the same illness', silent, 'restart', 90, ['3 replace true'], [`replace ${third}`]],
  ])('%s', (_, told, step, ago, notes, steps) => {
    const plan = done(ensemble(told, { members: noted(3, step as 'apply', ago) }))
    expect([plan.notes, plan.steps]).toEqual([notes, steps])
  })

  test('one that hangs, or is silent, is only noted at the first look', () => {
    for (const told of [hung, silent, without]) {
      expect(done(ensemble(told))).toMatchObject({ notes: ['3 noticed true'], steps: [], alarms: [] })
    }
  })

  test('the time is that of the slowest server that tells one', () => {
    const slow = { ...dead, 1: facts(1, { ...sees(3, 'absent'), settleSeconds: 100 }) }
    expect(done(ensemble(slow, { members: noted(3, 'apply', 159) })).steps).toEqual([])
    expect(done(ensemble(slow, { members: noted(3, 'apply', 160) })).steps).toEqual([`restart 3 on ${third}`])
  })

  test('a replacement that has not helped is an alarm', () => {
    expect(done(ensemble(dead, { members: noted(3, 'replace', 90) })).alarms).toEqual([
      'its server does not run; its instance was to be replaced 90 s ago',
    ])
  })

  test('a replacement of which nothing has come is asked for again: the instance was there long before', () => {
    const launched = (ago: number) => [instance(self), instance(other), instance(third, { launchTime: seconds(ago) })]
    const members = noted(3, 'replace', 90)
    const again = done(ensemble(dead, { members, instances: launched(271) }))
    expect([again.notes, again.steps]).toEqual([['3 replace true'], [`replace ${third}`]])
    expect(done(ensemble(dead, { members, instances: launched(270) })).steps).toEqual([])
    expect(done(ensemble(dead, { members: noted(3, 'replace', 89), instances: launched(900) })).steps).toEqual([])
  })

  test('one that is well again keeps its note for ten minutes, and is healed by the next step until then', () => {
    expect(done(ensemble({}, { members: noted(3, 'apply', 599) })).notes).toEqual([])
    expect(done(ensemble({}, { members: noted(3, 'apply', 600) })).notes).toEqual(['forget 3'])
    expect(done(ensemble({}, { members: noted(3, 'noticed', 1) })).notes).toEqual(['forget 3'])
    expect(done(ensemble({}, { members: noted(3, 'replace', 1800) })).notes).toEqual(['forget 3'])
  })

  test('a full disk goes along to any other instance, so that it is never replaced for it', () => {
    const full = facts(3, { volumes: [{ used: 97 }], service: { running: false, role: 'none' } })
    const { steps, alarms } = done(ensemble({ ...dead, 3: full }, { members: noted(3, 'apply', 90) }))
    expect(steps).toEqual([`apply 3 on ${third}`])
    expect(alarms[0]).toContain('is 97 % full: grow it')
    const struggling = facts(3, { volumes: [{ used: 97 }], service: { role: 'none' } })
    const again = done(ensemble({ ...without, 3: struggling }, { members: noted(3, 'apply', 90) }))
    expect(again.steps).toEqual([`apply 3 on ${third}`])
  })

  test('one that serves from a disk that is nearly full is an alarm and nothing else', () => {
    expect(done(ensemble({ 3: facts(3, { volumes: [{ used: 90 }] }) }))).toMatchObject({
      steps: [],
      notes: [],
      alarms: [`${volume(3).id} at /var/lib/zookeeper is 90 % full: grow it, the file system follows`],
    })
    expect(done(ensemble({ 3: facts(3, { volumes: [{ used: 89 }] }) })).alarms).toEqual([])
  })
})

describe("what is nobody's sickness", () => {
  const nobody = {
    members: [one(1), one(2), member(3)],
    groupInstances: [self, other].map((holder) => inGroup(holder, 'InService')),
    healths: [health(1, facts(1)), health(2, facts(2))],
  }
  const none: Told = { service: { role: 'none' } }

  test('a quorum that is not there: nobody is noted, and it is said why', () => {
    const waiting = (number: number) => facts(number, { ...none, peers: { 1: 'none', 2: 'none', 3: 'none' } })
    const plan = done(ensemble({ 1: waiting(1), 2: waiting(2), 3: 'silent' }, { members: noted(3, 'noticed', 3000) }))
    expect(plan).toMatchObject({ steps: [], notes: [] })
    expect(plan.alarms).toEqual([
      'its server runs, and the ensemble has no quorum',
      'its server runs, and the ensemble has no quorum',
      `${third} does not answer, and no server of a quorum can tell how it is`,
    ])
  })

  test('one that hangs while there is no quorum is restarted all the same: it is what the others wait for', () => {
    const told = {
      1: facts(1, { ...none, peers: { 2: 'absent', 3: 'unknown' } }),
      2: facts(2, { service: { running: false, role: 'none' }, peers: { 1: 'none', 3: 'unknown' } }),
      3: facts(3, { ...none, peers: { 1: 'none', 2: 'absent' } }),
    }
    const plan = done(ensemble(told, { members: noted(3, 'noticed', 30) }))
    expect(plan.steps).toEqual([`apply 2 on ${other}`, `restart 3 on ${third}`])
  })

  test("where nobody else can tell, its own host's word that it hangs is enough: the newcomers wait for it", () => {
    const groupInstances = [inGroup(self, 'Pending:Wait'), inGroup(other, 'Pending:Wait'), inGroup(third, 'InService')]
    const heard = (role: 'none' | 'unknown') => ({
      groupInstances,
      members: noted(3, 'noticed', 30),
      healths: [health(3, facts(3, { service: { role }, peers: { 1: 'none', 2: 'none' } }))],
    })
    expect(done(ensemble({}, heard('unknown'))).steps).toEqual([`restart 3 on ${third}`])
    expect(done(ensemble({}, heard('none')))).toMatchObject({
      steps: [],
      alarms: ['its server runs, and the ensemble has no quorum'],
    })
  })

  test('an only member has nobody to wait for: without a role it is restarted', () => {
    const alone = {
      members: [one(1, { step: 'noticed', at: seconds(60) })],
      groupInstances: [inGroup(self, 'InService')],
      healths: [health(1, facts(1, { ...none, peers: {} }))],
    }
    expect(done(ensemble({}, alone)).steps).toEqual([`restart 1 on ${self}`])
  })

  test.each<[string, Parameters<typeof ensemble>[0], string]>([
    ['a silent host whose server serves', { 3: 'silent' }, 'its server serves: look after its SSM agent'],
    ['a host that says it is another member', { 3: facts(2) }, 'says that it is member 2'],
  ])('%s is left to a person', (_, told, because) => {
    const plan = done(ensemble(told, { members: noted(3, 'noticed', 600) }))
    expect(plan).toMatchObject({ steps: [], notes: [] })
    expect(plan.alarms[0]).toContain(because)
  })

  test.each<[string, Parameters<typeof ensemble>[0], Partial<Survey>]>([
    ['a host at which a command is at work', { 3: facts(3, { busy: true, routes: 'gone' }) }, {}],
    ['one that nobody holds', {}, nobody],
    [
      'one whose instance stops',
      {},
      { instances: [instance(self), instance(other), instance(third, { state: 'stopping' })] },
    ],
    [
      'one whose instance leaves',
      {},
      { groupInstances: [inGroup(self, 'InService'), inGroup(other, 'InService'), inGroup(third, 'Terminating:Wait')] },
    ],
  ])('%s is looked after by somebody else', (_, told, change) => {
    const plan = done(ensemble(told, change))
    expect(plan).toMatchObject({ steps: [], notes: [], alarms: [] })
    expect(plan.because).toHaveLength(1)
  })

  test('a holder in no group, and one that EC2 does not show, are told', () => {
    const groupInstances = [inGroup(self, 'InService'), inGroup(other, 'InService')]
    expect(done(ensemble({}, { groupInstances })).alarms).toEqual([
      `its holder ${third} is running, and in no group of the ensemble`,
    ])
    const gone = {
      groupInstances,
      instances: [instance(self), instance(other), instance(third, { state: 'shutting-down' })],
    }
    expect(done(ensemble({}, gone))).toMatchObject({
      alarms: [],
      because: [`its holder ${third} is shutting-down, and in no group of the ensemble`],
    })
    const instances = [instance(self), instance(other)]
    expect(done(ensemble({}, { instances })).because).toEqual([`EC2 does not show its holder ${third}`])
  })
})

describe('the brakes', () => {
  const routes = { routes: 'gone' }

  test('of two that are to be ended one comes first', () => {
    const seenAs = { peers: { 2: 'unknown', 3: 'unknown' } } as const
    const told = {
      1: facts(1, seenAs),
      2: facts(2, { ...seenAs, service: { role: 'none' } }),
      3: facts(3, { ...seenAs, service: { role: 'none' } }),
    }
    const members = [one(1), one(2, { step: 'noticed', at: seconds(60) }), one(3, { step: 'noticed', at: seconds(60) })]
    const plan = done(ensemble(told, { members }))
    expect([plan.notes, plan.steps]).toEqual([['2 restart true'], [`restart 2 on ${other}`]])
    expect(plan.alarms).toEqual([expect.stringContaining('it is not ended now: member 2 comes first')])
  })

  test('none is ended while another that was ended has its time', () => {
    const restarted = [
      one(1),
      one(2, { step: 'restart', at: seconds(60) }),
      one(3, { step: 'noticed', at: seconds(60) }),
    ]
    expect(done(ensemble(hung, { members: restarted })).alarms).toEqual([
      expect.stringContaining('it is not ended now: member 2 is being healed'),
    ])
    const long = [one(1), one(2, { step: 'restart', at: seconds(90) }), one(3, { step: 'noticed', at: seconds(60) })]
    expect(done(ensemble(hung, { members: long })).steps).toEqual([`restart 3 on ${third}`])
  })

  test('beside one that is being replaced only one that does not serve is restarted: that one may wait for it', () => {
    const { networkInterface } = member(2)
    const replaced = {
      ...member(2),
      networkInterface: { ...networkInterface, healing: { step: 'replace', at: seconds(600) } as const },
    }
    const beside = (step: HealingStep) => [one(1), replaced, one(3, { step, at: seconds(240) })]
    expect(done(ensemble(hung, { members: beside('noticed') })).steps).toEqual([`restart 3 on ${third}`])
    const held = expect.stringContaining('it is not ended now: member 2 is being healed')
    expect(done(ensemble(hung, { members: beside('restart') })).alarms).toContainEqual(held)
    expect(done(ensemble({ 3: facts(3, routes) }, { members: beside('apply') })).alarms).toContainEqual(held)
  })

  test('one that serves is ended only if the others are a quorum without it', () => {
    const members = noted(3, 'apply', 90)
    expect(done(ensemble({ 3: facts(3, routes) }, { members })).steps).toEqual([`restart 3 on ${third}`])
    const second = { 2: facts(2, { service: { running: false, role: 'none' } }), 3: facts(3, routes) }
    expect(done(ensemble(second, { members })).alarms).toEqual([
      'its routes: gone; it is not ended now: without it 1 members serve, and a quorum is 2',
    ])
  })

  test('one whose host is silent serves if a server that serves says so: it is spared, and counted upon', () => {
    const leaving = { ...one(3), volumes: [volume(3, attachedTo(third, 'busy'))] }
    const healing = { step: 'noticed', at: seconds(180) } as const
    const members = [one(1), one(2), { ...leaving, networkInterface: { ...leaving.networkInterface, healing } }]
    const down = { 2: facts(2, { service: { running: false, role: 'none' } }), 3: 'silent' } as const
    expect(done(ensemble(down, { members })).alarms).toEqual([
      expect.stringContaining('it is not ended now: without it 1 members serve, and a quorum is 2'),
    ])
    const unheard = { 2: 'silent', 3: facts(3, routes) } as const
    expect(done(ensemble(unheard, { members: noted(3, 'apply', 90) })).steps).toEqual([`restart 3 on ${third}`])
  })

  test('one whose host is silent and whom nobody sees serves all the same, if who serves is no quorum without it', () => {
    const members = noted(3, 'noticed', 180)
    const unseen = { 1: facts(1, sees(3, 'unknown')), 3: 'silent' } as const
    const held = [expect.stringContaining('it is not ended now: without it 1 members serve, and a quorum is 2')]
    const down = facts(2, { ...sees(3, 'unknown'), service: { running: false, role: 'none' } })
    expect(done(ensemble({ ...unseen, 2: down }, { members })).alarms).toEqual(held)
    expect(done(ensemble({ ...unseen, 2: 'silent' }, { members })).alarms).toContainEqual(held[0])
    expect(done(ensemble({ ...unseen, 2: facts(2, sees(3, 'unknown')) }, { members })).steps).toEqual([
      `replace ${third}`,
    ])
  })

  test('one that serves and is about to leave, or is worked on, is not counted upon: it may be gone in a moment', () => {
    const long = { members: noted(3, 'apply', 600) }
    const groupInstances = [inGroup(self, 'InService'), inGroup(other, 'Terminating:Wait'), inGroup(third, 'InService')]
    const only = expect.stringContaining('it is not ended now: without it 1 members serve, and a quorum is 2')
    expect(done(ensemble({ 3: facts(3, routes) }, { ...long, groupInstances })).alarms).toEqual([only])
    const worked = { 2: facts(2, { busy: true }), 3: facts(3, routes) }
    expect(done(ensemble(worked, long)).alarms).toEqual([only])
  })

  test('one of two members is ended although it serves: they have no quorum to spare', () => {
    const two = {
      members: noted(1, 'apply', 90).slice(0, 2),
      groupInstances: [self, other].map((holder) => inGroup(holder, 'InService')),
      healths: [health(1, facts(1, routes)), health(2, facts(2, { service: { running: false, role: 'none' } }))],
    }
    expect(done(ensemble({}, two)).steps).toEqual([`restart 1 on ${self}`, `apply 2 on ${other}`])
  })

  test('none is replaced while another is on its way, for as long as that may be waited for', () => {
    const moving = {
      groupInstances: [inGroup(self, 'InService'), inGroup(other, 'Pending:Wait'), inGroup(third, 'InService')],
    }
    const handedOver = facts(3, { handedOver: true, service: { running: false, role: 'none' } })
    const told = { ...moving, healths: [health(1, facts(1, sees(3, 'absent'))), health(3, handedOver)] }
    const young = done(ensemble({}, { ...told, members: noted(3, 'noticed', 599) }))
    expect(young.alarms).toEqual([expect.stringContaining(`it is not ended now: ${other} is Pending:Wait`)])
    expect(done(ensemble({}, { ...told, members: noted(3, 'noticed', 600) })).steps).toEqual([`replace ${third}`])
    // A restart on the spot may be the very thing that the other one waits for.
    const waitedFor = [health(1, facts(1, sees(3, 'unknown'))), health(3, hung[3])]
    const members = noted(3, 'noticed', 60)
    expect(done(ensemble({}, { ...moving, healths: waitedFor, members })).steps).toEqual([`restart 3 on ${third}`])
  })

  test('nothing is done, and nothing applied, while the tags are in doubt: servers would be told of too few', () => {
    for (const told of [hung, dead]) {
      const plan = done(ensemble(told, { members: noted(3, 'noticed', 600), tagFaults: ['member 9 has no volume'] }))
      expect(plan).toMatchObject({ steps: [], notes: [], alarms: ['member 9 has no volume'] })
      expect(plan.because[1]).toContain('nothing is done while the tags are in doubt')
    }
  })
})

describe('an instance that somebody robs of a part is replaced: it will not have it again', () => {
  const whole = one(3)
  const card = whole.networkInterface
  const [disk] = whole.volumes
  test.each<[string, Member]>([
    [`${third} has lost ${disk!.id}`, { ...whole, volumes: [volume(3)] }],
    [`${disk!.id} is busy at ${third}`, { ...whole, volumes: [volume(3, attachedTo(third, 'busy'))] }],
    [
      `${card.id} is detaching at ${third}`,
      { ...whole, networkInterface: { ...card, attachment: { ...card.attachment!, status: 'detaching' } } },
    ],
    [`${third} has ${disk!.id}, and not ${card.id}`, { ...whole, networkInterface: member(3).networkInterface }],
  ])('%s', (because, robbed) => {
    const first = done(ensemble({}, { members: [one(1), one(2), robbed] }))
    expect(first).toMatchObject({ notes: ['3 noticed true'], because: [`${because}: it is looked at again`] })
    const healing = { step: 'noticed', at: seconds(180) } as const
    const members = [one(1), one(2), { ...robbed, networkInterface: { ...robbed.networkInterface, healing } }]
    expect(done(ensemble({}, { members })).steps).toEqual([`replace ${third}`])
  })

  test('but not one that is another member, which somebody gave that volume by hand', () => {
    const astray = { ...whole, networkInterface: member(3).networkInterface, volumes: [volume(3, attachedTo(other))] }
    const groupInstances = [self, other].map((holder) => inGroup(holder, 'InService'))
    expect(done(ensemble({}, { members: [one(1), one(2), astray], groupInstances }))).toMatchObject({
      notes: [],
      steps: [],
      alarms: [`${other} has ${disk!.id}, and not ${card.id}: it is member 2; detach ${disk!.id} from it`],
    })
  })

  test('but not one that leaves: that is the way of things', () => {
    const groupInstances = [inGroup(self, 'InService'), inGroup(other, 'InService'), inGroup(third, 'Terminating:Wait')]
    const members = [one(1), one(2), { ...whole, networkInterface: member(3).networkInterface }]
    expect(done(ensemble({}, { members, groupInstances }))).toMatchObject({
      notes: [],
      because: ['no instance holds it'],
    })
  })
})

test('one that has handed over and is in service is replaced', () => {
  const told = { ...dead, 3: facts(3, { handedOver: true, service: { running: false, role: 'none' } }) }
  expect(done(ensemble(told, { members: noted(3, 'noticed', 180) })).steps).toEqual([`replace ${third}`])
})

describe('an instance in service that is no member', () => {
  const free = [one(1), one(2), { ...member(3), zone: 'eu-central-1c' }]
  const stray = (launched: number) => [
    instance(self),
    instance(other),
    instance(third, { zone: 'eu-central-1c', launchTime: seconds(launched) }),
  ]
  const healths = [health(1, facts(1)), health(2, facts(2))]

  test('is replaced where a member of its zone is free, once it can not be on its way to it any more', () => {
    expect(done(ensemble({}, { members: free, instances: stray(600), healths }))).toMatchObject({
      notes: ['3 replace true'],
      steps: [`replace ${third}`],
    })
    expect(done(ensemble({}, { members: free, instances: stray(599), healths })).steps).toEqual([])
  })

  test('is not replaced while another is on its way, nor a second time', () => {
    const moving = [inGroup(self, 'InService'), inGroup(other, 'Pending'), inGroup(third, 'InService')]
    expect(done(ensemble({}, { members: free, instances: stray(900), healths, groupInstances: moving })).steps).toEqual(
      [],
    )
    const last = {
      ...free[2]!,
      networkInterface: { ...free[2]!.networkInterface, healing: { step: 'replace', at: seconds(60) } as const },
    }
    expect(done(ensemble({}, { members: [one(1), one(2), last], instances: stray(900), healths })).steps).toEqual([])
  })

  test('is left to a person where none is free: somebody has asked for more instances than members', () => {
    const fourth = inGroup('i-00000000000000ddd' as typeof self, 'InService')
    const groupInstances = [...holders.map((holder) => inGroup(holder, 'InService')), fourth]
    const instances = [...holders, fourth.instanceId].map((name) => instance(name))
    expect(done(ensemble({}, { groupInstances, instances }))).toMatchObject({
      steps: [],
      alarms: [`${fourth.instanceId} is in service and is no member: no member of its zone is free`],
    })
  })
})

test('the member is told by its number', () => {
  const { findings } = planHealing(ensemble(dead))
  expect(findings).toMatchObject([{ member: id(3), instance: third }])
})
