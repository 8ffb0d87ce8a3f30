import type { Verdict } from './action.ts'
import type { InstanceId, MemberId, NetworkInterfaceId, VolumeId } from './ids.ts'
import type { Failures, Healing, Intent } from './member.ts'

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
  | AskHealth
  | WriteNote
  | ForgetNote
  | MarkUnhealthy
  | Reconfigure

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
  /** Whether a service that runs as it should is started anew, if it still has no role when the command arrives. */
  readonly restart: boolean
}

export interface AskPeer {
  readonly kind: 'ask-peer'
  readonly peer: InstanceId
  /** The static address of the peer itself: it is asked for its own server's role as well. */
  readonly own: string
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

/** Gives up the claim, once EC2 itself says that none of the volumes is attached to the instance any more. */
export interface DetachInterface {
  readonly kind: 'detach-interface'
  readonly networkInterfaceId: NetworkInterfaceId
  readonly attachmentId: string
  readonly instanceId: InstanceId
  readonly volumeIds: readonly VolumeId[]
}

/** Asks the hosts, all with one command, how their members are. */
export interface AskHealth {
  readonly kind: 'ask-health'
  readonly instanceIds: readonly InstanceId[]
  /** Every member of the ensemble: a host knows which one it is. */
  readonly members: readonly (HostedMember & { readonly subnetCidr: string })[]
}

/** A bookkeeping tag on a member's interface, by its name in tags.ts. */
export type Note =
  | ({ readonly key: 'leaving' | 'handingOver' } & Intent)
  | ({ readonly key: 'healing' } & Healing)
  | ({ readonly key: 'failures' } & Failures)

export interface WriteNote {
  readonly kind: 'write-note'
  readonly networkInterfaceId: NetworkInterfaceId
  readonly note: Note
}

/** Takes this very note away, and no newer one. */
export interface ForgetNote {
  readonly kind: 'forget-note'
  readonly networkInterfaceId: NetworkInterfaceId
  readonly note: Note
}

/** Has Auto Scaling replace the instance, at once and past its own brakes: whoever asks for it is the brake. */
export interface MarkUnhealthy {
  readonly kind: 'mark-unhealthy'
  readonly instanceId: InstanceId
}

/** A member gets a vote, or loses it. */
export type Change =
  | { readonly kind: 'add'; readonly member: MemberId; readonly address: string }
  | { readonly kind: 'remove'; readonly member: MemberId }

/** Has ZooKeeper change the list of those who vote, through the server that leads. */
export interface Reconfigure {
  readonly kind: 'reconfigure'
  /** The leader's. */
  readonly instanceId: InstanceId
  readonly member: MemberId
  readonly address: string
  readonly change: Change
}
