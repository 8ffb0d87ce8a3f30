import type * as sdk from '@aws-sdk/client-ec2'
import { VirtualClock } from '../../lab/cloud/clock.ts'
import { createEc2, type Ec2 } from '../../lab/cloud/ec2/ec2.ts'
import { AwsError } from '../../lab/cloud/error.ts'
import { createEventBridge, type EventBridge } from '../../lab/cloud/eventbridge/eventbridge.ts'
import { createKernel, type Kernel } from '../../lab/cloud/kernel.ts'
import { calm, type Settings } from '../../lab/cloud/settings.ts'
import { recordingHosts, type RecordingHosts } from './recording-hosts.ts'

type Commands = typeof sdk
export type Ec2OperationName = {
  [Name in keyof Commands]: Name extends `${infer Operation}Command` ? Operation : never
}[keyof Commands]
type CommandOf<Name extends Ec2OperationName> = InstanceType<Commands[`${Name}Command`]>
type InputOf<Name extends Ec2OperationName> = CommandOf<Name>['input']
type OutputOf<Name extends Ec2OperationName> = Awaited<
  ReturnType<ReturnType<CommandOf<Name>['resolveMiddleware']>>
>['output']

interface AttachedInterface {
  readonly networkInterfaceId: string
  readonly attachmentId: string
}

export interface Ec2Scene {
  readonly clock: VirtualClock
  readonly kernel: Kernel
  readonly hosts: RecordingHosts
  readonly ec2: Ec2
  readonly events: EventBridge
  readonly vpcId: string
  /** In the first zone. */
  readonly subnetId: string
  /** In the second zone. */
  readonly otherSubnetId: string
  readonly zones: readonly [string, string]
  readonly call: <Name extends Ec2OperationName>(name: Name, input: InputOf<Name>) => OutputOf<Name>
  /** A running instance of type t3.small. */
  readonly runningInstance: (subnetId?: string) => Promise<string>
  readonly networkInterface: (subnetId?: string) => string
  /** A volume that is available. */
  readonly volume: (zone?: string) => Promise<string>
  readonly attachedVolume: (instanceId: string, device?: string) => Promise<string>
  readonly attachedInterface: (instanceId: string, deviceIndex?: number) => Promise<AttachedInterface>
  /** Lets time pass until this holds; fails the test when it does not within an hour. */
  readonly until: (what: string, holds: () => boolean) => Promise<void>
}

export const imageId = 'ami-0123456789abcdef0'

/** EC2 alone, in virtual time, on hosts that only record; no read is stale unless a test asks for it. */
export function ec2Scene(overrides: Partial<Settings> = {}, seed = 1): Ec2Scene {
  const clock = new VirtualClock()
  const kernel = createKernel(clock, seed, { staleReads: 0, ...overrides })
  const hosts = recordingHosts()
  const events = createEventBridge(kernel)
  const ec2 = createEc2(kernel, hosts, events)

  const call: Ec2Scene['call'] = (name, input) => {
    const handler = ec2.operations[name]
    if (!handler) throw new Error(`${name} is not simulated`)
    return handler(input as never) as never
  }

  const until = async (what: string, holds: () => boolean): Promise<void> => {
    if (!(await clock.run(holds, 3_600_000))) throw new Error(`it never came to pass: ${what}`)
  }

  const { region } = kernel.settings
  const zones = [`${region}a`, `${region}b`] as const
  const vpcId = call('CreateVpc', { CidrBlock: '10.1.0.0/16' }).Vpc?.VpcId ?? ''
  const subnetIn = (AvailabilityZone: string, CidrBlock: string): string =>
    call('CreateSubnet', { VpcId: vpcId, CidrBlock, AvailabilityZone }).Subnet?.SubnetId ?? ''
  const subnetId = subnetIn(zones[0], '10.1.0.0/24')
  const otherSubnetId = subnetIn(zones[1], '10.1.1.0/24')

  const networkInterface = (SubnetId = subnetId): string =>
    call('CreateNetworkInterface', { SubnetId }).NetworkInterface?.NetworkInterfaceId ?? ''
  const volume = async (AvailabilityZone: string = zones[0]): Promise<string> => {
    const volumeId = call('CreateVolume', { AvailabilityZone, Size: 1 }).VolumeId ?? ''
    await until('the volume is available', () => ec2.volumes.get(volumeId)?.state === 'available')
    return volumeId
  }

  return {
    clock,
    kernel,
    hosts,
    ec2,
    events,
    vpcId,
    subnetId,
    otherSubnetId,
    zones,
    call,
    until,
    networkInterface,
    volume,
    async runningInstance(where = subnetId) {
      const { instanceId } = ec2.launch({ imageId, instanceType: 't3.small', subnetId: where })
      await until('the instance runs', () => ec2.instances.get(instanceId)?.state === 'running')
      return instanceId
    },
    async attachedVolume(InstanceId, Device = '/dev/sdf') {
      const VolumeId = await volume(ec2.instances.get(InstanceId)?.zone)
      call('AttachVolume', { VolumeId, InstanceId, Device })
      await until('the volume is attached', () => ec2.volumes.get(VolumeId)?.attachment?.state === 'attached')
      return VolumeId
    },
    async attachedInterface(InstanceId, DeviceIndex = 1) {
      const NetworkInterfaceId = networkInterface(ec2.instances.get(InstanceId)?.subnetId)
      const answer = call('AttachNetworkInterface', { NetworkInterfaceId, InstanceId, DeviceIndex })
      const status = () => ec2.networkInterfaces.get(NetworkInterfaceId)?.attachment?.status
      await until('the interface is attached', () => status() === 'attached')
      return { networkInterfaceId: NetworkInterfaceId, attachmentId: answer.AttachmentId ?? '' }
    },
  }
}

/** The code, the text and the HTTP status with which a call is refused. */
export function refusal(call: () => unknown): { code: string; message: string; status: number } {
  try {
    call()
  } catch (error) {
    if (error instanceof AwsError) return { code: error.code, message: error.message, status: error.status }
    throw error
  }
  throw new Error('the call was not refused')
}

/** A world in which every latency is this many milliseconds, so that moments can be told apart exactly. */
export function everyLatency(ms: number): Partial<Settings> {
  const latencies = { ...calm.latencies }
  for (const name of Object.keys(latencies) as (keyof typeof latencies)[]) latencies[name] = { median: ms, p99: ms }
  return { latencies }
}

export const second = 1000

/** The attachment's states as they follow each other, each told once. */
export async function statesOf(scene: Ec2Scene, read: () => string, last: string): Promise<string[]> {
  const seen: string[] = []
  await scene.until(`it becomes ${last}`, () => {
    const state = read()
    if (seen.at(-1) !== state) seen.push(state)
    return state === last
  })
  return seen
}

export const interfaceState = (scene: Ec2Scene, id: string) => () => {
  const record = scene.ec2.networkInterfaces.get(id)
  return record ? [record.status, record.attachment?.status].filter(Boolean).join('/') : 'gone'
}

export const volumeState = (scene: Ec2Scene, id: string) => () => {
  const record = scene.ec2.volumes.get(id)
  return record ? [record.state, record.attachment?.state].filter(Boolean).join('/') : 'gone'
}

export const instanceState = (scene: Ec2Scene, id: string) => () => scene.ec2.instances.get(id)?.state ?? 'gone'
