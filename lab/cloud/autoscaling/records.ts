import type { LifecycleHookSpecification, LifecycleState as SdkLifecycleState } from '@aws-sdk/client-auto-scaling'

/** What Auto Scaling keeps. Times are milliseconds since the epoch; records are never changed, only replaced. */

export type LifecycleState = SdkLifecycleState

export interface Group {
  readonly name: string
  readonly arn: string
  readonly createdTime: number
  readonly minSize: number
  readonly maxSize: number
  readonly desiredCapacity: number
  readonly defaultCooldown: number
  readonly defaultInstanceWarmup?: number | undefined
  readonly subnetIds: readonly string[]
  readonly launchTemplate: TemplateSpecification
  readonly healthCheckType: string
  /** Seconds. */
  readonly healthCheckGracePeriod: number
  readonly newInstancesProtectedFromScaleIn: boolean
  readonly terminationPolicies: readonly string[]
  readonly tags: readonly GroupTag[]
  readonly suspended: readonly SuspendedProcess[]
  readonly maintenance?: MaintenancePolicy | undefined
  /** What becomes of an instance whose termination hook was abandoned. */
  readonly terminateHookAbandon: 'retain' | 'terminate'
  readonly capacityDistributionStrategy: 'balanced-only' | 'balanced-best-effort'
  /** Seconds. */
  readonly maxInstanceLifetime?: number | undefined
  readonly serviceLinkedRoleARN: string
  readonly capacityRebalance?: boolean | undefined
  readonly deletionProtection?: string | undefined
  readonly context?: string | undefined
  readonly placementGroup?: string | undefined
  readonly warmPool?: WarmPool | undefined
  readonly status?: 'Delete in progress' | undefined
}

/** As the user gave it: `$Latest` and `$Default` stay aliases on the group. */
export interface TemplateSpecification {
  readonly launchTemplateId: string
  readonly launchTemplateName: string
  readonly version: string
}

export interface GroupTag {
  readonly key: string
  readonly value: string
  readonly propagateAtLaunch: boolean
}

interface SuspendedProcess {
  readonly processName: string
  readonly reason: string
}

/** Percent of the desired capacity. */
export interface MaintenancePolicy {
  readonly minHealthyPercentage: number
  readonly maxHealthyPercentage: number
}

export interface WarmPool {
  readonly minSize: number
  /** Group and pool together; without it, the group's maximum size. */
  readonly maxGroupPreparedCapacity?: number | undefined
  readonly poolState: 'Stopped' | 'Running' | 'Hibernated'
  readonly reuseOnScaleIn: boolean
  readonly status?: 'PendingDelete' | undefined
}

/** Where an instance comes from and goes to, in the words of the lifecycle events. */
export type Place = 'EC2' | 'AutoScalingGroup' | 'WarmPool'

export interface GroupInstance {
  readonly instanceId: string
  readonly groupName: string
  readonly instanceType: string
  readonly imageId: string
  readonly zone: string
  readonly zoneId: string
  readonly lifecycleState: LifecycleState
  readonly healthStatus: 'Healthy' | 'Unhealthy'
  readonly launchTemplate: TemplateSpecification
  readonly protectedFromScaleIn: boolean
  readonly launchedAt: number
  readonly inServiceAt?: number | undefined
  /** The scaling activity that is moving it, and between which places. */
  readonly activityId: string
  readonly origin: Place
  readonly destination: Place
  /** Why it has to be replaced, in the words of the activity's cause; undefined while it need not. */
  readonly replaceBecause?: string | undefined
  /** Its replacement has to be in service before it may go, whatever the group's maintenance policy says. */
  readonly launchFirst?: boolean | undefined
}

export type Transition = 'autoscaling:EC2_INSTANCE_LAUNCHING' | 'autoscaling:EC2_INSTANCE_TERMINATING'

export const launching = 'autoscaling:EC2_INSTANCE_LAUNCHING'
export const terminating = 'autoscaling:EC2_INSTANCE_TERMINATING'

export type LifecycleResult = 'CONTINUE' | 'ABANDON'

export interface Hook {
  readonly groupName: string
  readonly name: string
  readonly transition: Transition
  /** Seconds. */
  readonly heartbeatTimeout: number
  readonly defaultResult: LifecycleResult
  readonly notificationMetadata?: string | undefined
  readonly notificationTargetARN?: string | undefined
  readonly roleARN?: string | undefined
}

export type HookInput = Omit<LifecycleHookSpecification, 'LifecycleTransition'> & {
  readonly LifecycleTransition?: string | undefined
}

export interface Activity {
  readonly activityId: string
  readonly groupName: string
  readonly groupArn: string
  readonly description: string
  readonly cause: string
  readonly startTime: number
  readonly endTime?: number | undefined
  readonly statusCode: ActivityStatus
  readonly statusMessage?: string | undefined
  readonly progress: number
  readonly details: Readonly<Record<string, string>>
}

export type ActivityStatus =
  | 'PreInService'
  | 'InProgress'
  | 'MidLifecycleAction'
  | 'MidTerminatingLifecycleAction'
  | 'Successful'
  | 'Failed'
  | 'Cancelled'

export interface Refresh {
  readonly refreshId: string
  readonly groupName: string
  readonly status: 'Pending' | 'InProgress' | 'Successful' | 'Cancelled' | 'Failed'
  readonly startTime: number
  readonly endTime?: number | undefined
  readonly minHealthyPercentage: number
  readonly maxHealthyPercentage: number
  readonly skipMatching: boolean
  /** Those that were in the group when the refresh started. */
  readonly instanceIds: readonly string[]
}
