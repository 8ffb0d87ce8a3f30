import { limits } from '../model/limits.ts'
import { holderOf, isLeaving, type Member, wishOf } from '../model/member.ts'
import type { Instance, Observation } from '../model/observation.ts'
import type { Note, Plan, Step } from '../model/plan.ts'
import { askHealth } from './ask-health.ts'
import { isRefused } from './commands.ts'
import { ec2Instance } from './instances.ts'
import { isGivenUp } from './membership.ts'
import { electorateOf, servingHost, type Standing, standingOfOther, standingOfSelf, told } from './standing.ts'
import { act, alarm, wait } from './verdicts.ts'

/**
 * Never fewer healthy members because of us than a quorum needs: an instance that is to end, and whose member is part of
 * the quorum, hands over only while the others are a quorum without it. Until then it waits, in service as before.
 *
 * What must not happen is that two of them find each other healthy and then both go. They may be driven by any number of
 * invocations, each of which may stop anywhere, and a read may be some seconds old. So each writes before it looks: the
 * wish to leave is noted on the member's interface, and nobody goes but who has seen its own note for `leavingSettles`
 * and then, in one look, sees no such note on any member that it counts upon.
 *
 * - *Two that both go:* say one saw its own note for that long, and not the other's. Then the other's came when the first
 *   one had been there for longer than a read is behind, and the other, which looks only after it has written, saw that.
 * - *Time* is that of one invocation, from when it has seen a note itself, not from when the note says that it was
 *   written: a write may have been under way for long, and two functions' clocks need not agree. Another invocation of the
 *   same instance that writes the note again changes nothing, because nobody goes by what is written in it. Only who stands
 *   back may, after so long that neither matters.
 * - *All that wait for one another:* the smallest member's wish comes first. Of the others those that the quorum would miss
 *   take theirs back, but no sooner than `standsBackAfter`: another invocation for the same instance may have looked before
 *   that first note was there, and what it has decided is to be seen by then.
 * - *A request that lands late:* a decision is noted beside the wish, and the host is told by whoever has seen it there in a
 *   look that still finds no reason against. It comes before all wishes and is not taken back, because what was asked for
 *   may begin minutes later, when others would have counted upon who stood back. Only after `writeArrivesWithin` it is no
 *   more than a wish, so that no two can wait for one another for ever; whoever goes by it renews it before that.
 *   A hand-over that has begun is finished.
 * - *A note outlives its writer* only as long as the interface is attached to it: to the next holder it means nothing.
 * - *What the hosts tell* is as old as `healthAgeMax` at most. Whoever dies on its own in that time is nobody's fault.
 *
 * A dead instance is let go at once, for the quorum has lost it already; so is one whose ensemble is being taken down.
 */
export type Way = Free | { readonly kind: 'held'; readonly plan: Plan }

interface Free {
  readonly kind: 'free'
  readonly because?: string
  /** Whose wish was weighed against the others': it goes by a decision that is noted first. */
  readonly member?: Member
}

/** The way out as it is planned, or the note of it that comes first. */
export function decidedFirst(seen: Observation, { member }: Free, plan: Plan): Plan {
  const isWayOut = plan.verdict !== 'WAIT' || plan.steps.some((step) => step.kind === 'hand-over')
  if (!member || !isWayOut || isDecided(seen, member, limits.decisionAgeMax)) return plan
  const note = { key: 'handingOver', instanceId: seen.action.instanceId, at: seen.now } as const
  const write: Step = { kind: 'write-note', networkInterfaceId: member.networkInterface.id, note }
  return act([write], `member ${member.id} is about to leave, and that is noted first`, member.id)
}

export function quorumGuard(seen: Observation): Way {
  const self = ec2Instance(seen, seen.action.instanceId)
  const mine = seen.members.find((member) => holderOf(member) === self?.id)
  const begun = seen.commands.some((command) => command.verb === 'handOver' && !isRefused(command))
  if (self?.state !== 'running' || !seen.agentOnline || begun) return { kind: 'free' }
  if (!mine) return ofNobody(seen, self)

  if (seen.wanted === 0) return free('the groups want no instance: the ensemble is being taken down')
  if (seen.tagFaults.length > 0) {
    return held(alarm(`whether the others are a quorum is in doubt: ${seen.tagFaults.join('; ')}`, mine.id))
  }
  // One or two members have no quorum to spare, whatever anybody waits for.
  if (seen.members.length <= 2) return { kind: 'free' }
  const heard = heardSinceNoted(seen, mine)
  const { voters, isTold } = electorateOf(heard)
  if (isTold && !voters.includes(mine)) return free('it has no vote, so the quorum loses nothing')
  return announced(heard, mine) ?? judged(heard, mine)
}

/** Where tags are in doubt, an interface beside its first one may be that of a member: to be handed over, not torn away. */
function ofNobody(seen: Observation, { id, networkInterfaces }: Instance): Way {
  const more = networkInterfaces.filter(({ deviceIndex }) => deviceIndex > 0).map((one) => one.id)
  if (seen.tagFaults.length === 0 || more.length === 0) return { kind: 'free' }
  return held(alarm(`whether ${id} is a member, with ${more.join(', ')}, is in doubt: ${seen.tagFaults.join('; ')}`))
}

const asking = 'the hosts are asked how their members are'
const free = (because: string, member?: Member): Way => ({ kind: 'free', because, ...(member && { member }) })
const held = (plan: Plan): Way => ({ kind: 'held', plan })

/**
 * The wish to leave comes first, and those of the others are given time to be seen; undefined once that is so. Whoever the
 * quorum misses stands back behind a smaller member. Whoever it does not miss must not: that one may be waiting for it.
 */
function announced(seen: Observation, mine: Member): Way | undefined {
  const first = seen.members.find((member) => isAboutToLeave(seen, member) && comesBefore(seen, member, mine))
  if (first) {
    const own = standingOfSelf(seen, mine, seen.action.instanceId)
    if (own.kind === 'unknown') return held(own.asked ? wait(asking, mine.id) : ask(seen, mine))
    if (own.kind === 'in') return held(standBack(seen, mine, first))
  }
  const { id: networkInterfaceId } = mine.networkInterface
  if (!isLeaving(mine)) {
    const note = { key: 'leaving', instanceId: seen.action.instanceId, at: seen.now } as const
    const write: Step = { kind: 'write-note', networkInterfaceId, note }
    return held(act([write], `member ${mine.id} is to leave, and says so first`, mine.id))
  }
  if (seenFor(seen, mine) >= limits.leavingSettles) return undefined
  return held(wait(`member ${mine.id} is to leave: who else is has some seconds to be seen`, mine.id))
}

function standBack(seen: Observation, mine: Member, first: Member): Plan {
  const { id: networkInterfaceId, leaving, handingOver } = mine.networkInterface
  if (!isLeaving(mine) || isDecided(seen, mine)) return wait(`member ${first.id} leaves first`, mine.id)
  const because = `member ${first.id} leaves first, so member ${mine.id} stands back`
  if (!wasThereFor(seen, first, patience(seen, mine))) return wait(because, mine.id)
  const notes: Note[] = [
    ...(leaving ? [{ key: 'leaving', ...leaving } as const] : []),
    ...(handingOver ? [{ key: 'handingOver', ...handingOver } as const] : []),
  ]
  const forget = notes.map((note): Step => ({ kind: 'forget-note', networkInterfaceId, note }))
  return act(forget, because, mine.id)
}

/** Decisions before wishes, of the same kind the smaller member's. */
function comesBefore(seen: Observation, one: Member, other: Member): boolean {
  const decided = isDecided(seen, one)
  return decided === isDecided(seen, other) ? one.id < other.id : decided
}

function isDecided(seen: Observation, member: Member, ageMax: number = limits.writeArrivesWithin): boolean {
  const { handingOver } = member.networkInterface
  return handingOver !== undefined && handingOver.instanceId === holderOf(member) && seen.now - handingOver.at < ageMax
}

/**
 * Whether the member's note has been there for `ms`: seen by this invocation, or by what is written in it, since whose
 * time any write has arrived and clocks do not matter. An invocation of the sweep alone is too short for some waits.
 */
function wasThereFor(seen: Observation, member: Member, ms: number): boolean {
  const writtenAt = wishOf(member)?.at ?? seen.now
  return seenFor(seen, member) >= ms || seen.now - writtenAt >= limits.writeArrivesWithin + ms
}

/**
 * The vote of one that its group gives up is taken while the wish to leave is there. Such a change may be under way for as
 * long as it may begin, and then the others rest on no answer that is older than it.
 */
function patience(seen: Observation, mine: Member): number {
  return limits.standsBackAfter + (isGivenUp(seen, mine) ? limits.changeNotAfter + limits.healthAgeMax : 0)
}

/** One whose instance EC2 is ending already has nothing to wait for, nor anybody to wait for it. */
function isAboutToLeave(seen: Observation, member: Member): boolean {
  const state = ec2Instance(seen, holderOf(member) ?? seen.action.instanceId)?.state
  return isLeaving(member) && state !== 'shutting-down' && state !== 'terminated'
}

/** Milliseconds for which this invocation has seen the member's note. */
function seenFor(seen: Observation, member: Member): number {
  const holder = holderOf(member)
  const since = holder && seen.leavingSince.get(holder)
  return since === undefined ? 0 : seen.now - since
}

/**
 * Once the note has settled, only what the hosts were asked for after that: whoever has counted upon this member has done
 * so before, and what was told earlier may be of a time when it was not worth it.
 */
function heardSinceNoted(seen: Observation, mine: Member): Observation {
  const settled = seenFor(seen, mine) - limits.leavingSettles
  if (!isLeaving(mine) || settled < 0) return seen
  return { ...seen, healths: seen.healths.filter((health) => seen.now - health.sentAt <= settled) }
}

/** What the hosts tell decides; where it can't yet, they are asked. */
function judged(seen: Observation, mine: Member): Way {
  const { voters, quorum } = electorateOf(seen)
  if (voters.length <= 2) return { kind: 'free' }
  const own = standingOfSelf(seen, mine, seen.action.instanceId)
  if (own.kind === 'out') return free(`${own.because}, so the quorum loses nothing`, mine)
  const others = voters.filter((member) => member !== mine)
  const standings = others.map((member) => ({ member, standing: standingOfOther(seen, member) }))
  const inSync = standings.filter(({ standing }) => standing.kind === 'in').length
  if (own.kind === 'in' && inSync >= quorum) return free(`${inSync} others are in sync`, mine)

  const unknown = [own, ...standings.map(({ standing }) => standing)].filter((one) => one.kind === 'unknown')
  if (unknown.some((one) => !one.asked)) return held(ask(seen, mine))
  if (unknown.length > 0) return held(wait(asking, mine.id))
  return held(blocked(seen, mine, standings, quorum))
}

/** Asks those that have told nothing lately, all at once. */
function ask(seen: Observation, mine: Member): Plan {
  // This instance too: it waits for its end.
  const hosts = seen.members.flatMap((member) => servingHost(seen, member) ?? [])
  const step = askHealth(
    seen,
    hosts.filter((id) => told(seen, id) === 'unasked'),
  )
  if (step === undefined) return wait('the range of a subnet is unknown, so no host can be asked', mine.id)
  return act([step], asking, mine.id)
}

interface Judged {
  readonly member: Member
  readonly standing: Standing
}

function blocked(seen: Observation, mine: Member, standings: readonly Judged[], quorum: number): Plan {
  const inSync = standings.filter(({ standing }) => standing.kind === 'in').length
  const reasons = standings.flatMap(({ member, standing }) =>
    standing.kind === 'out' ? [`member ${member.id}: ${standing.because}`] : [],
  )
  const because = `without member ${mine.id} ${inSync} would be in sync, and a quorum is ${quorum}: ${reasons.join('; ')}`
  const since = wishOf(mine)?.at ?? seen.now
  return (seen.now - since > limits.guardAlarmAfter ? alarm : wait)(because, mine.id)
}
