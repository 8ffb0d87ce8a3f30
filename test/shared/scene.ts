import type { LifecycleAction } from '../../shared/model/action.ts'
import type { HealthFacts } from '../../shared/model/facts.ts'
import {
  commandId,
  type InstanceId,
  instanceId,
  memberId,
  type MemberId,
  networkInterfaceId,
  subnetId,
  volumeId,
} from '../../shared/model/ids.ts'
import type { Member, NetworkInterface, Volume } from '../../shared/model/member.ts'
import type {
  Command,
  GroupInstance,
  Health,
  Instance,
  Observation,
  Reach,
  Verb,
} from '../../shared/model/observation.ts'

/** Building blocks for observations: a world in which an instance waits in a launch and member 1 is free. */

export const now = Date.UTC(2026, 5, 1, 12)
export const seconds = (count: number): number => now - count * 1000

export const self = instanceId('i-00000000000000aaa')
export const other = instanceId('i-00000000000000bbb')
export const third = instanceId('i-00000000000000ccc')

const pad = (id: number): string => id.toString(16).padStart(17, '0')

export const id = (number: number): MemberId => memberId(String(number))!

/** The ranges of the subnets of members 1 to 9. */
export const subnetCidrs = new Map(
  Array.from({ length: 9 }, (_, place) => [subnetId(`subnet-${pad(place + 1)}`), `10.0.${place + 1}.0/24`]),
)

export function volume(number: number, change: Partial<Volume> = {}): Volume {
  return {
    id: volumeId(`vol-${pad(number)}`),
    mount: '/var/lib/zookeeper',
    state: 'available',
    formatPermitted: false,
    bootstrapPermitted: false,
    ...change,
  }
}

export function attachedTo(instance: InstanceId, state = 'attached', change = {}) {
  return {
    state: 'in-use',
    attachment: {
      instanceId: instance,
      device: '/dev/sdf',
      state,
      attachTime: seconds(30),
      deleteOnTermination: false,
      ...change,
    },
  }
}

export function member(number: number, change: Partial<Member> = {}): Member {
  return {
    id: id(number),
    zone: 'eu-central-1a',
    networkInterface: {
      id: networkInterfaceId(`eni-${pad(number)}`),
      macAddress: `02:00:00:00:00:0${number}`,
      address: `10.0.${number}.10`,
      subnetId: subnetId(`subnet-${pad(number)}`),
    },
    volumes: [volume(number)],
    ...change,
  }
}

/** The member with its interface and all volumes attached. */
export function heldBy(instance: InstanceId, one: Member, interfaceChange = {}, volumeChange = {}): Member {
  return {
    ...one,
    networkInterface: {
      ...one.networkInterface,
      attachment: {
        id: `eni-attach-${one.id}`,
        instanceId: instance,
        deviceIndex: 1,
        status: 'attached',
        deleteOnTermination: false,
        ...interfaceChange,
      },
    },
    volumes: one.volumes.map((disk) => ({ ...disk, ...attachedTo(instance, 'attached', volumeChange) })),
  }
}

export function instance(name: InstanceId, change: Partial<Instance> = {}): Instance {
  return {
    id: name,
    state: 'running',
    zone: 'eu-central-1a',
    launchTime: seconds(60),
    networkInterfaces: [{ id: 'eni-0aaaaaaaaaaaaaaaa', deviceIndex: 0 }],
    devices: ['/dev/xvda'],
    ...change,
  }
}

export const inGroup = (name: InstanceId, lifecycleState: string): GroupInstance => ({
  instanceId: name,
  groupName: 'zookeeper',
  zone: 'eu-central-1a',
  lifecycleState,
})

export const launching: LifecycleAction = {
  instanceId: self,
  groupName: 'zookeeper',
  transition: 'launching',
  hookName: 'stayput-launch',
  token: '11111111-2222-4333-8444-555555555555',
}

export const terminating: LifecycleAction = {
  ...launching,
  transition: 'terminating',
  hookName: 'stayput-terminate',
}

export function seen(change: Partial<Observation> = {}): Observation {
  return {
    now,
    action: launching,
    groupInstances: [inGroup(self, 'Pending:Wait')],
    wanted: 1,
    groups: [],
    instances: [instance(self)],
    members: [member(1)],
    tagFaults: [],
    agentOnline: true,
    commands: [],
    subnetCidrs,
    reaches: [],
    healths: [],
    leavingSince: new Map(),
    refusedAttaches: new Set(),
    ...change,
  }
}

/** As `seen`, for an instance that is terminating. */
export const leaving = (change: Partial<Observation> = {}): Observation =>
  seen({ action: terminating, groupInstances: [inGroup(self, 'Terminating:Wait')], ...change })

let commandNumber = 0

export function command(
  verb: Verb,
  status: Command['status'],
  output: object | string = '',
  sentAt = seconds(20),
): Command {
  commandNumber++
  return {
    id: commandId(`00000000-0000-4000-8000-${String(commandNumber).padStart(12, '0')}`),
    verb,
    status,
    sentAt,
    output: typeof output === 'string' ? output : `starting\n${JSON.stringify(output)}\n`,
  }
}

export const takenOver = (one: Member, sentAt = seconds(20), change: object = {}): Command =>
  command(
    'takeOver',
    'succeeded',
    {
      attempt: 'a',
      member: one.id,
      address: one.networkInterface.address,
      routes: 'verified',
      volumes: one.volumes.map((disk) => ({ volume: disk.id, mount: disk.mount, formatted: false })),
      service: { role: 'follower', version: 'zookeeper 3.8.0' },
      ...change,
    },
    sentAt,
  )

export const handedOver = (one: Member, sentAt = seconds(20)): Command =>
  command(
    'handOver',
    'succeeded',
    {
      attempt: 'a',
      service: 'stopped',
      unmounted: one.volumes.map((disk) => disk.id),
      routes: 'removed',
      tombstone: true,
    },
    sentAt,
  )

export const failed = (verb: Verb, word: string, sentAt = seconds(20)): Command =>
  command(verb, 'failed', { attempt: 'a', failed: word, because: `it is ${word}` }, sentAt)

/** What a host tells of a member that is well: by default it follows, and member 2 leads. */
export const health = (
  host: InstanceId,
  one: Member,
  change: Partial<HealthFacts> = {},
  sentAt = seconds(5),
): Health => ({
  instanceId: host,
  sentAt,
  answer: {
    member: one.id,
    busy: false,
    handedOver: false,
    routes: 'verified',
    volumes: one.volumes.map((disk) => ({ volume: disk.id, mount: disk.mount, mounted: true, used: 10 })),
    service: {
      running: true,
      role: 'follower',
      zxid: '0x100000002',
      connections: 1,
      latency: 0,
      synced: null,
      voters: null,
    },
    peers: { 1: 'follower', 2: 'leader', 3: 'follower' },
    settleSeconds: 30,
    ...change,
  },
})

/** The member with a note of its holder on its interface. */
export const noted = (
  one: Member,
  note: Pick<NetworkInterface, 'leaving' | 'handingOver' | 'healing' | 'failures'>,
): Member => ({
  ...one,
  networkInterface: { ...one.networkInterface, ...note },
})

export const reach = (
  peer: InstanceId,
  answer: Reach['answer'],
  sentAt = seconds(10),
  address = '10.0.1.10',
): Reach => ({
  peer,
  address,
  sentAt,
  answer,
})
