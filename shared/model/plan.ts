import type { Verdict } from './action.ts'
import type { InstanceId, MemberId, NetworkInterfaceId, VolumeId } from './ids.ts'

/** What the plan stage answers. Steps come first: a verdict counts only when there is nothing left to do. */
export interface Plan {
  /** Independent of one another: they run together, and then everything is looked at again. */
  readonly steps: readonly Step[]
  readonly verdict: Verdict | 'NOTHING'
  /** For a person at night: what is awaited, or why this is the end. */
  readonly because: string
  readonly member?: MemberId
  /** Why this launch is given up, from the first plan that does so to the last. */
  readonly givesUp?: string
  /** Somebody should look: a wait that only a person can end, or a host that did not do as told. */
  readonly alarm?: true
}

/** Everything that Stayput ever does to the world. Each is safe to repeat. */
export type Step =
  | AttachInterface
  | RetainInterface
  | AttachVolume
  | RetainVolume
  | TakeOver
  | AskPeer
  | WithdrawPermit
  | HandOver
  | DetachVolume
  | DetachInterface

export interface AttachInterface {
  readonly kind: 'attach-interface'
  readonly networkInterfaceId: NetworkInterfaceId
  readonly instanceId: InstanceId
}

/** DeleteOnTermination becomes false. */
export interface RetainInterface {
  readonly kind: 'retain-interface'
  readonly networkInterfaceId: NetworkInterfaceId
  readonly attachmentId: string
}

export interface AttachVolume {
  readonly kind: 'attach-volume'
  readonly volumeId: VolumeId
  readonly instanceId: InstanceId
  readonly device: string
}

/** DeleteOnTermination becomes false. */
export interface RetainVolume {
  readonly kind: 'retain-volume'
  readonly volumeId: VolumeId
  readonly instanceId: InstanceId
  readonly device: string
}

export interface HostedMember {
  readonly member: MemberId
  readonly macAddress: string
  readonly address: string
  readonly volumes: readonly { readonly id: VolumeId; readonly mount: string }[]
}

export interface TakeOver extends HostedMember {
  readonly kind: 'take-over'
  readonly instanceId: InstanceId
  readonly subnetCidr: string
  /** Every member of the ensemble with its static address, itself included. */
  readonly peers: readonly { readonly id: MemberId; readonly address: string }[]
  /** The volumes that may be formatted if they are blank. */
  readonly format: readonly VolumeId[]
  /** Whether a member without data may take part in forming the ensemble's first quorum. */
  readonly bootstrap: boolean
}

export interface AskPeer {
  readonly kind: 'ask-peer'
  readonly peer: InstanceId
  readonly address: string
}

export type Permit = 'format' | 'bootstrap'

export interface WithdrawPermit {
  readonly kind: 'withdraw-permit'
  readonly permit: Permit
  readonly volumeId: VolumeId
}

export interface HandOver extends HostedMember {
  readonly kind: 'hand-over'
  readonly instanceId: InstanceId
}

export interface DetachVolume {
  readonly kind: 'detach-volume'
  readonly volumeId: VolumeId
  readonly instanceId: InstanceId
}

export interface DetachInterface {
  readonly kind: 'detach-interface'
  readonly networkInterfaceId: NetworkInterfaceId
  readonly attachmentId: string
}
