import type { RequestLaunchTemplateData } from '@aws-sdk/client-ec2'

/** What EC2 keeps. All times are milliseconds since the epoch; records are never changed, only replaced. */

export type Tags = Readonly<Record<string, string>>

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped'

export interface Instance {
  readonly instanceId: string
  readonly reservationId: string
  readonly launchIndex: number
  readonly state: InstanceState
  readonly zone: string
  readonly zoneId: string
  readonly subnetId: string
  readonly vpcId: string
  readonly privateIpAddress: string
  readonly securityGroupIds: readonly string[]
  readonly imageId: string
  readonly instanceType: string
  readonly launchTime: number
  readonly tags: Tags
  readonly rootDeviceName: string
  readonly disableApiTermination: boolean
  readonly clientToken?: string | undefined
  readonly keyName?: string | undefined
  readonly iamInstanceProfile?: string | undefined
  readonly metadataOptions?: MetadataOptions | undefined
  /** Since when it has been running, for the status checks. */
  readonly runningSince?: number | undefined
  /** When it was terminated: EC2 shows it for an hour after that. */
  readonly terminatedAt?: number | undefined
  readonly stateReason?: { readonly code: string; readonly message: string } | undefined
  readonly transitionReason?: string | undefined
}

export interface MetadataOptions {
  readonly httpTokens: 'optional' | 'required'
  readonly httpPutResponseHopLimit: number
  readonly httpEndpoint: 'enabled' | 'disabled'
}

export interface NetworkInterface {
  readonly networkInterfaceId: string
  readonly subnetId: string
  readonly vpcId: string
  readonly zone: string
  readonly zoneId: string
  readonly macAddress: string
  /** The primary one. */
  readonly privateIpAddress: string
  readonly secondaryPrivateIpAddresses: readonly string[]
  readonly description: string
  readonly securityGroupIds: readonly string[]
  readonly sourceDestCheck: boolean
  readonly status: 'available' | 'in-use'
  readonly tags: Tags
  readonly attachment?: InterfaceAttachment | undefined
}

export interface InterfaceAttachment {
  readonly attachmentId: string
  readonly instanceId: string
  readonly deviceIndex: number
  readonly networkCardIndex: number
  readonly status: 'attaching' | 'attached' | 'detaching'
  readonly attachTime: number
  readonly deleteOnTermination: boolean
}

export interface Volume {
  readonly volumeId: string
  readonly zone: string
  readonly zoneId: string
  readonly sizeGiB: number
  readonly volumeType: string
  readonly iops: number | undefined
  readonly throughput: number | undefined
  readonly encrypted: boolean
  readonly snapshotId: string
  readonly createTime: number
  readonly state: 'creating' | 'available' | 'in-use' | 'deleting'
  readonly tags: Tags
  readonly attachment?: VolumeAttachment | undefined
}

export interface VolumeAttachment {
  /** Ours alone: EC2 names no volume attachment, but a late completion must know that it is still the same one. */
  readonly attachmentId: string
  readonly instanceId: string
  readonly device: string
  readonly state: 'attaching' | 'attached' | 'detaching' | 'busy'
  readonly attachTime: number
  readonly deleteOnTermination: boolean
  /** The attachment never completes (a sample of settings.volumeStuckAttaching). */
  readonly stuck: boolean
}

export interface Subnet {
  readonly subnetId: string
  readonly vpcId: string
  readonly zone: string
  readonly zoneId: string
  readonly cidrBlock: string
  readonly mapPublicIpOnLaunch: boolean
  readonly tags: Tags
}

export interface Vpc {
  readonly vpcId: string
  readonly cidrBlock: string
  readonly isDefault: boolean
  readonly dhcpOptionsId: string
  readonly associationId: string
  readonly tags: Tags
}

export interface SecurityGroup {
  readonly groupId: string
  readonly groupName: string
  readonly description: string
  readonly vpcId: string
  readonly tags: Tags
}

export interface LaunchTemplate {
  readonly launchTemplateId: string
  readonly launchTemplateName: string
  readonly createTime: number
  readonly defaultVersion: number
  /** Version n is at index n - 1. */
  readonly versions: readonly LaunchTemplateVersion[]
  readonly tags: Tags
}

export interface LaunchTemplateVersion {
  readonly description: string | undefined
  readonly createTime: number
  readonly data: RequestLaunchTemplateData
}
