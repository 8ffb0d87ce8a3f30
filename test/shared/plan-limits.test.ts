import { describe, expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import { instanceId } from '../../shared/model/ids.ts'
import type { GroupInstance, Observation } from '../../shared/model/observation.ts'
import { planFor } from '../../shared/plan/plan.ts'
import {
  attachedTo,
  command,
  failed,
  handedOver,
  heldBy,
  inGroup,
  instance,
  leaving,
  member,
  now,
  other,
  reach,
  seconds,
  seen,
  self,
  takenOver,
  third,
  volume,
} from './scene.ts'

/** Every limit to the millisecond: at it nothing has changed yet, one later it has. */

const mine = heldBy(self, member(1))
const bare = (change: object) => ({ ...mine, volumes: [volume(1, change)] })
const since = (ms: number, change: Partial<Observation> = {}) => {
  const others = [other, third].map((name) => instance(name))
  return seen({ ...change, instances: [instance(self, { launchTime: now - ms }), ...others] })
}
/** Member 1 is taken over; two peers in service could be asked. */
const withPeers: Partial<Observation> = {
  members: [mine, heldBy(other, member(2)), heldBy(third, member(3))],
  groupInstances: [inGroup(self, 'Pending:Wait'), inGroup(other, 'InService'), inGroup(third, 'InService')],
  commands: [takenOver(mine)],
}
const unreachable = (...ages: [number, number]) =>
  [other, third].map((peer, index) => reach(peer, 'unreachable', now - ages[index]!))
const held: Partial<Observation> = {
  members: [heldBy(other, member(1))],
  groupInstances: [inGroup(self, 'Pending:Wait'), inGroup(other, 'Terminating:Wait')],
}

const decided = (world: Observation) => {
  const { steps, verdict, alarm } = planFor(world)
  return [...steps.map((step) => step.kind), ...(steps.length > 0 ? [] : [verdict]), ...(alarm ? ['alarm'] : [])].join(
    ' ',
  )
}

test.each<[string, number, (ms: number) => Observation, string, string]>([
  [
    'a running take-over is forgotten',
    limits.commandForgottenAfter,
    (ms) => seen({ members: [mine], commands: [command('takeOver', 'running', '', now - ms)] }),
    'WAIT',
    'take-over',
  ],
  [
    'a failed take-over is sent again',
    limits.commandAgainAfter,
    (ms) => seen({ members: [mine], commands: [failed('takeOver', 'busy', now - ms)] }),
    'WAIT',
    'take-over',
  ],
  [
    'a failed hand-over is sent again',
    limits.commandAgainAfter,
    (ms) => leaving({ members: [mine], commands: [failed('handOver', 'busy', now - ms)] }),
    'WAIT',
    'hand-over',
  ],
  [
    'detaching has taken too long',
    limits.detachWithin,
    (ms) => leaving({ members: [bare(attachedTo(self, 'busy'))], commands: [handedOver(mine, now - ms)] }),
    'WAIT',
    'CONTINUE alarm',
  ],
  [
    'a wait for a leaving holder is worth an alarm',
    limits.leavingHolderAlarmAfter,
    (ms) => since(ms, held),
    'WAIT',
    'WAIT alarm',
  ],
  [
    'a wait for an interface that attaches is worth an alarm',
    limits.leavingHolderAlarmAfter,
    (ms) => since(ms, { members: [heldBy(self, member(1), { status: 'attaching' })] }),
    'WAIT',
    'WAIT alarm',
  ],
  [
    'an agent that is not online costs the instance its place',
    limits.agentOnlineWithin,
    (ms) => since(ms, { members: [mine], agentOnline: false }),
    'WAIT',
    'write-note',
  ],
  [
    'a volume that a healthy instance keeps costs it too',
    limits.memberFreeWithin,
    (ms) => since(ms, { members: [bare(attachedTo(other))] }),
    'WAIT',
    'hand-over write-note',
  ],
  [
    'an announced attach that was never seen costs it too',
    limits.intentSettlesAfter,
    (ms) => seen({ members: [bare({ intent: { instanceId: self, at: now - ms } })] }),
    'WAIT',
    'hand-over write-note',
  ],
  [
    'a volume that attaches is stuck',
    limits.attachStuckAfter,
    (ms) => seen({ members: [bare(attachedTo(self, 'attaching', { attachTime: now - ms }))] }),
    'WAIT',
    'hand-over write-note',
  ],
  [
    'a verification is too old to rest on',
    limits.proofAgeMax,
    (ms) => seen({ members: [mine], commands: [takenOver(mine, now - ms)] }),
    'CONTINUE',
    'take-over',
  ],
  [
    "a peer's yes is too old to rest on",
    limits.proofAgeMax,
    (ms) => since(0, { ...withPeers, reaches: [reach(other, 'reached', now - ms)] }),
    'CONTINUE',
    'ask-peer',
  ],
  [
    'a peer that is still thinking is passed over',
    limits.peerAnswersWithin - 1,
    (ms) => since(0, { ...withPeers, reaches: [reach(other, 'running', now - ms)] }),
    'WAIT',
    'ask-peer',
  ],
  [
    'a peer that could not reach the address is asked again',
    limits.commandAgainAfter,
    (ms) => since(0, { ...withPeers, reaches: unreachable(ms, ms) }),
    'WAIT alarm',
    'ask-peer',
  ],
  [
    'an address that no peer reaches costs the instance its place',
    limits.reachableWithin,
    (ms) => since(ms, { ...withPeers, reaches: unreachable(5000, 5000) }),
    'WAIT alarm',
    'hand-over write-note',
  ],
])('%s after %i ms and no sooner', (_, limit, world, atLimit, later) => {
  expect(decided(world(limit))).toBe(atLimit)
  expect(decided(world(limit + 1))).toBe(later)
})

describe('a wait has no end as long as somebody is on the way out', () => {
  const late = limits.memberFreeWithin + 1

  test('a volume comes from an instance that leaves, or is being detached already', () => {
    const leavingOther = [inGroup(self, 'Pending:Wait'), inGroup(other, 'Terminating:Wait')]
    const members = [bare(attachedTo(other))]
    expect(decided(since(late, { members, groupInstances: leavingOther }))).toBe('WAIT')
    expect(decided(since(late, { members: [bare(attachedTo(other, 'detaching'))] }))).toBe('WAIT')
  })

  test('a healthy holder whose interface is being detached is about to leave', () => {
    expect(decided(since(late, { members: [heldBy(other, member(1), { status: 'detaching' })] }))).toBe('WAIT')
  })

  test('one of two holders leaves', () => {
    const groupInstances = [...held.groupInstances!, inGroup(third, 'InService')]
    const members = [heldBy(third, member(1)), heldBy(other, member(2))]
    expect(decided(since(late, { members, groupInstances }))).toBe('WAIT')
  })

  test('but for one newcomer a member: others of the zone keep their group from launching where one is needed', () => {
    const rival = (name: string, zone = 'eu-central-1a') => ({ ...inGroup(instanceId(name), 'Pending:Wait'), zone })
    const beside = (one: GroupInstance) => since(late, { ...held, groupInstances: [...held.groupInstances!, one] })
    expect(decided(beside(rival('i-00000000000000aab')))).toBe('WAIT')
    expect(decided(beside(rival('i-00000000000000aa9')))).toBe('ABANDON')
    expect(decided(beside(rival('i-00000000000000aa9', 'eu-central-1b')))).toBe('WAIT')
    expect(decided(beside({ ...rival('i-00000000000000aa9'), lifecycleState: 'Terminating:Wait' }))).toBe('WAIT')
    expect(decided(beside({ ...rival('i-00000000000000aa9'), groupName: 'zookeeper-2' }))).toBe('WAIT')
  })

  test('an interface is claimed early while a volume is with an instance that Auto Scaling terminates', () => {
    expect(decided(since(0, { ...held, members: [member(1, { volumes: [volume(1, attachedTo(other))] })] }))).toBe(
      'attach-interface',
    )
  })
})

test('the newest refusal counts: peers are asked again a while after the last of them', () => {
  expect(decided(since(0, { ...withPeers, reaches: unreachable(30_000, 5000) }))).toBe('WAIT alarm')
})

test('a peer whose yes is too old is asked anew, before another', () => {
  const reaches = [reach(other, 'reached', seconds(61))]
  expect(planFor(since(0, { ...withPeers, reaches })).steps).toMatchObject([{ kind: 'ask-peer', peer: other }])
})
