import {
  AlreadyExistsFault,
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling'
import { AttachVolumeCommand, CopyImageCommand, EC2Client } from '@aws-sdk/client-ec2'
import {
  GetCommandInvocationCommand,
  InvalidInstanceId,
  InvocationDoesNotExist,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { afterEach, expect, test, vi } from 'vitest'
import { AwsError } from '../../lab/cloud/error.ts'
import { createWire, type Listening } from '../../lab/wire/wire.ts'

let wire: Listening

afterEach(async () => {
  vi.restoreAllMocks()
  await wire.close()
})

/** A cloud that fails each call like this. */
async function failing(error: unknown, simulates = true) {
  const calls: string[] = []
  wire = await createWire({
    simulates: () => simulates,
    async send(operation) {
      calls.push(operation)
      throw error
    },
  }).listen(0)
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const options = { endpoint: wire.url, region: 'eu-central-1', credentials, maxAttempts: 1 }
  return {
    calls,
    ec2: new EC2Client(options),
    autoscaling: new AutoScalingClient(options),
    ssm: new SSMClient(options),
  }
}

async function refusal(call: Promise<unknown>): Promise<Error & { $metadata?: { httpStatusCode?: number } }> {
  try {
    await call
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('the call was not refused')
}

const attach = new AttachVolumeCommand({ Device: '/dev/sdf', InstanceId: 'i-1', VolumeId: 'vol-1' })

test('an EC2 refusal keeps its code, text and status', async () => {
  const { ec2 } = await failing(new AwsError('VolumeInUse', 'vol-1 is already attached to an instance'))
  const error = await refusal(ec2.send(attach))
  expect(error).toMatchObject({ name: 'VolumeInUse', message: 'vol-1 is already attached to an instance' })
  expect(error.$metadata).toMatchObject({ httpStatusCode: 400, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
})

test('a dry run that would succeed is refused with status 412', async () => {
  const text = 'Request would have succeeded, but DryRun flag is set.'
  const { ec2 } = await failing(new AwsError('DryRunOperation', text, 412))
  const error = await refusal(ec2.send(attach))
  expect(error).toMatchObject({ name: 'DryRunOperation', message: text, $metadata: { httpStatusCode: 412 } })
})

test('a group that exists is refused with the SDK type AlreadyExistsFault and the wire code AlreadyExists', async () => {
  const { autoscaling } = await failing(new AwsError('AlreadyExists', 'A group with the name x already exists'))
  const create = new CreateAutoScalingGroupCommand({ AutoScalingGroupName: 'x', MinSize: 0, MaxSize: 1 })
  const error = await refusal(autoscaling.send(create))
  expect(error).toBeInstanceOf(AlreadyExistsFault)
  expect(error).toMatchObject({ Code: 'AlreadyExists', Type: 'Sender', message: expect.stringContaining('already') })
})

test('the name of an error shape of Auto Scaling becomes its wire code', async () => {
  const { autoscaling } = await failing(new AwsError('AlreadyExistsFault', 'x'))
  const create = new CreateAutoScalingGroupCommand({ AutoScalingGroupName: 'x', MinSize: 0, MaxSize: 1 })
  expect(await refusal(autoscaling.send(create))).toMatchObject({ Code: 'AlreadyExists' })
})

test('a command to an instance without an agent is refused with the SDK type InvalidInstanceId', async () => {
  const { ssm } = await failing(new AwsError('InvalidInstanceId', 'Instances not in a valid state for account'))
  const error = await refusal(ssm.send(new SendCommandCommand({ DocumentName: 'AWS-RunShellScript' })))
  expect(error).toBeInstanceOf(InvalidInstanceId)
  expect(error.message).toBe('Instances not in a valid state for account')
})

test('an invocation that is not there yet is refused with the SDK type InvocationDoesNotExist', async () => {
  const { ssm } = await failing(new AwsError('InvocationDoesNotExist', ''))
  const error = await refusal(ssm.send(new GetCommandInvocationCommand({ CommandId: 'c', InstanceId: 'i-1' })))
  expect(error).toBeInstanceOf(InvocationDoesNotExist)
})

test('an operation of AWS that is not simulated is refused with status 501 and its name, and never called', async () => {
  const { ec2, calls } = await failing(new Error('unreachable'), false)
  const copy = new CopyImageCommand({ Name: 'x', SourceImageId: 'ami-1', SourceRegion: 'eu-west-1' })
  const error = await refusal(ec2.send(copy))
  expect(error).toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } })
  expect(error.message).toBe('ec2.CopyImage is not simulated by the local cloud.')
  expect(calls).toEqual([])
})

test('an answer that the network lost breaks the connection', async () => {
  const { ec2 } = await failing(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
  const error = await refusal(ec2.send(attach))
  expect(error).toMatchObject({ code: 'ECONNRESET' })
  expect(error.$metadata).not.toHaveProperty('httpStatusCode')
})

test('a fault of the lab is told to its owner, and to the client only as an internal error', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { ec2, autoscaling, ssm } = await failing(new TypeError('secret detail'))
  const told = [
    await refusal(ec2.send(attach)),
    await refusal(autoscaling.send(new DescribeAutoScalingGroupsCommand({}))),
    await refusal(ssm.send(new SendCommandCommand({ DocumentName: 'x' }))),
  ]
  expect(told.map(({ name }) => name)).toEqual(['InternalError', 'InternalFailure', 'InternalFailure'])
  for (const error of told) {
    expect(error.$metadata?.httpStatusCode).toBe(500)
    expect(error.message).not.toContain('secret')
  }
  expect(log).toHaveBeenCalledTimes(3)
})
