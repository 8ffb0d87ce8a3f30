import { describe, expect, test } from 'vitest'
import { ec2Scene, imageId, instanceState, refusal, second } from './ec2-scene.ts'

describe('reads and writes', () => {
  test('a stale read shows the past, a write is checked against the truth', async () => {
    const latencies = { ...ec2Scene().kernel.settings.latencies, staleness: { median: 5000, p99: 5000 } }
    const scene = ec2Scene({ staleReads: 1, latencies })
    const InstanceId = await scene.runningInstance()
    const NetworkInterfaceId = scene.networkInterface()
    const status = () =>
      scene.call('DescribeNetworkInterfaces', { NetworkInterfaceIds: [NetworkInterfaceId] }).NetworkInterfaces?.[0]
        ?.Status
    expect(refusal(status).code).toBe('InvalidNetworkInterfaceID.NotFound')
    await scene.clock.pass(6 * second)
    expect(status()).toBe('available')
    const attach = () => scene.call('AttachNetworkInterface', { NetworkInterfaceId, InstanceId, DeviceIndex: 1 })
    attach()
    expect(status()).toBe('available')
    expect(refusal(attach).code).toBe('InvalidParameterValue')
    await scene.clock.pass(6 * second)
    expect(status()).toBe('in-use')
  })

  test('the same seed gives the same world', async () => {
    expect(await historyOf(7)).toBe(await historyOf(7))
    expect(await historyOf(7)).not.toBe(await historyOf(8))
  })

  test('a list goes on where it stopped although what it told last was deleted', () => {
    const { call, networkInterface } = ec2Scene()
    const created = Array.from({ length: 12 }, () => networkInterface())
    const first = call('DescribeNetworkInterfaces', { MaxResults: 5 })
    expect(first.NetworkInterfaces).toHaveLength(5)
    call('DeleteNetworkInterface', { NetworkInterfaceId: created[4] })
    const next = call('DescribeNetworkInterfaces', { MaxResults: 5, NextToken: first.NextToken })
    expect(next.NetworkInterfaces?.map((each) => each.NetworkInterfaceId)).toEqual(created.slice(5, 10))
  })

  test('a client token creates one interface, another token or none a new one', () => {
    const { call, subnetId } = ec2Scene()
    const create = (ClientToken?: string) =>
      call('CreateNetworkInterface', { SubnetId: subnetId, ClientToken }).NetworkInterface?.NetworkInterfaceId
    expect(create('a')).toBe(create('a'))
    expect(create('a')).not.toBe(create('b'))
    expect(create()).not.toBe(create())
  })
})

describe('tags', () => {
  test('keep their order, are replaced by key, and go only with the value that was named', () => {
    const { call, networkInterface, ec2 } = ec2Scene()
    const id = networkInterface()
    const Resources = [id]
    const tags = () => ec2.networkInterfaces.get(id)?.tags
    call('CreateTags', {
      Resources,
      Tags: [
        { Key: 'b', Value: '1' },
        { Key: 'a', Value: '2' },
      ],
    })
    call('CreateTags', { Resources, Tags: [{ Key: 'b', Value: '3' }] })
    expect(Object.entries(tags() ?? {})).toEqual([
      ['b', '3'],
      ['a', '2'],
    ])
    call('DeleteTags', { Resources, Tags: [{ Key: 'b', Value: 'other' }, { Key: 'a' }] })
    expect(tags()).toEqual({ b: '3' })
    const described = call('DescribeTags', { Filters: [{ Name: 'resource-id', Values: [id] }] }).Tags
    expect(described).toEqual([{ Key: 'b', Value: '3', ResourceId: id, ResourceType: 'network-interface' }])
    call('DeleteTags', { Resources })
    expect(tags()).toEqual({})
  })

  test("of AWS's own cannot be made or taken away by anybody else", () => {
    const { call, ec2, subnetId } = ec2Scene()
    const own = { 'aws:autoscaling:groupName': 'g', Name: 'n' }
    const { instanceId } = ec2.launch({ imageId, instanceType: 't3.small', subnetId, tags: own })
    const Resources = [instanceId]
    const fortyNine = Array.from({ length: 49 }, (_, index) => ({ Key: `k${index}`, Value: 'v' }))
    call('CreateTags', { Resources, Tags: fortyNine })
    expect(Object.keys(ec2.instances.get(instanceId)?.tags ?? {})).toHaveLength(51)
    const Tags = [{ Key: 'aws:autoscaling:groupName', Value: 'x' }]
    expect(refusal(() => call('CreateTags', { Resources, Tags })).code).toBe('InvalidParameterValue')
    expect(refusal(() => call('DeleteTags', { Resources, Tags })).code).toBe('InvalidParameterValue')
    call('DeleteTags', { Resources })
    expect(ec2.instances.get(instanceId)?.tags).toEqual({ 'aws:autoscaling:groupName': 'g' })
  })

  test('of several resources are changed together or not at all', () => {
    const { call, networkInterface, ec2 } = ec2Scene()
    const id = networkInterface()
    const Tags = [{ Key: 'k', Value: 'v' }]
    const unknown = 'vol-0123456789abcdef0'
    expect(refusal(() => call('CreateTags', { Resources: [id, unknown], Tags })).code).toBe('InvalidVolume.NotFound')
    expect(refusal(() => call('CreateTags', { Resources: ['nonsense'], Tags })).code).toBe('InvalidID')
    expect(ec2.networkInterfaces.get(id)?.tags).toEqual({})
  })
})

describe('subnets and zones', () => {
  test('a subnet must lie in its VPC, apart from the others, and be neither too wide nor too narrow', () => {
    const { call, vpcId } = ec2Scene()
    const create = (CidrBlock: string) => refusal(() => call('CreateSubnet', { VpcId: vpcId, CidrBlock })).code
    expect(create('10.2.0.0/24')).toBe('InvalidSubnet.Range')
    expect(create('10.1.0.128/25')).toBe('InvalidSubnet.Conflict')
    expect(create('10.1.9.0/29')).toBe('InvalidSubnet.Range')
    expect(create('10.1.9.0')).toBe('InvalidParameterValue')
  })

  test('a Region has three zones with ids of their own', () => {
    const zones = ec2Scene().call('DescribeAvailabilityZones', {}).AvailabilityZones
    expect(zones?.map((zone) => [zone.ZoneName, zone.ZoneId])).toEqual([
      ['eu-central-1a', 'euc1-az1'],
      ['eu-central-1b', 'euc1-az2'],
      ['eu-central-1c', 'euc1-az3'],
    ])
  })

  test('instance types tell how many interfaces they take', () => {
    const { call } = ec2Scene()
    const [small] = call('DescribeInstanceTypes', { InstanceTypes: ['t3.small'] }).InstanceTypes!
    expect(small?.NetworkInfo).toMatchObject({ MaximumNetworkInterfaces: 3, Ipv4AddressesPerInterface: 4 })
    const unknown = refusal(() => call('DescribeInstanceTypes', { InstanceTypes: ['p5.48xlarge'] }))
    expect(unknown.code).toBe('InvalidInstanceType')
  })
})

/** Everything that can be seen of a small world, as one text. */
async function historyOf(seed: number): Promise<string> {
  const scene = ec2Scene({}, seed)
  const instanceId = await scene.runningInstance()
  await scene.attachedVolume(instanceId)
  scene.ec2.terminate(instanceId)
  await scene.until('it is terminated', () => instanceState(scene, instanceId)() === 'terminated')
  return JSON.stringify([scene.clock.now(), scene.hosts.calls, scene.events.history])
}
