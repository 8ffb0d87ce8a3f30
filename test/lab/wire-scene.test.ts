import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingInstancesCommand,
} from '@aws-sdk/client-auto-scaling'
import {
  AttachNetworkInterfaceCommand,
  AttachVolumeCommand,
  CreateLaunchTemplateCommand,
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  DescribeNetworkInterfacesCommand,
  DescribeVolumesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  InvocationDoesNotExist,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { realClock } from '../../lab/cloud/clock.ts'
import { createCloud } from '../../lab/cloud/cloud.ts'
import type { BridgeEvent } from '../../lab/cloud/eventbridge/eventbridge.ts'
import type { Hosts } from '../../lab/hosts/host.ts'
import { createWire, type Listening } from '../../lab/wire/wire.ts'

/** Machines that do as they are told and nothing else: what happens on them is not what is shown here. */
const inertHosts: Hosts = {
  boot: async () => {},
  shutDown: async () => {},
  powerOff: async () => {},
  plugInterface: async () => {},
  unplugInterface: async () => {},
  plugVolume: async () => {},
  unplugVolume: async () => {},
  inUse: () => false,
  run: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
}

/** Fifty times as fast as AWS usually is, and never stale, so that what is asked for right after a change is there. */
const cloud = createCloud(realClock, inertHosts, 1, { speed: 50, staleReads: 0 })
let wire: Listening
let ec2: EC2Client
let autoscaling: AutoScalingClient
let ssm: SSMClient

beforeAll(async () => {
  wire = await createWire(cloud).listen(0)
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const options = { endpoint: wire.url, region: 'eu-central-1', credentials, maxAttempts: 1 }
  ec2 = new EC2Client(options)
  autoscaling = new AutoScalingClient(options)
  ssm = new SSMClient(options)
})

afterAll(async () => {
  await wire.close()
})

/** Asks again until the answer is this; the cloud runs on the real clock, so there is nothing else to wait for. */
async function until<T>(ask: () => Promise<T>, is: T): Promise<void> {
  await expect.poll(ask, { timeout: 20_000, interval: 50 }).toEqual(is)
}

/** An invocation is not there to be asked for until some time after the command was accepted. */
function notYet(error: unknown): undefined {
  if (!(error instanceof InvocationDoesNotExist)) throw error
}

test('an instance becomes a member through the SDK clients, as it would on AWS', async () => {
  const events: BridgeEvent[] = []
  cloud.events.rule({
    name: 'launches',
    pattern: { source: ['aws.autoscaling'], 'detail-type': ['EC2 Instance-launch Lifecycle Action'] },
    target: async (event) => events.push(event),
  })

  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
  const zone = 'eu-central-1a'
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({ VpcId: Vpc!.VpcId, CidrBlock: '10.0.1.0/24', AvailabilityZone: zone }),
  )
  const SubnetId = Subnet!.SubnetId!
  const { NetworkInterface } = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }))
  const NetworkInterfaceId = NetworkInterface!.NetworkInterfaceId!
  const { VolumeId } = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: zone, Size: 1 }))
  const volume = async () => (await ec2.send(new DescribeVolumesCommand({ VolumeIds: [VolumeId!] }))).Volumes?.[0]
  await until(async () => (await volume())?.State, 'available')

  const AutoScalingGroupName = 'zookeeper'
  const LifecycleHookName = 'stayput-launch'
  const template = { ImageId: 'ami-0123456789abcdef0', InstanceType: 't3.small' } as const
  await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: 'member', LaunchTemplateData: template }))
  await autoscaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName,
      MinSize: 1,
      MaxSize: 1,
      VPCZoneIdentifier: SubnetId,
      LaunchTemplate: { LaunchTemplateName: 'member', Version: '$Latest' },
      LifecycleHookSpecificationList: [
        { LifecycleHookName, LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING', HeartbeatTimeout: 300 },
      ],
    }),
  )
  const instances = async () =>
    (await autoscaling.send(new DescribeAutoScalingInstancesCommand({}))).AutoScalingInstances ?? []
  await until(async () => (await instances()).map(({ LifecycleState }) => LifecycleState), ['Pending:Wait'])
  const InstanceId = (await instances())[0]!.InstanceId!

  const attachInterface = new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex: 1 })
  const { AttachmentId } = await ec2.send(attachInterface)
  expect(AttachmentId).toMatch(/^eni-attach-/)
  const attachVolume = new AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdf' })
  expect(await ec2.send(attachVolume)).toMatchObject({ State: 'attaching', VolumeId, InstanceId })

  const again = new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex: 2 })
  await expect(ec2.send(again)).rejects.toMatchObject({
    name: 'InvalidParameterValue',
    message: `Network interface '${NetworkInterfaceId}' is currently in use.`,
  })
  await expect(ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: '/dev/sdg' }))).rejects.toMatchObject({
    name: 'VolumeInUse',
    message: `${VolumeId} is already attached to an instance`,
  })

  const interfaces = new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [NetworkInterfaceId] })
  const attachment = async () => (await ec2.send(interfaces)).NetworkInterfaces?.[0]?.Attachment
  await until(async () => (await attachment())?.Status, 'attached')
  expect(await attachment()).toMatchObject({ InstanceId, DeviceIndex: 1, AttachmentId })
  await until(async () => (await volume())?.Attachments?.[0]?.State, 'attached')

  const agents = new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [InstanceId] }] })
  await until(async () => (await ssm.send(agents)).InstanceInformationList?.[0]?.PingStatus, 'Online')
  const runCommand = ['true']
  cloud.ssm.putDocument('stayput-take-over', {
    schemaVersion: '2.2',
    mainSteps: [{ action: 'aws:runShellScript', name: 'run', inputs: { runCommand } }],
  })
  const run = { DocumentName: 'stayput-take-over', InstanceIds: [InstanceId] }
  const { Command } = await ssm.send(new SendCommandCommand(run))
  expect(Command).toMatchObject({ Status: 'Pending', InstanceIds: [InstanceId] })
  const invocation = new GetCommandInvocationCommand({ CommandId: Command!.CommandId, InstanceId })
  await until(async () => (await ssm.send(invocation).catch(notYet))?.StatusDetails, 'Success')

  await expect.poll(() => events.length).toBe(1)
  const { LifecycleActionToken, EC2InstanceId } = events[0]!.detail
  expect(EC2InstanceId).toBe(InstanceId)
  const complete = new CompleteLifecycleActionCommand({
    AutoScalingGroupName,
    LifecycleHookName,
    LifecycleActionToken: String(LifecycleActionToken),
    LifecycleActionResult: 'CONTINUE',
  })
  await autoscaling.send(complete)
  await until(async () => (await instances()).map(({ LifecycleState }) => LifecycleState), ['InService'])
  await expect(autoscaling.send(complete)).rejects.toMatchObject({
    name: 'ValidationError',
    message: `No active Lifecycle Action found with token ${String(LifecycleActionToken)}`,
  })
})
