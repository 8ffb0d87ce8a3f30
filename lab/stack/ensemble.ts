import type * as autoscaling from '@aws-sdk/client-auto-scaling'
import type * as ec2 from '@aws-sdk/client-ec2'
import { bookkeepingTags, identityTags, permitted } from '../../shared/model/tags.ts'
import type { Cloud } from '../cloud/cloud.ts'
import { names } from './environment.ts'

/** One member with its group: what infra/members.yml and infra/ensemble.yml create. */
export interface LabMember {
  readonly id: number
  readonly zone: string
  readonly groupName: string
  readonly networkInterfaceId: string
  readonly address: string
  readonly volumeIds: readonly string[]
}

const zoneLetters = ['a', 'b', 'c'] as const
const dataMount = '/var/lib/zookeeper'
const hookTimeoutSeconds = 900

/**
 * Creates an ensemble in an empty local cloud: for each member an interface, a volume, and a group of one instance in
 * the member's zone. The groups start with no instance; `scale` brings them up.
 */
export function createEnsemble(cloud: Cloud, ensemble: string, size: number): LabMember[] {
  const call = <Output>(operation: Parameters<Cloud['call']>[0], input: object) =>
    cloud.call(operation, input) as Output
  const VpcId = call<ec2.CreateVpcCommandOutput>('ec2.CreateVpc', { CidrBlock: '10.0.0.0/16' }).Vpc?.VpcId
  const LaunchTemplateName = `${ensemble}-host`
  call('ec2.CreateLaunchTemplate', {
    LaunchTemplateName,
    LaunchTemplateData: { ImageId: 'ami-0123456789abcdef0', InstanceType: 'm7g.large' },
  })

  return Array.from({ length: size }, (_, index): LabMember => {
    const id = index + 1
    const zone = `${cloud.kernel.settings.region}${zoneLetters[index % zoneLetters.length]}`
    const Tags = [
      { Key: identityTags.ensemble, Value: ensemble },
      { Key: identityTags.member, Value: String(id) },
    ]
    const { Subnet } = call<ec2.CreateSubnetCommandOutput>('ec2.CreateSubnet', {
      VpcId,
      AvailabilityZone: zone,
      CidrBlock: `10.0.${id}.0/24`,
    })
    const { NetworkInterface } = call<ec2.CreateNetworkInterfaceCommandOutput>('ec2.CreateNetworkInterface', {
      SubnetId: Subnet?.SubnetId,
      PrivateIpAddress: `10.0.${id}.10`,
      TagSpecifications: [{ ResourceType: 'network-interface', Tags }],
    })
    const volume = call<ec2.CreateVolumeCommandOutput>('ec2.CreateVolume', {
      AvailabilityZone: zone,
      Size: 10,
      VolumeType: 'gp3',
      Encrypted: true,
      TagSpecifications: [
        {
          ResourceType: 'volume',
          Tags: [
            ...Tags,
            { Key: identityTags.mount, Value: dataMount },
            { Key: bookkeepingTags.format, Value: permitted },
            { Key: bookkeepingTags.bootstrap, Value: permitted },
          ],
        },
      ],
    })
    const groupName = `${ensemble}-${id}`
    createGroup(call, groupName, ensemble, LaunchTemplateName, Subnet?.SubnetId ?? '')
    return {
      id,
      zone,
      groupName,
      networkInterfaceId: NetworkInterface?.NetworkInterfaceId ?? '',
      address: NetworkInterface?.PrivateIpAddress ?? '',
      volumeIds: [volume.VolumeId ?? ''],
    }
  })
}

function hook(LifecycleHookName: string, LifecycleTransition: string) {
  return { LifecycleHookName, LifecycleTransition, HeartbeatTimeout: hookTimeoutSeconds, DefaultResult: 'ABANDON' }
}

function createGroup(
  call: (operation: Parameters<Cloud['call']>[0], input: object) => unknown,
  groupName: string,
  ensemble: string,
  LaunchTemplateName: string,
  subnetId: string,
): void {
  call('autoscaling.CreateAutoScalingGroup', {
    AutoScalingGroupName: groupName,
    LaunchTemplate: { LaunchTemplateName, Version: '$Latest' },
    VPCZoneIdentifier: subnetId,
    MinSize: 0,
    MaxSize: 1,
    DesiredCapacity: 0,
    InstanceMaintenancePolicy: { MinHealthyPercentage: 0, MaxHealthyPercentage: 100 },
    Tags: [{ Key: identityTags.ensemble, Value: ensemble, PropagateAtLaunch: true }],
    LifecycleHookSpecificationList: [
      hook(names.launchHook, 'autoscaling:EC2_INSTANCE_LAUNCHING'),
      hook(names.terminateHook, 'autoscaling:EC2_INSTANCE_TERMINATING'),
    ],
  } satisfies autoscaling.CreateAutoScalingGroupCommandInput)
}

/** Asks Auto Scaling for none or one instance of this member. */
export function scale(cloud: Cloud, member: LabMember, desired: 0 | 1): void {
  cloud.call('autoscaling.SetDesiredCapacity', { AutoScalingGroupName: member.groupName, DesiredCapacity: desired })
}

/** The instance that is in service as this member, if there is one. */
export function inService(cloud: Cloud, member: LabMember): string | undefined {
  const instances = cloud.autoscaling.members.all().filter((one) => one.groupName === member.groupName)
  return instances.find((one) => one.lifecycleState === 'InService' && one.healthStatus === 'Healthy')?.instanceId
}
