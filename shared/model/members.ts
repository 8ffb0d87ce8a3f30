import { memberId, type MemberId, patterns } from './ids.ts'
import type { Member, NetworkInterface, Volume } from './member.ts'

/** An interface or volume as its tags describe it. */
export interface Tagged<Resource> {
  readonly resource: Resource
  readonly zone: string
  /** The value of the member tag, unjudged. */
  readonly member: string | undefined
}

export interface Members {
  readonly members: readonly Member[]
  readonly faults: readonly string[]
}

/**
 * What the tags must add up to, as far as somebody has said. A tag that is lost leaves no doubt of its own: a volume of
 * two, or a whole member, is simply not there. Without its transaction log a server would vote with what it has
 * forgotten, and servers that are told of too few others take a minority for a quorum.
 */
export interface Shape {
  readonly members?: number
  /** Where the volumes of every member belong. */
  readonly mounts?: readonly string[]
}

/**
 * Puts interfaces and volumes together into members. A member whose tags leave any doubt is no member at all but a
 * fault: two interfaces with one id, a volume without a mount, a volume in another zone. Picking the first of two has
 * cost others a quorum (kops#14560).
 */
export function assembleMembers(
  interfaces: readonly Tagged<NetworkInterface>[],
  volumes: readonly Tagged<Volume>[],
  shape: Shape = {},
): Members {
  const faults: string[] = []
  const members: Member[] = []
  for (const text of new Set([...interfaces, ...volumes].map((one) => one.member))) {
    const id = memberId(text ?? '')
    const mine = interfaces.filter((one) => one.member === text)
    const disks = volumes.filter((one) => one.member === text)
    const wrong = id === undefined ? badId(text, [...mine, ...disks]) : faultsOf(id, mine, disks, shape)
    const [card] = mine
    if (id !== undefined && card && wrong.length === 0) members.push(member(id, card, disks))
    faults.push(...wrong)
  }
  const found = new Set([...interfaces, ...volumes].map((one) => one.member)).size
  if (shape.members !== undefined && found !== shape.members) {
    faults.push(
      `the tags speak of ${found} members, and there are ${shape.members}: a tag was lost, or is one too many`,
    )
  }
  return { members: members.toSorted((a, b) => a.id - b.id), faults }
}

function member(id: MemberId, card: Tagged<NetworkInterface>, disks: readonly Tagged<Volume>[]): Member {
  const volumes = disks.map((one) => one.resource).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return { id, zone: card.zone, networkInterface: card.resource, volumes }
}

function badId(text: string | undefined, tagged: readonly Tagged<{ readonly id: string }>[]): string[] {
  const what = tagged.map((one) => one.resource.id).join(', ')
  return [`${what}: tag stayput:member is ${JSON.stringify(text ?? null)}, not a number from 1 to 255`]
}

function faultsOf(
  id: MemberId,
  interfaces: readonly Tagged<NetworkInterface>[],
  volumes: readonly Tagged<Volume>[],
  shape: Shape,
): string[] {
  const faults: string[] = []
  if (interfaces.length !== 1) {
    const which = interfaces.map((one) => one.resource.id).join(', ') || 'none'
    faults.push(`member ${id} has ${interfaces.length} network interfaces (${which}), not one`)
  }
  if (volumes.length === 0) faults.push(`member ${id} has no volume`)
  for (const mount of shape.mounts ?? []) {
    if (!volumes.some((one) => one.resource.mount === mount)) faults.push(`member ${id} has no volume for ${mount}`)
  }
  const mounts = new Set<string>()
  for (const { resource, zone } of volumes) {
    if (!patterns.mount.test(resource.mount)) {
      faults.push(`${resource.id}: tag stayput:mount is ${JSON.stringify(resource.mount)}, not an absolute path`)
    }
    if (mounts.has(resource.mount)) faults.push(`member ${id} has two volumes for ${resource.mount}`)
    mounts.add(resource.mount)
    const home = interfaces[0]?.zone
    if (home !== undefined && zone !== home) {
      faults.push(`${resource.id} is in ${zone}, the network interface of member ${id} in ${home}`)
    }
  }
  return faults
}
