/** Whether a new ensemble has where it is to be. Pure: what AWS has answered in, faults out. */
'use strict'
const { members } = require('./members.cjs')
const { membershipFaults } = require('./membership.cjs')

/** @returns {string[]} faults */
function faults(settings, seen) {
  return [
    ...subnetFaults(settings, seen),
    ...settings.members.flatMap((member) => addressFaults(member, seen)),
    ...clientFaults(settings, seen),
    ...typeFaults(settings, seen),
    ...imageFaults(settings, seen),
    ...membershipFaults(settings, seen),
    ...strangerFaults(settings, seen),
    ...tagFaults(settings, seen),
    ...replacementFaults(settings, seen),
  ]
}

function subnetFaults({ vpc, members }, { subnets }) {
  const places = new Map(members.map(({ zone, subnet }) => [subnet, zone]))
  return [...places].flatMap(([subnet, zone]) => {
    const found = subnets.find(({ SubnetId }) => SubnetId === subnet)
    if (!found) return [`subnets.${zone} is ${subnet}, which does not exist in this account and Region`]
    const there = found.AvailabilityZone
    return [
      ...(there === zone ? [] : [`subnets.${zone} is ${subnet}, which is in ${there}: name it there`]),
      ...(found.VpcId === vpc ? [] : [`subnets.${zone} is ${subnet} of ${found.VpcId}, and vpc is ${vpc}`]),
    ]
  })
}

function addressFaults({ id, subnet, address }, { subnets, interfaces, deployed }) {
  const range = subnets.find(({ SubnetId }) => SubnetId === subnet)?.CidrBlock
  if (address === undefined || range === undefined) return []
  const what = `the address ${address} of member ${id}`
  if (!usable(address, range)) {
    return [`${what} is not a free one of ${subnet} (${range}): AWS keeps the first four and the last`]
  }
  const taken = interfaces.find((one) => one.PrivateIpAddresses?.some((own) => own.PrivateIpAddress === address))
  if (!taken || Object.values(deployed.ids).includes(taken.NetworkInterfaceId)) return []
  return [`${what} belongs to ${taken.NetworkInterfaceId}: free it or choose another`]
}

const number = (address) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

/** VPC User Guide, "Subnet CIDR reservations": the first four addresses and the last are AWS's. */
function usable(address, range) {
  const [base, bits] = range.split('/')
  const offset = number(address) - number(base)
  return offset >= 4 && offset < 2 ** (32 - Number(bits)) - 1
}

function clientFaults({ vpc, clients }, { securityGroups }) {
  return clients.flatMap((id) => {
    const found = securityGroups.find(({ GroupId }) => GroupId === id)
    if (!found) return [`clients: ${id} does not exist in this account and Region`]
    return found.VpcId === vpc ? [] : [`clients: ${id} is of ${found.VpcId}, and vpc is ${vpc}`]
  })
}

function typeFaults({ members, instanceType }, { zones }) {
  const missing = [...new Set(members.map(({ zone }) => zone))].filter((zone) => !zones.includes(zone))
  return missing.map((zone) => `instanceType ${instanceType} is not to be had in ${zone}: choose another type or zone`)
}

function imageFaults({ image, rootDevice, instanceType }, { image: found, architecture }) {
  if (!image.startsWith('ami-')) return []
  if (!found) return [`image ${image} does not exist in this Region, or is not shared with this account`]
  return [
    ...(found.Architecture === architecture
      ? []
      : [`image ${image} is for ${found.Architecture}, and ${instanceType} is ${architecture}`]),
    ...(found.RootDeviceName === rootDevice
      ? []
      : [`rootDevice is ${rootDevice}, and that of ${image} is ${found.RootDeviceName}`]),
  ]
}

/**
 * A volume's tags are written once, when it is created: CloudFormation would write them again if the template's had
 * changed, and give the permits back that the functions have withdrawn.
 */
function tagFaults(settings, { deployed }) {
  const changed = Object.entries(members(settings)).filter(([id, { Properties }]) => {
    const before = deployed.resources[id]?.Properties?.Tags
    return before !== undefined && JSON.stringify(before) !== JSON.stringify(Properties.Tags)
  })
  return changed.map(([id]) => `the deployment would write the tags of ${id} again, and give withdrawn permits back`)
}

/** CloudFormation's reference of both types: with another value of these it makes a new one. */
const replacing = ['SubnetId', 'PrivateIpAddress', 'AvailabilityZone', 'Encrypted', 'KmsKeyId']

function replacementFaults(settings, { deployed }) {
  return Object.entries(members(settings)).flatMap(([id, { Properties }]) => {
    const before = deployed.resources[id]?.Properties
    const changed = before === undefined ? [] : replacing.filter((name) => before[name] !== Properties[name])
    const told = changed.map((name) => `${name} from ${before[name] ?? 'none'} to ${Properties[name] ?? 'none'}`)
    return told.length === 0 ? [] : [`the deployment would replace ${id} (${told.join(', ')}): a member is what it is`]
  })
}

/** A member that was there twice would be no member at all to the functions. */
function strangerFaults({ ensemble }, { deployed, belongings: { interfaces, volumes } }) {
  const ours = new Set(Object.values(deployed.ids))
  const tagged = [...interfaces.map((one) => one.NetworkInterfaceId), ...volumes.map((one) => one.VolumeId)]
  const strangers = tagged.filter((id) => !ours.has(id))
  if (strangers.length === 0) return []
  return [
    `${strangers.join(', ')} belong to an ensemble ${ensemble} already (tag stayput:ensemble), from another stack or an ` +
      'earlier one: delete them, adopt them, or choose another name',
  ]
}

module.exports = { faults }
