import { expect } from 'vitest'
import { type Fact } from './ec2-fact.ts'
import { imageId, refusal } from './ec2-scene.ts'

const moto = 'getmoto/moto tests/test_ec2'

export const verified: readonly Fact[] = [
  {
    row: 'B1',
    grade: 'verified',
    source: `${moto}/test_elastic_network_interfaces.py test_create_instance__termination_deletes_eni`,
    fact: 'DeleteOnTermination decides whether an interface outlives its instance',
    async prove({ call, networkInterface, until, ec2 }) {
      for (const DeleteOnTermination of [true, false]) {
        const NetworkInterfaceId = networkInterface()
        const [instance] = call('RunInstances', {
          ImageId: imageId,
          InstanceType: 't3.small',
          MinCount: 1,
          MaxCount: 1,
          NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId, DeleteOnTermination }],
        }).Instances!
        const attachment = () =>
          call('DescribeNetworkInterfaces', { NetworkInterfaceIds: [NetworkInterfaceId] }).NetworkInterfaces?.[0]
            ?.Attachment
        expect(attachment()?.DeleteOnTermination).toBe(DeleteOnTermination)
        call('TerminateInstances', { InstanceIds: [instance?.InstanceId ?? ''] })
        await until('the interface is free', () => !ec2.networkInterfaces.get(NetworkInterfaceId)?.attachment)
        if (DeleteOnTermination) {
          expect(refusal(attachment)).toEqual({
            code: 'InvalidNetworkInterfaceID.NotFound',
            message: `The networkInterface ID '${NetworkInterfaceId}' does not exist`,
            status: 400,
          })
        } else {
          expect(attachment()).toBeUndefined()
          expect(call('DeleteNetworkInterface', { NetworkInterfaceId })).toEqual({})
        }
      }
    },
  },
  {
    row: 'B2',
    grade: 'verified',
    source: `${moto}/test_instances.py`,
    fact: 'an unknown image is refused, and a launch template gives way to what the call itself says',
    prove({ call, subnetId }) {
      const run = { MinCount: 1, MaxCount: 1, SubnetId: subnetId }
      expect(refusal(() => call('RunInstances', { ...run, ImageId: 'ami-abcd1234' }))).toEqual({
        code: 'InvalidAMIID.NotFound',
        message: "The image id '[ami-abcd1234]' does not exist",
        status: 400,
      })
      const data = { ImageId: imageId, InstanceType: 't3.micro' } as const
      const created = call('CreateLaunchTemplate', { LaunchTemplateName: 'lt', LaunchTemplateData: data })
      const LaunchTemplateId = created.LaunchTemplate?.LaunchTemplateId
      call('CreateLaunchTemplateVersion', {
        LaunchTemplateId,
        SourceVersion: '1',
        LaunchTemplateData: { InstanceType: 't3.medium' },
      })
      const typeOf = (Version: string | undefined, InstanceType?: 't3.large') =>
        call('RunInstances', { ...run, InstanceType, LaunchTemplate: { LaunchTemplateId, Version } }).Instances?.[0]
          ?.InstanceType
      expect(typeOf(undefined)).toBe('t3.micro')
      expect(typeOf('$Default')).toBe('t3.micro')
      expect(typeOf('$Latest')).toBe('t3.medium')
      expect(typeOf('2')).toBe('t3.medium')
      expect(typeOf('2', 't3.large')).toBe('t3.large')
      expect(refusal(() => typeOf('3')).code).toBe('InvalidLaunchTemplateId.VersionNotFound')
    },
  },
  {
    row: 'B3',
    grade: 'verified',
    source: 'getmoto/moto tests/test_autoscaling/test_autoscaling.py',
    fact: 'a launch template is found by id or by name, its aliases stand for a number, and neither is refused',
    prove({ call, ec2 }) {
      const data = { ImageId: imageId, InstanceType: 't3.micro' } as const
      const created = call('CreateLaunchTemplate', { LaunchTemplateName: 'lt', LaunchTemplateData: data })
      const id = created.LaunchTemplate?.LaunchTemplateId ?? ''
      call('CreateLaunchTemplateVersion', { LaunchTemplateId: id, LaunchTemplateData: data })
      expect(ec2.resolveLaunchTemplate({ LaunchTemplateId: id })).toMatchObject({ version: 1, imageId })
      expect(ec2.resolveLaunchTemplate({ LaunchTemplateName: 'lt', Version: '$Latest' })).toMatchObject({
        launchTemplateId: id,
        launchTemplateName: 'lt',
        version: 2,
      })
      expect(refusal(() => ec2.resolveLaunchTemplate({})).code).toBe('MissingParameter')
    },
  },
]

export const asserted: readonly Fact[] = [
  {
    row: 'C network interfaces',
    grade: 'asserted',
    source: `${moto}/test_elastic_network_interfaces.py`,
    fact: 'filters find interfaces by attachment, zone, address, group, description and tag',
    async prove({ call, runningInstance, attachedInterface, networkInterface, zones, ec2 }) {
      const instanceId = await runningInstance()
      const { networkInterfaceId, attachmentId } = await attachedInterface(instanceId)
      networkInterface()
      call('CreateTags', { Resources: [networkInterfaceId], Tags: [{ Key: 'role', Value: 'static one' }] })
      const record = ec2.networkInterfaces.get(networkInterfaceId)
      const finds = (...filters: [string, string][]) =>
        call('DescribeNetworkInterfaces', {
          Filters: filters.map(([Name, value]) => ({ Name, Values: [value] })),
        }).NetworkInterfaces?.map((each) => each.NetworkInterfaceId)
      const only = [networkInterfaceId]
      expect(finds(['attachment.attachment-id', attachmentId])).toEqual(only)
      expect(finds(['attachment.instance-id', instanceId], ['attachment.device-index', '1'])).toEqual(only)
      expect(finds(['private-ip-address', record?.privateIpAddress ?? ''])).toEqual(only)
      expect(finds(['tag:role', 'static*'], ['availability-zone', zones[0]])).toEqual(only)
      expect(finds(['tag:role', 'static ?ne'])).toEqual(only)
      expect(finds(['tag:role', 'static'])).toEqual([])
      expect(finds(['tag-key', 'role'], ['status', 'in-use'])).toEqual(only)
      expect(finds(['tag-key', 'role'], ['status', 'available'])).toEqual([])
      expect(finds(['group-id', record?.securityGroupIds[0] ?? ''])).toHaveLength(3)
    },
  },
  {
    row: 'C network interfaces: unknown',
    grade: 'asserted',
    source: `${moto}/test_elastic_network_interfaces.py and test_instances.py`,
    fact: 'an unknown subnet and an unknown attachment are named',
    prove({ call }) {
      const SubnetId = 'subnet-0123456789abcdef0'
      expect(refusal(() => call('CreateNetworkInterface', { SubnetId }))).toEqual({
        code: 'InvalidSubnetID.NotFound',
        message: `The subnet ID '${SubnetId}' does not exist`,
        status: 400,
      })
      const detach = (AttachmentId: string) => refusal(() => call('DetachNetworkInterface', { AttachmentId })).code
      expect(detach('eni-attach-0123456789abcdef0')).toBe('InvalidAttachmentID.NotFound')
      expect(detach('eni-attach-nonsense')).toBe('InvalidNetworkInterfaceAttachmentId.Malformed')
    },
  },
  {
    row: 'C volumes',
    grade: 'asserted',
    source: `${moto}/test_elastic_block_store.py`,
    fact: 'an attached volume cannot be deleted, an unknown one is named, one without a size is not created',
    async prove({ call, runningInstance, attachedVolume, zones }) {
      const instanceId = await runningInstance()
      const VolumeId = await attachedVolume(instanceId)
      expect(refusal(() => call('DeleteVolume', { VolumeId }))).toEqual({
        code: 'VolumeInUse',
        message: `Volume ${VolumeId} is currently attached to ${instanceId}`,
        status: 400,
      })
      const unknown = 'vol-0123456789abcdef0'
      expect(refusal(() => call('DescribeVolumes', { VolumeIds: [unknown] }))).toEqual({
        code: 'InvalidVolume.NotFound',
        message: `The volume '${unknown}' does not exist.`,
        status: 400,
      })
      const sizeless = refusal(() => call('CreateVolume', { AvailabilityZone: zones[0] }))
      expect(sizeless.code).toBe('MissingParameter')
    },
  },
  {
    row: 'C instances',
    grade: 'asserted',
    source: `${moto}/test_instances.py`,
    fact: 'no ids, ids with MaxResults, and one or several unknown ids are refused',
    prove({ call }) {
      expect(refusal(() => call('TerminateInstances', { InstanceIds: [] }))).toEqual({
        code: 'InvalidParameterCombination',
        message: 'No instances specified',
        status: 400,
      })
      const [one, two] = ['i-0123456789abcdef0', 'i-0123456789abcdef1']
      const describeIds = (InstanceIds: string[], MaxResults?: number) =>
        refusal(() => call('DescribeInstances', { InstanceIds, MaxResults }))
      expect(describeIds([one], 5)).toEqual({
        code: 'InvalidParameterCombination',
        message: 'The parameter instancesSet cannot be used with the parameter maxResults',
        status: 400,
      })
      expect(describeIds([one])).toEqual({
        code: 'InvalidInstanceID.NotFound',
        message: `The instance ID '${one}' does not exist`,
        status: 400,
      })
      const several = `The instance IDs '${one}, ${two}' do not exist`
      expect(describeIds([one, two]).message).toBe(several)
      expect(refusal(() => call('TerminateInstances', { InstanceIds: [one, two] })).message).toBe(several)
    },
  },
  {
    row: 'C tags',
    grade: 'asserted',
    source: `${moto}/test_tags.py`,
    fact: 'a resource takes fifty tags, and a call must name resources',
    prove({ call, networkInterface }) {
      const Resources = [networkInterface()]
      call('CreateTags', { Resources, Tags: tags(50) })
      call('CreateTags', { Resources, Tags: tags(50) })
      expect(refusal(() => call('CreateTags', { Resources, Tags: tags(51) })).code).toBe('TagLimitExceeded')
      expect(refusal(() => call('CreateTags', { Resources: [], Tags: tags(1) }))).toEqual({
        code: 'MissingParameter',
        message: 'The request must contain the parameter resourceIdSet',
        status: 400,
      })
      expect(refusal(() => call('DeleteTags', { Resources: [] })).code).toBe('MissingParameter')
    },
  },
]

function tags(count: number) {
  return Array.from({ length: count }, (_, index) => ({ Key: `k${index}`, Value: 'v' }))
}
