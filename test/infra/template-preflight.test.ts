import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { adopting, checked, resourcesOf, sample } from './scene.ts'

const load = createRequire(import.meta.url)
interface Judge {
  readonly faults: (settings: unknown, seen: unknown) => string[]
}
const placement = load('../../infra/placement.cjs') as Judge
const adoption = load('../../infra/adoption.cjs') as Judge

const subnet = (last: string, zone: string, CidrBlock: string) => ({
  SubnetId: `subnet-0123456789abcdef${last}`,
  AvailabilityZone: `eu-central-1${zone}`,
  VpcId: 'vpc-0123456789abcdef0',
  CidrBlock,
})
/** An account in which everything is as the settings say. */
const account = {
  subnets: [subnet('0', 'a', '10.0.1.0/24'), subnet('1', 'b', '10.0.2.0/24'), subnet('2', 'c', '10.0.3.0/24')],
  securityGroups: [{ GroupId: 'sg-0123456789abcdef0', VpcId: 'vpc-0123456789abcdef0' }],
  interfaces: [],
  zones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
  image: undefined,
  architecture: 'arm64',
  deployed: { ids: {}, resources: {} },
  belongings: { interfaces: [], volumes: [] },
  groups: [],
}
const addresses = ['10.0.1.10', '10.0.2.10', '10.0.3.10']
const told = (settings: object, seen: object): string =>
  placement.faults(checked({ ...sample(), ...settings }), { ...account, ...seen }).join('\n')
/** A stack that has this of each of three members. */
const stack = (...kinds: readonly string[]) => ({
  ids: Object.fromEntries([1, 2, 3].flatMap((id) => kinds.map((kind) => [`Member${id}${kind}`, `${kind}-${id}`]))),
  resources: resourcesOf(sample()),
})

const withGroups = ({ ids, ...deployed }: ReturnType<typeof stack>) => ({
  ...deployed,
  ids: { ...ids, ...Object.fromEntries([1, 2, 3].map((id) => [`Member${id}Group`, `orders-${id}`])) },
})

describe('before a new ensemble is created', () => {
  test('nothing is wrong in an account that is as the settings say', () => {
    expect(told({}, {})).toBe('')
    expect(told({ addresses }, {})).toBe('')
  })

  test('an address of this very stack is not taken', () => {
    const interfaces = [
      { NetworkInterfaceId: 'NetworkInterface-2', PrivateIpAddresses: [{ PrivateIpAddress: '10.0.2.10' }] },
    ]
    const deployed = { ...stack('NetworkInterface', 'Volume'), resources: resourcesOf({ ...sample(), addresses }) }
    expect(told({ addresses }, { deployed, interfaces })).toBe('')
  })

  test('an update of the same members is nothing strange', () => {
    const belongings = {
      interfaces: [{ NetworkInterfaceId: 'NetworkInterface-1' }],
      volumes: [{ VolumeId: 'Volume-1' }],
    }
    expect(told({}, { deployed: stack('NetworkInterface', 'Volume'), belongings })).toBe('')
  })

  test.each<[string, object, object, string]>([
    [
      'a subnet that is not there',
      {},
      { subnets: [] },
      'subnets.eu-central-1b is subnet-0123456789abcdef1, which does not exist',
    ],
    [
      'a subnet of another zone',
      {},
      { subnets: account.subnets.map((one) => ({ ...one, AvailabilityZone: 'eu-central-1a' })) },
      'which is in eu-central-1a: name it there',
    ],
    [
      'a subnet of another VPC',
      {},
      { subnets: account.subnets.map((one) => ({ ...one, VpcId: 'vpc-1' })) },
      'of vpc-1, and vpc is vpc-0123456789abcdef0',
    ],
    [
      'an address outside of its subnet',
      { addresses: ['10.0.2.10', '10.0.2.11', '10.0.3.10'] },
      {},
      '10.0.2.10 of member 1 is not a free one of subnet-0123456789abcdef0 (10.0.1.0/24)',
    ],
    [
      'an address that is the gateway’s',
      { addresses: ['10.0.1.1', '10.0.2.10', '10.0.3.10'] },
      {},
      'AWS keeps the first four',
    ],
    ['the last address', { addresses: ['10.0.1.255', '10.0.2.10', '10.0.3.10'] }, {}, 'the address 10.0.1.255'],
    [
      'an address that is taken',
      { addresses },
      { interfaces: [{ NetworkInterfaceId: 'eni-1', PrivateIpAddresses: [{ PrivateIpAddress: '10.0.2.10' }] }] },
      'the address 10.0.2.10 of member 2 belongs to eni-1',
    ],
    ['clients that are not there', {}, { securityGroups: [] }, 'clients: sg-0123456789abcdef0 does not exist'],
    [
      'clients of another VPC',
      {},
      { securityGroups: [{ GroupId: 'sg-0123456789abcdef0', VpcId: 'vpc-1' }] },
      'is of vpc-1',
    ],
    [
      'a type that a zone does not have',
      {},
      { zones: ['eu-central-1a'] },
      'm7g.large is not to be had in eu-central-1b',
    ],
    [
      'an image that is not there',
      { image: 'ami-00000001', rootDevice: '/dev/xvda' },
      {},
      'image ami-00000001 does not exist',
    ],
    [
      'an image for another processor',
      { image: 'ami-00000001', rootDevice: '/dev/xvda' },
      { image: { Architecture: 'x86_64', RootDeviceName: '/dev/xvda' } },
      'is for x86_64, and m7g.large is arm64',
    ],
    [
      'another root device',
      { image: 'ami-00000001', rootDevice: '/dev/xvda' },
      { image: { Architecture: 'arm64', RootDeviceName: '/dev/sda1' } },
      'that of ami-00000001 is /dev/sda1',
    ],
    [
      'more members than there are, of servers that do not keep the list of voters',
      { members: 5 },
      { deployed: stack('NetworkInterface', 'Volume') },
      'replace each of them (stayput roll), and add members then',
    ],
    [
      'fewer members than there are, while one has an instance',
      { members: 2 },
      {
        deployed: withGroups(stack('NetworkInterface', 'Volume')),
        groups: [{ AutoScalingGroupName: 'orders-3', DesiredCapacity: 1, Instances: [] }],
      },
      '--auto-scaling-group-name orders-3 --min-size 0 --desired-capacity 0 lets it go, once it has lost its vote',
    ],
    [
      'fewer members than there are, while one is on its way out',
      { members: 2 },
      {
        deployed: withGroups(stack('NetworkInterface', 'Volume')),
        groups: [{ AutoScalingGroupName: 'orders-3', DesiredCapacity: 0, Instances: [{ InstanceId: 'i-1' }] }],
      },
      'member 3 would be taken away and has an instance',
    ],
    [
      'fewer members than there are, while one is held',
      { members: 2 },
      {
        deployed: withGroups(stack('NetworkInterface', 'Volume')),
        belongings: { interfaces: [], volumes: [{ VolumeId: 'Volume-3', Attachments: [{ InstanceId: 'i-1' }] }] },
      },
      'Volume-3 is still attached',
    ],
    [
      'fewer members than there are, while the tags say that they belong to it',
      { members: 2 },
      {
        deployed: withGroups(stack('NetworkInterface', 'Volume')),
        belongings: {
          interfaces: [{ NetworkInterfaceId: 'NetworkInterface-3' }],
          volumes: [{ VolumeId: 'Volume-3', Attachments: [] }],
        },
      },
      'aws ec2 delete-tags --resources NetworkInterface-3 Volume-3 --tags Key=stayput:ensemble; its data are kept',
    ],
    [
      'a log volume that comes later',
      { logVolume: { size: 8 } },
      { deployed: stack('NetworkInterface', 'Volume') },
      'would add Member1LogVolume',
    ],
    [
      'what an earlier stack has left',
      {},
      { belongings: { interfaces: [{ NetworkInterfaceId: 'eni-1' }], volumes: [{ VolumeId: 'vol-1' }] } },
      'eni-1, vol-1 belong to an ensemble orders already',
    ],
  ])('%s is told', (_, settings, seen, fault) => {
    expect(told(settings, seen)).toContain(fault)
  })
})

test.each<[string, object, string]>([
  ['an address', { addresses }, 'would replace Member2NetworkInterface (PrivateIpAddress from none to 10.0.2.10)'],
  [
    'zones in another order',
    { subnets: Object.fromEntries(Object.entries(sample()['subnets'] as object).toReversed()) },
    'would replace Member1Volume (AvailabilityZone from eu-central-1a to eu-central-1c)',
  ],
  [
    'a key',
    { volume: { size: 20, key: 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000' } },
    'would replace Member3Volume (KmsKeyId from none to arn:aws:kms',
  ],
])('an update that would replace what holds a member is refused: %s', (_, settings, fault) => {
  expect(told(settings, { deployed: stack('NetworkInterface', 'Volume') })).toContain(fault)
})

test('members may come where the servers keep the list of voters, and go once nothing says that they are there', () => {
  const deployed = withGroups(stack('NetworkInterface', 'Volume'))
  const resources = { ...deployed.resources, ReconfigureDocument: {} }
  expect(told({ members: 5 }, { deployed: { ...deployed, resources } })).toBe('')
  const groups = [{ AutoScalingGroupName: 'orders-3', DesiredCapacity: 0, Instances: [] }]
  expect(told({ members: 2 }, { deployed, groups })).toBe('')
})

test('an update that changes what can be changed is not', () => {
  const grown = { volume: { size: 40, iops: 6000 }, instanceType: 'r7g.large', clients: [] }
  expect(told(grown, { deployed: stack('NetworkInterface', 'Volume') })).toBe('')
})

test('an update that would write the tags of a volume again is refused, because permits are among them', () => {
  const before = resourcesOf(sample())
  const volume = before['Member2Volume']
  const other = {
    ...volume,
    Properties: { ...volume?.Properties, Tags: [{ Key: 'stayput:ensemble', Value: 'orders' }] },
  }
  const deployed = { ...stack('NetworkInterface', 'Volume'), resources: { ...before, Member2Volume: other } }
  expect(told({}, { deployed })).toBe(
    'the deployment would write the tags of Member2Volume again, and give withdrawn permits back',
  )
})

describe('before an ensemble is adopted', () => {
  const tag = (Key: string, Value: string) => ({ Key, Value })
  const ours = tag('stayput:ensemble', 'orders')
  const group = (AutoScalingGroupName: string) => ({
    AutoScalingGroupName,
    AvailabilityZones: ['eu-central-1a'],
    InstanceMaintenancePolicy: { MinHealthyPercentage: 0, MaxHealthyPercentage: 100 },
    SuspendedProcesses: [],
    Tags: [ours],
  })
  const card = (id: string, member: string) => ({
    NetworkInterfaceId: id,
    AvailabilityZone: 'eu-central-1a',
    TagSet: [ours, tag('stayput:member', member)],
  })
  const disk = (id: string, member: string) => ({
    VolumeId: id,
    AvailabilityZone: 'eu-central-1a',
    Tags: [ours, tag('stayput:member', member), tag('stayput:mount', '/var/lib/zookeeper')],
  })
  const existing = {
    groups: [group('zookeeper-a'), group('zookeeper-b')],
    interfaces: [card('eni-1', '1'), card('eni-2', '2')],
    volumes: [disk('vol-1', '1'), disk('vol-2', '2')],
    deployed: { ids: {}, resources: {} },
  }
  const told = (seen: object): string => adoption.faults(checked(adopting), { ...existing, ...seen }).join('\n')
  const first = (changed: object) => ({ groups: [{ ...group('zookeeper-a'), ...changed }, group('zookeeper-b')] })

  test('nothing is wrong with an ensemble that is tagged', () => {
    expect(told({})).toBe('')
  })

  test.each<[string, object, string]>([
    ['a group that is not there', { groups: [group('zookeeper-a')] }, 'there is no Auto Scaling group zookeeper-b'],
    ['a group without the tag', first({ Tags: [] }), 'Key=stayput:ensemble,Value=orders,PropagateAtLaunch=true'],
    [
      'a group that launches first',
      first({ InstanceMaintenancePolicy: undefined }),
      'MinHealthyPercentage=0,MaxHealthyPercentage=100',
    ],
    [
      'a group that rebalances',
      first({ AvailabilityZones: ['eu-central-1a', 'eu-central-1b'] }),
      '--scaling-processes AZRebalance',
    ],
    ['no interface', { interfaces: [] }, 'no network interface has the tag stayput:ensemble=orders'],
    [
      'an interface without a member',
      { interfaces: [{ ...card('eni-1', '1'), TagSet: [ours] }, card('eni-2', '2')] },
      'eni-1 has no tag stayput:member',
    ],
    [
      'a volume without a mount',
      { volumes: [{ ...disk('vol-1', '1'), Tags: [ours, tag('stayput:member', '1')] }, disk('vol-2', '2')] },
      'vol-1 has no tag stayput:mount',
    ],
    [
      'a member with two interfaces',
      { interfaces: [card('eni-1', '1'), card('eni-3', '1'), card('eni-2', '2')] },
      'member 1 has 2 network interfaces',
    ],
    ['a member without a volume', { volumes: [disk('vol-1', '1')] }, 'member 2 has no volume'],
    [
      'a volume without a member',
      { volumes: [...existing.volumes, disk('vol-3', '3')] },
      'vol-3 is of member 3, which has no network interface',
    ],
    [
      'a volume in another zone',
      { volumes: [disk('vol-1', '1'), { ...disk('vol-2', '2'), AvailabilityZone: 'eu-central-1b' }] },
      'vol-2 is in eu-central-1b',
    ],
  ])('%s is told, with what mends it', (_, seen, fault) => {
    expect(told(seen)).toContain(fault)
  })

  test('a stack that has made its members itself is not told to adopt others', () => {
    const deployed = { ids: { Member1Group: 'orders-1' }, resources: {} }
    expect(told({ deployed })).toContain('would delete their groups: leave adopt out')
  })

  test('a group of several zones that does not rebalance may stay so', () => {
    const zones = {
      AvailabilityZones: ['eu-central-1a', 'eu-central-1b'],
      SuspendedProcesses: [{ ProcessName: 'AZRebalance' }],
    }
    expect(told(first(zones))).toBe('')
  })
})
