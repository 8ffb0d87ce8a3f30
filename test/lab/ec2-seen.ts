import { expect } from 'vitest'
import { type Fact, invalid } from './ec2-fact.ts'
import { imageId, refusal } from './ec2-scene.ts'

export const seenInLogs: readonly Fact[] = [
  {
    row: 'E1',
    grade: 'seen in logs',
    source: 'portworx/px-dev#42 and eight independent logs',
    fact: 'a volume that is attached elsewhere is VolumeInUse',
    async prove({ call, runningInstance, attachedVolume }) {
      const VolumeId = await attachedVolume(await runningInstance())
      const InstanceId = await runningInstance()
      expect(refusal(() => call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdg' }))).toEqual({
        code: 'VolumeInUse',
        message: `${VolumeId} is already attached to an instance`,
        status: 400,
      })
    },
  },
  {
    row: 'E2',
    grade: 'seen in logs',
    source: 'kubernetes-sigs/aws-ebs-csi-driver#52, linuxkit/linuxkit#2388, apecloud/kubeblocks#2177',
    fact: 'a volume of another zone is a mismatch',
    async prove({ call, runningInstance, volume, zones }) {
      const InstanceId = await runningInstance()
      const VolumeId = await volume(zones[1])
      expect(refusal(() => call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' }))).toEqual({
        code: 'InvalidVolume.ZoneMismatch',
        message: `The volume '${VolumeId}' is not in the same availability zone as instance '${InstanceId}'`,
        status: 400,
      })
    },
  },
  {
    row: 'E3',
    grade: 'seen in logs',
    source: 'Netflix-Skunkworks/aminator#238 and two public logs',
    fact: 'a device name is taken once',
    async prove({ call, runningInstance, attachedVolume, volume }) {
      const InstanceId = await runningInstance()
      await attachedVolume(InstanceId, '/dev/xvdf')
      const VolumeId = await volume()
      expect(refusal(() => call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/xvdf' }))).toEqual(
        invalid("Invalid value '/dev/xvdf' for unixDevice. Attachment point /dev/xvdf is already in use"),
      )
    },
  },
  {
    row: 'E4',
    grade: 'seen in logs',
    source: 'ansible-collections/amazon.aws#497 and two public logs',
    fact: 'nothing can be attached to an instance that is still pending',
    async prove({ call, ec2, subnetId, volume }) {
      const VolumeId = await volume()
      const { instanceId: InstanceId } = ec2.launch({ imageId, instanceType: 't3.small', subnetId })
      expect(refusal(() => call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' }))).toEqual({
        code: 'IncorrectState',
        message: `Instance '${InstanceId}' is not 'running'.`,
        status: 400,
      })
    },
  },
  {
    row: 'E5',
    grade: 'seen in logs',
    source: 'a public Terraform log; hashicorp/terraform-provider-aws#27513 for RunInstances',
    fact: 'an interface in use is InvalidParameterValue to attach, InvalidNetworkInterface.InUse to launch with',
    async prove({ call, runningInstance, attachedInterface }) {
      const { networkInterfaceId: NetworkInterfaceId } = await attachedInterface(await runningInstance())
      const InstanceId = await runningInstance()
      expect(refusal(() => call('AttachNetworkInterface', { NetworkInterfaceId, InstanceId, DeviceIndex: 1 }))).toEqual(
        invalid(`Network interface '${NetworkInterfaceId}' is currently in use.`),
      )
      const NetworkInterfaces = [{ DeviceIndex: 0, NetworkInterfaceId }]
      const launch = {
        ImageId: imageId,
        InstanceType: 't3.small',
        MinCount: 1,
        MaxCount: 1,
        NetworkInterfaces,
      } as const
      expect(refusal(() => call('RunInstances', launch))).toEqual({
        code: 'InvalidNetworkInterface.InUse',
        message: `Interface: [${NetworkInterfaceId}] in use.`,
        status: 400,
      })
    },
  },
  {
    row: 'E6',
    grade: 'seen in logs',
    source: 'kubernetes-sigs/aws-ebs-csi-driver#1801, hashicorp/terraform#9023',
    fact: 'a volume that is available cannot be detached',
    async prove({ call, volume }) {
      const VolumeId = await volume()
      expect(refusal(() => call('DetachVolume', { VolumeId }))).toEqual({
        code: 'IncorrectState',
        message: `Volume '${VolumeId}' is in the 'available' state.`,
        status: 400,
      })
    },
  },
  {
    row: 'E7',
    grade: 'seen in logs',
    source: 'apprenda/k8s-vpcnet#71, hashicorp/terraform-provider-aws#906',
    fact: 'a device index is taken once',
    async prove({ call, runningInstance, attachedInterface, networkInterface }) {
      const InstanceId = await runningInstance()
      await attachedInterface(InstanceId)
      const NetworkInterfaceId = networkInterface()
      expect(refusal(() => call('AttachNetworkInterface', { NetworkInterfaceId, InstanceId, DeviceIndex: 1 }))).toEqual(
        invalid(`Instance '${InstanceId}' already has an interface attached at device index '1'.`),
      )
    },
  },
  {
    row: 'E8',
    grade: 'seen in logs',
    source: 'int128/terraform-aws-nat-instance',
    fact: 'an interface of another zone cannot be attached',
    async prove({ call, runningInstance, networkInterface, otherSubnetId }) {
      const InstanceId = await runningInstance()
      const NetworkInterfaceId = networkInterface(otherSubnetId)
      expect(refusal(() => call('AttachNetworkInterface', { NetworkInterfaceId, InstanceId, DeviceIndex: 1 }))).toEqual(
        {
          code: 'InvalidParameterCombination',
          message:
            'You may not attach a network interface to an instance if they are not in the same availability zone',
          status: 400,
        },
      )
    },
  },
  {
    row: 'E9',
    grade: 'seen in logs',
    source: 'a public log of a deletion five seconds after a detachment',
    fact: 'an interface cannot be deleted while in use, nor right after its detachment, but a little later',
    async prove({ call, runningInstance, attachedInterface, until, ec2 }) {
      const { networkInterfaceId: NetworkInterfaceId, attachmentId } = await attachedInterface(await runningInstance())
      const remove = () => call('DeleteNetworkInterface', { NetworkInterfaceId })
      const inUse = invalid(`Network interface '${NetworkInterfaceId}' is currently in use.`)
      expect(refusal(remove)).toEqual(inUse)
      call('DetachNetworkInterface', { AttachmentId: attachmentId })
      expect(refusal(remove)).toEqual(inUse)
      await until('it is free', () => ec2.networkInterfaces.get(NetworkInterfaceId)?.status === 'available')
      expect(remove()).toEqual({})
    },
  },
  {
    row: 'limit of interfaces',
    grade: 'seen in logs',
    source: 'cilium/cilium#15877 (count 4 on t3.medium)',
    fact: 'a type takes only so many interfaces',
    async prove({ call, runningInstance, attachedInterface, networkInterface }) {
      const InstanceId = await runningInstance()
      await attachedInterface(InstanceId, 1)
      await attachedInterface(InstanceId, 2)
      const NetworkInterfaceId = networkInterface()
      expect(refusal(() => call('AttachNetworkInterface', { NetworkInterfaceId, InstanceId, DeviceIndex: 3 }))).toEqual(
        {
          code: 'AttachmentLimitExceeded',
          message: 'Interface count 4 exceeds the limit for t3.small',
          status: 400,
        },
      )
    },
  },
  {
    row: 'stop while pending',
    grade: 'seen in logs',
    source: 'cloud-custodian/cloud-custodian#6014',
    fact: 'an instance that never ran cannot be stopped',
    prove({ call, ec2, subnetId }) {
      const { instanceId } = ec2.launch({ imageId, instanceType: 't3.small', subnetId })
      expect(refusal(() => call('StopInstances', { InstanceIds: [instanceId] }))).toEqual({
        code: 'IncorrectInstanceState',
        message: `Instance '${instanceId}' cannot be stopped as it has never reached the 'running' state.`,
        status: 400,
      })
    },
  },
  {
    row: 'primary detached',
    grade: 'seen in logs',
    source: 'redhat-performance/cloud-governance#952',
    fact: 'the primary interface cannot be detached',
    async prove({ call, runningInstance, ec2 }) {
      const instanceId = await runningInstance()
      const primary = ec2.networkInterfaces.all().find((each) => each.attachment?.instanceId === instanceId)
      const AttachmentId = primary?.attachment?.attachmentId
      expect(refusal(() => call('DetachNetworkInterface', { AttachmentId }))).toEqual({
        code: 'OperationNotPermitted',
        message: 'The network interface at device index 0 and networkCard index 0 cannot be detached.',
        status: 400,
      })
    },
  },
  {
    row: 'termination protection',
    grade: 'seen in logs',
    source: 'rebuy-de/aws-nuke#279; radkawar/stackd testdata/aws/autoscaling (captured)',
    fact: 'a protected instance cannot be terminated by call, though Auto Scaling still can',
    async prove({ call, runningInstance, ec2 }) {
      const InstanceId = await runningInstance()
      call('ModifyInstanceAttribute', { InstanceId, DisableApiTermination: { Value: true } })
      expect(refusal(() => call('TerminateInstances', { InstanceIds: [InstanceId] }))).toEqual({
        code: 'OperationNotPermitted',
        message:
          `The instance '${InstanceId}' may not be terminated. ` +
          "Modify its 'disableApiTermination' instance attribute and try again.",
        status: 400,
      })
      ec2.terminate(InstanceId)
      expect(ec2.instances.get(InstanceId)?.state).toBe('shutting-down')
    },
  },
]
