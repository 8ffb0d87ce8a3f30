import type { HealthFacts } from '../model/facts.ts'
import type { InstanceId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import { holderOf, isLeaving, type Member, wishOf } from '../model/member.ts'
import type { Survey } from '../model/observation.ts'
import { describe, ec2Instance, groupInstance } from './instances.ts'

/** How a member stands to the quorum: `unknown` while its host is to be asked, or has been asked and may still answer. */
export type Standing =
  | { readonly kind: 'in' }
  | { readonly kind: 'out'; readonly because: string }
  | { readonly kind: 'unknown'; readonly asked: boolean }

/** In the last one it waits for our verdict, and serves as before while we hold it back. */
const servingStates = new Set(['InService', 'Terminating:Wait'])

/** The host of a member that can be asked, and whose member may serve. */
export function servingHost(seen: Survey, member: Member): InstanceId | undefined {
  const id = holderOf(member)
  if (id === undefined || !servingStates.has(groupInstance(seen, id)?.lifecycleState ?? '')) return undefined
  return ec2Instance(seen, id)?.state === 'running' ? id : undefined
}

type Told = HealthFacts | 'silent' | 'asked' | 'unasked'

/** What a host has told lately enough for a decision to rest on it. */
export function told(seen: Survey, id: InstanceId): Told {
  const health = seen.healths.find((one) => one.instanceId === id)
  const age = health ? seen.now - health.sentAt : 0
  if (!health) return 'unasked'
  if (health.answer === undefined && age < limits.healthWithin) return 'asked'
  const isSilent = health.answer === undefined || health.answer === 'silent'
  // A silence takes so long to be one that it has to hold for longer than an answer does.
  if (age > (isSilent ? limits.silenceAgeMax : limits.healthAgeMax)) return 'unasked'
  return health.answer ?? 'silent'
}

export interface Leader {
  readonly member: Member
  readonly instanceId: InstanceId
  /** Those who vote, by its own list; undefined where its host can't tell. */
  readonly voters: readonly number[] | undefined
}

/** The member that leads by its own word; undefined where none does, or two say so: one of them is behind the times. */
export function leaderOf(seen: Survey): Leader | undefined {
  const leaders = seen.members.flatMap((member): Leader[] => {
    const instanceId = servingHost(seen, member)
    const facts = instanceId && told(seen, instanceId)
    if (!instanceId || typeof facts !== 'object' || facts.member !== member.id) return []
    return facts.service.role === 'leader' ? [{ member, instanceId, voters: facts.service.voters ?? undefined }] : []
  })
  const [leader] = leaders
  return leaders.length === 1 ? leader : undefined
}

export interface Electorate {
  readonly voters: readonly Member[]
  /** How many of those who vote are a majority, members that no tags tell of included. */
  readonly quorum: number
  /** Whether servers have told who votes: else all members are taken to. */
  readonly isTold: boolean
}

/**
 * Who votes: as the leader tells, or as all tell that serve, where the leader's host is silent, say. Where nobody tells, or
 * the servers are not of one mind, all members are taken to vote, which asks for the largest quorum.
 */
export function electorateOf(seen: Survey): Electorate {
  const list = leaderOf(seen)?.voters ?? agreedList(seen)
  const voters = list ? seen.members.filter((member) => list.includes(member.id)) : seen.members
  return { voters, quorum: quorumOf(list?.length ?? voters.length), isTold: list !== undefined }
}

function agreedList(seen: Survey): readonly number[] | undefined {
  const lists = seen.members.flatMap((member) => {
    const host = servingHost(seen, member)
    const facts = host === undefined ? undefined : told(seen, host)
    return typeof facts === 'object' && isServing(facts.service.role) ? [facts.service.voters] : []
  })
  const [list] = lists
  const isSame = lists.every((other) => other?.length === list?.length && other?.every((id) => list?.includes(id)))
  return list && isSame ? list : undefined
}

/** How many of so many are a majority. */
export const quorumOf = (size: number): number => Math.floor(size / 2) + 1

/** Whether the member would be there for the quorum if another one left now. */
export function standingOfOther(seen: Survey, member: Member): Standing {
  const holder = holderOf(member)
  if (holder === undefined) return out('no instance holds it')
  if (servingHost(seen, member) === undefined) return out(`its holder is ${describe(seen, holder)}`)
  if (isLeaving(member)) return out('it is to leave as well')
  const facts = told(seen, holder)
  if (facts === 'unasked' || facts === 'asked') return { kind: 'unknown', asked: facts === 'asked' }
  if (facts === 'silent') return servesByWord(seen, member) ? { kind: 'in' } : out(`its host ${holder} does not answer`)
  const because = whyNotInSync(member, facts)
  return because === undefined ? { kind: 'in' } : out(because)
}

/** A host may be silent for its agent's sake alone: then another server that serves has seen this one serve. */
export function servesByWord(seen: Survey, member: Member): boolean {
  return seen.members
    .filter((other) => other !== member)
    .flatMap((other) => servingHost(seen, other) ?? [])
    .map((id) => told(seen, id))
    .some((one) => typeof one === 'object' && isServing(one.service.role) && isServing(one.peers[String(member.id)]))
}

function whyNotInSync(member: Member, facts: HealthFacts): string | undefined {
  if (facts.member !== member.id) return 'its host has not taken it over'
  if (facts.handedOver) return 'its host has handed it over'
  if (facts.busy) return 'its host is at work on it'
  // A server that goes on with the files of a mount that is gone still has its vote. It may be leaving for that very
  // reason, and whoever waited for it to be mounted again, and it for them, would wait for ever.
  return isServing(facts.service.role) ? undefined : `the role of its server is ${facts.service.role}`
}

/** A server that stands alone is in no quorum with anybody. */
const isServing = (role: string | undefined): boolean => role === 'leader' || role === 'follower'

/**
 * Whether the quorum loses something with this member, which is held by `self`. A server that has no role is no loss while
 * the others are a quorum by their own word; where they are not, it may be the one that the next election needs, and a
 * leader of whom somebody tells may lead because of it by now: what the hosts tell is not of one moment.
 */
export function standingOfSelf(seen: Survey, member: Member, self: InstanceId): Standing {
  const facts = told(seen, self)
  if (facts === 'unasked' || facts === 'asked') return { kind: 'unknown', asked: facts === 'asked' }
  const { voters, quorum } = electorateOf(seen)
  const others = voters.filter((other) => other !== member)
  const heard = others.flatMap((other): Witness[] => {
    const host = servingHost(seen, other)
    return host === undefined ? [] : [{ member: other, told: told(seen, host) }]
  })
  const witnesses = heard.map((one) => one.told)
  const server = facts === 'silent' ? byPeers(member, witnesses) : byItself(member, facts)
  if (server === 'serves') return { kind: 'in' }
  if (server === 'gone') return out('its server does not serve')
  const serving = witnesses.filter((one) => typeof one === 'object' && isServing(one.service.role)).length
  const words = facts === 'silent' ? 'its host is silent and nobody sees it serve' : 'it has no role'
  if (serving >= quorum) return out(`${words}, and the others are a quorum`)
  const [open] = witnesses.filter((one) => one === 'unasked' || one === 'asked')
  // Who has not been heard yet may have seen it serve, or may know a leader.
  if (open !== undefined) return { kind: 'unknown', asked: !witnesses.includes('unasked') }
  const known = heard.filter(({ member: other, told: word }) => word === 'silent' && servesByWord(seen, other)).length
  // Who serves is in a quorum, and those who are known to be in it are too few for one.
  if (facts === 'silent' && serving > 0 && serving + known < quorum) return { kind: 'in' }
  if (mayElect(seen, member, facts, heard, quorum)) return { kind: 'in' }
  return out(`${words}, and the others are ${serving + known < quorum ? 'no quorum either' : 'a quorum'}`)
}

/** Another member of those who vote, and what its host has told. */
interface Witness {
  readonly member: Member
  readonly told: Told
}

/** Whether an election may still come, with this member, where nobody is known to serve. */
function mayElect(seen: Survey, member: Member, facts: Told, witnesses: readonly Witness[], quorum: number): boolean {
  // The silent ones may be a quorum among themselves: who sees nobody may be cut off from it, or it is the asking that failed.
  const silent = [facts, ...witnesses.map((one) => one.told)].filter((one) => typeof one !== 'object').length
  if (facts === 'silent' && silent >= quorum) return true
  // It has no part in any, and who stands back behind another has no note of its own.
  if (isStuck(facts, witnesses)) return !seen.members.some((one) => hasWaited(seen, one))
  return isOnTheWay(seen) || !hasWaited(seen, member)
}

function isOnTheWay(seen: Survey): boolean {
  const holders = seen.members.flatMap((one) => holderOf(one) ?? [])
  return holders.some((id) => groupInstance(seen, id)?.lifecycleState.startsWith('Pending'))
}

/**
 * It answers nobody, or nobody's answer comes back to it, and all others that could know of a quorum with it are in none: by
 * their own word, or because its host, which asks their servers as well, finds that of a silent host without a role.
 */
function isStuck(facts: Told, witnesses: readonly Witness[]): boolean {
  if (typeof facts !== 'object') return false
  const isAlone = witnesses.every(({ member, told: word }) =>
    typeof word === 'object'
      ? !isServing(word.service.role)
      : word === 'silent' && !isServing(facts.peers[String(member.id)]),
  )
  return (facts.service.role === 'unknown' || facts.routes !== 'verified') && isAlone
}

/** Any election has had its time since it noted that it wants to leave. */
function hasWaited(seen: Survey, member: Member): boolean {
  const wish = wishOf(member)
  return wish !== undefined && seen.now - wish.at >= limits.rolelessAfter
}

type Server = 'serves' | 'runs' | 'gone'

function byItself(member: Member, { member: id, handedOver, service }: HealthFacts): Server {
  if (id !== member.id || handedOver || !service.running) return 'gone'
  return isServing(service.role) ? 'serves' : 'runs'
}

/**
 * The host is silent, which may be its agent's fault alone, or the network's for a moment. That nobody sees it serve does
 * not prove that it does not: who sees nobody may itself be cut off.
 */
function byPeers(member: Member, witnesses: readonly Told[]): Server {
  const seenAs = witnesses.map((one) => (typeof one === 'object' ? one.peers[String(member.id)] : undefined))
  return seenAs.some(isServing) ? 'serves' : 'runs'
}

const out = (because: string): Standing => ({ kind: 'out', because })
