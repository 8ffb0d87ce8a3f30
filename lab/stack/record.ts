import type { Operation, Operations } from '../../shared/aws/operations.ts'
import type { Call, Cloud } from '../cloud/cloud.ts'
import { callerOf } from './caller.ts'
import type { FunctionName } from './functions.ts'

/** A call that a function made, as a policy sees it: the action, and each resource with its tags at that moment. */
export interface RecordedCall {
  readonly caller: FunctionName
  /** Like ec2:AttachVolume. */
  readonly action: string
  readonly resources: readonly RecordedResource[]
  /** Of a call about tags: the keys that it names. */
  readonly tagKeys?: readonly string[]
  /** Of a call that changes an attribute: which, by the name of the parameter. */
  readonly attribute?: string
}

export interface RecordedResource {
  /** As AWS's Service Authorization Reference calls it. */
  readonly type: 'autoScalingGroup' | 'document' | 'instance' | 'network-interface' | 'volume'
  readonly arn: string
  readonly tags: Readonly<Record<string, string>>
  /** The ARN of an instance's profile. */
  readonly profile?: string | undefined
}

type Told = Omit<RecordedCall, 'caller' | 'action'>

/** What a function called, from a call of the local cloud; undefined when it was somebody else, or about nothing. */
export function recordedCall(cloud: Cloud, { operation, input, caller: accessKey }: Call): RecordedCall | undefined {
  const caller = callerOf(accessKey)
  return caller && recordCall(cloud, caller, operation, input)
}

/** The same where it is known which function calls. */
export function recordCall(
  cloud: Cloud,
  caller: FunctionName,
  operation: string,
  input: object,
): RecordedCall | undefined {
  if (!isOperation(operation)) throw new Error(`${operation} is not among the calls of the functions`)
  // The table of operations binds each name to its input, and whoever sends it encodes it by that.
  const about = told[operation](resourcesOf(cloud), input as never)
  return about && { caller, action: operation.replace('.', ':'), ...about }
}

const isOperation = (name: string): name is Operation => Object.hasOwn(told, name)

const everything = (): Told => ({ resources: [] })

/** On a group: the verdict, the heartbeat. */
const ofGroup = (find: Resources, input: { readonly AutoScalingGroupName: string | undefined }): Told => ({
  resources: [find.group(input.AutoScalingGroupName)],
})

/** Every resource that the call names or touches, the ones too for which AWS may or may not ask. */
const told: { readonly [Name in Operation]: (find: Resources, input: Operations[Name]['input']) => Told | undefined } =
  {
    'autoscaling.CompleteLifecycleAction': ofGroup,
    'autoscaling.DescribeAutoScalingGroups': everything,
    'autoscaling.DescribeLifecycleHooks': everything,
    'autoscaling.RecordLifecycleActionHeartbeat': ofGroup,
    'autoscaling.SetInstanceHealth': (find, { InstanceId }) => ({ resources: [find.group(find.groupOf(InstanceId))] }),
    'ec2.AttachNetworkInterface': (find, { NetworkInterfaceId, InstanceId }) => ({
      resources: [find.networkInterface(NetworkInterfaceId), find.instance(InstanceId)],
    }),
    'ec2.AttachVolume': (find, { VolumeId, InstanceId }) => ({
      resources: [find.volume(VolumeId), find.instance(InstanceId)],
    }),
    'ec2.CreateTags': (find, { Resources, Tags }) => ({
      resources: (Resources ?? []).map((id) => (id.startsWith('eni-') ? find.networkInterface(id) : find.volume(id))),
      tagKeys: keysOf(Tags),
    }),
    'ec2.DeleteTags': (find, { Resources, Tags }) => ({
      resources: (Resources ?? []).map((id) => (id.startsWith('eni-') ? find.networkInterface(id) : find.volume(id))),
      tagKeys: keysOf(Tags),
    }),
    'ec2.DescribeInstances': everything,
    'ec2.DescribeNetworkInterfaces': everything,
    'ec2.DescribeSubnets': everything,
    'ec2.DescribeVolumes': everything,
    // An attachment that is over belongs to nothing any more: AWS finds no resource to ask a permission for.
    'ec2.DetachNetworkInterface'(find, { AttachmentId }) {
      const resources = find.attachment(AttachmentId)
      return resources.length > 0 ? { resources } : undefined
    },
    'ec2.DetachVolume': (find, { VolumeId, InstanceId }) => ({
      resources: [find.volume(VolumeId), find.instance(InstanceId)],
    }),
    'ec2.ModifyInstanceAttribute': (find, { InstanceId, BlockDeviceMappings }) => ({
      resources: [
        find.instance(InstanceId),
        ...find.disks(
          InstanceId,
          BlockDeviceMappings?.map((one) => one.DeviceName),
        ),
      ],
      attribute: 'BlockDeviceMapping',
    }),
    'ec2.ModifyNetworkInterfaceAttribute': (find, { NetworkInterfaceId, Attachment }) => ({
      resources: [
        find.networkInterface(NetworkInterfaceId),
        ...find.attachment(Attachment?.AttachmentId).filter(({ type }) => type === 'instance'),
      ],
      attribute: 'Attachment',
    }),
    'ssm.DescribeInstanceInformation': everything,
    'ssm.GetCommandInvocation': everything,
    'ssm.ListCommandInvocations': everything,
    'ssm.SendCommand': (find, { DocumentName, InstanceIds }) => ({
      resources: [find.document(DocumentName), ...(InstanceIds ?? []).map((id) => find.instance(id))],
    }),
  }

const keysOf = (tags: readonly { readonly Key?: string | undefined }[] = []): string[] =>
  tags.map(({ Key = '' }) => Key)

type Resources = ReturnType<typeof resourcesOf>

/** The resources of a cloud, as a policy names them. One that is not there has no tags, so that no policy allows it. */
function resourcesOf(cloud: Cloud) {
  const { accountId, region } = cloud.kernel.settings
  const arn = (service: string, name: string): string => `arn:aws:${service}:${region}:${accountId}:${name}`
  const instance = (id = ''): RecordedResource => {
    const found = cloud.ec2.instances.get(id)
    return {
      type: 'instance',
      arn: arn('ec2', `instance/${id}`),
      tags: found?.tags ?? {},
      profile: found?.iamInstanceProfile,
    }
  }
  const networkInterface = (id = ''): RecordedResource => ({
    type: 'network-interface',
    arn: arn('ec2', `network-interface/${id}`),
    tags: cloud.ec2.networkInterfaces.get(id)?.tags ?? {},
  })
  const volume = (id = ''): RecordedResource => ({
    type: 'volume',
    arn: arn('ec2', `volume/${id}`),
    tags: cloud.ec2.volumes.get(id)?.tags ?? {},
  })
  return {
    instance,
    networkInterface,
    volume,
    document: (name = ''): RecordedResource => ({ type: 'document', arn: arn('ssm', `document/${name}`), tags: {} }),
    group(name = ''): RecordedResource {
      const found = cloud.autoscaling.groups.get(name)
      const gone = arn('autoscaling', `autoScalingGroup:gone:autoScalingGroupName/${name}`)
      const tags = Object.fromEntries(found?.tags.map(({ key, value }) => [key, value]) ?? [])
      return { type: 'autoScalingGroup', arn: found?.arn ?? gone, tags }
    },
    groupOf: (instanceId = ''): string | undefined => cloud.autoscaling.members.get(instanceId)?.groupName,
    attachment(id: string | undefined): RecordedResource[] {
      const all = cloud.ec2.networkInterfaces.all()
      const found = all.find(({ attachment }) => attachment?.attachmentId === id)
      return found ? [networkInterface(found.networkInterfaceId), instance(found.attachment?.instanceId)] : []
    },
    disks(instanceId: string | undefined, devices: readonly (string | undefined)[] = []): RecordedResource[] {
      const attached = cloud.ec2.volumes.all().filter(({ attachment }) => attachment?.instanceId === instanceId)
      const named = attached.filter(({ attachment }) => devices.includes(attachment?.device))
      return named.map(({ volumeId }) => volume(volumeId))
    },
  }
}
