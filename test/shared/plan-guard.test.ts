import { describe, expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { HealthFacts } from '../../shared/model/facts.ts'
import type { Member } from '../../shared/model/member.ts'
import type { Health, Observation } from '../../shared/model/observation.ts'
import { planFor } from '../../shared/plan/plan.ts'
import {
  command,
  health,
  heldBy,
  inGroup,
  instance,
  leaving,
  member,
  noted,
  now,
  other,
  seconds,
  self,
  subnetCidrs,
  takenOver,
  third,
} from './scene.ts'

const note = { leaving: { instanceId: self, at: seconds(60) } }
const mine = noted(heldBy(self, member(1)), note)
const peers = [heldBy(other, member(2)), heldBy(third, member(3))] as const
const instances = [self, other, third].map((name) => instance(name))
const groupInstances = [inGroup(self, 'Terminating:Wait'), inGroup(other, 'InService'), inGroup(third, 'InService')]
const long = new Map([[self, seconds(120)]])

const service = (change: Partial<HealthFacts['service']>) => ({
  service: {
    running: true,
    role: 'none',
    zxid: '',
    connections: 0,
    latency: 0,
    synced: null,
    voters: null,
    ...change,
  } as const,
})
const without = service({ role: 'none' })
const stopped = service({ running: false })
const leads = service({ role: 'leader' })
const silent = (host: typeof self): Health => ({ instanceId: host, sentAt: seconds(26), answer: 'silent' })
const asked = (host: typeof self, ago = 5): Health => ({ instanceId: host, sentAt: seconds(ago), answer: undefined })
/** Nobody sees the servers of the others that are silent. */
const blind = { peers: { 1: 'follower', 2: 'absent', 3: 'absent' } } as const
const unseen = [health(self, mine, blind), health(other, peers[0], { ...leads, ...blind })] as const
const well = [health(self, mine), health(other, peers[0], leads), health(third, peers[1])]

/** Three members of whom the first, whose wish to leave has long been seen, is to end; all of them are well. */
const ending = (change: Partial<Observation> = {}): Observation =>
  leaving({
    members: [mine, ...peers],
    instances,
    groupInstances,
    wanted: 3,
    healths: well,
    leavingSince: long,
    ...change,
  })
/** The others of three being as they are told here. */
const beside = (second: Health, last: Health, own: Health = health(self, mine)) =>
  planFor(ending({ healths: [own, second, last] }))

/** Who is asked, or else what is done. */
const ids = (change: Partial<Observation>) =>
  planFor(ending(change)).steps.flatMap((step): string[] =>
    step.kind === 'ask-health' ? [...step.instanceIds] : [step.kind],
  )

const goes = { steps: [{ kind: 'hand-over' }], verdict: 'WAIT' }
const waits = { steps: [], verdict: 'WAIT', member: 1 }

describe('the quorum is kept', () => {
  test('a member in sync hands over while the others are a quorum without it', () => {
    const plan = planFor(ending())
    expect(plan).toMatchObject(goes)
    expect(plan.because).toContain('2 others are in sync: the host is to stop')
  })

  test.each<[string, Partial<HealthFacts>, string]>([
    ['its server has no role', without, 'the role of its server is none'],
    ['its server stands alone', service({ role: 'standalone' }), 'the role of its server is standalone'],
    ['a command is at work there', { busy: true }, 'its host is at work on it'],
    ['it has handed over', { handedOver: true }, 'its host has handed it over'],
    ['it is another member', { member: member(2).id }, 'its host has not taken it over'],
    ['it is no member', { member: null }, 'its host has not taken it over'],
  ])('it waits where of one other %s', (_, change, words) => {
    const plan = beside(well[1]!, health(third, peers[1], change))
    expect(plan).toMatchObject(waits)
    expect(plan).not.toHaveProperty('alarm')
    expect(plan.because).toContain('without member 1 1 would be in sync, and a quorum is 2: member 3: ')
    expect(plan.because).toContain(words)
    expect(plan.because).not.toContain('member 2')
  })

  test('one whose server goes on from a mount that is gone still has its vote', () => {
    expect(beside(well[1]!, health(third, peers[1], { volumes: [] }))).toMatchObject(goes)
  })

  test.each<[string, Partial<Observation>, string]>([
    ['is held by nobody', { members: [mine, peers[0], member(3)] }, 'member 3: no instance holds it'],
    [
      'is not in service',
      { groupInstances: [...groupInstances.slice(0, 2), inGroup(third, 'Pending:Wait')] },
      `its holder is ${third} (running, Pending:Wait)`,
    ],
    [
      'is on an instance that does not run',
      { instances: [...instances.slice(0, 2), instance(third, { state: 'stopping' })] },
      `its holder is ${third} (stopping, InService)`,
    ],
    ['is on an instance that EC2 does not show', { instances: instances.slice(0, 2) }, `${third} (not visible`],
    [
      'is to leave as well',
      { members: [mine, peers[0], noted(peers[1], { leaving: { instanceId: third, at: now } })] },
      'member 3: it is to leave as well',
    ],
    ['has a silent host', { healths: [...unseen, silent(third)] }, `its host ${third} does not answer`],
  ])('it waits where one other %s', (_, change, words) => {
    const plan = planFor(ending(change))
    expect(plan).toMatchObject(waits)
    expect(plan.because).toContain(words)
  })

  test('of five two may be missing, and no more', () => {
    const fourth = [4, 5].map((number) => heldBy(`i-0000000000000000${number}` as typeof self, member(number)))
    const five = [mine, ...peers, ...fourth]
    const hosts = [self, other, third, ...fourth.map((one) => one.networkInterface.attachment!.instanceId)]
    const world = (missing: number) =>
      ending({
        members: five,
        wanted: 5,
        instances: hosts.map((name) => instance(name)),
        groupInstances: hosts.map((name) => inGroup(name, name === self ? 'Terminating:Wait' : 'InService')),
        healths: hosts.map((name, place) => health(name, five[place]!, place > 0 && place <= missing ? without : {})),
      })
    expect([0, 1].map((missing) => planFor(world(missing)).steps.length)).toEqual([1, 1])
    expect(planFor(world(2))).toMatchObject(waits)
    expect(planFor(world(2)).because).toContain('2 would be in sync, and a quorum is 3: member 2: ')
    expect(planFor(world(3)).because).toContain('1 would be in sync, and a quorum is 3')
    expect(planFor(world(3)).because).toMatch(/member 2: [^;]*; member 3: [^;]*; member 4: [^;]*$/)
  })

  test('a wait of ten minutes raises an alarm', () => {
    const since = (ms: number) => noted(mine, { leaving: { instanceId: self, at: now - ms } })
    const world = (one: Member) =>
      ending({ members: [one, ...peers], healths: [unseen[0], silent(other), silent(third)] })
    expect(planFor(world(since(limits.guardAlarmAfter)))).not.toHaveProperty('alarm')
    expect(planFor(world(since(limits.guardAlarmAfter + 1)))).toMatchObject({ ...waits, alarm: true })
  })

  test('tags in doubt are a wait with an alarm: nobody knows how many make a quorum', () => {
    const plan = planFor(ending({ tagFaults: ['member 3 has no volume', 'member 4 has no volume'], members: [mine] }))
    expect(plan).toMatchObject({ ...waits, alarm: true })
    expect(plan.because).toContain('in doubt: member 3 has no volume; member 4 has no volume')
  })
})

describe('whom the quorum does not miss goes at once', () => {
  const dead = [health(other, peers[0], without), health(third, peers[1], leads)] as const

  test.each<[string, Partial<HealthFacts>, string]>([
    ['does not run', stopped, 'its server does not serve'],
    ['has been handed over', { handedOver: true }, 'its server does not serve'],
    ['is another member', { member: member(2).id }, 'its server does not serve'],
    ['is no member', { member: null }, 'its server does not serve'],
  ])('its own server %s', (_, change, words) => {
    const plan = beside(...dead, health(self, mine, change))
    expect(plan).toMatchObject(goes)
    expect(plan.because).toContain(`${words}, so the quorum loses nothing`)
  })

  test('its own server has no role while the others are a quorum by their own word', () => {
    const both = [health(other, peers[0]), health(third, peers[1], leads)] as const
    const plan = beside(...both, health(self, mine, without))
    expect(plan).toMatchObject(goes)
    expect(plan.because).toContain('it has no role, and the others are a quorum, so the quorum loses nothing')
    // What the hosts tell is not of one moment: by now the leader may lead because of this one.
    expect(beside(...dead, health(self, mine, without))).toMatchObject(waits)
  })

  test.each<HealthFacts['peers'][string]>(['absent', 'unknown', 'none'])(
    'a silent host that others see as %s goes if those are a quorum, and not if they may be cut off themselves',
    (role) => {
      const sees = { peers: { 1: role, 2: 'leader', 3: 'follower' } } as const
      const quorum = [health(other, peers[0], sees), health(third, peers[1], { ...leads, ...sees })] as const
      expect(beside(...quorum, silent(self))).toMatchObject(goes)
      const alone = health(third, peers[1], { ...leads, ...sees })
      expect(beside(health(other, peers[0], { ...without, ...sees }), alone, silent(self))).toMatchObject(waits)
    },
  )

  test.each<HealthFacts['peers'][string]>(['leader', 'follower'])(
    'a silent host that another sees as %s waits',
    (role) => {
      const sees = { peers: { 1: role, 2: 'none', 3: 'none' } } as const
      const one = health(third, peers[1], { ...leads, ...sees })
      expect(beside(health(other, peers[0], { ...without, ...sees }), one, silent(self))).toMatchObject(waits)
    },
  )

  test('a silent host whose peers are silent as well waits: it is the asking that failed', () => {
    expect(beside(silent(other), silent(third), silent(self))).toMatchObject(waits)
  })

  test.each(['busy', 'too-late'])('a hand-over that the host has refused as %s has begun nothing', (failed) => {
    const output = JSON.stringify({ attempt: 'a', failed, because: 'so it is' })
    const refused = { commands: [command('handOver', 'failed', output)] }
    expect(planFor(ending({ healths: [], leavingSince: new Map(), ...refused }))).toMatchObject(waits)
    const begun = { commands: [command('handOver', 'failed', output.replace(failed, 'still-mounted'))] }
    const plan = planFor(ending({ healths: [], leavingSince: new Map(), ...begun }))
    expect(plan.because).toContain('still-mounted')
  })

  test('a server without a role is needed where nobody leads: it may be the one that the next election needs', () => {
    const nobody = { peers: { 1: 'none', 2: 'none', 3: 'none' } } as const
    const all = [other, third].map((host, place) => health(host, peers[place]!, { ...without, ...nobody }))
    expect(beside(all[0]!, all[1]!, health(self, mine, without))).toMatchObject(waits)
    expect(beside(all[0]!, all[1]!, silent(self))).toMatchObject(waits)
    const sees = health(third, peers[1], { ...without, peers: { ...nobody.peers, 2: 'leader' } })
    expect(beside(all[0]!, sees, health(self, mine, without))).toMatchObject(waits)
    expect(beside(all[0]!, asked(third), health(self, mine, without))).toMatchObject({ ...waits, steps: [] })
  })

  test('but not for ever: after two minutes without anybody who leads it is as good as dead', () => {
    const nobody = { ...without, peers: { 1: 'none', 2: 'none', 3: 'none' } } as const
    const waiting = (ms: number, own: Health) => {
      const one = noted(mine, { leaving: { instanceId: self, at: now - ms } })
      const healths = [own, health(other, peers[0], nobody), health(third, peers[1], nobody)]
      return planFor(ending({ members: [one, ...peers], healths }))
    }
    for (const own of [health(self, mine, nobody), silent(self)]) {
      expect(waiting(limits.rolelessAfter - 1, own)).toMatchObject(waits)
      expect(waiting(limits.rolelessAfter, own)).toMatchObject(goes)
      expect(waiting(limits.rolelessAfter, own).because).toContain('and the others are no quorum either')
    }
    expect(waiting(limits.rolelessAfter, health(self, mine))).toMatchObject(waits)
  })

  test('and not while one is on its way in, who could begin an election', () => {
    const nobody = { ...without, peers: { 1: 'none', 2: 'none', 3: 'none' } } as const
    const one = noted(mine, { leaving: { instanceId: self, at: now - limits.rolelessAfter } })
    const coming = [...groupInstances.slice(0, 2), inGroup(third, 'Pending:Wait')]
    const healths = [health(self, mine, nobody), health(other, peers[0], nobody)]
    const change = { members: [one, ...peers], healths, groupInstances: coming }
    expect(planFor(ending(change))).toMatchObject(waits)
  })

  test('a silent host counts for the others if a server that serves has seen its own serve', () => {
    const own = health(self, mine, blind)
    const sees = (role: HealthFacts['peers'][string]) => ({ peers: { ...blind.peers, 3: role } })
    const beside3 = (one: Health) => beside(one, silent(third), own)
    expect(beside3(health(other, peers[0], { ...leads, ...sees('follower') }))).toMatchObject(goes)
    expect(beside3(health(other, peers[0], { ...leads, ...sees('none') }))).toMatchObject(waits)
    expect(beside3(health(other, peers[0], { ...without, ...sees('leader') }))).toMatchObject(waits)
  })

  test.each<[string, Partial<Observation>, string]>([
    [
      'its instance does not run any more',
      { instances: [instance(self, { state: 'shutting-down' })] },
      'it is shutting-down: EC2 frees what it holds',
    ],
    ['its agent is not online', { agentOnline: false }, 'its agent is not online, so nothing is taken from it'],
    ['it holds no member', { members: [member(1), ...peers] }, 'it holds no member'],
    [
      'it was told to hand over before',
      { commands: [command('handOver', 'running')] },
      'the hand-over command is running',
    ],
  ])('%s', (_, change, words) => {
    const { steps, because } = planFor(ending({ healths: [], leavingSince: new Map(), ...change }))
    expect(steps).toEqual([])
    expect(because).toBe(words)
  })

  test('an ensemble that is taken down is not held up, whatever its members are like', () => {
    const alone = { healths: [], leavingSince: new Map(), tagFaults: ['member 9 has no volume'] }
    expect(planFor(ending({ ...alone, wanted: 0 }))).toMatchObject(goes)
    expect(planFor(ending({ ...alone, wanted: 0 })).because).toContain('the groups want no instance')
    expect(planFor(ending({ ...alone, wanted: 1 }))).toMatchObject({ ...waits, alarm: true })
  })

  test.each([1, 2])('of %i members each may leave: there is no quorum to spare', (size) => {
    const members = [mine, ...peers].slice(0, size)
    expect(planFor(ending({ members, wanted: 3, healths: [], leavingSince: new Map() }))).toMatchObject(goes)
  })

  test('a launch that is given up, and a return to a warm pool, is not held up', () => {
    const launch = { groupInstances: [inGroup(self, 'Pending:Wait'), ...groupInstances.slice(1)] }
    const given = planFor({
      ...ending(launch),
      action: { ...ending().action, transition: 'launching' },
      givenUp: 'why',
    })
    expect(given.steps.map((step) => step.kind)).toContain('hand-over')
    const warm = planFor(ending({ groupInstances: [inGroup(self, 'Warmed:Pending:Wait')], healths: [] }))
    expect(warm).toMatchObject(goes)
  })
})

describe('who leaves writes before it looks', () => {
  const unwritten = heldBy(self, member(1))

  test.each<[string, Member]>([
    ['no note', unwritten],
    ['the note of another holder', noted(unwritten, { leaving: { instanceId: other, at: now } })],
  ])('with %s there it is noted first, and nothing else is done', (_, one) => {
    const plan = planFor(ending({ members: [one, ...peers], leavingSince: new Map() }))
    const networkInterfaceId = unwritten.networkInterface.id
    expect(plan.steps).toEqual([
      { kind: 'write-note', networkInterfaceId, note: { key: 'leaving', instanceId: self, at: now } },
    ])
  })

  test('a take-over command of before is no hand-over that has begun', () => {
    const plan = planFor(ending({ commands: [takenOver(mine)], leavingSince: new Map() }))
    expect(plan).toMatchObject({ ...waits, because: expect.stringContaining('has some seconds to be seen') })
  })

  test('what the hosts have told does not count before the note was seen for some seconds', () => {
    expect(planFor(ending({ leavingSince: new Map() }))).toMatchObject(waits)
    const since = (ms: number) => planFor(ending({ leavingSince: new Map([[self, now - ms]]) }))
    expect(since(limits.leavingSettles - 1)).toMatchObject(waits)
    expect(since(limits.leavingSettles).steps).toMatchObject([{ kind: 'ask-health' }])
  })

  test('only what the hosts were asked for after that counts', () => {
    const since = (ms: number) => ids({ leavingSince: new Map([[self, seconds(5) - ms]]) })
    expect(since(limits.leavingSettles)).toEqual(['hand-over'])
    expect(since(limits.leavingSettles - 1)).toEqual([self, other, third])
  })

  const second = heldBy(self, member(2))
  const wish = { leaving: { instanceId: other, at: seconds(1) } }
  const first = noted(heldBy(other, member(1)), wish)
  /** This instance is member 2; member 1 is to leave as well. */
  const behind = (change: Partial<Observation> = {}) => {
    const healths = [health(other, first, leads), health(self, second), health(third, member(3))]
    const groups = [groupInstances[0]!, inGroup(other, 'Terminating:Wait'), groupInstances[2]!]
    const members = [first, noted(second, note), heldBy(third, member(3))]
    return planFor(ending({ members, healths, groupInstances: groups, ...change }))
  }

  test('a smaller member comes first: its wish keeps that of a greater one from being written', () => {
    const plan = behind({ members: [first, second, heldBy(third, member(3))] })
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT', because: 'member 1 leaves first' })
  })

  test('a wish that was there before is taken back, once what it may have led to is to be seen', () => {
    const since = (ms: number) =>
      behind({
        leavingSince: new Map([
          [self, 0],
          [other, now - ms],
        ]),
      })
    expect(since(limits.standsBackAfter - 1)).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(behind()).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(since(limits.standsBackAfter).steps).toEqual([
      { kind: 'forget-note', networkInterfaceId: second.networkInterface.id, key: 'leaving' },
    ])
  })

  test('a server that is missed by nobody does not wait for the smaller member: that one may be waiting for it', () => {
    const world = (own: Member, ms: number, change: Partial<HealthFacts> = stopped) =>
      behind({
        members: [first, own, heldBy(third, member(3))],
        healths: [health(other, first, leads), health(self, own, change), health(third, member(3))],
        leavingSince: new Map([
          [self, now - ms],
          [other, now - limits.standsBackAfter],
        ]),
      })
    expect(world(second, 0).steps).toMatchObject([{ kind: 'write-note', note: { key: 'leaving' } }])
    const own = noted(second, note)
    expect(world(own, limits.leavingSettles - 1)).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(world(own, limits.leavingSettles).steps).toMatchObject([{ kind: 'ask-health' }])
    expect(world(own, 60_000)).toMatchObject(goes)
    expect(world(own, 60_000).because).toContain('so the quorum loses nothing')
    // It has found its way back meanwhile.
    expect(world(own, 60_000, {}).steps).toMatchObject([{ kind: 'forget-note' }])
    expect(world(second, 0, {})).toMatchObject({ steps: [], because: 'member 1 leaves first' })
  })

  test('whether it is missed is asked before its wish is kept back', () => {
    const plan = behind({ members: [first, second, heldBy(third, member(3))], healths: [] })
    expect(plan.steps).toMatchObject([{ kind: 'ask-health' }])
    const electing = behind({
      members: [first, second, heldBy(third, member(3))],
      healths: [health(self, second, { ...without, peers: {} })],
    })
    expect(electing.steps).toMatchObject([{ kind: 'ask-health', instanceIds: [other, third] }])
    const waiting = behind({ members: [first, second, heldBy(third, member(3))], healths: [asked(self)] })
    expect(waiting).toMatchObject({ steps: [], because: 'the hosts are asked how their members are' })
  })

  test.each(['shutting-down', 'terminated'])('one that is %s already is not waited for', (state) => {
    const dying = [instance(self), instance(other, { state }), instance(third)]
    const plan = behind({ instances: dying, healths: [health(self, second), health(third, member(3), leads)] })
    expect(plan.because).not.toContain('leaves first')
    expect(plan.because).toContain(`member 1: its holder is ${other} (${state}`)
  })

  test('one that is not shown may be about to leave', () => {
    expect(behind({ instances: [instance(self), instance(third)] }).because).toContain('member 1 leaves first')
  })

  test('one that waits as well, and has taken its wish back, is counted upon', () => {
    const ends = [...groupInstances.slice(0, 2), inGroup(third, 'Terminating:Wait')]
    expect(planFor(ending({ groupInstances: ends }))).toMatchObject(goes)
    expect(ids({ groupInstances: ends, healths: [] })).toEqual([self, other, third])
    const beyond = [...groupInstances.slice(0, 2), inGroup(third, 'Terminating')]
    expect(planFor(ending({ groupInstances: beyond }))).toMatchObject(waits)
  })

  test('the wish of a greater member is not waited out: it is counted out', () => {
    const greater = noted(peers[1], { leaving: { instanceId: third, at: seconds(3600) } })
    const plan = planFor(ending({ members: [mine, peers[0], greater] }))
    expect(plan.because).toContain('member 3: it is to leave as well')
  })

  test('a note of a holder before does not count', () => {
    const old = noted(peers[0], { leaving: { instanceId: self, at: now } })
    expect(planFor(ending({ members: [mine, old, peers[1]] }))).toMatchObject(goes)
  })
})

describe('the hosts are asked', () => {
  test('all at once, with every member', () => {
    const { steps } = planFor(ending({ healths: [] }))
    expect(steps).toEqual([
      {
        kind: 'ask-health',
        instanceIds: [self, other, third],
        members: [mine, ...peers].map((one) => ({
          member: one.id,
          macAddress: one.networkInterface.macAddress,
          address: one.networkInterface.address,
          subnetCidr: `10.0.${one.id}.0/24`,
          volumes: one.volumes.map(({ id, mount }) => ({ id, mount })),
        })),
      },
    ])
  })

  test('those alone that are in service and run', () => {
    expect(ids({ healths: [], instances: instances.slice(0, 2) })).toEqual([self, other])
    const standby = [groupInstances[0]!, inGroup(other, 'Standby'), groupInstances[2]!]
    expect(ids({ healths: [], groupInstances: standby })).toEqual([self, third])
  })

  test('again when what they told is old, and only those', () => {
    const aged = (ms: number) => [well[0]!, well[1]!, health(third, peers[1], {}, now - ms)]
    expect(ids({ healths: aged(limits.healthAgeMax) })).toEqual(['hand-over'])
    expect(ids({ healths: aged(limits.healthAgeMax + 1) })).toEqual([third])
    const quiet = (ms: number): Health[] => [...unseen, { ...silent(third), sentAt: now - ms }]
    expect(ids({ healths: quiet(limits.silenceAgeMax) })).toEqual([])
    expect(ids({ healths: quiet(limits.silenceAgeMax + 1) })).toEqual([third])
  })

  test('and waited for; one that has not answered in time is silent', () => {
    const late = (ms: number) => planFor(ending({ healths: [...unseen, asked(third, ms / 1000)] }))
    expect(late(limits.healthWithin - 1)).toMatchObject({ ...waits, because: expect.stringContaining('are asked') })
    expect(late(limits.healthWithin).because).toContain(`its host ${third} does not answer`)
    expect(late(limits.silenceAgeMax).because).toContain(`its host ${third} does not answer`)
  })

  test('but not waited for where the answer does not matter', () => {
    expect(planFor(ending({ healths: [health(self, mine, stopped), asked(other), asked(third)] }))).toMatchObject(goes)
    const waiting = planFor(ending({ healths: [asked(self), well[1]!, well[2]!] }))
    expect(waiting).toMatchObject(waits)
    expect(ids({ healths: [asked(self), asked(other)] })).toEqual([third])
  })

  test('a silent host is not believed to be gone before all peers were heard', () => {
    const blind = health(other, peers[0], { peers: { 1: 'absent' } })
    expect(planFor(ending({ healths: [silent(self), blind, asked(third)] }))).toMatchObject(waits)
    expect(ids({ healths: [silent(self), blind] })).toEqual([third])
  })

  test('not while the range of a subnet is unknown', () => {
    const plan = planFor(ending({ healths: [], subnetCidrs: new Map([...subnetCidrs].slice(0, 2)) }))
    expect(plan).toMatchObject(waits)
    expect(plan.because).toContain('range of a subnet is unknown')
  })
})
