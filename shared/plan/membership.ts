import { limits } from '../model/limits.ts'
import { holderOf, isLeaving, type Member, wishOf } from '../model/member.ts'
import type { Observation, Survey } from '../model/observation.ts'
import type { Change, Plan, Reconfigure } from '../model/plan.ts'
import { askHealth } from './ask-health.ts'
import { isRefused } from './commands.ts'
import type { Treatment } from './healing/heal.ts'
import { ec2Instance, groupInstance } from './instances.ts'
import { type Leader, leaderOf, quorumOf, servingHost, standingOfOther, told } from './standing.ts'
import { act, alarm, wait } from './verdicts.ts'

/**
 * Who votes. The tags tell which members there are; ZooKeeper's own list, as the leader tells it, tells which of them
 * vote. The groups tell which are wanted, and the list follows that, one member at a time. ZooKeeper makes the change
 * itself: it refuses one that was judged by an older list, and the leader's host, which makes one at a time, looks at the
 * others once more before each. So it does not matter who asks, nor how often.
 *
 * - *A vote is given* to a member that is in service and serves, while all who have one serve: so all of the new list are
 *   in sync, and a list that is longer by one bears the loss of no fewer of them.
 * - *A vote is taken* from a member whose group does not want an instance for it. While it serves that costs the quorum as
 *   much as its hand-over would, so whoever drives that asks for it, under the same guard (guard.ts): the member says first
 *   that it is to leave, and nobody else goes meanwhile. Where it died its vote is taken afterwards, by the sweep. In any
 *   case the others must be a quorum of what is left.
 * - Its data stay. Should it be wanted again, it starts with an old list, which a quorum of every later one is part of, so
 *   it finds none by the old one; it learns the new one from whoever leads, and gets its vote like a new member.
 */
export function planMembership(seen: Survey): readonly Treatment[] {
  const leader = leaderOf(seen)
  // Where no instance is wanted the ensemble is being taken down, and is to be the same when it comes back.
  if (!leader?.voters || seen.tagFaults.length > 0 || seen.wanted === 0) return []
  const ids = leader.voters
  const unknown = ids.filter((id) => !seen.members.some((member) => member.id === id))
  const voters = seen.members.filter((member) => ids.includes(member.id))
  const gone = voters.find((one) => isAbandoned(seen, one))
  const obstacle = gone && obstacleToRemoval(seen, voters, gone, ids.length)
  if (gone && obstacle === undefined) {
    const step = reconfigure(leader, { kind: 'remove', member: gone.id })
    return [{ step, finding: { member: gone.id, because: 'no group wants an instance for it: its vote is taken' } }]
  }
  const joining = seen.members.find((one) => !ids.includes(one.id) && isJoining(seen, one))
  return [
    ...unknown.map((id): Treatment => alarmed(id, 'it has a vote, and no tags tell of it')),
    ...(gone ? [alarmed(gone.id, `its vote is to be taken, but ${obstacle}`)] : []),
    ...(joining && unknown.length === 0 ? [addition(seen, leader, voters, joining)] : []),
  ]
}

function addition(seen: Survey, leader: Leader, voters: readonly Member[], joining: Member): Treatment {
  for (const voter of voters) {
    const standing = standingOfOther(seen, voter)
    if (standing.kind === 'in') continue
    const because = standing.kind === 'out' ? standing.because : 'its host has not told how it is'
    return { finding: { member: joining.id, because: `it is to vote once member ${voter.id} serves: ${because}` } }
  }
  const step = reconfigure(leader, { kind: 'add', member: joining.id, address: joining.networkInterface.address })
  const because = 'it serves, and gets its vote'
  const since = holderLaunchedAt(seen, joining) ?? seen.now
  if (seen.now - since <= limits.voteWithin) return { step, finding: { member: joining.id, because } }
  return { step, finding: { member: joining.id, because: `${because}: for long in vain`, alarm: true } }
}

function reconfigure({ member, instanceId }: Leader, change: Change): Reconfigure {
  return { kind: 'reconfigure', instanceId, member: member.id, address: member.networkInterface.address, change }
}

const alarmed = (member: number, because: string): Treatment => ({ finding: { member, because, alarm: true } })

function holderLaunchedAt(seen: Survey, member: Member): number | undefined {
  const holder = holderOf(member)
  return holder && ec2Instance(seen, holder)?.launchTime
}

/** It serves, and is not about to leave. */
function isJoining(seen: Survey, member: Member): boolean {
  if (seen.groups.some((group) => group.member === member.id && group.wanted === 0)) return false
  const holder = holderOf(member)
  if (holder === undefined || groupInstance(seen, holder)?.lifecycleState !== 'InService') return false
  return standingOfOther(seen, member).kind === 'in'
}

function obstacleToRemoval(seen: Survey, voters: readonly Member[], leaving: Member, size: number): string | undefined {
  const rest = voters.filter((voter) => voter !== leaving)
  if (rest.length === 0) return 'nobody else has one'
  const inSync = rest.filter((voter) => standingOfOther(seen, voter).kind === 'in').length
  const quorum = quorumOf(size - 1)
  return inSync >= quorum ? undefined : `without it ${inSync} are in sync, and a quorum is ${quorum}`
}

/**
 * Its instance is on its way out, and its group wants none in its place; nor do other groups of its zone, whose instances
 * may hold each other's members. A newcomer that holds nothing yet may have come for this very member, so that it does not
 * count as one that stays.
 */
export function isGivenUp(seen: Survey, member: Member): boolean {
  const holder = holderOf(member)
  const self = holder && groupInstance(seen, holder)
  const group = self && seen.groups.find(({ name }) => name === self.groupName)
  if (!self || !group || !isEnding(self)) return false
  if (group.member !== undefined) return group.wanted === 0
  const here = new Set(seen.groupInstances.flatMap((one) => (one.zone === self.zone ? one.groupName : [])))
  const groups = seen.groups.filter((one) => one.member === undefined && here.has(one.name))
  const names = new Set(groups.map(({ name }) => name))
  const holders = seen.members.map(holderOf)
  const staying = seen.groupInstances.filter(
    (one) => names.has(one.groupName) && !isEnding(one) && holders.includes(one.instanceId),
  )
  return staying.length >= groups.reduce((sum, { wanted }) => sum + wanted, 0)
}

const isEnding = ({ lifecycleState }: { readonly lifecycleState: string }): boolean =>
  lifecycleState.startsWith('Terminat')

/** Nothing holds it, and nobody is going to take it over: its group wants none, or all that are wanted are there. */
function isAbandoned(seen: Survey, member: Member): boolean {
  if (holderOf(member) !== undefined) return false
  const own = seen.groups.find((group) => group.member === member.id)
  if (own) return own.wanted === 0 && seen.groupInstances.every((one) => one.groupName !== own.name)
  const holders = seen.members.map(holderOf)
  return (
    seen.groupInstances.length === seen.wanted &&
    seen.groupInstances.every(
      ({ instanceId, lifecycleState }) => lifecycleState === 'InService' && holders.includes(instanceId),
    )
  )
}

/**
 * An instance that its group does not want replaced: its member loses its vote before it hands over. Only where the guard
 * lets it go. Undefined when there is nothing to wait for.
 */
export function planVote(seen: Observation): Plan | undefined {
  const self = ec2Instance(seen, seen.action.instanceId)
  const mine = seen.members.find((member) => holderOf(member) === self?.id)
  const begun = seen.commands.some((command) => command.verb === 'handOver' && !isRefused(command))
  if (!mine || self?.state !== 'running' || !seen.agentOnline || begun) return undefined
  // Where none is wanted at all, the ensemble is being taken down.
  if (seen.wanted === 0 || !isGivenUp(seen, mine) || seen.change?.status === 'made') return undefined
  const leader = leaderOf(seen)
  if (leader?.voters) return leader.voters.includes(mine.id) ? removal(seen, leader, leader.voters, mine) : undefined
  return askedWhoVotes(seen, mine)
}

function askedWhoVotes(seen: Observation, mine: Member): Plan {
  const hosts = seen.members.flatMap((member) => servingHost(seen, member) ?? [])
  const unasked = hosts.filter((id) => told(seen, id) === 'unasked')
  const step = unasked.length > 0 ? askHealth(seen, unasked) : undefined
  if (step) return act([step], 'the hosts are asked who votes', mine.id)
  if (hosts.some((id) => told(seen, id) === 'asked')) return wait('the hosts are asked who votes', mine.id)
  return heldUp(seen, mine, `member ${mine.id} is to lose its vote first, and nobody leads who could take it`)
}

function removal(seen: Observation, leader: Leader, ids: readonly number[], mine: Member): Plan {
  const voters = seen.members.filter((member) => ids.includes(member.id))
  const obstacle = obstacleToRemoval(seen, voters, mine, ids.length)
  if (obstacle !== undefined) return heldUp(seen, mine, `its vote is to be taken, but ${obstacle}`)
  const because = `member ${mine.id} is to lose its vote first`
  if (isDue(seen)) return act([reconfigure(leader, { kind: 'remove', member: mine.id })], because, mine.id)
  if (!isLeaving(mine) && seen.change?.status === 'running') return wait(because, mine.id)
  return heldUp(seen, mine, seen.change?.because ? `${because}: ${seen.change.because}` : because)
}

/**
 * What is in the way may be an election, or work on another host, and over soon. Where one of two members has not said
 * since when it is to leave, somebody is to know at once.
 */
function heldUp(seen: Observation, mine: Member, because: string): Plan {
  const since = wishOf(mine)?.at
  const isLong = since === undefined || seen.now - since > limits.guardAlarmAfter
  return (isLong ? alarm : wait)(because, mine.id)
}

/** Whether to ask for the change, or once more: one of which nothing is heard began by `changeNotAfter`, and takes a minute. */
function isDue({ change, now }: Observation): boolean {
  if (!change) return true
  return now - change.sentAt >= (change.status === 'running' ? limits.commandNotAfter : limits.commandAgainAfter)
}
