import type {
  BlockDeviceMapping,
  IamInstanceProfileSpecification,
  InstanceNetworkInterfaceSpecification,
  RunInstancesCommandInput,
  TagSpecification,
} from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import { limitsOf } from './instance-type.ts'
import {
  checkImage,
  type InterfacePlan,
  launch,
  type LaunchPlan,
  rootDeviceName,
  roomIn,
  securityGroupElsewhere,
  subnetFull,
  type VolumePlan,
} from './launch.ts'
import { templateTags, templateVersion } from './launch-template.ts'
import type { Instance, MetadataOptions, Subnet } from './records.ts'
import { invalidCombination, invalidValue, kinds, missingParameter, required, requireRecord } from './refusal.ts'
import { chooseGroups } from './security-group.ts'
import { isVisible, type State } from './state.ts'
import { tagsFrom } from './tag.ts'

/** RunInstances, and what Auto Scaling asks for in its place. */

export interface LaunchRequest {
  readonly imageId: string
  readonly instanceType: string
  readonly subnetId: string
  readonly securityGroupIds?: readonly string[] | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly clientToken?: string | undefined
  readonly keyName?: string | undefined
  readonly iamInstanceProfile?: string | undefined
}

const defaultRootSizeGiB = 8

/** Launches one instance as a service does: its tags may be under `aws:`, and a client token gives the same one again. */
export function launchOne(state: State, request: LaunchRequest): Instance {
  const before = state.instances
    .all()
    .find((each) => request.clientToken !== undefined && each.clientToken === request.clientToken)
  if (before && isVisible(state, before)) return before
  checkImage(request.imageId)
  limitsOf(request.instanceType)
  const subnet = requireRecord(state.subnets, kinds.subnet, request.subnetId)
  const primary = primaryIn(state, subnet, request.securityGroupIds)
  if (roomIn(state, subnet) < 1) throw subnetFull(subnet.subnetId)
  return launch(state, {
    reservationId: state.kernel.id('r'),
    launchIndex: 0,
    imageId: request.imageId,
    instanceType: request.instanceType,
    interfaces: [primary],
    rootSizeGiB: defaultRootSizeGiB,
    rootDeleteOnTermination: true,
    volumes: [],
    tags: request.tags ?? {},
    volumeTags: {},
    interfaceTags: {},
    disableApiTermination: false,
    clientToken: request.clientToken,
    keyName: request.keyName,
    iamInstanceProfile: request.iamInstanceProfile,
  })
}

function primaryIn(state: State, subnet: Subnet, groupIds: readonly string[] | undefined): InterfacePlan {
  const elsewhere = (groupId: string): AwsError => securityGroupElsewhere(groupId, subnet.subnetId)
  return {
    deviceIndex: 0,
    subnet,
    securityGroupIds: chooseGroups(state, groupIds, subnet.vpcId, elsewhere),
    addresses: {},
    description: '',
    deleteOnTermination: true,
  }
}

/** Launches as many as asked for, at least MinCount, all in one reservation. */
export function runInstances(state: State, input: RunInstancesCommandInput): Instance[] {
  const request = withTemplate(state, input)
  const least = required(input.MinCount, 'MinCount')
  const most = required(input.MaxCount, 'MaxCount')
  if (least < 1 || most < least) throw invalidValue(`Value (${most}) for parameter maxCount is invalid.`)
  const plan = planOf(state, request)
  const [primary] = plan.interfaces
  const room = primary.existing ? 1 : roomIn(state, primary.subnet)
  if (room < least) throw subnetFull(primary.subnet.subnetId)
  if (primary.existing && most > 1) {
    throw invalidCombination('Network interfaces can only be specified by id when a single instance is launched')
  }
  return Array.from({ length: Math.min(most, room) }, (_, launchIndex) => launch(state, { ...plan, launchIndex }))
}

/** The request with what its launch template says where the request itself is silent. */
function withTemplate(state: State, input: RunInstancesCommandInput): RunInstancesCommandInput {
  if (!input.LaunchTemplate) return input
  const { data } = templateVersion(state, input.LaunchTemplate)
  return {
    ...input,
    ImageId: input.ImageId ?? data.ImageId,
    InstanceType: input.InstanceType ?? data.InstanceType,
    KeyName: input.KeyName ?? data.KeyName,
    SecurityGroupIds: input.SecurityGroupIds ?? data.SecurityGroupIds,
    IamInstanceProfile: input.IamInstanceProfile ?? data.IamInstanceProfile,
    MetadataOptions: input.MetadataOptions ?? data.MetadataOptions,
    BlockDeviceMappings: input.BlockDeviceMappings ?? data.BlockDeviceMappings,
    NetworkInterfaces: input.NetworkInterfaces ?? data.NetworkInterfaces,
    DisableApiTermination: input.DisableApiTermination ?? data.DisableApiTermination,
  }
}

function planOf(state: State, input: RunInstancesCommandInput): LaunchPlan {
  const imageId = required(input.ImageId, 'ImageId')
  checkImage(imageId)
  const instanceType = input.InstanceType ?? 'm1.small'
  limitsOf(instanceType)
  const volumes = (input.BlockDeviceMappings ?? []).filter((each) => each.Ebs && each.DeviceName !== rootDeviceName)
  const root = input.BlockDeviceMappings?.find((each) => each.DeviceName === rootDeviceName)?.Ebs
  const tagsOf = (resourceType: NonNullable<TagSpecification['ResourceType']>) => ({
    ...templateTags(state, input.LaunchTemplate, resourceType),
    ...tagsFrom(input.TagSpecifications, resourceType),
  })
  return {
    reservationId: state.kernel.id('r'),
    launchIndex: 0,
    imageId,
    instanceType,
    interfaces: interfacesOf(state, input),
    rootSizeGiB: root?.VolumeSize ?? defaultRootSizeGiB,
    rootDeleteOnTermination: root?.DeleteOnTermination ?? true,
    volumes: volumes.map(volumePlan),
    tags: { ...tagsOf('instance'), ...launchTemplateMarks(state, input) },
    volumeTags: tagsOf('volume'),
    interfaceTags: tagsOf('network-interface'),
    disableApiTermination: input.DisableApiTermination ?? false,
    metadataOptions: metadataOptions(input),
    clientToken: input.ClientToken,
    keyName: input.KeyName,
    iamInstanceProfile: profileArn(state, input.IamInstanceProfile),
  }
}

/** EC2 marks an instance with the template and the version that it was launched from. */
function launchTemplateMarks(state: State, input: RunInstancesCommandInput): Record<string, string> {
  if (!input.LaunchTemplate) return {}
  const { template, version } = templateVersion(state, input.LaunchTemplate)
  return {
    'aws:ec2launchtemplate:id': template.launchTemplateId,
    'aws:ec2launchtemplate:version': String(version),
  }
}

function interfacesOf(state: State, input: RunInstancesCommandInput): [InterfacePlan, ...InterfacePlan[]] {
  const specified = input.NetworkInterfaces ?? []
  if (specified.length > 0 && (input.SubnetId !== undefined || input.SecurityGroupIds?.length)) {
    throw invalidCombination(
      'Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request',
    )
  }
  if (specified.length === 0) {
    const subnet = subnetFor(state, input.SubnetId, input.Placement?.AvailabilityZone)
    return [{ ...primaryIn(state, subnet, input.SecurityGroupIds), addresses: addressRequest(input) }]
  }
  const plans = specified
    .toSorted((a, b) => (a.DeviceIndex ?? 0) - (b.DeviceIndex ?? 0))
    .map((each) => interfacePlan(state, each, input))
  const [primary, ...others] = plans
  if (primary?.deviceIndex !== 0) throw invalidValue('The primary network interface must have device index 0.')
  return [primary, ...others]
}

function interfacePlan(
  state: State,
  specified: InstanceNetworkInterfaceSpecification,
  input: RunInstancesCommandInput,
): InterfacePlan {
  const deviceIndex = required(specified.DeviceIndex, 'deviceIndex')
  if (specified.NetworkInterfaceId === undefined) {
    const subnet = subnetFor(state, specified.SubnetId, input.Placement?.AvailabilityZone)
    return {
      ...primaryIn(state, subnet, specified.Groups),
      deviceIndex,
      addresses: addressRequest(specified),
      description: specified.Description ?? '',
      deleteOnTermination: specified.DeleteOnTermination ?? true,
    }
  }
  const existing = requireRecord(state.networkInterfaces, kinds.networkInterface, specified.NetworkInterfaceId)
  if (existing.attachment) {
    throw new AwsError('InvalidNetworkInterface.InUse', `Interface: [${existing.networkInterfaceId}] in use.`)
  }
  return {
    deviceIndex,
    existing,
    subnet: requireRecord(state.subnets, kinds.subnet, existing.subnetId),
    securityGroupIds: existing.securityGroupIds,
    addresses: {},
    description: existing.description,
    deleteOnTermination: specified.DeleteOnTermination ?? false,
  }
}

function addressRequest(input: Pick<InstanceNetworkInterfaceSpecification, 'PrivateIpAddress'>) {
  return { PrivateIpAddress: input.PrivateIpAddress }
}

/** The asked-for subnet, or where EC2 would choose: one of the default VPC. */
function subnetFor(state: State, subnetId: string | undefined, zone: string | undefined): Subnet {
  if (subnetId !== undefined) return requireRecord(state.subnets, kinds.subnet, subnetId)
  const vpc = state.vpcs.all().find((each) => each.isDefault)
  const subnet = state.subnets.all().find((each) => each.vpcId === vpc?.vpcId && each.zone === (zone ?? each.zone))
  if (subnet) return subnet
  throw new AwsError(
    'MissingInput',
    `No subnets found for the default VPC '${vpc?.vpcId ?? ''}'. Please specify a subnet.`,
  )
}

function volumePlan(mapping: BlockDeviceMapping): VolumePlan {
  const sizeGiB = mapping.Ebs?.VolumeSize
  if (sizeGiB === undefined) throw missingParameter('size/snapshot')
  return {
    device: required(mapping.DeviceName, 'deviceName'),
    sizeGiB,
    volumeType: mapping.Ebs?.VolumeType,
    encrypted: mapping.Ebs?.Encrypted,
    snapshotId: mapping.Ebs?.SnapshotId,
    deleteOnTermination: mapping.Ebs?.DeleteOnTermination ?? true,
  }
}

function metadataOptions({ MetadataOptions: asked }: RunInstancesCommandInput): MetadataOptions | undefined {
  return (
    asked && {
      httpTokens: asked.HttpTokens ?? 'optional',
      httpPutResponseHopLimit: asked.HttpPutResponseHopLimit ?? 1,
      httpEndpoint: asked.HttpEndpoint ?? 'enabled',
    }
  )
}

function profileArn(state: State, profile: IamInstanceProfileSpecification | undefined): string | undefined {
  if (profile?.Arn !== undefined) return profile.Arn
  return profile?.Name === undefined
    ? undefined
    : `arn:aws:iam::${state.kernel.settings.accountId}:instance-profile/${profile.Name}`
}
