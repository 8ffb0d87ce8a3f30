import { describe, expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { Member } from '../../shared/model/member.ts'
import type { GroupInstance, Observation, VoteChange, Wish } from '../../shared/model/observation.ts'
import { planMembership } from '../../shared/plan/membership.ts'
import { planFor } from '../../shared/plan/plan.ts'
import { electorateOf } from '../../shared/plan/standing.ts'
import {
  command,
  health,
  heldBy,
  id,
  inGroup,
  instance,
  leaving,
  member,
  noted,
  now,
  other,
  seconds,
  self,
  takenOver,
  third,
} from './scene.ts'

const hosts = [self, other, third]
const notedAt = (at: number) => ({ leaving: { instanceId: self, at } })
const note = { ...notedAt(seconds(60)), handingOver: { instanceId: self, at: seconds(3) } }
const group = (one: number, wanted = 1): Wish => ({ name: `zookeeper-${one}`, wanted, member: id(one) })
const at = (host: typeof self, state: string): GroupInstance => ({
  ...inGroup(host, state),
  groupName: `zookeeper-${hosts.indexOf(host) + 1}`,
})

/** What a host tells whose server serves, and knows who votes. */
const serving = (role: 'leader' | 'follower', voters: readonly number[] | null) => ({
  service: { running: true, role, zxid: '', connections: 1, latency: 0, synced: null, voters: voters && [...voters] },
})

interface Told {
  readonly voters: readonly number[] | null
  /** Of the second one, who leads, and of the third. */
  readonly led?: 'leader' | 'silent'
  readonly third?: readonly number[] | null
  readonly change?: Partial<Observation>
}

/** Three members in service, of whom the second leads. */
function three({ voters, led = 'leader', third: list = voters, change = {} }: Told): Observation {
  const members = hosts.map((host, index) => heldBy(host, member(index + 1)))
  const [first, second, last] = members as [Member, Member, Member]
  const leader = health(other, second, serving('leader', voters))
  return leaving({
    members,
    instances: hosts.map((host) => instance(host)),
    groupInstances: hosts.map((host) => at(host, 'InService')),
    groups: [group(1), group(2), group(3)],
    wanted: 3,
    healths: [
      health(self, first, serving('follower', voters)),
      led === 'leader' ? leader : { ...leader, answer: 'silent' },
      health(third, last, serving('follower', list)),
    ],
    ...change,
  })
}

/** The first is to end, and its group wants none in its place. */
const givenUp = (told: Told, wish: Parameters<typeof noted>[1] = note): Observation => {
  const seen = three(told)
  const [first, ...rest] = seen.members as [Member, ...Member[]]
  return {
    ...seen,
    members: [noted(first, wish), ...rest],
    groupInstances: [at(self, 'Terminating:Wait'), at(other, 'InService'), at(third, 'InService')],
    groups: [group(1, 0), group(2), group(3)],
    wanted: 2,
    action: { ...seen.action, groupName: 'zookeeper-1' },
    leavingSince: new Map([[self, seconds(60)]]),
    ...told.change,
  }
}

const steps = (seen: Observation) => planMembership(seen).flatMap(({ step }) => step ?? [])
const said = (seen: Observation) => planMembership(seen).flatMap(({ finding }) => finding ?? [])
const ids = (members: readonly Member[]) => members.map((one) => one.id)

describe('who votes', () => {
  test('is told by the leader', () => {
    const { voters, quorum, isTold } = electorateOf(three({ voters: [1, 2], third: [1, 2, 3] }))
    expect([ids(voters), quorum, isTold]).toEqual([[1, 2], 2, true])
  })

  test('is told by those that serve where the leader’s host is silent, if they are of one mind', () => {
    expect(ids(electorateOf(three({ voters: [1, 2], led: 'silent', third: [2, 1] })).voters)).toEqual([1, 2])
    const { voters, isTold } = electorateOf(three({ voters: [1, 2], led: 'silent', third: [1, 2, 3] }))
    expect([ids(voters), isTold]).toEqual([[1, 2, 3], false])
  })

  test.each<[string, readonly number[], readonly number[]]>([
    ['name as many, and others', [1, 2], [1, 3]],
    ['leave one out', [1, 2, 3], [1, 2]],
  ])('is everybody where two lists %s: the servers are not of one mind', (_, voters, list) => {
    expect(electorateOf(three({ voters, led: 'silent', third: list }))).toMatchObject({ isTold: false, quorum: 2 })
  })

  test('is not told by one of two that both say they lead: one of them is behind the times', () => {
    const seen = three({ voters: [1, 2], third: [1, 2, 3] })
    const second = health(third, seen.members[2]!, serving('leader', [1, 2, 3]))
    const both = { ...seen, healths: [...seen.healths.slice(0, 2), second] }
    expect(electorateOf(both)).toMatchObject({ isTold: false, quorum: 2 })
    expect(planMembership(both)).toEqual([])
  })

  test('is everybody where nobody tells', () => {
    const { voters, quorum, isTold } = electorateOf(three({ voters: null }))
    expect([ids(voters), quorum, isTold]).toEqual([[1, 2, 3], 2, false])
  })

  test('is a majority of more than the tags tell of, where they don’t tell of all', () => {
    expect(electorateOf(three({ voters: [1, 2, 3, 4, 5] }))).toMatchObject({ quorum: 3 })
  })
})

describe('a vote is given', () => {
  test('to a member in service, by the leader, while all who have one serve', () => {
    expect(steps(three({ voters: [1, 2] }))).toEqual([
      {
        kind: 'reconfigure',
        instanceId: other,
        member: 2,
        address: '10.0.2.10',
        change: { kind: 'add', member: 3, address: '10.0.3.10' },
      },
    ])
  })

  test.each<[string, Observation]>([
    ['while nobody tells who votes', three({ voters: null })],
    ['while the leader’s host is silent', three({ voters: [1, 2], led: 'silent' })],
    ['while the tags are in doubt', three({ voters: [1, 2], change: { tagFaults: ['member 9 has no volume'] } })],
    ['while somebody votes of whom no tags tell', three({ voters: [1, 2, 4] })],
    [
      'to one that its group does not want',
      three({ voters: [1, 2], change: { groups: [group(1), group(2), group(3, 0)] } }),
    ],
    ['to one that everybody has', three({ voters: [1, 2, 3] })],
  ])('not %s', (_, seen) => {
    expect(steps(seen)).toEqual([])
  })

  test('which is said, and is no alarm before it has been in vain for long', () => {
    const launchTime = now - limits.voteWithin
    const seen = three({ voters: [1, 2], change: { instances: hosts.map((host) => instance(host, { launchTime })) } })
    expect(planMembership(seen)).toEqual([
      { step: expect.anything(), finding: { member: 3, because: 'it serves, and gets its vote' } },
    ])
  })

  test.each<[string, (seen: Observation) => Partial<Observation>]>([
    [
      'that is on its way out, though it serves still',
      ({ groupInstances }) => ({ groupInstances: [...groupInstances.slice(0, 2), at(third, 'Terminating:Wait')] }),
    ],
    ['whose instance is in no group', ({ groupInstances }) => ({ groupInstances: groupInstances.slice(0, 2) })],
    ['that nothing holds', ({ members }) => ({ members: [...members.slice(0, 2), member(3)] })],
    [
      'that does not serve',
      ({ healths, members }) => ({
        healths: [...healths.slice(0, 2), health(third, members[2]!, { handedOver: true })],
      }),
    ],
  ])('to none %s', (_, change) => {
    const seen = three({ voters: [1, 2] })
    expect(planMembership({ ...seen, ...change(seen) })).toEqual([])
  })

  test('not on the word of a host that is another member than the one it holds', () => {
    const seen = three({ voters: [1, 2] })
    const [first, , last] = seen.healths
    const astray = health(other, seen.members[0]!, serving('leader', [1, 2]))
    expect(planMembership({ ...seen, healths: [first!, astray, last!] })).toEqual([])
  })

  test('whatever becomes of others that have none, or are not wanted any more', () => {
    const given = [{ change: { kind: 'add', member: 3 } }]
    const seen = three({ voters: [1, 2] })
    expect(steps({ ...seen, members: [...seen.members, member(4)] })).toMatchObject(given)
    expect(steps({ ...seen, groups: [group(1, 0), group(2), group(3)] })).toMatchObject(given)
  })

  test('not while one who votes has not told how it is, which is said', () => {
    const seen = three({ voters: [1, 2] })
    expect(planMembership({ ...seen, healths: seen.healths.slice(1) })).toEqual([
      { finding: { member: 3, because: 'it is to vote once member 1 serves: its host has not told how it is' } },
    ])
  })

  test('not while one who votes is away, which is said', () => {
    const seen = three({
      voters: [1, 2],
      change: { groupInstances: [other, third].map((host) => at(host, 'InService')) },
    })
    expect(steps(seen)).toEqual([])
    expect(said(seen)[0]?.because).toMatch(/^it is to vote once member 1 serves: its holder /)
  })

  test('with an alarm where that has been in vain for long', () => {
    const launchTime = now - limits.voteWithin - 1
    const seen = three({ voters: [1, 2], change: { instances: hosts.map((host) => instance(host, { launchTime })) } })
    expect(said(seen)).toEqual([{ member: 3, because: 'it serves, and gets its vote: for long in vain', alarm: true }])
  })

  test('and a vote of whom no tags tell is an alarm', () => {
    expect(said(three({ voters: [1, 2, 3, 4] }))).toEqual([
      { member: 4, because: 'it has a vote, and no tags tell of it', alarm: true },
    ])
  })
})

describe('a vote is taken', () => {
  const taking = {
    verdict: 'WAIT',
    because: 'member 1 is to lose its vote first',
    steps: [{ kind: 'reconfigure', instanceId: other, change: { kind: 'remove', member: 1 } }],
  }
  const waiting = { ...taking, steps: [] }
  const after = (status: VoteChange['status'], ms: number, because?: string) =>
    planFor(
      givenUp({ voters: [1, 2, 3], change: { change: { sentAt: now - ms, status, ...(because && { because }) } } }),
    )

  test('from one that is to end and that its group gives up, before it hands over', () => {
    expect(planFor(givenUp({ voters: [1, 2, 3] }))).toMatchObject(taking)
    expect(planFor(givenUp({ voters: [2, 3] }))).toMatchObject({ steps: [{ kind: 'hand-over' }] })
    expect(after('made', 1000)).toMatchObject({ steps: [{ kind: 'hand-over' }] })
  })

  test('before its leaving is decided: that is not taken back, and nobody may come to lead who could take the vote', () => {
    const wish = notedAt(seconds(60))
    expect(planFor(givenUp({ voters: [1, 2, 3] }, wish))).toMatchObject(taking)
    const noting = { steps: [{ kind: 'write-note', note: { key: 'handingOver' } }] }
    expect(
      planFor(givenUp({ voters: [1, 2, 3], change: { groups: [1, 2, 3].map((one) => group(one)) } }, wish)),
    ).toMatchObject(noting)
  })

  test('not before it has said that it is to leave', () => {
    expect(planFor(givenUp({ voters: [1, 2, 3] }, {}))).toMatchObject({ steps: [{ kind: 'write-note' }] })
  })

  test('once, unless nothing came of it: a silent host begins nothing after some time', () => {
    expect(after('running', limits.commandNotAfter - 1)).toMatchObject(waiting)
    expect(after('running', limits.commandNotAfter)).toMatchObject(taking)
    const because = `${waiting.because}: the list has changed`
    expect(after('refused', limits.commandAgainAfter - 1, 'the list has changed')).toMatchObject({
      ...waiting,
      because,
    })
    expect(after('refused', limits.commandAgainAfter, 'the list has changed')).toMatchObject(taking)
  })

  test('not where the ensemble is being taken down: it is to be the same when it comes back', () => {
    const plan = planFor(givenUp({ voters: [1, 2, 3], change: { wanted: 0 } }))
    expect(plan).toMatchObject({ steps: [{ kind: 'hand-over' }] })
  })

  test('from whichever member it holds, in whatever order the groups were read', () => {
    const members = [heldBy(other, member(1)), heldBy(third, member(2)), noted(heldBy(self, member(3)), note)]
    const groups = [group(2), group(3), { ...group(1, 0), member: id(3) }]
    const healths = [
      health(other, members[0]!, serving('leader', [1, 2, 3])),
      health(third, members[1]!, serving('follower', [1, 2, 3])),
      health(self, members[2]!, serving('follower', [1, 2, 3])),
    ]
    const plan = planFor(givenUp({ voters: [1, 2, 3], change: { members, groups, healths } }))
    expect(plan).toMatchObject({ member: 3, steps: [{ instanceId: other, change: { kind: 'remove', member: 3 } }] })
  })

  test('not once it was told to hand over: what it was told before to take over does not matter', () => {
    const told = (one: ReturnType<typeof command>) =>
      planFor(givenUp({ voters: [1, 2, 3], change: { commands: [one] } }))
    expect(told(command('handOver', 'running'))).toMatchObject({
      steps: [],
      because: 'the hand-over command is running',
    })
    expect(told(takenOver(heldBy(self, member(1))))).toMatchObject(taking)
    const busy = JSON.stringify({ attempt: 'a', failed: 'busy', because: 'so it is' })
    expect(told(command('handOver', 'failed', busy))).toMatchObject(taking)
  })

  test('not from one whose instance dies, or is not shown: nothing is waited for then', () => {
    const dying = instance(self, { state: 'shutting-down' })
    const instances = [dying, instance(other), instance(third)]
    expect(planFor(givenUp({ voters: [1, 2, 3], change: { instances } }))).toMatchObject({
      steps: [],
      because: 'it is shutting-down: EC2 frees what it holds',
    })
    const members = [member(1), heldBy(other, member(2)), heldBy(third, member(3))]
    const unseen = givenUp({ voters: [1, 2, 3], change: { instances: instances.slice(1), members } })
    expect(planFor(unseen).because).toBe('it holds no member')
  })

  test('not from one in whose place its group wants another', () => {
    const plan = planFor(givenUp({ voters: [1, 2, 3], change: { groups: [group(1), group(2), group(3)] } }))
    expect(plan).toMatchObject({ steps: [{ kind: 'hand-over' }] })
  })

  test('not where another group of the zone wants one that has come for it: they may hold each other’s members', () => {
    const without = (one: number, wanted: number): Wish => ({ name: `zookeeper-${one}`, wanted })
    const groupInstances = [
      at(self, 'Terminating:Wait'),
      { ...at(other, 'InService'), groupName: 'zookeeper-1' },
      { ...at(third, 'InService'), zone: 'eu-central-1c' },
      { ...inGroup('i-00000000000000ddd' as typeof self, 'Pending:Wait'), groupName: 'zookeeper-2' },
    ]
    const beside = (wanted: number) => {
      const groups = [without(1, 1), without(2, wanted), without(3, 1)]
      return planFor(givenUp({ voters: [1, 2, 3], change: { groupInstances, groups } }))
    }
    expect(beside(1)).toMatchObject({ steps: [{ kind: 'hand-over' }] })
    expect(beside(0)).toMatchObject(taking)
  })

  describe('where groups name no member', () => {
    const unnamed = (one: number, wanted: number): Wish => ({ name: `zookeeper-${one}`, wanted })
    const fourth = inGroup('i-00000000000000ddd' as typeof self, 'Pending:Wait')
    /** The first two of the zone are in one group, the third is in another one elsewhere. */
    const beside = (groups: readonly Wish[], ...more: readonly GroupInstance[]) => {
      const groupInstances = [
        at(self, 'Terminating:Wait'),
        { ...at(other, 'InService'), groupName: 'zookeeper-1' },
        { ...at(third, 'InService'), zone: 'eu-central-1c' },
        ...more,
      ]
      return planFor(givenUp({ voters: [1, 2, 3], change: { groupInstances, groups } }))
    }

    test('what is wanted elsewhere does not keep its vote', () => {
      expect(beside([unnamed(1, 1), unnamed(3, 2)])).toMatchObject(taking)
    })

    test('nor does what a group wants that names another member', () => {
      const newcomer = { ...fourth, groupName: 'zookeeper-4' }
      expect(beside([unnamed(1, 1), group(4), unnamed(3, 1)], newcomer)).toMatchObject(taking)
    })

    test('it keeps its vote where its group wants more than stay', () => {
      const handing = { steps: [{ kind: 'hand-over' }] }
      expect(beside([unnamed(1, 2), unnamed(3, 1)])).toMatchObject(handing)
      const groupInstances = [at(self, 'Terminating:Wait'), at(other, 'InService'), at(third, 'InService')]
      const groups = [unnamed(1, 1), group(2), group(3)]
      expect(planFor(givenUp({ voters: [1, 2, 3], change: { groupInstances, groups } }))).toMatchObject(handing)
    })
  })

  test('not while the others are no quorum, which is an alarm after ten minutes', () => {
    const groupInstances = [at(self, 'Terminating:Wait'), at(other, 'InService')]
    const long = notedAt(now - limits.guardAlarmAfter - 1)
    const plan = planFor(givenUp({ voters: [1, 2, 3], change: { groupInstances } }, long))
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT', alarm: true })
  })

  test('in vain for ten minutes is an alarm, and no sooner', () => {
    const long = notedAt(now - limits.guardAlarmAfter - 1)
    const change = { sentAt: now, status: 'refused' } as const
    const young = notedAt(now - limits.guardAlarmAfter)
    expect(planFor(givenUp({ voters: [1, 2, 3], change: { change } }, young))).not.toHaveProperty('alarm')
    expect(planFor(givenUp({ voters: [1, 2, 3], change: { change } }, long))).toMatchObject({ ...waiting, alarm: true })
  })

  test('by nobody where nobody leads, which an election may mend: an alarm after ten minutes', () => {
    const because = 'member 1 is to lose its vote first, and nobody leads who could take it'
    const young = planFor(givenUp({ voters: [1, 2, 3], led: 'silent' }, notedAt(now - limits.guardAlarmAfter)))
    expect(young).toEqual({ steps: [], verdict: 'WAIT', because, member: 1 })
    const old = planFor(givenUp({ voters: [1, 2, 3], led: 'silent' }, notedAt(now - limits.guardAlarmAfter - 1)))
    expect(old).toEqual({ ...young, alarm: true })
  })

  test('from one that nothing holds and no group wants, by the sweep', () => {
    const free = three({ voters: [1, 2, 3], change: { groups: [group(1, 0), group(2), group(3)], wanted: 2 } })
    const members = [member(1), ...free.members.slice(1)]
    const seen = { ...free, members, groupInstances: free.groupInstances.slice(1) }
    expect(steps(seen)).toMatchObject([
      { kind: 'reconfigure', instanceId: other, change: { kind: 'remove', member: 1 } },
    ])
  })

  test('not on the word of a leader whose host is at work, though one that has no vote is well', () => {
    const planAt = (at: number) => {
      const seen = givenUp({ voters: [1, 2] }, notedAt(at))
      const [first, , last] = seen.healths
      const busy = health(other, seen.members[1]!, { ...serving('leader', [1, 2]), busy: true })
      return planFor({ ...seen, healths: [first!, busy, last!] })
    }
    const because = 'its vote is to be taken, but without it 0 are in sync, and a quorum is 1'
    expect(planAt(now - limits.guardAlarmAfter)).toEqual({ steps: [], verdict: 'WAIT', because, member: 1 })
    expect(planAt(now - limits.guardAlarmAfter - 1)).toMatchObject({ because, alarm: true })
  })
})

describe('of two members, who have no quorum to spare, one that is given up', () => {
  const pair = [heldBy(self, member(1)), heldBy(other, member(2))] as const
  const own = health(self, pair[0], serving('follower', [1, 2]))
  const leader = health(other, pair[1], serving('leader', [1, 2]))
  const two = (change: Partial<Observation>) =>
    planFor(givenUp({ voters: null, change: { members: pair, groups: [group(1, 0), group(2)], wanted: 1, ...change } }))
  const asking = { verdict: 'WAIT', because: 'the hosts are asked who votes', member: 1 }

  test('has the hosts asked who votes', () => {
    expect(two({ healths: [] })).toMatchObject({
      ...asking,
      steps: [{ kind: 'ask-health', instanceIds: [self, other] }],
    })
    const alone = two({ members: [pair[0], member(2)], healths: [] })
    expect(alone).toMatchObject({ ...asking, steps: [{ instanceIds: [self] }] })
  })

  test('waits for their answers', () => {
    const plan = two({ healths: [own, { ...leader, answer: undefined }] })
    expect(plan).toMatchObject({ ...asking, steps: [] })
    expect(plan).not.toHaveProperty('alarm')
  })

  test('loses its vote once, and waits for that, though it has not said that it is to leave', () => {
    const taken = [{ kind: 'reconfigure', instanceId: other, change: { kind: 'remove', member: 1 } }]
    expect(two({ healths: [own, leader] })).toMatchObject({ steps: taken })
    const plan = two({ healths: [own, leader], change: { sentAt: seconds(1), status: 'running' } })
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT', because: 'member 1 is to lose its vote first' })
    expect(plan).not.toHaveProperty('alarm')
    const refused = { sentAt: seconds(1), status: 'refused', because: 'busy' } as const
    const because = 'member 1 is to lose its vote first: busy'
    expect(two({ healths: [own, leader], change: refused })).toMatchObject({ steps: [], because, alarm: true })
  })

  test('with nobody who leads is an alarm at once, for nobody has said since when', () => {
    const healths = [own, health(other, pair[1], serving('follower', [1, 2]))]
    const byAnother = noted(pair[0], { leaving: { instanceId: other, at: seconds(60) } })
    for (const first of [pair[0], byAnother]) {
      expect(two({ members: [first, pair[1]], healths })).toMatchObject({ steps: [], verdict: 'WAIT', alarm: true })
    }
  })

  test('keeps its vote where nobody else has one, which is an alarm', () => {
    const healths = [health(self, pair[0], serving('leader', [1]))]
    expect(two({ members: [pair[0], member(2)], healths })).toMatchObject({
      steps: [],
      alarm: true,
      because: 'its vote is to be taken, but nobody else has one',
    })
  })
})

describe('the sweep takes the vote of one that nothing holds', () => {
  const unwanted = [group(1, 0), group(2), group(3)]
  /** Nothing holds the first; the second leads, and the third follows. */
  const without = (change: Partial<Observation>, voters: readonly number[] = [1, 2, 3]): Observation => {
    const seen = three({ voters })
    const rest = [at(other, 'InService'), at(third, 'InService')]
    return {
      ...seen,
      members: [member(1), ...seen.members.slice(1)],
      groupInstances: rest,
      groups: unwanted,
      wanted: 2,
      ...change,
    }
  }
  const taken = [
    {
      step: { kind: 'reconfigure', instanceId: other, change: { kind: 'remove', member: 1 } },
      finding: { member: 1, because: 'no group wants an instance for it: its vote is taken' },
    },
  ]
  const stateOf = (host: typeof self, state: string) => ({ ...inGroup(host, state), groupName: 'zookeeper' })
  const inOne = [other, third].map((host) => stateOf(host, 'InService'))
  const one = (wanted: number): readonly Wish[] => [{ name: 'zookeeper', wanted }]

  test.each<[string, Partial<Observation>]>([
    ['its own group wants none, whatever others wait for', { wanted: 3 }],
    ['its own group is not the first that was read', { groups: [group(2), group(3), group(1, 0)] }],
    ['all that its group wants are members', { groups: one(2), groupInstances: inOne }],
  ])('where %s', (_, change) => {
    expect(planMembership(without(change))).toMatchObject(taken)
  })

  test.each<[string, Partial<Observation>]>([
    ['its own group wants one, though another wants none', { groups: [group(2, 0), group(1), group(3)] }],
    [
      'an instance of its own group is there still, and may be on its way to it',
      { groupInstances: [at(self, 'Pending:Wait'), at(other, 'InService'), at(third, 'InService')] },
    ],
    ['its group waits for another instance', { groups: one(3), wanted: 3, groupInstances: inOne }],
    [
      'its group has one that is no member yet',
      { groups: one(3), wanted: 3, groupInstances: [...inOne, stateOf(self, 'InService')] },
    ],
    [
      'its group is about to replace another',
      { groups: one(2), groupInstances: [inOne[0]!, stateOf(third, 'Terminating:Wait')] },
    ],
    ['the ensemble is being taken down', { wanted: 0 }],
    ['an instance that is in no group holds it', { members: three({ voters: null }).members }],
  ])('not where %s', (_, change) => {
    expect(planMembership(without(change))).toEqual([])
  })

  test('not where it has none', () => {
    expect(planMembership(without({}, [2, 3]))).toEqual([])
  })

  test('not while the others are no quorum of what is left, which is an alarm', () => {
    const seen = without({})
    expect(planMembership({ ...seen, healths: seen.healths.slice(0, 2) })).toEqual([
      {
        finding: {
          member: 1,
          because: 'its vote is to be taken, but without it 1 are in sync, and a quorum is 2',
          alarm: true,
        },
      },
    ])
  })
})
