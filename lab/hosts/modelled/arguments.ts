import { Failure } from './reply.ts'

type Values = Readonly<Record<string, readonly string[]>>

export interface WantedVolume {
  readonly volume: string
  readonly mount: string
}

export interface HandOverArguments {
  readonly ensemble: string
  readonly member: number
  readonly attempt: string
  /** Milliseconds since the epoch. */
  readonly notAfter: number
  readonly macAddress: string
  readonly address: string
  readonly volumes: readonly WantedVolume[]
}

export interface TakeOverArguments extends HandOverArguments {
  readonly subnetCidr: string
  readonly peers: ReadonlyMap<number, string>
  /** The volumes that may be formatted if they are blank. */
  readonly format: ReadonlySet<string>
  /** Whether a member without data may take part in forming the ensemble's first quorum. */
  readonly bootstrap: boolean
  /** Whether a service that runs is started anew, once an attempt. */
  readonly restart: boolean
}

export interface ReachArguments {
  readonly address: string
  /** Of the host that is asked. */
  readonly own: string
  readonly port: number
  readonly notAfter: number
}

export interface ReconfigureArguments {
  readonly ensemble: string
  readonly member: number
  readonly attempt: string
  readonly notAfter: number
  /** Who gets a vote, or loses it. */
  readonly changed: number
  readonly adds: boolean
}

export interface MemberRow {
  readonly member: number
  readonly macAddress: string
  readonly address: string
  readonly volumes: readonly WantedVolume[]
}

export interface HealthArguments {
  readonly ensemble: string
  readonly members: readonly MemberRow[]
  readonly notAfter: number
}

const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const ipv4 = `${octet}(?:\\.${octet}){3}`
const volume = 'vol-[0-9a-f]{8,17}'
const macAddress = '[0-9a-f]{2}(?::[0-9a-f]{2}){5}'
const attached = `${volume}:/[^,=+:]+`
const row = `[0-9]{1,3}=${macAddress}=${ipv4}=${ipv4}/[0-9]{1,2}=${attached}(?:\\+${attached})*`

const patterns = {
  name: /^[a-zA-Z0-9._-]{1,64}$/,
  member: /^[0-9]{1,3}$/,
  attempt: /^[a-zA-Z0-9.:-]{1,64}$/,
  seconds: /^[0-9]{1,12}$/,
  macAddress: /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/,
  address: new RegExp(`^${ipv4}$`),
  cidr: new RegExp(`^${ipv4}/[0-9]{1,2}$`),
  volumes: new RegExp(`^${volume}=/[^,=]+(,${volume}=/[^,=]+)*$`),
  peers: new RegExp(`^[0-9]{1,3}=${ipv4}(,[0-9]{1,3}=${ipv4})*$`),
  permit: /^(permitted|denied)$/,
  format: new RegExp(`^(none|${volume}(,${volume})*)$`),
  service: /^(keep|restart)$/,
  port: /^[0-9]{1,5}$/,
  members: new RegExp(`^${row}(,${row})*$`),
  change: new RegExp(`^(add:[0-9]{1,3}=${ipv4}|remove:[0-9]{1,3})$`),
}

export function handOverArguments(values: Values): HandOverArguments {
  return {
    ensemble: read(values, 'Ensemble', patterns.name),
    member: readMember(values),
    attempt: read(values, 'Attempt', patterns.attempt),
    notAfter: readNotAfter(values),
    macAddress: read(values, 'MacAddress', patterns.macAddress),
    address: read(values, 'Address', patterns.address),
    volumes: pairs(read(values, 'Volumes', patterns.volumes)).map(([id, mount]) => ({ volume: id, mount })),
  }
}

export function takeOverArguments(values: Values): TakeOverArguments {
  const common = handOverArguments(values)
  const peers = new Map(pairs(read(values, 'Peers', patterns.peers)).map(([id, address]) => [Number(id), address]))
  if (peers.get(common.member) !== common.address) {
    throw new Failure('bad-parameter', `Peers does not name member ${common.member} at ${common.address}.`)
  }
  const format = read(values, 'Format', patterns.format)
  return {
    ...common,
    subnetCidr: read(values, 'SubnetCidr', patterns.cidr),
    peers,
    format: new Set(format === 'none' ? [] : format.split(',')),
    bootstrap: read(values, 'Bootstrap', patterns.permit) === 'permitted',
    restart: read(values, 'Service', patterns.service) === 'restart',
  }
}

export function reachArguments(values: Values): ReachArguments {
  return {
    address: read(values, 'Address', patterns.address),
    own: read(values, 'Own', patterns.address),
    port: Number(read(values, 'Port', patterns.port)),
    notAfter: readNotAfter(values),
  }
}

export function healthArguments(values: Values): HealthArguments {
  return {
    ensemble: read(values, 'Ensemble', patterns.name),
    members: read(values, 'Members', patterns.members).split(',').map(readRow),
    notAfter: readNotAfter(values),
  }
}

export function reconfigureArguments(values: Values): ReconfigureArguments {
  const [kind, changed = ''] = read(values, 'Change', patterns.change).split(':')
  return {
    ensemble: read(values, 'Ensemble', patterns.name),
    member: readMember(values),
    attempt: read(values, 'Attempt', patterns.attempt),
    notAfter: readNotAfter(values),
    changed: Number(changed.split('=')[0]),
    adds: kind === 'add',
  }
}

function readRow(text: string): MemberRow {
  const [id, mac = '', address = '', , volumes = ''] = text.split('=')
  return {
    member: Number(id),
    macAddress: mac,
    address,
    volumes: volumes.split('+').map((one) => {
      const [name = '', mount = ''] = one.split(':')
      return { volume: name, mount }
    }),
  }
}

function read(values: Values, name: string, pattern: RegExp): string {
  const value = values[name]?.[0]
  if (value === undefined) throw new Failure('bad-parameter', `${name} is missing.`)
  if (!pattern.test(value)) throw new Failure('bad-parameter', `${name} is malformed.`)
  return value
}

function readMember(values: Values): number {
  const member = Number(read(values, 'Member', patterns.member))
  if (member < 1 || member > 255) throw new Failure('bad-parameter', 'Member is not between 1 and 255.')
  return member
}

function readNotAfter(values: Values): number {
  return Number(read(values, 'NotAfter', patterns.seconds)) * 1000
}

function pairs(list: string): [string, string][] {
  return list.split(',').map((pair) => {
    const equals = pair.indexOf('=')
    return [pair.slice(0, equals), pair.slice(equals + 1)]
  })
}
