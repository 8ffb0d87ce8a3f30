import { describe, expect, test } from 'vitest'
import type { Answer } from '../../shared/aws/failure.ts'
import type { Operation } from '../../shared/aws/operations.ts'
import { commandId } from '../../shared/model/ids.ts'
import type { Ports } from '../../shared/observe.ts'
import { type Answers, refusal, rim } from './answers.ts'
import { launching, member, now, self, volume } from './scene.ts'

const card = member(1).networkInterface.id
const subnet = member(1).networkInterface.subnetId
const command = commandId('00000000-0000-4000-8000-000000000001')

describe('a listing is read to its last page', () => {
  const lists: [Operation, object, (ports: Ports) => Promise<readonly unknown[] | boolean>][] = [
    [
      'autoscaling.DescribeAutoScalingGroups',
      { AutoScalingGroups: [{ Instances: [{ InstanceId: self }] }] },
      ({ autoScaling }) => autoScaling.groups('zookeeper'),
    ],
    [
      'ec2.DescribeNetworkInterfaces',
      { NetworkInterfaces: [{ NetworkInterfaceId: card, SubnetId: subnet }] },
      ({ ec2 }) => ec2.networkInterfaces('zookeeper'),
    ],
    ['ec2.DescribeVolumes', { Volumes: [{ VolumeId: volume(1).id }] }, ({ ec2 }) => ec2.volumes('zookeeper')],
    [
      'ec2.DescribeInstances',
      { Reservations: [{ Instances: [{ InstanceId: self }] }] },
      ({ ec2 }) => ec2.instances([self]),
    ],
    [
      'ec2.DescribeSubnets',
      { Subnets: [{ SubnetId: subnet, CidrBlock: '10.0.1.0/24' }] },
      async ({ ec2 }) => [...(await ec2.subnetCidrs([subnet]))],
    ],
    [
      'ssm.ListCommandInvocations',
      { CommandInvocations: [{ CommandId: command }] },
      ({ ssm }) => ssm.invocations(self, now),
    ],
    [
      'ssm.DescribeInstanceInformation',
      { InstanceInformationList: [{ InstanceId: self, PingStatus: 'Online' }] },
      async ({ ssm }) => ((await ssm.agentOnline(self)) ? [self] : []),
    ],
  ]

  test.each(lists)('%s: what the second page tells counts as well', async (operation, page, read) => {
    const pages: Answers = {
      [operation]: (input: Readonly<Record<string, unknown>>) =>
        input['NextToken'] === 'two' ? page : { NextToken: 'two' },
    }
    const { ports, inputs } = rim(pages)
    expect(await read(ports)).toHaveLength(1)
    expect(inputs(operation).map((input) => input['NextToken'])).toEqual([undefined, 'two'])
  })
})

describe('a failure says what was attempted, on what', () => {
  const reads: [Operation, string, (ports: Ports) => Promise<unknown>][] = [
    [
      'autoscaling.DescribeAutoScalingGroups',
      'groups of the ensemble',
      ({ autoScaling }) => autoScaling.groups('zookeeper'),
    ],
    [
      'ec2.DescribeNetworkInterfaces',
      'network interfaces of the ensemble',
      ({ ec2 }) => ec2.networkInterfaces('zookeeper'),
    ],
    ['ec2.DescribeVolumes', 'volumes of the ensemble', ({ ec2 }) => ec2.volumes('zookeeper')],
    ['ec2.DescribeInstances', 'the instances', ({ ec2 }) => ec2.instances([self])],
    ['ec2.DescribeSubnets', subnet, ({ ec2 }) => ec2.subnetCidrs([subnet])],
    ['ssm.DescribeInstanceInformation', `agent of ${self}`, ({ ssm }) => ssm.agentOnline(self)],
    ['ssm.ListCommandInvocations', `commands of ${self}`, ({ ssm }) => ssm.invocations(self, now)],
    ['ssm.GetCommandInvocation', command, ({ ssm }) => ssm.invocation(command, self)],
  ]

  test.each(reads)('%s throws of %s', async (operation, words, read) => {
    const { ports } = rim({ [operation]: () => refusal('Throttling') })
    await expect(read(ports)).rejects.toMatchObject({
      name: 'CallFailure',
      message: expect.stringMatching(new RegExp(`^.*${words}: Throttling: no$`)),
    })
  })

  const changes: [Operation, string, (ports: Ports) => Promise<Answer<unknown>>][] = [
    [
      'autoscaling.CompleteLifecycleAction',
      `completing .* ${self} with ABANDON`,
      ({ autoScaling }) => autoScaling.complete(launching, 'ABANDON'),
    ],
    [
      'autoscaling.RecordLifecycleActionHeartbeat',
      `extending .* ${self}`,
      ({ autoScaling }) => autoScaling.heartbeat(launching),
    ],
    ['ec2.AttachNetworkInterface', `attaching ${card} to ${self}`, ({ ec2 }) => ec2.attachInterface(card, self)],
    ['ec2.ModifyNetworkInterfaceAttribute', `keeping ${card}`, ({ ec2 }) => ec2.retainInterface(card, 'eni-attach-1')],
    ['ec2.DetachNetworkInterface', 'detaching eni-attach-1', ({ ec2 }) => ec2.detachInterface('eni-attach-1')],
    [
      'ec2.CreateTags',
      `announcing ${volume(1).id} for ${self}`,
      ({ ec2 }) => ec2.announceAttach(volume(1).id, { instanceId: self, at: now }),
    ],
    [
      'ec2.AttachVolume',
      `attaching ${volume(1).id} to ${self} as /dev/sdf`,
      ({ ec2 }) => ec2.attachVolume(volume(1).id, self, '/dev/sdf'),
    ],
    ['ec2.ModifyInstanceAttribute', `keeping /dev/sdf beyond ${self}`, ({ ec2 }) => ec2.retainVolume(self, '/dev/sdf')],
    ['ec2.DetachVolume', `detaching ${volume(1).id} from ${self}`, ({ ec2 }) => ec2.detachVolume(volume(1).id, self)],
    ['ec2.DeleteTags', `the format permit of ${volume(1).id}`, ({ ec2 }) => ec2.withdrawPermit('format', volume(1).id)],
    ['ssm.SendCommand', `sending a-document to ${self}`, ({ ssm }) => ssm.send([self], 'a-document', '', {})],
  ]

  test.each(changes)('%s answers no, of %s', async (operation, words, change) => {
    const { ports } = rim({ [operation]: () => refusal('UnauthorizedOperation', 403) })
    const answer = await change(ports)
    const failure = { kind: 'denied', message: expect.stringMatching(new RegExp(words)) }
    expect(answer).toMatchObject({ done: 'no', failure })
  })
})

describe('what AWS leaves out', () => {
  test('of an interface is empty, and a detached attachment is none', async () => {
    const one = { NetworkInterfaceId: card, SubnetId: subnet }
    const read = (change: object) =>
      rim({
        'ec2.DescribeNetworkInterfaces': () => ({ NetworkInterfaces: [{ ...one, ...change }] }),
      }).ports.ec2.networkInterfaces('zookeeper')
    const resource = { id: card, macAddress: '', address: '', subnetId: subnet }
    expect(await read({})).toEqual([{ resource, zone: '', member: undefined }])
    const Attachment = { AttachmentId: 'eni-attach-1', InstanceId: self, Status: 'detached' }
    expect((await read({ Attachment }))[0]?.resource).toEqual(resource)
  })

  test('of an instance is empty', async () => {
    const answers = { 'ec2.DescribeInstances': () => ({ Reservations: [{ Instances: [{ InstanceId: self }] }] }) }
    expect(await rim(answers).ports.ec2.instances([self])).toMatchObject([{ networkInterfaces: [], devices: [] }])
  })

  test('of a command is empty, and the answer is never that of another', async () => {
    const { ssm } = rim({
      'ssm.ListCommandInvocations': () => ({ CommandInvocations: [{ CommandId: command }] }),
      'ssm.GetCommandInvocation': () => ({ DocumentName: 'a-document', Status: 'Failed', StatusDetails: 'Failed' }),
    }).ports
    expect(await ssm.invocations(self, now)).toEqual([{ id: command, document: '', sentAt: 0, status: 'running' }])
    const one = { id: command, document: 'a-document', sentAt: 0, status: 'failed', output: '' }
    expect(await ssm.invocation(command, self)).toEqual(one)
  })

  test('of subnets is no range, nor is that of another subnet', async () => {
    const { ec2 } = rim({}).ports
    expect(await ec2.subnetCidrs([subnet])).toEqual(new Map())
    const Subnets = [{ SubnetId: 'subnet-0123456789abcdef0', CidrBlock: '10.9.0.0/24' }]
    const another = rim({ 'ec2.DescribeSubnets': () => ({ Subnets }) }).ports.ec2
    expect(await another.subnetCidrs([subnet])).toEqual(new Map())
  })
})

test('SSM writes the same detail with and without spaces', async () => {
  const invocation = { CommandId: command, Status: 'Failed', StatusDetails: 'Delivery Timed Out' }
  const answers = { 'ssm.ListCommandInvocations': () => ({ CommandInvocations: [invocation] }) }
  expect(await rim(answers).ports.ssm.invocations(self, now)).toMatchObject([{ status: 'lost' }])
})
