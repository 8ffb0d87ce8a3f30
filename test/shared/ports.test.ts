import { describe, expect, test } from 'vitest'
import { autoScalingPort } from '../../shared/aws/auto-scaling.ts'
import { ec2Port } from '../../shared/aws/ec2.ts'
import type { Send } from '../../shared/aws/operations.ts'
import { ssmPort } from '../../shared/aws/ssm.ts'
import { BadName, commandId, subnetId } from '../../shared/model/ids.ts'
import { launching, now, self, terminating, volume } from './scene.ts'

/** A port whose answers are given, and that remembers what it was asked. */
function scripted(...answers: unknown[]): { send: Send; calls: [string, Record<string, unknown>][] } {
  const calls: [string, Record<string, unknown>][] = []
  const send = ((operation: string, input: Record<string, unknown>) => {
    calls.push([operation, input])
    const answer = answers[Math.min(calls.length, answers.length) - 1]
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? {})
  }) as Send
  return { send, calls }
}

describe('EC2', () => {
  test('an interface is attached at device index 1 of network card 0', async () => {
    const { send, calls } = scripted({ AttachmentId: 'eni-attach-1' })
    await ec2Port(send).attachInterface('eni-0123456789abcdef0' as never, self)
    expect(calls).toEqual([
      [
        'ec2.AttachNetworkInterface',
        { NetworkInterfaceId: 'eni-0123456789abcdef0', InstanceId: self, DeviceIndex: 1, NetworkCardIndex: 0 },
      ],
    ])
  })

  test('a volume is never detached by force', async () => {
    const { send, calls } = scripted({})
    await ec2Port(send).detachVolume(volume(1).id, self)
    expect(calls).toEqual([['ec2.DetachVolume', { VolumeId: volume(1).id, InstanceId: self }]])
  })

  test('only bookkeeping tags are written, and only on the volume named', async () => {
    const { send, calls } = scripted({})
    const ec2 = ec2Port(send)
    await ec2.announceAttach(volume(1).id, { instanceId: self, at: now })
    await ec2.withdrawPermit('format', volume(1).id)
    await ec2.withdrawPermit('bootstrap', volume(1).id)
    expect(calls).toEqual([
      [
        'ec2.CreateTags',
        { Resources: [volume(1).id], Tags: [{ Key: 'stayput:holder', Value: `${self}@2026-06-01T12:00:00.000Z` }] },
      ],
      ['ec2.DeleteTags', { Resources: [volume(1).id], Tags: [{ Key: 'stayput:format' }] }],
      ['ec2.DeleteTags', { Resources: [volume(1).id], Tags: [{ Key: 'stayput:bootstrap' }] }],
    ])
  })

  test('what it writes as an intent it reads as one, and nothing else', async () => {
    const read = async (Value: string) => {
      const Tags = [{ Key: 'stayput:holder', Value }]
      const { send } = scripted({ Volumes: [{ VolumeId: volume(1).id, Tags }] })
      return (await ec2Port(send).volumes('zookeeper'))[0]?.resource.intent
    }
    expect(await read(`${self}@2026-06-01T12:00:00.000Z`)).toEqual({ instanceId: self, at: now })
    for (const value of ['', self, `${self}@yesterday`, `i-1@2026-06-01T12:00:00.000Z`, 'anything']) {
      expect(await read(value)).toBeUndefined()
    }
  })

  test('what EC2 leaves out is read with care: DeleteOnTermination counts as true until it says false', async () => {
    const Attachments = [{ InstanceId: self }]
    const { send } = scripted({ Volumes: [{ VolumeId: volume(1).id, Attachments }] })
    const [read] = await ec2Port(send).volumes('zookeeper')
    expect(read?.resource).toEqual({
      id: volume(1).id,
      mount: '',
      state: 'unknown',
      attachment: { instanceId: self, device: '', state: 'unknown', attachTime: 0, deleteOnTermination: true },
      formatPermitted: false,
      bootstrapPermitted: false,
    })
    const Attachment = { AttachmentId: 'eni-attach-1', InstanceId: self }
    const card = { NetworkInterfaceId: 'eni-0123456789abcdef0', SubnetId: 'subnet-0123456789abcdef0', Attachment }
    const [one] = await ec2Port(scripted({ NetworkInterfaces: [card] }).send).networkInterfaces('zookeeper')
    expect(one?.resource.attachment).toEqual({
      id: 'eni-attach-1',
      instanceId: self,
      deviceIndex: -1,
      status: 'unknown',
      deleteOnTermination: true,
    })
  })

  test('a detached attachment is none, two attachments of one volume are an error', async () => {
    const of = (...Attachments: object[]) => scripted({ Volumes: [{ VolumeId: volume(1).id, Attachments }] }).send
    const [read] = await ec2Port(of({ InstanceId: self, State: 'detached' })).volumes('zookeeper')
    expect(read?.resource.attachment).toBeUndefined()
    const two = ec2Port(of({ InstanceId: self, State: 'attached' }, { InstanceId: self, State: 'attaching' }))
    await expect(two.volumes('zookeeper')).rejects.toThrow('2 attachments')
  })

  test('an id that is none is refused by name', async () => {
    const { send } = scripted({ Volumes: [{ VolumeId: 'vol-$(reboot)' }] })
    await expect(ec2Port(send).volumes('zookeeper')).rejects.toThrow(BadName)
  })

  test('an instance without details is read as unknown', async () => {
    const { send } = scripted({
      Reservations: [{}, { Instances: [{ InstanceId: self, NetworkInterfaces: [{}], BlockDeviceMappings: [{}] }] }],
    })
    expect(await ec2Port(send).instances([self])).toEqual([
      {
        id: self,
        state: 'unknown',
        zone: '',
        launchTime: 0,
        networkInterfaces: [{ id: '', deviceIndex: -1 }],
        devices: [''],
      },
    ])
  })

  test("an ensemble's name never becomes a wildcard", async () => {
    const { send, calls } = scripted({})
    await ec2Port(send).volumes('zoo*?')
    expect(calls[0]?.[1]).toMatchObject({ Filters: [{ Name: 'tag:stayput:ensemble', Values: [String.raw`zoo\*\?`] }] })
  })

  test('the ranges of subnets are asked for together, and one that EC2 does not show has none', async () => {
    const shown = { SubnetId: 'subnet-0123456789abcdef0', CidrBlock: '10.0.1.0/24' }
    const { send, calls } = scripted({ Subnets: [shown, { SubnetId: 'subnet-0123456789abcdef1' }] })
    const [one, two] = [subnetId(shown.SubnetId), subnetId('subnet-0123456789abcdef1')]
    expect(await ec2Port(send).subnetCidrs([one, two])).toEqual(new Map([[one, '10.0.1.0/24']]))
    expect(calls).toEqual([['ec2.DescribeSubnets', { Filters: [{ Name: 'subnet-id', Values: [one, two] }] }]])
  })
})

describe('Auto Scaling', () => {
  test('an action is completed by its token where there is one, else by its instance alone', async () => {
    const { send, calls } = scripted({})
    const { token: _, ...untold } = terminating
    await autoScalingPort(send).complete(launching, 'CONTINUE')
    await autoScalingPort(send).heartbeat(untold)
    expect(calls[0]).toEqual([
      'autoscaling.CompleteLifecycleAction',
      {
        AutoScalingGroupName: 'zookeeper',
        LifecycleHookName: 'stayput-launch',
        InstanceId: self,
        LifecycleActionToken: launching.token,
        LifecycleActionResult: 'CONTINUE',
      },
    ])
    expect(calls[1]?.[1]).not.toHaveProperty('LifecycleActionToken')
  })

  test('an action that is over counts as completed', async () => {
    const over = Object.assign(new Error('No active Lifecycle Action found with token x'), {
      name: 'ValidationError',
      $metadata: { httpStatusCode: 400 },
    })
    expect(await autoScalingPort(scripted(over).send).complete(launching, 'CONTINUE')).toMatchObject({ done: 'yes' })
  })

  test('groups without instances, and instances without a state, are read as they are', async () => {
    const { send } = scripted({ AutoScalingGroups: [{}, { Instances: [{ InstanceId: self }] }] })
    const bare = { name: '', wanted: 0, zones: [], suspended: [], instances: [] }
    expect(await autoScalingPort(send).groups('zookeeper')).toEqual([
      bare,
      { ...bare, instances: [{ instanceId: self, groupName: '', zone: '', lifecycleState: 'unknown' }] },
    ])
  })

  test('a group is read with all that members depend on', async () => {
    const group = {
      AutoScalingGroupName: 'zookeeper-1',
      DesiredCapacity: 1,
      LaunchTemplate: { LaunchTemplateId: 'lt-0123456789abcdef0' },
      AvailabilityZones: ['eu-central-1a'],
      SuspendedProcesses: [{ ProcessName: 'AZRebalance' }, {}],
      InstanceMaintenancePolicy: { MinHealthyPercentage: 0 },
    }
    const none = { InstanceMaintenancePolicy: { MinHealthyPercentage: -1 } }
    const { send } = scripted({ AutoScalingGroups: [group, none] })
    const [first, second] = await autoScalingPort(send).groups('zookeeper')
    expect(first).toEqual({
      name: 'zookeeper-1',
      wanted: 1,
      template: 'lt-0123456789abcdef0',
      zones: ['eu-central-1a'],
      suspended: ['AZRebalance', ''],
      minHealthy: 0,
      instances: [],
    })
    expect(second).not.toHaveProperty('minHealthy')
  })

  test('hooks are read with what happens when nobody answers', async () => {
    const LifecycleHooks = [
      { LifecycleHookName: 'in', LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING', DefaultResult: 'ABANDON' },
      { LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING' },
    ]
    const { send, calls } = scripted({ LifecycleHooks })
    expect(await autoScalingPort(send).hooks('zookeeper-1')).toEqual([
      { name: 'in', transition: 'launching', byDefault: 'ABANDON' },
      { name: '', transition: 'terminating', byDefault: '' },
    ])
    expect(calls).toEqual([['autoscaling.DescribeLifecycleHooks', { AutoScalingGroupName: 'zookeeper-1' }]])
    expect(await autoScalingPort(scripted({}).send).hooks('zookeeper-1')).toEqual([])
  })
})

describe('Systems Manager', () => {
  const CommandId = '00000000-0000-4000-8000-000000000001'

  test.each([
    ['Success', 'Success', 'succeeded'],
    ['Failed', 'Failed', 'failed'],
    ['Failed', 'Undeliverable', 'lost'],
    ['Failed', 'Terminated', 'lost'],
    ['TimedOut', 'Delivery Timed Out', 'lost'],
    ['TimedOut', 'ExecutionTimedOut', 'lost'],
    ['Cancelled', 'Cancelled', 'lost'],
    ['Pending', 'Pending', 'running'],
    ['InProgress', 'In Progress', 'running'],
    ['Delayed', 'Delayed', 'running'],
    ['Cancelling', undefined, 'running'],
  ])('an invocation that is %s (%s) has %s', async (Status, StatusDetails, status) => {
    const { send } = scripted({ CommandInvocations: [{ CommandId, Status, StatusDetails }] })
    expect(await ssmPort(send).invocations(self, now)).toMatchObject([{ id: CommandId, status }])
  })

  test('invocations come newest first, and only those of the last days are asked for', async () => {
    const at = (ms: number, last: string) => ({
      CommandId: CommandId.slice(0, -1) + last,
      RequestedDateTime: new Date(ms),
      DocumentName: 'stayput-take-over',
      Status: 'Success',
    })
    const { send, calls } = scripted({ CommandInvocations: [at(1000, '1'), at(2000, '2')] })
    expect((await ssmPort(send).invocations(self, now)).map((one) => one.sentAt)).toEqual([2000, 1000])
    expect(calls[0]?.[1]).toMatchObject({ Filters: [{ key: 'InvokedAfter', value: '2026-06-01T12:00:00Z' }] })
  })

  test('an invocation that SSM does not know yet is no error', async () => {
    const early = Object.assign(new Error(''), { name: 'InvocationDoesNotExist', $metadata: { httpStatusCode: 400 } })
    expect(await ssmPort(scripted(early).send).invocation(commandId(CommandId), self)).toBeUndefined()
    const denied = Object.assign(new Error(''), { name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } })
    await expect(ssmPort(scripted(denied).send).invocation(commandId(CommandId), self)).rejects.toThrow('AccessDenied')
    expect(await ssmPort(scripted({ Status: 'Success' }).send).invocation(commandId(CommandId), self)).toMatchObject({
      status: 'succeeded',
      output: '',
    })
  })

  test('an agent is online only if it is this one and Online', async () => {
    const of = (...InstanceInformationList: object[]) =>
      ssmPort(scripted({ InstanceInformationList }).send).agentOnline(self)
    expect(await of({ InstanceId: self, PingStatus: 'Online' })).toBe(true)
    expect(await of({ InstanceId: self, PingStatus: 'ConnectionLost' })).toBe(false)
    expect(await of({ InstanceId: 'i-0123456789abcdef0', PingStatus: 'Online' })).toBe(false)
    expect(await of()).toBe(false)
  })

  test('a command is sent with a short time of delivery, each parameter as a list of one', async () => {
    const { send, calls } = scripted({ Command: { CommandId } })
    expect(await ssmPort(send).send([self], 'stayput-reach', 'why', { Address: '10.0.1.10' })).toEqual({
      done: 'yes',
      result: CommandId,
    })
    expect(calls[0]?.[1]).toEqual({
      InstanceIds: [self],
      DocumentName: 'stayput-reach',
      Comment: 'why',
      TimeoutSeconds: 60,
      Parameters: { Address: ['10.0.1.10'] },
    })
  })

  test('a command without an id may have been sent: the answer is unknown', async () => {
    expect(await ssmPort(scripted({}).send).send([self], 'stayput-reach', '', {})).toMatchObject({ done: 'unknown' })
  })
})
