/**
 * Names of things, checked once where they enter and typed from then on, so that an interface's id can never be passed
 * where an instance's is due. The patterns are AWS's own id forms.
 */
declare const brand: unique symbol
type Branded<Name extends string, Base = string> = Base & { readonly [brand]: Name }

export type InstanceId = Branded<'InstanceId'>
export type NetworkInterfaceId = Branded<'NetworkInterfaceId'>
export type VolumeId = Branded<'VolumeId'>
export type SubnetId = Branded<'SubnetId'>
export type CommandId = Branded<'CommandId'>
/** The number by which a member is known in its ensemble: ZooKeeper's server id. */
export type MemberId = Branded<'MemberId', number>

export const patterns = {
  instanceId: /^i-[0-9a-f]{8,17}$/,
  networkInterfaceId: /^eni-[0-9a-f]{8,17}$/,
  volumeId: /^vol-[0-9a-f]{8,17}$/,
  subnetId: /^subnet-[0-9a-f]{8,17}$/,
  ensemble: /^[a-z][a-z0-9-]{0,31}$/,
  /** Absolute, no spaces, nothing that a shell or a unit file could read as more than a path. */
  mount: /^\/[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/,
} as const

/** ZooKeeper's server ids go from 1 to 255. */
const memberIdMax = 255

/** @throws {BadName} when `text` is not an EC2 instance id. */
export const instanceId = (text: unknown): InstanceId => named(text, patterns.instanceId, 'instance id')
/** @throws {BadName} when `text` is not a network interface id. */
export const networkInterfaceId = (text: unknown): NetworkInterfaceId =>
  named(text, patterns.networkInterfaceId, 'network interface id')
/** @throws {BadName} when `text` is not a volume id. */
export const volumeId = (text: unknown): VolumeId => named(text, patterns.volumeId, 'volume id')
/** @throws {BadName} when `text` is not a subnet id. */
export const subnetId = (text: unknown): SubnetId => named(text, patterns.subnetId, 'subnet id')
/** @throws {BadName} when `text` is not a command id (a UUID). */
export const commandId = (text: unknown): CommandId => named(text, /^[0-9a-f-]{36}$/, 'command id')

/** The member's number, or undefined when the text is not one. */
export function memberId(text: string): MemberId | undefined {
  const number = /^[1-9][0-9]{0,2}$/.test(text) ? Number(text) : Number.NaN
  return number <= memberIdMax ? (number as MemberId) : undefined
}

export class BadName extends Error {
  override readonly name = 'BadName'
}

function named<Id extends string>(text: unknown, pattern: RegExp, what: string): Id {
  if (typeof text === 'string' && pattern.test(text)) return text as Id
  throw new BadName(`${JSON.stringify(text)} is not a valid ${what} (expected ${pattern.source})`)
}
