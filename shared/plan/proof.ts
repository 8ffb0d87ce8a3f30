import { readFailure, readTakeOver } from '../model/facts.ts'
import type { InstanceId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { Member } from '../model/member.ts'
import type { Command, Instance, Observation } from '../model/observation.ts'
import type { AskPeer } from '../model/plan.ts'
import { isForgotten } from './commands.ts'
import { ec2Instance, groupInstance } from './instances.ts'
import { electorateOf } from './standing.ts'

/**
 * How far the host is. `never` and `stale` want a command to be sent: the same document proves and repairs, so the
 * second run of a satisfied host is the verification.
 */
export type InsideProof =
  | { readonly kind: 'proved'; readonly because: string }
  | { readonly kind: 'never' | 'stale'; readonly because: string }
  | { readonly kind: 'awaited'; readonly because: string }
  | { readonly kind: 'hopeless'; readonly because: string }

export function takeOverCommand(seen: Observation, member: Member): InsideProof {
  const commands = seen.commands.filter((command) => command.verb === 'takeOver')
  const proved = commands.find((command) => isFresh(seen, command.sentAt) && proof(command, member) !== undefined)
  if (proved) return { kind: 'proved', because: proof(proved, member) ?? '' }
  if (commands.some((command) => command.status === 'running' && !isForgotten(command, seen.now))) {
    return { kind: 'awaited', because: 'the take-over command is running' }
  }
  const [newest] = commands
  if (!newest) return { kind: 'never', because: 'everything is attached and the agent is online' }
  if (proof(newest, member) !== undefined) {
    return { kind: 'stale', because: 'the last verification is too old to rest on' }
  }
  return afterFailure(seen, commands, newest, member)
}

/**
 * Stop is sticky: an instance that was told to hand over has a tombstone, or will have one when the command arrives, and
 * never takes over again. The reason was the last thing that went wrong before, as far as it can still be seen.
 */
export function handOverBefore(seen: Observation): string | undefined {
  if (!seen.commands.some((command) => command.verb === 'handOver')) return undefined
  const failed = seen.commands.find((command) => command.verb === 'takeOver' && command.status === 'failed')
  return failed ? failureOf(failed).because : 'this instance was told to hand over, and never takes over again'
}

const isFresh = (seen: Observation, sentAt: number): boolean => seen.now - sentAt <= limits.proofAgeMax

/** What a command proves of this very member: its address, each of its volumes where it belongs, and its role. */
function proof(command: Command, member: Member): string | undefined {
  const facts = command.status === 'succeeded' ? readTakeOver(command.output) : undefined
  if (!facts || facts.member !== member.id || facts.address !== member.networkInterface.address) return undefined
  const mounted = (id: string, mount: string) => facts.volumes.some((one) => one.volume === id && one.mount === mount)
  if (!member.volumes.every((volume) => mounted(volume.id, volume.mount))) return undefined
  return `${facts.service.version} is ${facts.service.role}`
}

/** Words of failure that say nothing against the host: it is worth asking it again, for as long as the hook allows. */
const waitingFailures = new Set(['busy', 'too-late', 'no-quorum'])
/** Words that another try on this host can't change. The reason goes into the verdict, for a person to act on. */
const finalFailures = new Set(['handed-over', 'volume-unfit'])

function afterFailure(seen: Observation, commands: readonly Command[], newest: Command, member: Member): InsideProof {
  const words = commands.filter((command) => proof(command, member) === undefined).map(failureOf)
  const last = failureOf(newest)
  if (finalFailures.has(last.word)) return { kind: 'hopeless', because: last.because }
  const counted = words.filter(({ word }) => !waitingFailures.has(word))
  if (counted.length >= limits.commandFailuresMax) {
    return { kind: 'hopeless', because: `${counted.length} take-over commands failed; the last: ${last.because}` }
  }
  const age = seen.now - newest.sentAt
  if (age > limits.commandAgainAfter) return { kind: 'never', because: `once more: ${last.because}` }
  return { kind: 'awaited', because: last.because }
}

function failureOf(command: Command): { word: string; because: string } {
  const facts = readFailure(command.output)
  if (facts) return { word: facts.failed, because: `${facts.failed}: ${facts.because}` }
  return command.status === 'succeeded'
    ? { word: 'no-facts', because: `command ${command.id} succeeded but told no facts of this member` }
    : { word: command.status, because: `command ${command.id} is ${command.status} and told nothing` }
}

/** Whether the world reaches the member: what no host can say of itself. */
export type OutsideProof =
  | { readonly kind: 'proved'; readonly because: string }
  | { readonly kind: 'ask'; readonly step: AskPeer }
  | { readonly kind: 'awaited'; readonly because: string; readonly alarm?: true }
  | { readonly kind: 'hopeless'; readonly because: string }

/**
 * Asks a peer that is in service whether it reaches the member's address. Where there is no such peer, or none whose
 * agent answers, there is nobody to ask and that is proof enough: the first members of an ensemble start that way. A peer
 * whose own server has no role is no witness either: the member has a role, so it is the peer that may be cut off.
 */
export function outsideProof(seen: Observation, self: Instance, member: Member): OutsideProof {
  const { address } = member.networkInterface
  const answers = seen.reaches.filter((reach) => reach.address === address)
  const fresh = answers.filter((reach) => isFresh(seen, reach.sentAt))
  const reached = fresh.find((reach) => reach.answer === 'reached')
  if (reached) return { kind: 'proved', because: `${reached.peer} reaches ${address}` }
  const running = answers.find(
    (reach) => reach.answer === 'running' && seen.now - reach.sentAt < limits.peerAnswersWithin,
  )
  if (running) return { kind: 'awaited', because: `asking ${running.peer} whether it reaches ${address}` }

  // Who could not tell a while ago may be able to by now; and one silence does not undo the no before it.
  const refused = answers.filter((reach) => reach.answer === 'unreachable')
  const stands = limits.proofAgeMax + limits.peerAnswersWithin
  const refusing = new Set(refused.filter(({ sentAt }) => seen.now - sentAt <= stands).map((reach) => reach.peer))
  const silent = new Set(fresh.map((reach) => reach.peer).filter((peer) => !refusing.has(peer)))
  const asked = new Set(refused.map((reach) => reach.peer))
  const peers = peersInService(seen, self).filter(({ id }) => !silent.has(id))
  const ask = ({ id, own }: Peer): OutsideProof => ({ kind: 'ask', step: { kind: 'ask-peer', peer: id, own, address } })
  const next = peers.find(({ id }) => !asked.has(id))
  if (next) return ask(next)
  const [again] = peers
  if (!again) return nobodyToAsk(seen, self)

  const because = `${[...asked].join(', ')} can't reach ${address}`
  const isLong = seen.now - self.launchTime > limits.reachableWithin
  if (isLong && isSpared(seen, self)) return { kind: 'hopeless', because }
  const latest = Math.max(...refused.map((reach) => reach.sentAt))
  return seen.now - latest > limits.commandAgainAfter ? ask(again) : { kind: 'awaited', because, alarm: true }
}

/** Whom nobody reaches may serve all the same: then it is in a quorum, which must stand without it before it goes. */
function isSpared(seen: Observation, self: Instance): boolean {
  const { voters, quorum } = electorateOf(seen)
  // One or two members have no quorum to spare, whatever anybody waits for.
  return voters.length <= 2 || peersInService(seen, self).length >= quorum
}

/** A peer that EC2 does not show just now, or whose tags are in doubt, is unknown, not absent. */
function nobodyToAsk(seen: Observation, self: Instance): OutsideProof {
  if (seen.tagFaults.length > 0) {
    return { kind: 'awaited', because: `the peers are in doubt: ${seen.tagFaults.join('; ')}`, alarm: true }
  }
  const hidden = holdersInService(seen, self).find(({ id }) => !ec2Instance(seen, id))
  return hidden === undefined
    ? { kind: 'proved', because: 'there is no peer in service to ask' }
    : { kind: 'awaited', because: `EC2 does not show ${hidden.id}, which is in service` }
}

/** An instance that holds another member, at the address that is its own. */
interface Peer {
  readonly id: InstanceId
  readonly own: string
}

function holdersInService(seen: Observation, self: Instance): Peer[] {
  return seen.members
    .flatMap(({ networkInterface: { attachment, address } }) =>
      attachment ? { id: attachment.instanceId, own: address } : [],
    )
    .filter(({ id }) => id !== self.id && groupInstance(seen, id)?.lifecycleState === 'InService')
}

const peersInService = (seen: Observation, self: Instance): Peer[] =>
  holdersInService(seen, self).filter(({ id }) => ec2Instance(seen, id)?.state === 'running')
