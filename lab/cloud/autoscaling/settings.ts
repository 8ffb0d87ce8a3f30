import type {
  CreateAutoScalingGroupCommandInput,
  LaunchTemplateSpecification,
  UpdateAutoScalingGroupCommandInput,
} from '@aws-sdk/client-auto-scaling'
import { AwsError } from '../error.ts'
import { choose } from './choose.ts'
import type { Group, MaintenancePolicy, TemplateSpecification } from './records.ts'
import { invalid, type Store } from './store.ts'

/** What of a group its user may set: read from a request, checked, with AWS's defaults for a new group. */
export type GroupSettings = Omit<Group, 'name' | 'arn' | 'createdTime' | 'tags' | 'suspended' | 'warmPool' | 'status'>

type Input = CreateAutoScalingGroupCommandInput | UpdateAutoScalingGroupCommandInput

/** Seconds (Auto Scaling API Reference, CreateAutoScalingGroup). */
const defaultCooldown = 300
const defaultGracePeriod = 0
const shortestLifetime = 86_400

const abandons = ['retain', 'terminate'] as const
const strategies = ['balanced-only', 'balanced-best-effort'] as const

export function readSettings(store: Store, input: Input, existing: Group | undefined): GroupSettings {
  const before: Partial<Group> = existing ?? {}
  return {
    ...readSizes(input, existing),
    ...readPlacement(store, input, before),
    ...readPolicies(input, before),
    launchTemplate: readTemplate(store, input, before.launchTemplate),
    defaultCooldown: choose(input.DefaultCooldown, before.defaultCooldown, defaultCooldown),
    defaultInstanceWarmup: input.DefaultInstanceWarmup ?? before.defaultInstanceWarmup,
    healthCheckType: choose(input.HealthCheckType, before.healthCheckType, 'EC2'),
    healthCheckGracePeriod: choose(input.HealthCheckGracePeriod, before.healthCheckGracePeriod, defaultGracePeriod),
    maxInstanceLifetime: readLifetime(input.MaxInstanceLifetime, before.maxInstanceLifetime),
    capacityRebalance: input.CapacityRebalance ?? before.capacityRebalance,
    context: input.Context ?? before.context,
  }
}

function readPlacement(
  store: Store,
  input: Input,
  before: Partial<Group>,
): Pick<Group, 'subnetIds' | 'placementGroup' | 'serviceLinkedRoleARN'> {
  const { accountId } = store.kernel.settings
  const role = 'aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling'
  return {
    subnetIds: readSubnets(store, input, before.subnetIds),
    placementGroup: input.PlacementGroup ?? before.placementGroup,
    serviceLinkedRoleARN: choose(
      input.ServiceLinkedRoleARN,
      before.serviceLinkedRoleARN,
      `arn:aws:iam::${accountId}:role/${role}`,
    ),
  }
}

type Policies =
  | 'maintenance'
  | 'terminateHookAbandon'
  | 'capacityDistributionStrategy'
  | 'terminationPolicies'
  | 'newInstancesProtectedFromScaleIn'
  | 'deletionProtection'

function readPolicies(input: Input, before: Partial<Group>): Pick<Group, Policies> {
  const abandon = input.InstanceLifecyclePolicy?.RetentionTriggers?.TerminateHookAbandon
  const strategy = input.AvailabilityZoneDistribution?.CapacityDistributionStrategy
  return {
    maintenance: readMaintenance(input, before.maintenance),
    terminateHookAbandon: choose(oneOf(abandons, abandon), before.terminateHookAbandon, 'terminate'),
    capacityDistributionStrategy: choose(
      oneOf(strategies, strategy),
      before.capacityDistributionStrategy,
      'balanced-best-effort',
    ),
    terminationPolicies: choose<readonly string[]>(input.TerminationPolicies, before.terminationPolicies, ['Default']),
    newInstancesProtectedFromScaleIn: choose(
      input.NewInstancesProtectedFromScaleIn,
      before.newInstancesProtectedFromScaleIn,
      false,
    ),
    deletionProtection: input.DeletionProtection ?? before.deletionProtection,
  }
}

/** The value if it is one of these; undefined stays undefined. */
function oneOf<T extends string>(values: readonly T[], given: string | undefined): T | undefined {
  const found = values.find((value) => value === given)
  if (given !== undefined && found === undefined) {
    throw invalid(`1 validation error detected: Value '${given}' must be one of [${values.join(', ')}]`)
  }
  return found
}

/** Both at minus one clear the policy; else both have to be given. */
function readMaintenance(input: Input, before: MaintenancePolicy | undefined): MaintenancePolicy | undefined {
  const policy = input.InstanceMaintenancePolicy
  if (!policy) return before
  const { MinHealthyPercentage: min, MaxHealthyPercentage: max } = policy
  if (min === undefined || max === undefined) {
    throw invalid('You must specify both MinHealthyPercentage and MaxHealthyPercentage')
  }
  if (min === -1 && max === -1) return undefined
  if (min < 0 || min > 100 || max < 100 || max > 200 || max - min > 100) {
    throw invalid(`Invalid instance maintenance policy: min healthy percentage ${min}, max healthy percentage ${max}`)
  }
  return { minHealthyPercentage: min, maxHealthyPercentage: max }
}

/** Seconds; zero takes the limit away. */
function readLifetime(seconds: number | undefined, before: number | undefined): number | undefined {
  if (seconds === undefined) return before
  if (seconds === 0) return undefined
  if (seconds < shortestLifetime) throw invalid(`Max instance lifetime must be at least ${shortestLifetime} seconds`)
  return seconds
}

/** An update that moves a bound past the desired capacity moves that along; a desired capacity out of bounds is refused. */
function readSizes(input: Input, existing: Group | undefined): Pick<Group, 'minSize' | 'maxSize' | 'desiredCapacity'> {
  const minSize = input.MinSize ?? existing?.minSize
  const maxSize = input.MaxSize ?? existing?.maxSize
  if (minSize === undefined || maxSize === undefined) throw invalid('MinSize and MaxSize must be specified')
  if (minSize < 0) throw invalid(`Min bound, ${minSize}, must be non-negative`)
  if (maxSize < minSize) throw invalid(`Max bound, ${maxSize}, must be greater than or equal to min bound, ${minSize}`)
  const kept = Math.min(Math.max(existing?.desiredCapacity ?? minSize, minSize), maxSize)
  const desiredCapacity = input.DesiredCapacity ?? kept
  if (desiredCapacity < minSize || desiredCapacity > maxSize) {
    throw invalid(
      `Desired capacity:${desiredCapacity} must be between the specified min size:${minSize} and max size:${maxSize}`,
    )
  }
  return { minSize, maxSize, desiredCapacity }
}

function readSubnets(store: Store, input: Input, before: readonly string[] | undefined): readonly string[] {
  const given = input.VPCZoneIdentifier?.split(',').map((id) => id.trim())
  const zones = input.AvailabilityZones
  if (!given) {
    if (!zones?.length) {
      if (before) return before
      throw invalid('At least one Availability Zone or VPC Subnet is required.')
    }
    // Zones alone mean the default subnet of each.
    return zones.map((zone) => {
      const subnet = store.ec2.subnets.all().find((each) => each.zone === zone)
      if (subnet) return subnet.subnetId
      throw invalid(`No default subnet for availability zone: '${zone}'`)
    })
  }
  for (const subnetId of given) {
    const subnet = store.ec2.subnets.get(subnetId)
    if (!subnet) throw invalid(`The subnet ID '${subnetId}' does not exist`)
    if (zones && !zones.includes(subnet.zone)) {
      throw invalid('The availability zones of the specified subnets and the Auto Scaling group do not match')
    }
  }
  return given
}

function readTemplate(store: Store, input: Input, before: TemplateSpecification | undefined): TemplateSpecification {
  const mixed = input.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification
  const given = input.LaunchTemplate ?? mixed
  if (!given) {
    if (before) return before
    throw invalid(
      'Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.',
    )
  }
  return resolve(store, given)
}

/** Looks the template up, but keeps the version as it was given: an alias is followed at each launch. */
function resolve(store: Store, given: LaunchTemplateSpecification): TemplateSpecification {
  const { LaunchTemplateId, LaunchTemplateName, Version } = given
  if (LaunchTemplateId === undefined && LaunchTemplateName === undefined) {
    throw invalid('Valid requests must contain either launchTemplateId or LaunchTemplateName')
  }
  try {
    const template = store.ec2.resolveLaunchTemplate({ LaunchTemplateId, LaunchTemplateName, Version })
    if (template.imageId === undefined) {
      throw invalid('You must use a valid fully-formed launch template. The request must contain the parameter ImageId')
    }
    const { launchTemplateId, launchTemplateName } = template
    return { launchTemplateId, launchTemplateName, version: Version ?? '$Default' }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    // EC2's own codes do not show through.
    throw invalid(withVersion(error, LaunchTemplateId, Version))
  }
}

/** Auto Scaling names what it looked for where EC2 does not. */
function withVersion(error: AwsError, launchTemplateId: string | undefined, version: string | undefined): string {
  if (error.code !== 'InvalidLaunchTemplateId.VersionNotFound' || launchTemplateId === undefined) return error.message
  return `Could not find the specified version ${version} for the launch template with ID ${launchTemplateId}.`
}
