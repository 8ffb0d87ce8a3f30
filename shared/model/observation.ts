import type { LifecycleAction, Transition } from './action.ts'
import type { HealthFacts } from './facts.ts'
import type { CommandId, InstanceId, MemberId, SubnetId, VolumeId } from './ids.ts'
import type { Member } from './member.ts'

/** What is seen of the whole ensemble in one moment, as the APIs told it. */
export interface Survey {
  /** Milliseconds since the epoch, read before the first fact was asked for. */
  readonly now: number
  /** Every instance of the ensemble's groups. */
  readonly groupInstances: readonly GroupInstance[]
  /** How many instances the ensemble's groups want, all together. */
  readonly wanted: number
  readonly groups: readonly Wish[]
  /** The instances that matter, and every holder of a member, as far as EC2 shows them. */
  readonly instances: readonly Instance[]
  readonly members: readonly Member[]
  /** What is wrong with the tags: each makes one member unusable until somebody mends it. */
  readonly tagFaults: readonly string[]
  /** The ranges of the members' subnets, like 10.0.1.0/24, as far as EC2 shows them. */
  readonly subnetCidrs: ReadonlyMap<SubnetId, string>
  /** The newest answer of each host that was asked how its member is. */
  readonly healths: readonly Health[]
}

/** What is seen for one lifecycle action. The plan sees nothing else. */
export interface Observation extends Survey {
  readonly action: LifecycleAction
  readonly agentOnline: boolean
  /** The commands that were sent to the instance of the action, newest first. */
  readonly commands: readonly Command[]
  /** The newest answers of peers that were asked whether they reach the held member's address. */
  readonly reaches: readonly Reach[]
  /** The change of who votes that this invocation has asked for last. */
  readonly change?: VoteChange
  /** Since when, in milliseconds since the epoch, this invocation has seen the notes of holders that want to leave. */
  readonly leavingSince: ReadonlyMap<InstanceId, number>
  /** Why this invocation has given the launch up: what came of that must not look like a reason of its own. */
  readonly givenUp?: string
  /** Attach calls that this invocation did not make, or EC2 refused to it: those, and only those, may be repeated. */
  readonly refusedAttaches: ReadonlySet<VolumeId>
}

export interface GroupInstance {
  readonly instanceId: InstanceId
  readonly groupName: string
  readonly zone: string
  /** Auto Scaling's word, like `Pending:Wait`. */
  readonly lifecycleState: string
}

export interface Instance {
  readonly id: InstanceId
  /** EC2's word, like `running`. */
  readonly state: string
  readonly zone: string
  /** Milliseconds since the epoch. */
  readonly launchTime: number
  readonly networkInterfaces: readonly { readonly id: string; readonly deviceIndex: number }[]
  readonly devices: readonly string[]
}

export type Verb = 'takeOver' | 'handOver'

/** A command on a host: `running` covers all that SSM has not ended, `lost` all that may never have run. */
export interface Command {
  readonly id: CommandId
  readonly verb: Verb
  /** Milliseconds since the epoch: when it was sent, never when it was answered. */
  readonly sentAt: number
  readonly status: 'running' | 'succeeded' | 'failed' | 'lost'
  /** What it printed, once it has ended. */
  readonly output: string
}

export interface Reach {
  readonly peer: InstanceId
  readonly address: string
  /** Milliseconds since the epoch. */
  readonly sentAt: number
  /** `unasked`: the peer never answered, which says nothing about the address. */
  readonly answer: 'running' | 'reached' | 'unreachable' | 'unasked'
}

/** The change of who votes that this invocation has asked for last. */
export interface VoteChange {
  /** Milliseconds since the epoch. */
  readonly sentAt: number
  readonly status: 'running' | 'made' | 'refused'
  /** Why it was refused, as far as the host tells. */
  readonly because?: string
}

/** What a host has told of its member. */
export interface Health {
  readonly instanceId: InstanceId
  /** Milliseconds since the epoch. */
  readonly sentAt: number
  /** `silent`: the host has not answered, and won't; undefined while it still may. */
  readonly answer: HealthFacts | 'silent' | undefined
}

/** A lifecycle hook of a group. */
export interface Hook {
  readonly name: string
  readonly transition: Transition
  /** What Auto Scaling does when nobody has told a verdict in time. */
  readonly byDefault: string
}

/** What a group of the ensemble wants. */
export interface Wish {
  readonly name: string
  /** DesiredCapacity. */
  readonly wanted: number
  /** The only member that its instances become, where it says so. */
  readonly member?: MemberId
}

/** An Auto Scaling group of the ensemble. */
export interface Group extends Wish {
  /** The id of its launch template, where it has one of its own. */
  readonly template?: string
  readonly zones: readonly string[]
  /** The processes of Auto Scaling that are suspended, like AZRebalance. */
  readonly suspended: readonly string[]
  /** MinHealthyPercentage of its instance maintenance policy, where it has one. */
  readonly minHealthy?: number
  readonly instances: readonly GroupInstance[]
}
