import type {
  _InstanceType,
  Instance as InstanceAnswer,
  InstanceNetworkInterface,
  InstanceState as InstanceStateAnswer,
  Reservation,
} from '@aws-sdk/client-ec2'
import { interfaceAnswer } from './network-interface.ts'
import type { Instance, InstanceState, NetworkInterface, Volume } from './records.ts'
import { groupIdentifiers } from './security-group.ts'
import type { State } from './state.ts'
import { tagList } from './tag.ts'

/** How EC2 tells of an instance. */

const codes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
}

export function stateAnswer(state: InstanceState): InstanceStateAnswer {
  return { Code: codes[state], Name: state }
}

/** An instance with what was plugged into it at the same moment, so that one answer is one moment. */
export interface InstanceView {
  readonly instance: Instance
  readonly interfaces: readonly NetworkInterface[]
  readonly volumes: readonly Volume[]
}

/** Every instance that EC2 still shows, as it was `lagMs` ago. */
export function viewInstances(state: State, lagMs: number): InstanceView[] {
  const interfaces = groupByInstance(state.networkInterfaces.past(lagMs))
  const volumes = groupByInstance(state.volumes.past(lagMs))
  return state.instances.past(lagMs).map((instance) => ({
    instance,
    interfaces: interfaces.get(instance.instanceId) ?? [],
    volumes: volumes.get(instance.instanceId) ?? [],
  }))
}

function groupByInstance<T extends { readonly attachment?: { readonly instanceId: string } | undefined }>(
  records: readonly T[],
): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const record of records) {
    if (!record.attachment) continue
    const { instanceId } = record.attachment
    const group = groups.get(instanceId)
    if (group) group.push(record)
    else groups.set(instanceId, [record])
  }
  return groups
}

/** One reservation for each RunInstances call, in the order of the instances. */
export function reservations(state: State, views: readonly InstanceView[]): Reservation[] {
  const groups = new Map<string, InstanceAnswer[]>()
  for (const view of views) {
    const { reservationId } = view.instance
    groups.set(reservationId, [...(groups.get(reservationId) ?? []), instanceAnswer(state, view)])
  }
  const OwnerId = state.kernel.settings.accountId
  return [...groups].map(([ReservationId, Instances]) => ({ ReservationId, OwnerId, Groups: [], Instances }))
}

export function instanceAnswer(state: State, view: InstanceView): InstanceAnswer {
  const { instance } = view
  const arm = /^[a-z]+\d+g/.test(instance.instanceType)
  return {
    InstanceId: instance.instanceId,
    ImageId: instance.imageId,
    State: stateAnswer(instance.state),
    // Any of our types is among those that the SDK lists.
    InstanceType: instance.instanceType as _InstanceType,
    LaunchTime: new Date(instance.launchTime),
    Placement: { AvailabilityZone: instance.zone, GroupName: '', Tenancy: 'default' },
    AmiLaunchIndex: instance.launchIndex,
    KeyName: instance.keyName,
    Architecture: arm ? 'arm64' : 'x86_64',
    ClientToken: instance.clientToken ?? '',
    EbsOptimized: false,
    EnaSupport: true,
    Hypervisor: 'xen',
    VirtualizationType: 'hvm',
    Monitoring: { State: 'disabled' },
    RootDeviceName: instance.rootDeviceName,
    RootDeviceType: 'ebs',
    ProductCodes: [],
    PublicDnsName: '',
    StateTransitionReason: instance.transitionReason ?? '',
    Tags: tagList(instance.tags),
    ...(instance.stateReason && {
      StateReason: { Code: instance.stateReason.code, Message: instance.stateReason.message },
    }),
    ...(instance.iamInstanceProfile && { IamInstanceProfile: { Arn: instance.iamInstanceProfile } }),
    ...(instance.metadataOptions && {
      MetadataOptions: {
        State: 'applied',
        HttpTokens: instance.metadataOptions.httpTokens,
        HttpPutResponseHopLimit: instance.metadataOptions.httpPutResponseHopLimit,
        HttpEndpoint: instance.metadataOptions.httpEndpoint,
      },
    }),
    ...(instance.state === 'terminated' ? goneAnswer : placeAnswer(state, view)),
  }
}

/** Of a terminated instance EC2 tells no network and no disks any more, only where it was. */
const goneAnswer = {
  PrivateDnsName: '',
  SecurityGroups: [],
  NetworkInterfaces: [],
  BlockDeviceMappings: [],
} satisfies InstanceAnswer

function placeAnswer(state: State, { instance, interfaces, volumes }: InstanceView): InstanceAnswer {
  const byIndex = interfaces.toSorted((a, b) => (a.attachment?.deviceIndex ?? 0) - (b.attachment?.deviceIndex ?? 0))
  return {
    SubnetId: instance.subnetId,
    VpcId: instance.vpcId,
    PrivateIpAddress: instance.privateIpAddress,
    PrivateDnsName: privateName(state, instance.privateIpAddress),
    SecurityGroups: groupIdentifiers(state, instance.securityGroupIds),
    SourceDestCheck: byIndex[0]?.sourceDestCheck ?? true,
    NetworkInterfaces: byIndex.map((each) => pluggedInterface(state, each)),
    BlockDeviceMappings: volumes.flatMap(({ volumeId, attachment }) =>
      attachment
        ? {
            DeviceName: attachment.device,
            Ebs: {
              VolumeId: volumeId,
              // This list of EC2's has no word for busy.
              Status: attachment.state === 'busy' ? 'detaching' : attachment.state,
              AttachTime: new Date(attachment.attachTime),
              DeleteOnTermination: attachment.deleteOnTermination,
            },
          }
        : [],
    ),
  }
}

function privateName(state: State, address: string): string {
  const { region } = state.kernel.settings
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`
  return `ip-${address.replaceAll('.', '-')}.${domain}`
}

function pluggedInterface(state: State, record: NetworkInterface): InstanceNetworkInterface {
  const told = interfaceAnswer(state, record)
  return {
    NetworkInterfaceId: told.NetworkInterfaceId,
    SubnetId: told.SubnetId,
    VpcId: told.VpcId,
    Description: told.Description,
    OwnerId: told.OwnerId,
    Status: told.Status,
    MacAddress: told.MacAddress,
    PrivateIpAddress: told.PrivateIpAddress,
    PrivateIpAddresses: told.PrivateIpAddresses,
    SourceDestCheck: told.SourceDestCheck,
    Groups: told.Groups,
    InterfaceType: told.InterfaceType,
    Ipv6Addresses: [],
    Attachment: told.Attachment,
  }
}
