import type { HealthFacts } from '../../model/facts.ts'
import type { InstanceId } from '../../model/ids.ts'
import { limits } from '../../model/limits.ts'
import type { HealingStep, Member } from '../../model/member.ts'
import type { Survey } from '../../model/observation.ts'
import { ec2Instance, groupInstance } from '../instances.ts'

/**
 * How a member is, told apart from how its ensemble is: a server that waits for a quorum is as well as a server can be
 * without one, and nothing that is done to it would bring the others back.
 *
 * - well: it serves, from where it should.
 * - awaited: its instance is on its way in or out, or is being worked on; whoever does that knows better.
 * - doubtful: nobody can tell, or nothing that we may do would help.
 * - sick: the rung of the ladder that may help is told.
 */
export type Condition =
  | { readonly kind: 'well'; readonly alarm?: string }
  | { readonly kind: 'awaited'; readonly because: string }
  | { readonly kind: 'doubtful'; readonly because: string; readonly alarm?: true }
  | Sick

export interface Sick {
  readonly kind: 'sick'
  /** The least disruptive step that may help. */
  readonly remedy: Exclude<HealingStep, 'noticed'>
  /** The most disruptive one that may: a full disk goes along to the next instance. */
  readonly utmost: Exclude<HealingStep, 'noticed'>
  readonly instanceId: InstanceId
  readonly because: string
  /** Silence is believed only when it lasts. */
  readonly silent: boolean
}

/** Above this share of a file system, in per cent, the server on it has little time left. */
const fullAbove = 90

export function conditionOf(seen: Survey, member: Member): Condition {
  const holder = member.networkInterface.attachment?.instanceId
  if (holder === undefined) return withoutHolder(seen, member)
  const inGroup = groupInstance(seen, holder)
  const instance = ec2Instance(seen, holder)
  if (!inGroup) return strangerHolds(holder, instance?.state)
  if (inGroup.lifecycleState !== 'InService') {
    return { kind: 'awaited', because: `its holder ${holder} is ${inGroup.lifecycleState}` }
  }
  if (!instance) return doubtful(`EC2 does not show its holder ${holder}`)
  if (instance.state !== 'running') return { kind: 'awaited', because: `its holder ${holder} is ${instance.state}` }
  const going = whatIsGoing(member, holder)
  // Nothing is ever attached twice to one instance, so this instance will not have it again.
  if (going !== undefined) return sick(holder, going, 'replace')

  const health = seen.healths.find((one) => one.instanceId === holder)
  if (!health) return doubtful(`${holder} has not been asked`)
  // Whoever judges has waited for as long as an answer may take.
  const { answer = 'silent' } = health
  return answer === 'silent' ? silence(seen, member, holder) : told(seen, member, holder, answer)
}

/**
 * An instance in service that has a volume and not the interface was robbed of it, and can't be reached any more; unless it
 * is another member, with a volume that somebody gave it by hand: that one is well, and only a person knows what for.
 */
function withoutHolder(seen: Survey, member: Member): Condition {
  for (const { id, attachment } of member.volumes) {
    if (!attachment || groupInstance(seen, attachment.instanceId)?.lifecycleState !== 'InService') continue
    const because = `${attachment.instanceId} has ${id}, and not ${member.networkInterface.id}`
    const other = seen.members.find(({ networkInterface }) => holds(attachment.instanceId, networkInterface))
    if (other) return doubtful(`${because}: it is member ${other.id}; detach ${id} from it`, true)
    return sick(attachment.instanceId, because, 'replace')
  }
  return { kind: 'awaited', because: 'no instance holds it' }
}

const holds = (instanceId: InstanceId, { attachment }: Member['networkInterface']): boolean =>
  attachment?.instanceId === instanceId

/** What the holder in service has lost, or is losing: somebody else than us has asked EC2 to detach it. */
function whatIsGoing({ networkInterface, volumes }: Member, holder: InstanceId): string | undefined {
  const status = networkInterface.attachment?.status
  if (status !== 'attached') return `${networkInterface.id} is ${status} at ${holder}`
  const lost = volumes.find((volume) => volume.attachment?.instanceId !== holder)
  if (lost) return `${holder} has lost ${lost.id}`
  const going = volumes.find((volume) => volume.attachment?.state !== 'attached')
  return going && `${going.id} is ${going.attachment?.state} at ${holder}`
}

/** What ends outside Auto Scaling has no hook: EC2 frees what it holds when it is gone. Anything else holds on to it. */
function strangerHolds(holder: InstanceId, state = 'not visible'): Condition {
  const because = `its holder ${holder} is ${state}, and in no group of the ensemble`
  const isLeaving = state === 'shutting-down' || state === 'terminated'
  return isLeaving ? { kind: 'awaited', because } : doubtful(because, true)
}

const doubtful = (because: string, alarm = false): Condition => ({
  kind: 'doubtful',
  because,
  ...(alarm && { alarm: true }),
})

function sick(instanceId: InstanceId, because: string, remedy: Sick['remedy'], utmost: Sick['utmost'] = 'replace') {
  return { kind: 'sick', remedy, utmost, instanceId, because, silent: false } as const
}

/**
 * A host that says nothing may serve all the same: its agent may be dead, or Systems Manager far away. Only servers that
 * are part of a quorum can witness that it does not: one that sees nobody may itself be the one that is cut off.
 */
function silence(seen: Survey, member: Member, holder: InstanceId): Condition {
  const because = `${holder} does not answer`
  if (servesByPeers(seen, member)) {
    return doubtful(`${because}, but its server serves: look after its SSM agent`, true)
  }
  const witnesses = factsOfOthers(seen, member).filter((facts) => isServing(facts.service.role))
  if (witnesses.length === 0) return doubtful(`${because}, and no server of a quorum can tell how it is`, true)
  return { ...sick(holder, `${because}, and no other server sees it serve`, 'replace'), silent: true }
}

function told(seen: Survey, member: Member, holder: InstanceId, facts: HealthFacts): Condition {
  if (facts.busy) return { kind: 'awaited', because: `a command is at work on ${holder}` }
  if (facts.handedOver) return sick(holder, `${holder} has handed over, and will not serve again`, 'replace')
  if (facts.member !== null && facts.member !== member.id) {
    return doubtful(`${holder} says that it is member ${facts.member}`, true)
  }
  const missing = whatIsMissing(member, facts)
  const full = facts.volumes.find((volume) => (volume.used ?? 0) >= fullAbove)
  const fullness = full && `${full.volume} at ${full.mount} is ${full.used} % full: grow it, the file system follows`
  const serves = isServing(facts.service.role)
  // Another instance would find the same disk as full as it is. What is applied removes old snapshots first.
  if (fullness && !serves) return sick(holder, `${missing ?? 'its server has no role'}; ${fullness}`, 'apply', 'apply')
  if (missing !== undefined) return sick(holder, missing, 'apply')
  return serves
    ? { kind: 'well', ...(fullness && { alarm: fullness }) }
    : withoutRole(seen, member, holder, facts.service.role)
}

function whatIsMissing(member: Member, facts: HealthFacts): string | undefined {
  if (facts.member === null) return 'its host has taken nothing over'
  if (facts.routes !== 'verified') return `its routes: ${facts.routes}`
  const unmounted = member.volumes.find(
    ({ id, mount }) => !facts.volumes.some((one) => one.volume === id && one.mount === mount && one.mounted),
  )
  if (unmounted) return `${unmounted.id} is not mounted at ${unmounted.mount}`
  return facts.service.running ? undefined : 'its server does not run'
}

/**
 * A server that runs without a role waits for a quorum, or hangs. It is the member that is sick if the others have a
 * leader, or if it does not even say that it has no role.
 */
function withoutRole(seen: Survey, member: Member, holder: InstanceId, own: string): Condition {
  const seenAs = factsOfOthers(seen, member).map((facts) => facts.peers[String(member.id)])
  // Where the hosts of all the others are on their way there is its own host's word alone.
  const hangs = seenAs.length > 0 ? seenAs.every((role) => role === 'unknown') : own === 'unknown'
  // An only member has nobody to wait for.
  if (hangs || seen.members.length === 1) return sick(holder, 'its server runs, and answers nobody', 'restart')
  if (hasLeader(seen)) return sick(holder, 'its server runs, and has no role while the others have a leader', 'restart')
  return doubtful('its server runs, and the ensemble has no quorum', true)
}

/** Whether it is the role of one that answers clients. */
export const isServing = (role: string | undefined): boolean =>
  role === 'leader' || role === 'follower' || role === 'standalone'

const factsOf = (seen: Survey): HealthFacts[] =>
  seen.healths.flatMap(({ answer }) => (typeof answer === 'object' ? [answer] : []))

const factsOfOthers = (seen: Survey, member: Member): HealthFacts[] =>
  factsOf(seen).filter((facts) => facts.member !== null && facts.member !== member.id)

/** Whether some other host has had an answer with a role from the member's server. */
export function servesByPeers(seen: Survey, member: Member): boolean {
  return factsOfOthers(seen, member).some((facts) => isServing(facts.peers[String(member.id)]))
}

function hasLeader(seen: Survey): boolean {
  return factsOf(seen).some(({ service, peers }) =>
    [service.role, ...Object.values(peers)].some((role) => role === 'leader' || role === 'standalone'),
  )
}

/** So long, in milliseconds, a server may be without a role for no other reason than an election and what follows it. */
export function electing(seen: Survey): number {
  return Math.max(limits.electionWithin, ...factsOf(seen).map((facts) => facts.settleSeconds * 1000))
}

/** So long after a step its effect is to be judged, in milliseconds. */
export const settling = (seen: Survey): number => limits.healingSettles + electing(seen)
