import type {
  AutoScalingGroup,
  AutoScalingInstanceDetails,
  Instance,
  LaunchTemplateSpecification,
  WarmPoolConfiguration,
} from '@aws-sdk/client-auto-scaling'
import type { Group, GroupInstance, TemplateSpecification, WarmPool } from './records.ts'
import { subnetsOf } from './selection.ts'
import { isWarm } from './states.ts'
import type { Store } from './store.ts'
import { tagDescriptions } from './tags.ts'

/** A group as the API shows it, with its members but without its warm pool's; AWS lists them by instance id. */
export function groupAnswer(store: Store, group: Group, members: readonly GroupInstance[]): AutoScalingGroup {
  const own = members.filter((member) => member.groupName === group.name)
  const serving = own.filter((member) => !isWarm(member.lifecycleState))
  const zones = new Map(subnetsOf(store, group).map((subnet) => [subnet.zone, subnet.zoneId]))
  const zoneNames = [...zones.keys()].toSorted()
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    LaunchTemplate: templateAnswer(group.launchTemplate),
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desiredCapacity,
    DefaultCooldown: group.defaultCooldown,
    AvailabilityZones: zoneNames,
    AvailabilityZoneIds: zoneNames.flatMap((zone) => zones.get(zone) ?? []),
    LoadBalancerNames: [],
    TargetGroupARNs: [],
    HealthCheckType: group.healthCheckType,
    HealthCheckGracePeriod: group.healthCheckGracePeriod,
    Instances: serving.toSorted((one, other) => (one.instanceId < other.instanceId ? -1 : 1)).map(memberAnswer),
    CreatedTime: new Date(group.createdTime),
    SuspendedProcesses: group.suspended.map((process) => ({
      ProcessName: process.processName,
      SuspensionReason: process.reason,
    })),
    VPCZoneIdentifier: group.subnetIds.toSorted().join(','),
    EnabledMetrics: [],
    ...(group.status === undefined ? {} : { Status: group.status }),
    Tags: tagDescriptions(group),
    TerminationPolicies: [...group.terminationPolicies],
    NewInstancesProtectedFromScaleIn: group.newInstancesProtectedFromScaleIn,
    ServiceLinkedRoleARN: group.serviceLinkedRoleARN,
    TrafficSources: [],
    AvailabilityZoneDistribution: { CapacityDistributionStrategy: group.capacityDistributionStrategy },
    CapacityReservationSpecification: { CapacityReservationPreference: 'default' },
    InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: group.terminateHookAbandon } },
    ...optionalAnswer(group),
    ...(group.warmPool
      ? {
          WarmPoolConfiguration: warmPoolConfiguration(group.warmPool),
          WarmPoolSize: own.length - serving.length,
        }
      : {}),
  }
}

/** What AWS leaves out of the answer unless the group has it. */
function optionalAnswer(group: Group): Partial<AutoScalingGroup> {
  return {
    ...(group.placementGroup === undefined ? {} : { PlacementGroup: group.placementGroup }),
    ...(group.maxInstanceLifetime === undefined ? {} : { MaxInstanceLifetime: group.maxInstanceLifetime }),
    ...(group.capacityRebalance === undefined ? {} : { CapacityRebalance: group.capacityRebalance }),
    ...(group.context === undefined ? {} : { Context: group.context }),
    ...(group.defaultInstanceWarmup === undefined ? {} : { DefaultInstanceWarmup: group.defaultInstanceWarmup }),
    ...(group.deletionProtection === undefined
      ? {}
      : { DeletionProtection: group.deletionProtection as AutoScalingGroup['DeletionProtection'] }),
    ...(group.maintenance === undefined
      ? {}
      : {
          InstanceMaintenancePolicy: {
            MinHealthyPercentage: group.maintenance.minHealthyPercentage,
            MaxHealthyPercentage: group.maintenance.maxHealthyPercentage,
          },
        }),
  }
}

export function memberAnswer(member: GroupInstance): Instance {
  return {
    InstanceId: member.instanceId,
    InstanceType: member.instanceType,
    AvailabilityZone: member.zone,
    AvailabilityZoneId: member.zoneId,
    LifecycleState: member.lifecycleState,
    HealthStatus: member.healthStatus,
    LaunchTemplate: templateAnswer(member.launchTemplate),
    ProtectedFromScaleIn: member.protectedFromScaleIn,
  }
}

/** The same by DescribeAutoScalingInstances, which writes the health in capitals. */
export function detailsAnswer(member: GroupInstance): AutoScalingInstanceDetails {
  return {
    InstanceId: member.instanceId,
    InstanceType: member.instanceType,
    AutoScalingGroupName: member.groupName,
    AvailabilityZone: member.zone,
    AvailabilityZoneId: member.zoneId,
    LifecycleState: member.lifecycleState,
    HealthStatus: member.healthStatus.toUpperCase(),
    LaunchTemplate: templateAnswer(member.launchTemplate),
    ProtectedFromScaleIn: member.protectedFromScaleIn,
  }
}

function templateAnswer(template: TemplateSpecification): LaunchTemplateSpecification {
  return {
    LaunchTemplateId: template.launchTemplateId,
    LaunchTemplateName: template.launchTemplateName,
    Version: template.version,
  }
}

export function warmPoolConfiguration(warmPool: WarmPool): WarmPoolConfiguration {
  return {
    ...(warmPool.maxGroupPreparedCapacity === undefined
      ? {}
      : { MaxGroupPreparedCapacity: warmPool.maxGroupPreparedCapacity }),
    MinSize: warmPool.minSize,
    PoolState: warmPool.poolState,
    ...(warmPool.status === undefined ? {} : { Status: warmPool.status }),
    ...(warmPool.reuseOnScaleIn ? { InstanceReusePolicy: { ReuseOnScaleIn: true } } : {}),
  }
}
