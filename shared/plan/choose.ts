import type { InstanceId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import { holderOf, type Member } from '../model/member.ts'
import type { Instance, Observation } from '../model/observation.ts'
import { describe, hold } from './instances.ts'

/**
 * Which member an instance is to become.
 *
 * The locking argument: EC2 lets an interface be attached to one instance only, so that attaching it *is* the claim.
 * Any number of invocations may run this choice at once, on stale facts as well: the worst that follows is an attach
 * call that EC2 refuses, after which everybody looks again. All attach to the same device index, so one instance can't
 * win two members either. No choice is remembered anywhere but in EC2.
 */
export type Choice =
  | { readonly kind: 'mine'; readonly member: Member }
  | { readonly kind: 'free'; readonly member: Member }
  /** None is free; `because` says what is awaited. */
  | { readonly kind: 'awaited'; readonly because: string }
  | { readonly kind: 'none'; readonly because: string }

export function chooseMember(seen: Observation, self: Instance): Choice {
  const mine = seen.members.filter((member) => holderOf(member) === self.id)
  const [held, second] = mine
  if (held && second) {
    return { kind: 'none', because: `${self.id} holds the interfaces of members ${held.id} and ${second.id}` }
  }
  if (held) return { kind: 'mine', member: held }
  const half = strayHalf(seen, self)
  if (half !== undefined) {
    // The volumes may have been read later than the interfaces, so the other half may only not be seen yet.
    const patient = seen.now - self.launchTime < limits.memberFreeWithin
    return { kind: patient ? 'awaited' : 'none', because: half }
  }

  const local = seen.members.filter((member) => member.zone === self.zone && isMeantFor(seen, member))
  const free = local.find((member) => obstacle(seen, member) === undefined)
  if (free) return { kind: 'free', member: free }

  const obstacles = local.map((member) => obstacle(seen, member)).filter((one) => one !== undefined)
  const because = [
    local.length === 0 ? `zone ${self.zone} has no member` : `no member of zone ${self.zone} is free`,
    ...obstacles.map((one) => one.because),
    ...seen.tagFaults,
  ].join('; ')
  const leaving = obstacles.filter((one) => one.leaving).length
  const patient = rank(seen, self) < leaving || seen.now - self.launchTime < limits.memberFreeWithin
  return { kind: patient ? 'awaited' : 'none', because }
}

/**
 * How many others of its group come before this one in the zone: more than there are members to become free wait in vain,
 * and keep the group from launching where one is needed, which may be what the leaving holder itself waits for.
 */
function rank(seen: Observation, self: Instance): number {
  const holders = seen.members.map(holderOf)
  const rivals = seen.groupInstances.filter(
    ({ instanceId, groupName, zone, lifecycleState }) =>
      groupName === seen.action.groupName &&
      zone === self.zone &&
      lifecycleState.startsWith('Pending') &&
      !holders.includes(instanceId),
  )
  return rivals.filter(({ instanceId }) => instanceId < self.id).length
}

/** A group that names a member gets no other, and no other group gets that one. */
function isMeantFor(seen: Observation, member: Member): boolean {
  const named = seen.groups.find((group) => group.name === seen.action.groupName)?.member
  if (named !== undefined) return named === member.id
  return seen.groups.every((group) => group.member !== member.id)
}

/** A volume here whose member's interface is not: whoever claimed another member now would hold parts of two. */
function strayHalf(seen: Observation, self: Instance): string | undefined {
  for (const member of seen.members) {
    const volume = member.volumes.find((one) => one.attachment?.instanceId === self.id)
    if (volume) return `${volume.id} is attached to ${self.id}, the interface of its member ${member.id} is not`
  }
  return undefined
}

interface Obstacle {
  readonly because: string
  /** Whether it goes away by itself. */
  readonly leaving: boolean
}

/** Why a member can't be claimed now; undefined when it can. */
function obstacle(seen: Observation, member: Member): Obstacle | undefined {
  const holder = holderOf(member)
  if (holder !== undefined) return heldBy(seen, member, 'is held by', holder)
  for (const volume of member.volumes) {
    const user = volume.attachment?.instanceId
    // A volume that is on its way from a leaving instance is awaited after the claim, which saves that time.
    if (user !== undefined && hold(seen, user) !== 'leaving') {
      return heldBy(seen, member, `has ${volume.id} still attached to`, user)
    }
  }
  return undefined
}

function heldBy(seen: Observation, member: Member, how: string, holder: InstanceId): Obstacle {
  const because = `member ${member.id} ${how} ${describe(seen, holder)}`
  return { because, leaving: hold(seen, holder) !== 'keeping' || isDetaching(member) }
}

const isDetaching = (member: Member): boolean => member.networkInterface.attachment?.status === 'detaching'
