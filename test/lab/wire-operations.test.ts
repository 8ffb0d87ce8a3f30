import { isDeepStrictEqual } from 'node:util'
import * as autoscaling from '@aws-sdk/client-auto-scaling'
import * as ec2 from '@aws-sdk/client-ec2'
import * as ssm from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OperationName, ServiceName } from '../../lab/cloud/operation.ts'
import { seededRandom } from '../../lab/cloud/random.ts'
import { services } from '../../lab/wire/schemas.ts'
import { createWire, type Listening } from '../../lab/wire/wire.ts'
import { generate } from './generate.ts'

interface Trip {
  readonly input: object
  readonly output: object
  arrived?: object
}

const trips = new Map<OperationName, Trip>()
let wire: Listening

beforeAll(async () => {
  wire = await createWire({
    simulates: () => true,
    async send(operation, input) {
      const trip = trips.get(operation)
      if (!trip) throw new Error(`${operation} was not sent`)
      trip.arrived = input
      return trip.output
    },
  }).listen(0)
})

afterAll(async () => {
  await wire.close()
})

const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
type Send = (command: never) => Promise<object>

function clientOf(service: ServiceName): { send: Send; commands: Record<string, unknown> } {
  const options = { endpoint: wire.url, region: 'eu-central-1', credentials, maxAttempts: 1 }
  if (service === 'ec2') {
    const client = new ec2.EC2Client(options)
    return { send: (command) => client.send(command), commands: ec2 }
  }
  if (service === 'autoscaling') {
    const client = new autoscaling.AutoScalingClient(options)
    return { send: (command) => client.send(command), commands: autoscaling }
  }
  const client = new ssm.SSMClient(options)
  return { send: (command) => client.send(command), commands: ssm }
}

describe.each([
  { service: 'ec2', operations: 823, emptyLists: false, emptyStructures: false },
  { service: 'autoscaling', operations: 68, emptyLists: true, emptyStructures: false },
  { service: 'ssm', operations: 154, emptyLists: true, emptyStructures: true },
] as const)('$service', ({ service, operations, emptyLists, emptyStructures }) => {
  test(`each of its ${operations} operations arrives as the SDK sends it, and answers as it was answered`, async () => {
    const random = seededRandom(1)
    const all = [...services[service].operations.values()]
    expect(all).toHaveLength(operations)
    const { send, commands } = clientOf(service)

    const failures: string[] = []
    const travel = async (operation: (typeof all)[number]): Promise<void> => {
      const input = generate(operation.input, { random, emptyLists, emptyStructures })
      const output = generate(operation.output, { random, emptyLists: true, emptyStructures: true })
      const trip: Trip = { input: input as object, output: output as object }
      trips.set(`${service}.${operation.name}`, trip)
      const Command = commands[`${operation.name}Command`] as new (input: object) => never
      try {
        const answer = await send(new Command(trip.input))
        delete (answer as { $metadata?: unknown }).$metadata
        if (!isDeepStrictEqual(trip.arrived, trip.input)) failures.push(`${operation.name} input`)
        if (!isDeepStrictEqual(answer, trip.output)) failures.push(`${operation.name} output`)
      } catch (error) {
        failures.push(`${operation.name} ${String(error)}`)
      }
    }
    for (let index = 0; index < all.length; index += 32) {
      await Promise.all(all.slice(index, index + 32).map(travel))
    }
    expect(failures).toEqual([])
  })
})

/** What does not arrive as it was given to the client, through no fault of the wire: why the generator leaves it out. */
describe('the SDK itself', () => {
  test('does not write an empty list to EC2, so that it arrives as absent', async () => {
    expect(await arrival('ec2', 'DescribeVolumes', { VolumeIds: [], MaxResults: 5 })).toEqual({ MaxResults: 5 })
  })

  test('writes an empty list to Auto Scaling as a bare name, so that it arrives as empty', async () => {
    const input = { AutoScalingGroupNames: [] }
    expect(await arrival('autoscaling', 'DescribeAutoScalingGroups', input)).toEqual(input)
  })

  test('does not write an empty structure in a query, so that it arrives as absent', async () => {
    const input = { GroupId: 'sg-1', SourceSecurityGroupName: 'x', IpPermissions: [{}] }
    const arrived = await arrival('ec2', 'AuthorizeSecurityGroupIngress', input)
    expect(arrived).toEqual({ GroupId: 'sg-1', SourceSecurityGroupName: 'x' })
  })

  test('adds a signed address to CopySnapshot that has none', async () => {
    const arrived = await arrival('ec2', 'CopySnapshot', { SourceRegion: 'eu-west-1', SourceSnapshotId: 'snap-1' })
    expect(arrived).toMatchObject({ DestinationRegion: 'eu-central-1', PresignedUrl: expect.stringContaining('http') })
  })

  test('adds a client token to an input that has a place for one', async () => {
    const arrived = await arrival('ec2', 'CreateNetworkInterface', { SubnetId: 'subnet-1' })
    expect(arrived).toEqual({ SubnetId: 'subnet-1', ClientToken: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  })
})

async function arrival(service: ServiceName, operation: string, input: object): Promise<object | undefined> {
  const { send, commands } = clientOf(service)
  const trip: Trip = { input, output: {} }
  trips.set(`${service}.${operation}`, trip)
  const Command = commands[`${operation}Command`] as new (input: object) => never
  await send(new Command(input))
  return trip.arrived
}
