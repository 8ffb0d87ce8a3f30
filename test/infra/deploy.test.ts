import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling'
import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeNetworkInterfacesCommand,
  DescribeVolumesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectFile } from '../../lab/stack/project.ts'
import { type Clone, clone, type Ran, run } from './packaging.ts'
import { pythonProgram } from './python.ts'
import { sample } from './scene.ts'

/**
 * A whole `serverless deploy` against moto, an emulator of AWS that creates what a template says and runs none of it. It
 * has no queue policies, metric filters, alarms and invocation settings, gives interfaces and volumes no tags and volumes
 * no type and no encryption, and leaves lifecycle hooks in a group's creation out. All those are looked at in the
 * template, and what acts is tried in the local cloud.
 */
const version = '5.2.1'
const moto = await pythonProgram('python3', `moto[server]==${version}`, async () => {
  const found = await run('python3', ['-c', 'import moto, moto.server; print(moto.__version__)'], '/', process.env)
  return found.exitCode === 0 && found.output.trim() === version
})
const reason = 'missing' in moto ? ` (skipped: ${moto.missing})` : ''

const region = 'eu-central-1'
const zones = ['a', 'b', 'c'].map((letter) => `${region}${letter}`)
const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' }

let server: ChildProcess | undefined
let here: Clone
let endpoint: string
let settings: Record<string, unknown>

beforeAll(async () => {
  if (!('path' in moto)) return
  const port = await freePort()
  endpoint = `http://127.0.0.1:${port}`
  here = await clone()
  server = spawn(moto.path, [projectFile('test/infra/emulator.py'), String(port)], {
    cwd: here.folder,
    stdio: 'ignore',
  })
  await answers(endpoint)
  settings = { ...sample(), ...(await network(new EC2Client({ region, endpoint, credentials }))) }
})
afterAll(async () => {
  if (server?.exitCode === null && server.kill()) await once(server, 'exit')
  if (!('path' in moto)) return
  await here.remove()
  await moto.remove()
})

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port')
  return address.port
}

async function answers(url: string): Promise<void> {
  for (;;) {
    if (server?.exitCode !== null) throw new Error(`moto's server ended with exit code ${server?.exitCode}`)
    try {
      await fetch(url)
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** What an account has before the deployment: the ids of its settings. */
async function network(ec2: EC2Client): Promise<object> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))
  const subnets = await Promise.all(
    zones.map(async (AvailabilityZone, index): Promise<[string, string | undefined]> => {
      const CidrBlock = `10.0.${index + 1}.0/24`
      const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock, AvailabilityZone }))
      return [AvailabilityZone, Subnet?.SubnetId]
    }),
  )
  const clients = new CreateSecurityGroupCommand({ VpcId: Vpc?.VpcId, GroupName: 'clients', Description: 'Clients' })
  const { GroupId } = await ec2.send(clients)
  return { vpc: Vpc?.VpcId, subnets: Object.fromEntries(subnets), clients: [GroupId] }
}

async function deploy(changed: object): Promise<Ran> {
  await writeFile(join(here.folder, 'moto.yml'), JSON.stringify({ ...settings, ...changed }))
  return here.serverless(['deploy', '--param=settings=moto.yml'], {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  })
}

/** These and no others, in whatever order. */
const each = (wanted: readonly string[]): unknown =>
  expect.toSatisfy(
    (found: readonly unknown[]) => found.length === wanted.length && wanted.every((one) => found.includes(one)),
  )

const client = () => ({ region, endpoint, credentials })

describe.skipIf(reason)(`serverless deploy, against an emulator${reason}`, () => {
  const addresses = ['10.0.1.10', '10.0.2.10', '10.0.3.10']

  test('ids that are examples are told at once, and nothing is created', async () => {
    const ran = await deploy(sample())
    expect(ran.exitCode).not.toBe(0)
    expect(ran.output).toContain(`the account in ${region} has 4 faults`)
    expect(ran.output).toContain('clients: sg-0123456789abcdef0 does not exist')
    const ec2 = new EC2Client(client())
    const volumes = await ec2.send(new DescribeVolumesCommand({}))
    expect(volumes.Volumes).toEqual([])
  })

  test('creates three members, each with its address, its volume and its group', async () => {
    expect(await deploy({ addresses })).toMatchObject({
      exitCode: 0,
      output: expect.stringContaining('Service deployed'),
    })
    const ec2 = new EC2Client(client())
    const byAddress = { Filters: [{ Name: 'addresses.private-ip-address', Values: addresses }] }
    const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand(byAddress))
    expect(NetworkInterfaces.map((one) => one.AvailabilityZone)).toEqual(each(zones))
    const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}))
    const members = Volumes.filter(({ Size }) => Size === 20)
    expect(members.map(({ AvailabilityZone }) => AvailabilityZone)).toEqual(each(zones))
    const autoScaling = new AutoScalingClient(client())
    const { AutoScalingGroups = [] } = await autoScaling.send(new DescribeAutoScalingGroupsCommand({}))
    expect(AutoScalingGroups.map((one) => one.AutoScalingGroupName)).toEqual(each(['orders-1', 'orders-2', 'orders-3']))
    expect(AutoScalingGroups.map((one) => one.DesiredCapacity)).toEqual([1, 1, 1])
  })

  test('two members more come beside the first three, which stay as they are', async () => {
    const ec2 = new EC2Client(client())
    const volumes = async () => {
      const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}))
      return Volumes.flatMap(({ VolumeId, Size }) => (Size === 20 ? (VolumeId ?? []) : []))
    }
    const before = await volumes()
    expect(await deploy({ members: 5, addresses: [...addresses, '10.0.1.11', '10.0.2.11'] })).toMatchObject({
      exitCode: 0,
    })
    const after = await volumes()
    expect(after).toHaveLength(5)
    expect(after).toEqual(expect.arrayContaining(before))
  })

  test('members that have an instance are not taken away', async () => {
    const ran = await deploy({ addresses })
    expect(ran.exitCode).not.toBe(0)
    expect(ran.output).toContain('has 2 faults:')
    expect(ran.output).toContain('member 4 would be taken away and has an instance')
    expect(ran.output).toContain('member 5 would be taken away and has an instance')
  })
})
