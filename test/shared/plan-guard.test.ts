import { describe, expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { HealthFacts } from '../../shared/model/facts.ts'
import type { Member } from '../../shared/model/member.ts'
import type { Health, Observation } from '../../shared/model/observation.ts'
import { planFor } from '../../shared/plan/plan.ts'
import { standingOfSelf } from '../../shared/plan/standing.ts'
import {
  mine,
  peers,
  instances,
  groupInstances,
  service,
  without,
  stopped,
  leads,
  silent,
  asked,
  blind,
  unseen,
  well,
  ending,
  beside,
  goes,
  waits,
} from './ending-scene.ts'
import { command, health, heldBy, inGroup, instance, member, noted, now, other, self, third } from './scene.ts'

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

  test('but for ever, where the silent ones may be a quorum: who sees nobody may be cut off from them', () => {
    const nobody = { ...without, peers: { 1: 'none', 2: 'none', 3: 'none' } } as const
    const one = noted(mine, { leaving: { instanceId: self, at: now - 10 * limits.rolelessAfter } })
    const beside = (second: Health) => {
      const healths = [silent(self), health(other, peers[0], nobody), second]
      return planFor(ending({ members: [one, ...peers], healths }))
    }
    expect(beside(silent(third))).toMatchObject({ ...waits, alarm: true })
    expect(beside(health(third, peers[1], nobody))).toMatchObject(goes)
  })

  test('and where another serves, and is no quorum with those that tell: it serves with the silent one', () => {
    const one = noted(mine, { leaving: { instanceId: self, at: now - 10 * limits.rolelessAfter } })
    const beside = (second: Health) => {
      const serves = health(other, peers[0], { ...leads, peers: { 1: 'unknown', 3: 'absent' } })
      return planFor(ending({ members: [one, ...peers], healths: [silent(self), serves, second] }))
    }
    const down = health(third, peers[1], { ...service({ running: false, role: 'none' }), peers: { 1: 'unknown' } })
    expect(beside(down)).toMatchObject({ ...waits, alarm: true })
    expect(beside(health(third, peers[1], { peers: { 1: 'unknown', 2: 'leader' } }))).toMatchObject(goes)
  })

  test('and not while one is on its way in, who could begin an election', () => {
    const nobody = { ...without, peers: { 1: 'none', 2: 'none', 3: 'none' } } as const
    const one = noted(mine, { leaving: { instanceId: self, at: now - limits.rolelessAfter } })
    const coming = [...groupInstances.slice(0, 2), inGroup(third, 'Pending:Wait')]
    const healths = [health(self, mine, nobody), health(other, peers[0], nobody)]
    const change = { members: [one, ...peers], healths, groupInstances: coming }
    expect(planFor(ending(change))).toMatchObject(waits)
  })

  test.each<[string, Partial<HealthFacts>]>([
    ['hangs', service({ role: 'unknown' })],
    ['has lost its routes', { ...without, routes: 'the routes of 10.0.1.11 are not there' }],
  ])('but one that %s has no part in any election: who is on the way may wait for its replacement', (_, stuck) => {
    const one = noted(mine, { leaving: { instanceId: self, at: now - limits.rolelessAfter } })
    const coming = [...groupInstances.slice(0, 2), inGroup(third, 'Pending:Wait')]
    const beside = (second: Health, own = stuck) => {
      const healths = [health(self, mine, own), second]
      return planFor(ending({ members: [one, ...peers], healths, groupInstances: coming }))
    }
    expect(beside(health(other, peers[0], without))).toMatchObject(goes)
    // It may be following that one, and only have been slow to answer.
    expect(beside(health(other, peers[0], leads))).toMatchObject(waits)
    expect(beside(silent(other))).toMatchObject(waits)
    // Unless its own host, which asks the servers of the others as well, finds that one without a role.
    expect(beside(silent(other), { ...stuck, ...blind })).toMatchObject(goes)
    // That one may be the smaller, for which this one stood back, and which waits for it.
    const first = noted(peers[0], { leaving: { instanceId: other, at: now - limits.rolelessAfter } })
    const healths = [health(self, mine, stuck), health(other, first, without)]
    const change = { members: [mine, first, peers[1]], healths, groupInstances: coming }
    expect(standingOfSelf(ending(change), mine, self)).toMatchObject({ kind: 'out' })
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

  test('a member without a vote goes at once, and need not even say so', () => {
    const voting = { ...service({ role: 'leader', voters: [2, 3] }) }
    const leader = health(other, peers[0], voting)
    const members = [heldBy(self, member(1)), ...peers]
    const plan = planFor(ending({ members, healths: [leader, silent(third)], leavingSince: new Map() }))
    expect(plan).toMatchObject(goes)
    expect(plan.because).toContain('it has no vote, so the quorum loses nothing')
  })

  test('of two that vote each may leave, however many members there are', () => {
    const voting = service({ role: 'leader', voters: [1, 2] })
    const busy = health(other, peers[0], { ...voting, busy: true })
    expect(beside(busy, health(third, peers[1], without))).toMatchObject(goes)
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
