import { describe, expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { Member } from '../../shared/model/member.ts'
import type { GroupInstance, Observation, VoteChange, Wish } from '../../shared/model/observation.ts'
import { planMembership } from '../../shared/plan/membership.ts'
import { planFor } from '../../shared/plan/plan.ts'
import { electorateOf } from '../../shared/plan/standing.ts'
import {
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
  third,
} from './scene.ts'

const hosts = [self, other, third]
const note = { leaving: { instanceId: self, at: seconds(60) } }
const group = (one: number, wanted = 1): Wish => ({ name: `zookeeper-${one}`, wanted, member: id(one) })
const at = (host: typeof self, state: string): GroupInstance => ({
  ...inGroup(host, state),
  groupName: `zookeeper-${hosts.indexOf(host) + 1}`,
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
  const serving = (role: 'leader' | 'follower', told: readonly number[] | null) => ({
    service: { running: true, role, zxid: '', connections: 1, latency: 0, synced: null, voters: told && [...told] },
  })
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

  test('not while the others are no quorum, which is an alarm after ten minutes', () => {
    const groupInstances = [at(self, 'Terminating:Wait'), at(other, 'InService')]
    const long = { leaving: { instanceId: self, at: now - limits.guardAlarmAfter - 1 } }
    const plan = planFor(givenUp({ voters: [1, 2, 3], change: { groupInstances } }, long))
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT', alarm: true })
  })

  test('in vain for ten minutes is an alarm', () => {
    const long = { leaving: { instanceId: self, at: now - limits.guardAlarmAfter - 1 } }
    const change = { sentAt: now, status: 'refused' } as const
    expect(planFor(givenUp({ voters: [1, 2, 3], change: { change } }, long))).toMatchObject({ ...waiting, alarm: true })
  })

  test('by nobody where nobody leads, which is an alarm', () => {
    const plan = planFor(givenUp({ voters: [1, 2, 3], led: 'silent' }))
    expect(plan).toMatchObject({
      steps: [],
      alarm: true,
      because: 'member 1 is to lose its vote first, and nobody leads who could take it',
    })
  })

  test('from one that nothing holds and no group wants, by the sweep', () => {
    const free = three({ voters: [1, 2, 3], change: { groups: [group(1, 0), group(2), group(3)], wanted: 2 } })
    const members = [member(1), ...free.members.slice(1)]
    const seen = { ...free, members, groupInstances: free.groupInstances.slice(1) }
    expect(steps(seen)).toMatchObject([
      { kind: 'reconfigure', instanceId: other, change: { kind: 'remove', member: 1 } },
    ])
  })
})
