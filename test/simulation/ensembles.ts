import type * as ec2 from '@aws-sdk/client-ec2'
import type { Cloud } from '../../lab/cloud/cloud.ts'
import { names } from '../../lab/stack/environment.ts'
import { bookkeepingTags, identityTags, permitted } from '../../shared/model/tags.ts'
import type { EnsemblePlan } from './swarm.ts'

export interface Member {
  readonly ensemble: string
  readonly id: number
  readonly zone: string
  readonly networkInterfaceId: string
  readonly address: string
  readonly volumeIds: readonly string[]
  /** Where each volume belongs, in the same order. */
  readonly mounts: readonly string[]
}

export interface Group {
  readonly name: string
  readonly ensemble: string
  /** How many members it is there for. */
  readonly size: number
  /** The only member that its instances become, where it says so. */
  readonly member?: number
}

export interface Ensemble {
  readonly name: string
  readonly members: readonly Member[]
  readonly groups: readonly Group[]
}

const zoneLetters = ['a', 'b', 'c'] as const
const mounts = ['/var/lib/zookeeper', '/var/lib/zookeeper-log'] as const
export const hookSeconds = 900

/**
 * Creates an ensemble in the cloud, its groups still empty. Each has addresses of its own, because the modelled hosts are
 * all in one network.
 */
export function createEnsemble(cloud: Cloud, plan: EnsemblePlan, place: number): Ensemble {
  const call = <Output>(operation: Parameters<Cloud['call']>[0], input: object) =>
    cloud.call(operation, input) as Output
  const VpcId = call<ec2.CreateVpcCommandOutput>('ec2.CreateVpc', { CidrBlock: `10.${place}.0.0/16` }).Vpc?.VpcId
  call('ec2.CreateLaunchTemplate', {
    LaunchTemplateName: `${plan.name}-host`,
    LaunchTemplateData: { ImageId: 'ami-0123456789abcdef0', InstanceType: 'm7g.large' },
  })
  const subnets = zoneLetters.slice(0, plan.zones).map((letter, index) => {
    const AvailabilityZone = `${cloud.kernel.settings.region}${letter}`
    const input = { VpcId, AvailabilityZone, CidrBlock: `10.${place}.${index + 1}.0/24` }
    const { Subnet } = call<ec2.CreateSubnetCommandOutput>('ec2.CreateSubnet', input)
    return { id: Subnet?.SubnetId ?? '', zone: AvailabilityZone, base: `10.${place}.${index + 1}` }
  })
  const members = Array.from({ length: plan.size }, (_, index) => {
    const subnet = subnets[index % subnets.length]!
    return createMember(call, plan, index + 1, subnet)
  })
  const groups = groupsOf(plan, members, subnets)
  for (const group of groups) createGroup(call, plan.name, group)
  return { name: plan.name, members, groups }
}

type Call = <Output>(operation: Parameters<Cloud['call']>[0], input: object) => Output
interface SubnetHere {
  readonly id: string
  readonly zone: string
  /** The first three parts of its addresses. */
  readonly base: string
}

function createMember(call: Call, plan: EnsemblePlan, id: number, subnet: SubnetHere): Member {
  const Tags = [
    { Key: identityTags.ensemble, Value: plan.name },
    { Key: identityTags.member, Value: String(id) },
  ]
  const { NetworkInterface } = call<ec2.CreateNetworkInterfaceCommandOutput>('ec2.CreateNetworkInterface', {
    SubnetId: subnet.id,
    PrivateIpAddress: `${subnet.base}.${10 + id}`,
    TagSpecifications: [{ ResourceType: 'network-interface', Tags }],
  })
  const volumeIds = mounts.slice(0, plan.volumes).map((mount) => {
    const bookkeeping = [bookkeepingTags.format, bookkeepingTags.bootstrap].map((Key) => ({ Key, Value: permitted }))
    const { VolumeId } = call<ec2.CreateVolumeCommandOutput>('ec2.CreateVolume', {
      AvailabilityZone: subnet.zone,
      Size: 10,
      TagSpecifications: [
        { ResourceType: 'volume', Tags: [...Tags, { Key: identityTags.mount, Value: mount }, ...bookkeeping] },
      ],
    })
    return VolumeId ?? ''
  })
  return {
    ensemble: plan.name,
    id,
    zone: subnet.zone,
    networkInterfaceId: NetworkInterface?.NetworkInterfaceId ?? '',
    address: NetworkInterface?.PrivateIpAddress ?? '',
    volumeIds,
    mounts: mounts.slice(0, plan.volumes),
  }
}

interface GroupPlan extends Group {
  readonly subnetIds: readonly string[]
}

function groupsOf(plan: EnsemblePlan, members: readonly Member[], subnets: readonly SubnetHere[]): GroupPlan[] {
  const { name: ensemble } = plan
  const inZone = (zone: string): number => members.filter((member) => member.zone === zone).length
  switch (plan.layout) {
    case 'group-per-member':
      return members.map(({ id, zone }) => ({
        name: `${ensemble}-member-${id}`,
        ensemble,
        size: 1,
        ...(plan.named && { member: id }),
        subnetIds: subnets.filter((subnet) => subnet.zone === zone).map((subnet) => subnet.id),
      }))
    case 'group-per-zone':
      return subnets
        .map(({ id, zone }) => ({ name: `${ensemble}-${zone}`, ensemble, size: inZone(zone), subnetIds: [id] }))
        .filter((group) => group.size > 0)
    case 'one-group':
      return [
        { name: `${ensemble}-all`, ensemble, size: members.length, subnetIds: subnets.map((subnet) => subnet.id) },
      ]
  }
}

function hook(LifecycleHookName: string, LifecycleTransition: string) {
  return { LifecycleHookName, LifecycleTransition, HeartbeatTimeout: hookSeconds, DefaultResult: 'ABANDON' }
}

/** Replaces its instances one by one, the old one first: how a group of members is to be set up. */
export const calmMaintenance = { MinHealthyPercentage: 0, MaxHealthyPercentage: 100 }

function createGroup(call: Call, ensemble: string, { name, size, member, subnetIds }: GroupPlan): void {
  call('autoscaling.CreateAutoScalingGroup', {
    AutoScalingGroupName: name,
    LaunchTemplate: { LaunchTemplateName: `${ensemble}-host`, Version: '$Latest' },
    VPCZoneIdentifier: subnetIds.join(','),
    MinSize: 0,
    MaxSize: size,
    DesiredCapacity: size,
    InstanceMaintenancePolicy: calmMaintenance,
    Tags: [
      { Key: identityTags.ensemble, Value: ensemble, PropagateAtLaunch: true },
      ...(member === undefined ? [] : [{ Key: identityTags.member, Value: String(member), PropagateAtLaunch: false }]),
    ],
    LifecycleHookSpecificationList: [
      hook(names.launchHook, 'autoscaling:EC2_INSTANCE_LAUNCHING'),
      hook(names.terminateHook, 'autoscaling:EC2_INSTANCE_TERMINATING'),
    ],
  })
}

/** The documents as the modelled hosts know them, their scripts left out: a modelled host knows the verb by its name. */
export function slim<Content extends { readonly mainSteps: readonly { readonly inputs: object }[] }>(content: Content) {
  const mainSteps = content.mainSteps.map((step) => ({ ...step, inputs: { ...step.inputs, runCommand: ['true'] } }))
  return { ...content, mainSteps }
}
