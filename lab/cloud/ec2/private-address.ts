import type {
  AssignPrivateIpAddressesCommandInput,
  AssignPrivateIpAddressesCommandOutput,
  UnassignPrivateIpAddressesCommandInput,
} from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import { freeAddress, placeOf } from './address.ts'
import { limitsOf } from './instance-type.ts'
import { blockOf, usedAddresses } from './network.ts'
import { insufficientAddresses, outsideSubnet } from './new-interface.ts'
import type { NetworkInterface, Subnet } from './records.ts'
import { invalidCombination, invalidValue, kinds, requireRecord } from './refusal.ts'
import type { State } from './state.ts'

/** Secondary private addresses. The texts were captured from EC2: radkawar/stackd testdata/aws/ec2. */

function assign(
  state: State,
  input: AssignPrivateIpAddressesCommandInput,
): Answer<AssignPrivateIpAddressesCommandOutput> {
  const target = requireRecord(state.networkInterfaces, kinds.networkInterface, input.NetworkInterfaceId)
  const subnet = requireRecord(state.subnets, kinds.subnet, target.subnetId)
  const asked = askedAddresses(state, subnet, input)
  const owners = asked.map((address) => movableOwner(state, target, address, input.AllowReassignment ?? false))
  const added = asked.filter((address) => !target.secondaryPrivateIpAddresses.includes(address))
  checkLimit(state, target, added.length)
  owners.forEach((owner, index) => {
    if (owner) removeAddresses(state, owner.networkInterfaceId, [asked[index] ?? ''])
  })
  state.networkInterfaces.change(target.networkInterfaceId, {
    secondaryPrivateIpAddresses: [...target.secondaryPrivateIpAddresses, ...added],
  })
  return {
    NetworkInterfaceId: target.networkInterfaceId,
    AssignedPrivateIpAddresses: asked.map((PrivateIpAddress) => ({ PrivateIpAddress })),
    AssignedIpv4Prefixes: [],
  }
}

function askedAddresses(state: State, subnet: Subnet, input: AssignPrivateIpAddressesCommandInput): string[] {
  const { PrivateIpAddresses: listed = [], SecondaryPrivateIpAddressCount: count } = input
  if (listed.length > 0 && count !== undefined) {
    throw invalidCombination(
      'You may specify one and only one of privateIpAddressSet or secondaryPrivateIpAddressCount or ipv4Prefixes or ' +
        'ipv4PrefixCount, but not more than one of them.',
    )
  }
  if (count !== undefined) return freeAddresses(state, subnet, count)
  if (listed.length === 0) {
    throw new AwsError(
      'InvalidParameter',
      'One of privateIpAddressSet or privateIpAddressCount or ipv4PrefixSet or ipv4PrefixCount must be specified.',
    )
  }
  for (const address of listed) {
    const place = placeOf(blockOf(subnet), address)
    if (place === 'outside') throw outsideSubnet()
    if (place === 'reserved') throw invalidValue(`Address ${address} is in subnet's reserved range.`)
  }
  return listed
}

function freeAddresses(state: State, subnet: Subnet, count: number): string[] {
  if (count <= 0) {
    throw invalidValue(
      `Value (${count}) for parameter secondaryPrivateIpAddressCount is invalid. Value must be a positive number.`,
    )
  }
  const used = usedAddresses(state, subnet.subnetId)
  return Array.from({ length: count }, () => {
    const address = freeAddress(blockOf(subnet), used, state.kernel.random)
    if (address === undefined) throw insufficientAddresses()
    used.add(address)
    return address
  })
}

/** The other interface that holds the address, if it may be taken from it. A primary address never moves. */
function movableOwner(
  state: State,
  target: NetworkInterface,
  address: string,
  allowReassignment: boolean,
): NetworkInterface | undefined {
  const holds = (each: NetworkInterface): boolean =>
    each.subnetId === target.subnetId &&
    (each.privateIpAddress === address || each.secondaryPrivateIpAddresses.includes(address))
  const owner = state.networkInterfaces.all().find(holds)
  if (!owner) return undefined
  const own = owner.networkInterfaceId === target.networkInterfaceId
  if (own && owner.privateIpAddress !== address) return undefined
  if (!own && !allowReassignment) throw invalidValue(`[${address}] assigned, but move is not allowed.`)
  if (owner.privateIpAddress === address) throw invalidValue('secondary-addresses')
  return owner
}

function checkLimit(state: State, target: NetworkInterface, added: number): void {
  const instance = target.attachment && state.instances.get(target.attachment.instanceId)
  if (!instance) return
  const held = 1 + target.secondaryPrivateIpAddresses.length
  if (held + added <= limitsOf(instance.instanceType).addressesPerInterface) return
  throw new AwsError('PrivateIpAddressLimitExceeded', 'Number of private addresses will exceed limit.')
}

function removeAddresses(state: State, networkInterfaceId: string, addresses: readonly string[]): void {
  const held = state.networkInterfaces.get(networkInterfaceId)?.secondaryPrivateIpAddresses ?? []
  state.networkInterfaces.change(networkInterfaceId, {
    secondaryPrivateIpAddresses: held.filter((address) => !addresses.includes(address)),
  })
}

function unassign(state: State, input: UnassignPrivateIpAddressesCommandInput): void {
  const target = requireRecord(state.networkInterfaces, kinds.networkInterface, input.NetworkInterfaceId)
  const addresses = input.PrivateIpAddresses ?? []
  if (addresses.length === 0) {
    throw new AwsError('MissingParameter', 'One of privateIpAddresses or ipv4Prefixes must be specified.')
  }
  if (addresses.includes(target.privateIpAddress)) {
    throw invalidValue(
      `Value (${target.privateIpAddress}) for parameter privateIpAddress is invalid. ` +
        'The primary IP address of an interface cannot be unassigned.',
    )
  }
  if (!addresses.every((address) => target.secondaryPrivateIpAddresses.includes(address))) {
    throw invalidValue(`Some of the specified addresses are not assigned to interface ${target.networkInterfaceId}`)
  }
  removeAddresses(state, target.networkInterfaceId, addresses)
}

export function privateAddressOperations(state: State): OperationTable {
  return {
    AssignPrivateIpAddresses: (
      input: AssignPrivateIpAddressesCommandInput,
    ): Answer<AssignPrivateIpAddressesCommandOutput> => assign(state, input),
    UnassignPrivateIpAddresses(input: UnassignPrivateIpAddressesCommandInput): object {
      unassign(state, input)
      return {}
    },
  }
}
