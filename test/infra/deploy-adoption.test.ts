import { readFileSync } from 'node:fs'
import type {
  CreateNetworkInterfaceCommandOutput,
  CreateSubnetCommandOutput,
  CreateVolumeCommandOutput,
  CreateVpcCommandOutput,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCloud } from '../../lab/cloud/cloud.ts'
import { realClock } from '../../lab/cloud/clock.ts'
import { projectFile } from '../../lab/stack/project.ts'
import { createWire, type Listening } from '../../lab/wire/wire.ts'
import { recordingHosts } from '../lab/recording-hosts.ts'
import { type Ran, run } from './packaging.ts'
import { checked, type Settings } from './scene.ts'

/**
 * Adoption as docs/deploy.md leads through it, in the local cloud: its very commands, and those that the look before the
 * deployment tells.
 */
const cli = await run('aws', ['--version'], '/', process.env).then(
  ({ exitCode }) => exitCode === 0,
  () => false,
)
const reason = cli ? '' : ' (skipped: needs the AWS CLI)'

const region = 'eu-central-1'
const credentials = { accessKeyId: 'AKIALOCALCLOUD000000', secretAccessKey: 'not-a-secret' }
const { preflight } = (await import(projectFile('infra/preflight.mjs'))) as {
  readonly preflight: (settings: Settings, config: object, deployed: object) => Promise<void>
}

const cloud = createCloud(realClock, recordingHosts(), 1)
let wire: Listening
beforeAll(async () => {
  wire = await createWire(cloud).listen(0)
})
afterAll(() => wire.close())

const call = <Output = unknown>(operation: Parameters<typeof cloud.call>[0], input: object) =>
  cloud.call(operation, input) as Output

/** As the article's script made them: told apart by their names, in a group of several zones with AWS's defaults. */
function existing(): { readonly INTERFACE: string; readonly VOLUME: string } {
  const { Vpc } = call<CreateVpcCommandOutput>('ec2.CreateVpc', { CidrBlock: '10.0.0.0/16' })
  const subnets = ['a', 'b'].map((letter, index) => {
    const place = { VpcId: Vpc?.VpcId, AvailabilityZone: `${region}${letter}`, CidrBlock: `10.0.${index}.0/24` }
    return call<CreateSubnetCommandOutput>('ec2.CreateSubnet', place).Subnet?.SubnetId
  })
  const TagSpecifications = (ResourceType: string) => [{ ResourceType, Tags: [{ Key: 'Name', Value: 'ZOOKEEPER-A' }] }]
  const { NetworkInterface } = call<CreateNetworkInterfaceCommandOutput>('ec2.CreateNetworkInterface', {
    SubnetId: subnets[0],
    TagSpecifications: TagSpecifications('network-interface'),
  })
  const volume = call<CreateVolumeCommandOutput>('ec2.CreateVolume', {
    AvailabilityZone: `${region}a`,
    Size: 10,
    TagSpecifications: TagSpecifications('volume'),
  })
  const LaunchTemplateName = 'zookeeper'
  call('ec2.CreateLaunchTemplate', {
    LaunchTemplateName,
    LaunchTemplateData: { ImageId: 'ami-0123456789abcdef0', InstanceType: 'm7g.large' },
  })
  call('autoscaling.CreateAutoScalingGroup', {
    AutoScalingGroupName: 'zookeeper',
    LaunchTemplate: { LaunchTemplateName },
    VPCZoneIdentifier: subnets.join(','),
    MinSize: 0,
    MaxSize: 2,
  })
  return { INTERFACE: NetworkInterface?.NetworkInterfaceId ?? '', VOLUME: volume.VolumeId ?? '' }
}

const documented = (): string =>
  /<!-- adoption: tags -->\s+```sh\n(.*?)```/s.exec(readFileSync(projectFile('docs/deploy.md'), 'utf8'))?.[1] ?? ''

function shell(script: string, variables: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return run('bash', ['-euc', script], '/', {
    ...process.env,
    AWS_ENDPOINT_URL: wire.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_DEFAULT_REGION: region,
    ...variables,
  })
}

async function look(): Promise<string[]> {
  const settings = checked({
    ensemble: 'orders',
    region,
    adopt: { groups: ['zookeeper'], members: 3, mounts: ['/data'] },
  })
  try {
    await preflight(settings, { region, endpoint: wire.url, credentials }, { ids: {}, resources: {} })
    return []
  } catch (error) {
    return String(error).split('\n  ').slice(1)
  }
}

test.skipIf(!cli)(`the commands of the page and those that are told lead to adoption${reason}`, async () => {
  const made = existing()
  const before = await look()
  expect(before).toHaveLength(5)

  const tagged = await shell(documented(), made)
  expect(tagged).toMatchObject({ exitCode: 0, output: expect.stringContaining(made.INTERFACE) })
  expect(tagged.output).toContain(made.VOLUME)

  const remedies = (await look()).map((fault) => fault.slice(fault.indexOf('aws ')))
  expect(remedies).toHaveLength(3)
  for (const command of remedies) expect(await shell(command)).toMatchObject({ exitCode: 0 })
  expect(await look()).toEqual([])
})
