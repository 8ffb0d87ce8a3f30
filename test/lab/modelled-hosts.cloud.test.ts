import { expect, it } from 'vitest'
import type {
  CreateNetworkInterfaceResult,
  CreateSubnetResult,
  DescribeVolumesResult,
  DescribeVpcsResult,
  Volume,
} from '@aws-sdk/client-ec2'
import type { GetCommandInvocationResult, SendCommandResult } from '@aws-sdk/client-ssm'
import { VirtualClock } from '../../lab/cloud/clock.ts'
import { createEc2 } from '../../lab/cloud/ec2/ec2.ts'
import { createEventBridge } from '../../lab/cloud/eventbridge/eventbridge.ts'
import { createKernel } from '../../lab/cloud/kernel.ts'
import { seededRandom } from '../../lab/cloud/random.ts'
import { createSsm } from '../../lab/cloud/ssm/ssm.ts'
import { createModelledHosts } from '../../lab/hosts/modelled/modelled.ts'

interface Answers {
  readonly DescribeVpcs: DescribeVpcsResult
  readonly CreateSubnet: CreateSubnetResult
  readonly CreateNetworkInterface: CreateNetworkInterfaceResult
  readonly AttachNetworkInterface: object
  readonly CreateVolume: Volume
  readonly DescribeVolumes: DescribeVolumesResult
  readonly AttachVolume: object
  readonly SendCommand: SendCommandResult
  readonly GetCommandInvocation: GetCommandInvocationResult
}

const parameter = { type: 'String' as const }
const names = [
  'Ensemble',
  'Member',
  'Attempt',
  'NotAfter',
  'MacAddress',
  'Address',
  'SubnetCidr',
  'Volumes',
  'Peers',
  'Format',
  'Bootstrap',
  'Service',
]

it('an instance of the cloud takes over a member by command, and the data outlive it', async () => {
  const clock = new VirtualClock()
  const hosts = createModelledHosts(clock, seededRandom(3), 1)
  const kernel = createKernel(clock, 3, { staleReads: 0 })
  const events = createEventBridge(kernel)
  const ec2 = createEc2(kernel, hosts, events)
  const ssm = createSsm(kernel, ec2, hosts, events)
  const operations = { ...ec2.operations, ...ssm.operations }
  const call = <Name extends keyof Answers>(operation: Name, input: object) =>
    operations[operation]!(input as never) as Answers[Name]

  const { VpcId } = call('DescribeVpcs', {}).Vpcs![0]!
  const subnet = call('CreateSubnet', { VpcId, CidrBlock: '10.0.1.0/24', AvailabilityZone: 'eu-central-1a' }).Subnet!
  const card = call('CreateNetworkInterface', {
    SubnetId: subnet.SubnetId,
  }).NetworkInterface!
  const zone = { AvailabilityZone: subnet.AvailabilityZone }
  const volumeId = call('CreateVolume', { ...zone, Size: 8 }).VolumeId!
  const volume = () => call('DescribeVolumes', { VolumeIds: [volumeId] }).Volumes![0]!
  const image = { imageId: 'ami-0123456789abcdef0', instanceType: 't3.small' }
  const { instanceId } = ec2.launch({ ...image, subnetId: subnet.SubnetId! })
  await clock.run(() => ec2.instances.get(instanceId)!.state === 'running', 600_000)
  const to = { InstanceId: instanceId }
  call('AttachNetworkInterface', { ...to, NetworkInterfaceId: card.NetworkInterfaceId, DeviceIndex: 1 })
  call('AttachVolume', { ...to, VolumeId: volumeId, Device: '/dev/sdf' })

  ssm.putDocument('take-over', {
    schemaVersion: '2.2',
    parameters: Object.fromEntries(names.map((name) => [name, parameter])),
    mainSteps: [
      { action: 'aws:runShellScript', name: 'takeOver', inputs: { runCommand: ['true'], timeoutSeconds: '90' } },
    ],
  })
  await clock.run(() => ssm.agents.get(instanceId)?.registered ?? false, 3_600_000)
  const values: Record<string, string> = {
    Ensemble: 'zoo',
    Member: '1',
    Attempt: 'a',
    NotAfter: String(Math.floor(clock.now() / 1000) + 60),
    MacAddress: card.MacAddress!,
    Address: card.PrivateIpAddress!,
    SubnetCidr: subnet.CidrBlock!,
    Volumes: `${volumeId}=/data`,
    Peers: `1=${card.PrivateIpAddress!}`,
    Format: volumeId,
    Bootstrap: 'permitted',
    Service: 'keep',
  }
  const sent = call('SendCommand', {
    DocumentName: 'take-over',
    InstanceIds: [instanceId],
    TimeoutSeconds: 60,
    Parameters: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]])),
  }).Command!
  await clock.pass(30_000)
  const told = call('GetCommandInvocation', { ...to, CommandId: sent.CommandId })
  expect(told).toMatchObject({ Status: 'Success', PluginName: 'takeOver' })
  expect(JSON.parse(told.StandardOutputContent!.trimEnd().split('\n').at(-1)!)).toMatchObject({
    member: 1,
    service: { role: 'leader' },
  })
  const write = hosts.client('zoo').write('a', '1')
  await clock.pass(1000)
  await write

  ec2.terminate(instanceId)
  await clock.run(() => volume().State === 'available', 3_600_000)
  expect(volume().State).toBe('available')
  expect(hosts.volumeContent(volumeId)).toMatchObject({ data: { entries: [{ key: 'a', value: '1' }] } })
  expect(hosts.harms).toEqual([])
})
