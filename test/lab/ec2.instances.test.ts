import { describe, expect, test } from 'vitest'
import {
  ec2Scene,
  everyLatency,
  imageId,
  instanceState,
  interfaceState,
  refusal,
  second,
  statesOf,
  volumeState,
} from './ec2-scene.ts'

describe('an instance', () => {
  test('goes from pending to running, boots once, and each state is told and published', async () => {
    const scene = ec2Scene()
    const told: string[] = []
    scene.ec2.onInstanceState((instance) => told.push(instance.state))
    const instanceId = await scene.runningInstance()
    expect(told).toEqual(['pending', 'running'])
    expect(scene.hosts.calls).toEqual([`boot ${instanceId}`])
    const resources = [`arn:aws:ec2:eu-central-1:123456789012:instance/${instanceId}`]
    expect(scene.events.history).toMatchObject(
      ['pending', 'running'].map((state) => ({
        'detail-type': 'EC2 Instance State-change Notification',
        source: 'aws.ec2',
        resources,
        detail: { 'instance-id': instanceId, state },
      })),
    )
  })

  test('is launched once for a client token', async () => {
    const scene = ec2Scene()
    const request = { imageId, instanceType: 't3.small', subnetId: scene.subnetId, clientToken: 'one' }
    expect(scene.ec2.launch(request).instanceId).toBe(scene.ec2.launch(request).instanceId)
    expect(scene.ec2.launch({ ...request, clientToken: 'two' }).instanceId).not.toBe(
      scene.ec2.launch(request).instanceId,
    )
  })

  test('is refused by a full subnet, an unknown type, a foreign group and an unknown image', () => {
    const { call, ec2, vpcId } = ec2Scene()
    const subnetId = call('CreateSubnet', { VpcId: vpcId, CidrBlock: '10.1.9.0/28' }).Subnet?.SubnetId ?? ''
    const request = { imageId, instanceType: 't3.small', subnetId }
    const foreign = call('CreateSecurityGroup', { GroupName: 'f', Description: 'of the default VPC' }).GroupId ?? ''
    const refused = (change: object) => refusal(() => ec2.launch({ ...request, ...change })).code
    expect(refused({ instanceType: 'x9.huge' })).toBe('InvalidParameterValue')
    expect(refused({ securityGroupIds: [foreign] })).toBe('InvalidParameter')
    expect(refused({ imageId: 'nonsense' })).toBe('InvalidAMIID.Malformed')
    for (let count = 0; count < 11; count++) ec2.launch(request)
    expect(refusal(() => ec2.launch(request))).toEqual({
      code: 'InsufficientFreeAddressesInSubnet',
      message: `There are not enough free addresses in subnet '${subnetId}' to satisfy the requested number of instances.`,
      status: 400,
    })
    expect(ec2.instances.all()).toHaveLength(11)
  })

  test('is told with its interfaces and its volumes, the primary ones to be deleted with it and no others', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const { networkInterfaceId } = await scene.attachedInterface(instanceId)
    const volumeId = await scene.attachedVolume(instanceId)
    const [told] = scene.call('DescribeInstances', { InstanceIds: [instanceId] }).Reservations![0]!.Instances!
    expect(told).toMatchObject({
      State: { Code: 16, Name: 'running' },
      SubnetId: scene.subnetId,
      VpcId: scene.vpcId,
      Placement: { AvailabilityZone: scene.zones[0] },
      RootDeviceName: '/dev/xvda',
      NetworkInterfaces: [
        { PrivateIpAddress: told?.PrivateIpAddress, Attachment: { DeviceIndex: 0, DeleteOnTermination: true } },
        {
          NetworkInterfaceId: networkInterfaceId,
          Attachment: { DeviceIndex: 1, DeleteOnTermination: false, Status: 'attached' },
        },
      ],
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: true, Status: 'attached' } },
        { DeviceName: '/dev/sdf', Ebs: { VolumeId: volumeId, DeleteOnTermination: false, Status: 'attached' } },
      ],
    })
  })

  test('that is terminated shuts down, loses its power, is terminated, and only then sets its things free', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const { networkInterfaceId } = await scene.attachedInterface(instanceId)
    const volumeId = await scene.attachedVolume(instanceId)
    const others = scene.ec2.networkInterfaces.all().length + scene.ec2.volumes.all().length
    scene.hosts.calls.length = 0
    scene.ec2.terminate(instanceId)
    scene.ec2.terminate(instanceId)
    expect(instanceState(scene, instanceId)()).toBe('shutting-down')
    expect(scene.hosts.calls).toEqual([`shutDown ${instanceId}`])

    const release = scene.hosts.hold('powerOff')
    await scene.clock.pass(3000 * second)
    expect(scene.hosts.calls.at(-1)).toBe(`powerOff ${instanceId}`)
    expect(instanceState(scene, instanceId)()).toBe('shutting-down')
    expect(volumeState(scene, volumeId)()).toBe('in-use/attached')

    release()
    await scene.clock.pass(0)
    expect(instanceState(scene, instanceId)()).toBe('terminated')
    expect(interfaceState(scene, networkInterfaceId)()).toBe('in-use/attached')
    await scene.until('the interface is free', () => interfaceState(scene, networkInterfaceId)() === 'available')
    await scene.until('the volume is free', () => volumeState(scene, volumeId)() === 'available')
    const left = () => scene.ec2.networkInterfaces.all().length + scene.ec2.volumes.all().length
    await scene.until('the primary interface and the root volume are gone', () => left() === others - 2)
    const [told] = scene.call('DescribeInstances', { InstanceIds: [instanceId] }).Reservations![0]!.Instances!
    expect(told).toMatchObject({ State: { Code: 48 }, NetworkInterfaces: [], BlockDeviceMappings: [] })
    expect(told).not.toHaveProperty('SubnetId')
    expect(told?.Placement?.AvailabilityZone).toBe(scene.zones[0])
  })

  test('that fails dies without a shutdown and without passing through shutting-down', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const volumeId = await scene.attachedVolume(instanceId)
    scene.hosts.calls.length = 0
    scene.ec2.fail(instanceId)
    expect(scene.hosts.calls).toEqual([`powerOff ${instanceId}`])
    const states = await statesOf(scene, instanceState(scene, instanceId), 'terminated')
    expect(states).toEqual(['running', 'terminated'])
    expect(scene.hosts.calls).not.toContain(`shutDown ${instanceId}`)
    await scene.until('its volume is free', () => volumeState(scene, volumeId)() === 'available')
  })

  test('can be ended at once when its shutdown hangs', async () => {
    const scene = ec2Scene({
      latencies: { ...ec2Scene().kernel.settings.latencies, terminate: { median: 1e9, p99: 1e9 } },
    })
    const instanceId = await scene.runningInstance()
    scene.call('TerminateInstances', { InstanceIds: [instanceId] })
    await scene.clock.pass(3600 * second)
    expect(instanceState(scene, instanceId)()).toBe('shutting-down')
    scene.call('TerminateInstances', { InstanceIds: [instanceId], SkipOsShutdown: true })
    await scene.until('it is terminated', () => instanceState(scene, instanceId)() === 'terminated')
  })

  test('is visible for an hour after its end and unknown after that', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    scene.ec2.terminate(instanceId)
    await scene.until('it is terminated', () => instanceState(scene, instanceId)() === 'terminated')
    const describeIt = () => scene.call('DescribeInstances', { InstanceIds: [instanceId] })
    await scene.clock.pass(3599 * second)
    expect(describeIt().Reservations).toHaveLength(1)
    expect(scene.call('TerminateInstances', { InstanceIds: [instanceId] }).TerminatingInstances).toMatchObject([
      { PreviousState: { Name: 'terminated' }, CurrentState: { Name: 'terminated' } },
    ])
    await scene.clock.pass(second)
    expect(refusal(describeIt).code).toBe('InvalidInstanceID.NotFound')
    expect(scene.call('DescribeInstances', {}).Reservations).toEqual([])
  })

  test('that is stopped and started keeps what is attached, and has it plugged in again', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const { networkInterfaceId } = await scene.attachedInterface(instanceId)
    const volumeId = await scene.attachedVolume(instanceId)
    scene.hosts.calls.length = 0
    scene.call('StopInstances', { InstanceIds: [instanceId] })
    const down = await statesOf(scene, instanceState(scene, instanceId), 'stopped')
    const VolumeId = await scene.volume()
    scene.call('AttachVolume', { VolumeId, InstanceId: instanceId, Device: '/dev/sdg' })
    await scene.until('attached to a stopped instance', () => volumeState(scene, VolumeId)() === 'in-use/attached')
    expect(scene.hosts.calls).toEqual([`shutDown ${instanceId}`, `powerOff ${instanceId}`])

    scene.call('StartInstances', { InstanceIds: [instanceId] })
    const up = await statesOf(scene, instanceState(scene, instanceId), 'running')
    expect([...down, ...up]).toEqual(['running', 'stopping', 'stopped', 'pending', 'running'].slice(1))
    await scene.clock.pass(0)
    expect(scene.hosts.calls.slice(2)).toEqual([
      `boot ${instanceId}`,
      `plugInterface ${instanceId} ${networkInterfaceId}`,
      `plugVolume ${instanceId} ${volumeId}`,
      `plugVolume ${instanceId} ${VolumeId}`,
    ])
  })

  test('takes no attachment while it stops, shuts down, or is terminated', async () => {
    const scene = ec2Scene()
    const InstanceId = await scene.runningInstance()
    const VolumeId = await scene.volume()
    const NetworkInterfaceId = scene.networkInterface()
    const refused = () => [
      refusal(() => scene.call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })).code,
      refusal(() => scene.call('AttachNetworkInterface', { NetworkInterfaceId, InstanceId, DeviceIndex: 1 })).code,
    ]
    const both = ['IncorrectState', 'IncorrectState']
    scene.call('StopInstances', { InstanceIds: [InstanceId] })
    expect(refused()).toEqual(both)
    scene.ec2.terminate(InstanceId)
    expect(refused()).toEqual(both)
    await scene.until('it is terminated', () => instanceState(scene, InstanceId)() === 'terminated')
    expect(refused()).toEqual(both)
  })

  test('that ends while things are being attached to it sets them free', async () => {
    const scene = ec2Scene(everyLatency(10 * second))
    const InstanceId = await scene.runningInstance()
    const VolumeId = await scene.volume()
    const NetworkInterfaceId = scene.networkInterface()
    scene.ec2.fail(InstanceId)
    await scene.clock.pass(5 * second)
    scene.call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
    scene.call('AttachNetworkInterface', { NetworkInterfaceId, InstanceId, DeviceIndex: 1 })
    await scene.clock.pass(60 * second)
    expect(volumeState(scene, VolumeId)()).toBe('available')
    expect(interfaceState(scene, NetworkInterfaceId)()).toBe('available')
    expect(scene.hosts.calls).not.toContain(`plugVolume ${InstanceId} ${VolumeId}`)
  })

  test('passes its status checks two minutes after it runs, and is listed only while it runs', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const statuses = (IncludeAllInstances?: boolean) =>
      scene
        .call('DescribeInstanceStatus', { IncludeAllInstances })
        .InstanceStatuses?.map((each) => each.InstanceStatus?.Status)
    expect(statuses()).toEqual(['initializing'])
    await scene.clock.pass(120 * second)
    expect(statuses()).toEqual(['ok'])
    scene.ec2.terminate(instanceId)
    expect(statuses()).toEqual([])
    expect(statuses(true)).toEqual(['not-applicable'])
  })

  test('keeps the volume that was told to survive, and loses the one that was not', async () => {
    const scene = ec2Scene()
    const InstanceId = await scene.runningInstance()
    const kept = scene.ec2.volumes.all().find((each) => each.attachment?.device === '/dev/xvda')?.volumeId ?? ''
    const lost = await scene.attachedVolume(InstanceId)
    const set = (DeviceName: string, DeleteOnTermination: boolean) =>
      scene.call('ModifyInstanceAttribute', {
        InstanceId,
        BlockDeviceMappings: [{ DeviceName, Ebs: { DeleteOnTermination } }],
      })
    set('/dev/xvda', false)
    set('/dev/sdf', true)
    expect(refusal(() => set('/dev/sdz', true)).code).toBe('InvalidInstanceAttributeValue')
    scene.ec2.terminate(InstanceId)
    await scene.until('one is free', () => volumeState(scene, kept)() === 'available')
    await scene.until('the other is gone', () => volumeState(scene, lost)() === 'gone')
  })
})
