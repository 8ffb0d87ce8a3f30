import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AwsError } from '../../lab/cloud/error.ts'
import { createWire, type Listening } from '../../lab/wire/wire.ts'
import type { Operation, Operations, Send } from '../../shared/aws/operations.ts'
import { sdkSend } from '../../shared/aws/sdk.ts'

const token = '87654321-4321-4321-8321-210987654321'
const InstanceId = 'i-1234567890abcdef0'
const action = { AutoScalingGroupName: 'g', LifecycleHookName: 'h', InstanceId, LifecycleActionToken: token }

const inputs: { [Name in Operation]: Operations[Name]['input'] } = {
  'autoscaling.CompleteLifecycleAction': { ...action, LifecycleActionResult: 'CONTINUE' },
  'autoscaling.DescribeAutoScalingGroups': {},
  'autoscaling.DescribeLifecycleHooks': { AutoScalingGroupName: 'g' },
  'autoscaling.RecordLifecycleActionHeartbeat': action,
  'autoscaling.SetInstanceHealth': { InstanceId, HealthStatus: 'Unhealthy' },
  'ec2.AttachNetworkInterface': { NetworkInterfaceId: 'eni-1', InstanceId, DeviceIndex: 1, NetworkCardIndex: 0 },
  'ec2.AttachVolume': { VolumeId: 'vol-1', InstanceId, Device: '/dev/sdf' },
  'ec2.CreateTags': { Resources: ['vol-1'], Tags: [{ Key: 'k', Value: 'v' }] },
  'ec2.DeleteTags': { Resources: ['vol-1'], Tags: [{ Key: 'k' }] },
  'ec2.DescribeInstances': {},
  'ec2.DescribeNetworkInterfaces': {},
  'ec2.DescribeSubnets': {},
  'ec2.DescribeVolumes': {},
  'ec2.DetachNetworkInterface': { AttachmentId: 'eni-attach-1' },
  'ec2.DetachVolume': { VolumeId: 'vol-1', InstanceId },
  'ec2.ModifyInstanceAttribute': { InstanceId },
  'ec2.ModifyNetworkInterfaceAttribute': { NetworkInterfaceId: 'eni-1' },
  'ssm.DescribeInstanceInformation': {},
  'ssm.GetCommandInvocation': { CommandId: token, InstanceId },
  'ssm.ListCommandInvocations': { InstanceId },
  'ssm.SendCommand': { DocumentName: 'd', InstanceIds: [InstanceId] },
}
const operations = Object.keys(inputs) as Operation[]
const isRead = (operation: string): boolean => /\.(Describe|Get|List)/.test(operation)

describe('the SDK adapter', () => {
  const received: string[] = []
  let refuse: Error | undefined
  let listening: Listening
  let send: Send

  beforeAll(async () => {
    const wire = createWire({
      simulates: () => true,
      send: (operation) => {
        received.push(operation)
        return refuse ? Promise.reject(refuse) : Promise.resolve({})
      },
    })
    listening = await wire.listen(0)
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIALOCALCLOUD000000'
    process.env['AWS_SECRET_ACCESS_KEY'] = 'not-a-secret'
    send = sdkSend({ region: 'eu-central-1', endpoint: listening.url })
  })

  afterAll(() => listening.close())

  test.each(operations)('%s reaches the operation of its name', async (operation) => {
    received.length = 0
    refuse = undefined
    await send(operation, inputs[operation])
    expect(received).toEqual([operation])
  })

  test.each(operations.filter((operation) => !isRead(operation)))(
    '%s is sent once: whether a lost answer meant yes is decided after looking again',
    async (operation) => {
      received.length = 0
      refuse = new AwsError('Unavailable', 'The server is overloaded and cannot handle the request.', 503)
      await expect(send(operation, inputs[operation])).rejects.toThrow('overloaded')
      expect(received).toEqual([operation])
    },
  )

  test('a read is repeated', async () => {
    received.length = 0
    refuse = new AwsError('Unavailable', 'The server is overloaded and cannot handle the request.', 503)
    await expect(send('ec2.DescribeVolumes', {})).rejects.toThrow('overloaded')
    expect(received.length).toBeGreaterThan(1)
  })

  test('without an endpoint it is made for AWS itself', () => {
    expect(sdkSend({ region: 'eu-central-1' })).toBeTypeOf('function')
  })
})
