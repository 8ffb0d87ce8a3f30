import type { PrivateIpAddressSpecification } from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import { freeAddress, placeOf } from './address.ts'
import { blockOf, usedAddresses } from './network.ts'
import type { InterfaceAttachment, NetworkInterface, Subnet, Tags } from './records.ts'
import { invalidValue, missingParameter } from './refusal.ts'
import type { State } from './state.ts'

/** How a network interface comes to be, whoever asks for it: a caller, or an instance that is launched. */

export interface AddressRequest {
  readonly PrivateIpAddress?: string | undefined
  readonly PrivateIpAddresses?: readonly PrivateIpAddressSpecification[] | undefined
  readonly SecondaryPrivateIpAddressCount?: number | undefined
}

/** The addresses of a new interface, the primary one first: those that were asked for, else free ones. */
export function chosenAddresses(state: State, subnet: Subnet, request: AddressRequest): [string, ...string[]] {
  const used = usedAddresses(state, subnet.subnetId)
  const take = (asked: string | undefined): string => {
    const address = asked ?? freeAddress(blockOf(subnet), used, state.kernel.random)
    if (address === undefined) throw insufficientAddresses()
    if (asked !== undefined) checkAddress(subnet, used, asked)
    used.add(address)
    return address
  }
  const listed = request.PrivateIpAddresses ?? []
  const primaries = [request.PrivateIpAddress, ...listed.filter((each) => each.Primary).map(addressOf)].filter(
    (each) => each !== undefined,
  )
  if (primaries.length > 1) throw invalidValue('Only one primary private IP address can be specified.')
  const secondary = listed.filter((each) => !each.Primary).map(addressOf)
  const more = Array.from({ length: request.SecondaryPrivateIpAddressCount ?? 0 }, () => undefined)
  return [take(primaries[0]), ...[...secondary, ...more].map(take)]
}

function addressOf(specification: PrivateIpAddressSpecification): string {
  if (specification.PrivateIpAddress === undefined) throw missingParameter('privateIpAddress')
  return specification.PrivateIpAddress
}

function checkAddress(subnet: Subnet, used: ReadonlySet<string>, address: string): void {
  const place = placeOf(blockOf(subnet), address)
  if (place === 'outside') throw outsideSubnet()
  if (place === 'reserved') throw invalidValue("Address is in subnet's reserved address range")
  if (used.has(address)) throw new AwsError('InvalidIPAddress.InUse', 'The specified address is already in use.')
}

export function outsideSubnet(): AwsError {
  return invalidValue("Address does not fall within the subnet's address range")
}

export function insufficientAddresses(): AwsError {
  return new AwsError(
    'InsufficientFreeAddressesInSubnet',
    'The specified subnet does not have enough free addresses to satisfy the request.',
  )
}

export interface NewInterface {
  readonly privateIpAddress: string
  readonly secondaryPrivateIpAddresses: readonly string[]
  readonly securityGroupIds: readonly string[]
  readonly description: string
  readonly tags: Tags
  readonly attachment?: InterfaceAttachment
}

export function newInterface(state: State, subnet: Subnet, wanted: NewInterface): NetworkInterface {
  const networkInterfaceId = state.kernel.id('eni')
  const octets = state.kernel.random.hex(10).match(/../g) ?? []
  return state.networkInterfaces.put(networkInterfaceId, {
    ...wanted,
    networkInterfaceId,
    subnetId: subnet.subnetId,
    vpcId: subnet.vpcId,
    zone: subnet.zone,
    zoneId: subnet.zoneId,
    macAddress: ['02', ...octets].join(':'),
    sourceDestCheck: true,
    status: wanted.attachment ? 'in-use' : 'available',
  })
}
