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
}

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
  readonly intent?: AttachIntent
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

/** Written on the volume ahead of the attach call: this instance may have it attached once, and never again. */
export interface AttachIntent {
  readonly instanceId: InstanceId
  /** Milliseconds since the epoch. */
  readonly at: number
}
