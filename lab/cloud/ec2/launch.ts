import { AwsError } from '../error.ts'
import { usableAddresses } from './address.ts'
import { limitsOf } from './instance-type.ts'
import { bringUp } from './lifecycle.ts'
import { blockOf, usedAddresses } from './network.ts'
import { type AddressRequest, chosenAddresses, newInterface } from './new-interface.ts'
import type { Instance, InterfaceAttachment, MetadataOptions, NetworkInterface, Subnet, Tags } from './records.ts'
import { enterState, type State } from './state.ts'
import { newVolume } from './volume.ts'

/** How one instance comes to be, when everything about it has been decided and checked. */
export interface LaunchPlan {
  readonly reservationId: string
  readonly launchIndex: number
  readonly imageId: string
  readonly instanceType: string
  /** The first is the primary one, at device index 0. */
  readonly interfaces: readonly [InterfacePlan, ...InterfacePlan[]]
  readonly rootSizeGiB: number
  readonly rootDeleteOnTermination: boolean
  readonly volumes: readonly VolumePlan[]
  readonly tags: Tags
  readonly volumeTags: Tags
  readonly interfaceTags: Tags
  readonly disableApiTermination: boolean
  readonly metadataOptions?: MetadataOptions | undefined
  readonly clientToken?: string | undefined
  readonly keyName?: string | undefined
  readonly iamInstanceProfile?: string | undefined
}

export interface InterfacePlan {
  readonly deviceIndex: number
  readonly subnet: Subnet
  readonly securityGroupIds: readonly string[]
  readonly addresses: AddressRequest
  readonly description: string
  readonly deleteOnTermination: boolean
  /** An interface that exists already, taken instead of a new one. */
  readonly existing?: NetworkInterface | undefined
}

export interface VolumePlan {
  readonly device: string
  readonly sizeGiB: number
  readonly volumeType: string | undefined
  readonly encrypted: boolean | undefined
  readonly snapshotId: string | undefined
  readonly deleteOnTermination: boolean
}

export const rootDeviceName = '/dev/xvda'

/**
 * The lab has no store of images, so every id of the long form counts as an image; the short ids of images that were
 * made before 2016 are unknown.
 */
export function checkImage(imageId: string): void {
  if (!/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(imageId)) {
    throw new AwsError('InvalidAMIID.Malformed', `Invalid id: "${imageId}" (expecting "ami-...")`)
  }
  if (imageId.length !== 'ami-'.length + 17) {
    throw new AwsError('InvalidAMIID.NotFound', `The image id '[${imageId}]' does not exist`)
  }
}

/** How many more instances the subnet can take. */
export function roomIn(state: State, subnet: Subnet): number {
  return usableAddresses(blockOf(subnet)) - usedAddresses(state, subnet.subnetId).size
}

export function subnetFull(subnetId: string): AwsError {
  return new AwsError(
    'InsufficientFreeAddressesInSubnet',
    `There are not enough free addresses in subnet '${subnetId}' to satisfy the requested number of instances.`,
  )
}

export function securityGroupElsewhere(groupId: string, subnetId: string): AwsError {
  return new AwsError(
    'InvalidParameter',
    `Security group ${groupId} and subnet ${subnetId} belong to different networks.`,
  )
}

/** Creates the instance with its primary interface and its root volume, and sends it on its way to running. */
export function launch(state: State, plan: LaunchPlan): Instance {
  limitsOf(plan.instanceType)
  const instanceId = state.kernel.id('i')
  const launchTime = state.kernel.clock.now()
  const [primary] = plan.interfaces
  const interfaces = plan.interfaces.map((each) => plugIn(state, plan, each, instanceId))
  createVolumes(state, plan, instanceId)
  state.instances.put(instanceId, {
    instanceId,
    reservationId: plan.reservationId,
    launchIndex: plan.launchIndex,
    state: 'pending',
    zone: primary.subnet.zone,
    zoneId: primary.subnet.zoneId,
    subnetId: primary.subnet.subnetId,
    vpcId: primary.subnet.vpcId,
    privateIpAddress: interfaces[0]?.privateIpAddress ?? '',
    securityGroupIds: primary.securityGroupIds,
    imageId: plan.imageId,
    instanceType: plan.instanceType,
    launchTime,
    tags: plan.tags,
    rootDeviceName,
    disableApiTermination: plan.disableApiTermination,
    metadataOptions: plan.metadataOptions,
    clientToken: plan.clientToken,
    keyName: plan.keyName,
    iamInstanceProfile: plan.iamInstanceProfile,
  })
  const instance = enterState(state, instanceId, 'pending')
  bringUp(state, instanceId)
  return instance
}

function plugIn(state: State, plan: LaunchPlan, wanted: InterfacePlan, instanceId: string): NetworkInterface {
  const attachment: InterfaceAttachment = {
    attachmentId: state.kernel.id('eni-attach'),
    instanceId,
    deviceIndex: wanted.deviceIndex,
    networkCardIndex: 0,
    status: 'attached',
    attachTime: state.kernel.clock.now(),
    deleteOnTermination: wanted.deleteOnTermination,
  }
  if (wanted.existing) {
    return state.networkInterfaces.change(wanted.existing.networkInterfaceId, { status: 'in-use', attachment })
  }
  const [privateIpAddress, ...secondaryPrivateIpAddresses] = chosenAddresses(state, wanted.subnet, wanted.addresses)
  return newInterface(state, wanted.subnet, {
    privateIpAddress,
    secondaryPrivateIpAddresses,
    securityGroupIds: wanted.securityGroupIds,
    description: wanted.description,
    tags: plan.interfaceTags,
    attachment,
  })
}

function createVolumes(state: State, plan: LaunchPlan, instanceId: string): void {
  const root: VolumePlan = {
    device: rootDeviceName,
    sizeGiB: plan.rootSizeGiB,
    volumeType: 'gp3',
    encrypted: undefined,
    snapshotId: undefined,
    deleteOnTermination: plan.rootDeleteOnTermination,
  }
  const { zone: name, zoneId } = plan.interfaces[0].subnet
  for (const { device, deleteOnTermination, ...wanted } of [root, ...plan.volumes]) {
    newVolume(state, {
      ...wanted,
      zone: { name, zoneId },
      tags: plan.volumeTags,
      attachment: {
        attachmentId: state.kernel.id('vol-attach'),
        instanceId,
        device,
        state: 'attached',
        attachTime: state.kernel.clock.now(),
        deleteOnTermination,
        stuck: false,
      },
    })
  }
}
