import { describe, expect, test } from 'vitest'
import { ec2Scene, imageId, instanceState, refusal } from './ec2-scene.ts'

describe('RunInstances', () => {
  test('launches several in one reservation, tagged as asked for and by the launch template', () => {
    const { call, subnetId } = ec2Scene()
    const template = call('CreateLaunchTemplate', {
      LaunchTemplateName: 'lt',
      LaunchTemplateData: {
        ImageId: imageId,
        InstanceType: 't3.small',
        MetadataOptions: { HttpTokens: 'required' },
        TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'from', Value: 'template' }] }],
      },
    }).LaunchTemplate
    const launched = call('RunInstances', {
      MinCount: 1,
      MaxCount: 2,
      SubnetId: subnetId,
      LaunchTemplate: { LaunchTemplateName: 'lt' },
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'stayput:ensemble', Value: 'e' }] }],
    })
    expect(launched.Instances).toHaveLength(2)
    expect(launched.Instances?.[1]).toMatchObject({
      AmiLaunchIndex: 1,
      State: { Code: 0, Name: 'pending' },
      MetadataOptions: { HttpTokens: 'required' },
      Tags: [
        { Key: 'from', Value: 'template' },
        { Key: 'stayput:ensemble', Value: 'e' },
        { Key: 'aws:ec2launchtemplate:id', Value: template?.LaunchTemplateId },
        { Key: 'aws:ec2launchtemplate:version', Value: '1' },
      ],
    })
    expect(call('DescribeInstances', {}).Reservations).toHaveLength(1)
  })

  test('happens once for a client token, and a changed request under the same token is refused', () => {
    const { call, subnetId, ec2 } = ec2Scene()
    const run = (InstanceType: 't3.small' | 't3.micro') =>
      call('RunInstances', {
        ImageId: imageId,
        InstanceType,
        SubnetId: subnetId,
        MinCount: 1,
        MaxCount: 1,
        ClientToken: 'token',
      })
    expect(run('t3.small')).toEqual(run('t3.small'))
    expect(ec2.instances.all()).toHaveLength(1)
    expect(refusal(() => run('t3.micro')).code).toBe('IdempotentParameterMismatch')
  })

  test('plugs further volumes and interfaces in when the machine boots', async () => {
    const scene = ec2Scene()
    const NetworkInterfaceId = scene.networkInterface()
    const [instance] = scene.call('RunInstances', {
      ImageId: imageId,
      InstanceType: 't3.small',
      MinCount: 1,
      MaxCount: 1,
      NetworkInterfaces: [
        { DeviceIndex: 0, SubnetId: scene.subnetId },
        { DeviceIndex: 1, NetworkInterfaceId },
      ],
      BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 4 } }],
    }).Instances!
    const id = instance?.InstanceId ?? ''
    const data = scene.ec2.volumes.all().find((each) => each.attachment?.device === '/dev/sdf')
    await scene.until('it runs', () => instanceState(scene, id)() === 'running')
    await scene.clock.pass(0)
    expect(scene.hosts.calls).toEqual([
      `boot ${id}`,
      `plugInterface ${id} ${NetworkInterfaceId}`,
      `plugVolume ${id} ${data?.volumeId}`,
    ])
  })

  test('without a subnet needs one in the default VPC', () => {
    const { call } = ec2Scene()
    const run = () => call('RunInstances', { ImageId: imageId, InstanceType: 't3.small', MinCount: 1, MaxCount: 1 })
    expect(refusal(run).code).toBe('MissingInput')
    const VpcId = call('DescribeVpcs', { Filters: [{ Name: 'is-default', Values: ['true'] }] }).Vpcs?.[0]?.VpcId
    const SubnetId = call('CreateSubnet', { VpcId, CidrBlock: '10.0.1.0/24' }).Subnet?.SubnetId
    expect(run().Instances?.[0]?.SubnetId).toBe(SubnetId)
  })
})
