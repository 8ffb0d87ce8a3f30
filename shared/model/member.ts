import type { InstanceId, MemberId, NetworkInterfaceId, SubnetId, VolumeId } from './ids.ts'

/** A durable identity in an ensemble: it outlives every instance that ever holds it. */
export interface Member {
  readonly id: MemberId
  readonly zone: string
  readonly networkInterface: NetworkInterface
  /** One or more, ordered by id so that each invocation sees the same order. */
  readonly volumes: readonly Volume[]
}

export interface NetworkInterface {
  readonly id: NetworkInterfaceId
  readonly macAddress: string
  /** The static private IPv4 address. */
  readonly address: string
  readonly subnetId: SubnetId
  readonly attachment?: InterfaceAttachment
  /** The holder that has asked to hand the member over, and when. */
  readonly leaving?: Intent
  /** The holder that is about to be told to hand the member over, and when that was decided. */
  readonly handingOver?: Intent
  readonly healing?: Healing
  readonly failures?: Failures
}

/** What was last done for a member that is not well. */
export interface Healing {
  readonly step: HealingStep
  /** Milliseconds since the epoch. */
  readonly at: number
}

/**
 * The ladder, from the least disruptive rung to the last: seen to be unwell, told to apply what is missing, told to
 * restart its service, marked for replacement by Auto Scaling.
 */
export const healingSteps = ['noticed', 'apply', 'restart', 'replace'] as const
export type HealingStep = (typeof healingSteps)[number]

/** Launches in a row that failed to become the member. */
export interface Failures {
  readonly count: number
  /** The last of them. */
  readonly instanceId: InstanceId
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** The instance that holds the member. */
export const holderOf = (member: Member): InstanceId | undefined => member.networkInterface.attachment?.instanceId

/** What its holder, and not one that had it before, has noted: that it wants to leave, or is about to. */
export function wishOf(member: Member): Intent | undefined {
  const { leaving, handingOver } = member.networkInterface
  return [leaving, handingOver].find((one) => one !== undefined && one.instanceId === holderOf(member))
}

export const isLeaving = (member: Member): boolean => wishOf(member) !== undefined

export interface InterfaceAttachment {
  readonly id: string
  readonly instanceId: InstanceId
  readonly deviceIndex: number
  /** `attaching`, `attached`, `detaching` or `detached`; an unknown word counts as none of these. */
  readonly status: string
  readonly deleteOnTermination: boolean
}

export interface Volume {
  readonly id: VolumeId
  /** Where its file system belongs on the host. */
  readonly mount: string
  /** EC2's word: `available` and `in-use` are the ones that allow something. */
  readonly state: string
  readonly attachment?: VolumeAttachment
  readonly intent?: Intent
  /** The one-time permit to format it while it is blank. */
  readonly formatPermitted: boolean
  /** It knows nothing of a first quorum of its ensemble: see bootstrap.ts. */
  readonly bootstrapPermitted: boolean
}

export interface VolumeAttachment {
  readonly instanceId: InstanceId
  readonly device: string
  /** `attaching`, `attached`, `detaching`, `busy` or `detached`. */
  readonly state: string
  /** Milliseconds since the epoch. */
  readonly attachTime: number
  readonly deleteOnTermination: boolean
}

/**
 * What an instance is about to do, written down before it is done. On a volume: it may have it attached once, and never
 * again. On an interface: it wants to hand the member over.
 */
export interface Intent {
  readonly instanceId: InstanceId
  /** Milliseconds since the epoch. */
  readonly at: number
}
