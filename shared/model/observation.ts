import type { LifecycleAction } from './action.ts'
import type { CommandId, InstanceId, VolumeId } from './ids.ts'
import type { Member } from './member.ts'

/** The facts of one moment, as the APIs told them. The plan sees nothing else. */
export interface Observation {
  /** Milliseconds since the epoch, read before the first fact was asked for. */
  readonly now: number
  readonly action: LifecycleAction
  /** Every instance of the ensemble's groups. */
  readonly groupInstances: readonly GroupInstance[]
  /** The instance of the action and every holder of a member, as far as EC2 shows them. */
  readonly instances: readonly Instance[]
  readonly members: readonly Member[]
  /** What is wrong with the tags: each makes one member unusable until somebody mends it. */
  readonly tagFaults: readonly string[]
  readonly agentOnline: boolean
  /** The commands that were sent to the instance of the action, newest first. */
  readonly commands: readonly Command[]
  /** The range of the held member's subnet, like 10.0.1.0/24. */
  readonly subnetCidr?: string
  /** The newest answers of peers that were asked whether they reach the held member's address. */
  readonly reaches: readonly Reach[]
  /** Why this invocation has given the launch up: what came of that must not look like a reason of its own. */
  readonly givenUp?: string
  /** Attach calls that this invocation did not make, or EC2 refused to it: those, and only those, may be repeated. */
  readonly refusedAttaches: ReadonlySet<VolumeId>
}

export interface GroupInstance {
  readonly instanceId: InstanceId
  readonly groupName: string
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
  /** What EC2 shows among its disks. */
  readonly volumes: readonly string[]
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
