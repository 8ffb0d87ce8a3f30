/**
 * What settings must be like. Each fault names the setting, its value and what it should be. Pure functions: what only
 * AWS can know (does the subnet exist, is the address in it) is asked by preflight.mjs before the deployment.
 */
'use strict'
const { images } = require('./images.cjs')

const id = (kind) => new RegExp(`^${kind}-[0-9a-f]{8,17}$`)
const forms = {
  ensemble: /^[a-z][a-z0-9-]{0,31}$/,
  region: /^[a-z]{2}(-[a-z]+)+-[0-9]$/,
  group: /^[A-Za-z0-9_+=,.@/-]{1,255}$/,
  address: /^(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}$/,
  instanceType: /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/,
  fileSystem: /^(xfs|ext4)$/,
  mount: /^(\/[A-Za-z0-9_.-]+)+$/,
  device: /^\/dev\/[a-z0-9]+$/,
  topic: /^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$/,
  key: /^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key\/[A-Za-z0-9-]+$/,
  image: id('ami'),
  vpc: id('vpc'),
  subnet: id('subnet'),
  securityGroup: id('sg'),
}

/** Three zones are all that a quorum needs; with more than seven members each write waits for too many. */
const mostZones = 3
const mostMembers = 7

const shown = (value) => (value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`)
const fault = (name, value, wanted) => `${name} ${shown(value)}: it must be ${wanted}`
const isMap = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

const text = (name, value, form, wanted) =>
  typeof value === 'string' && form.test(value) ? [] : [fault(name, value, wanted)]
const optional = (value, check) => (value === undefined ? [] : check())
const whole = (name, value, least, most, what) =>
  Number.isInteger(value) && value >= least && value <= most
    ? []
    : [fault(name, value, `a whole number from ${least} to ${most}${what}`)]
const repeated = (values) => [...new Set(values.filter((value, index) => values.indexOf(value) !== index))]

function onlyKnown(where, map, known) {
  const unknown = Object.keys(map).filter((key) => !known.includes(key))
  return unknown.map((key) => `${where}${key} is not a setting: there are ${known.join(', ')}`)
}

function checkCommon(raw) {
  return [
    ...text('ensemble', raw.ensemble, forms.ensemble, 'a name of at most 32 lower-case letters, digits and dashes'),
    ...text('region', raw.region, forms.region, 'an AWS Region, like eu-central-1'),
    ...optional(raw.alarms, () => text('alarms', raw.alarms, forms.topic, 'the ARN of an SNS topic')),
  ]
}

/** @returns {string[]} what is wrong with the settings of a new ensemble */
function checkEnsemble(raw) {
  if (!isMap(raw)) return ['there are no settings: start from the file of the repository']
  return [
    ...onlyKnown('', raw, settingNames),
    ...checkCommon(raw),
    ...text('vpc', raw.vpc, forms.vpc, 'the id of the VPC of the subnets, like vpc-0123456789abcdef0'),
    ...checkSubnets(raw),
    ...whole('members', raw.members, 1, mostMembers, ' (three survive the loss of one, five of two)'),
    ...checkAddresses(raw),
    ...checkImage(raw),
    ...text('instanceType', raw.instanceType, forms.instanceType, 'an instance type, like m7g.large'),
    ...checkVolume('volume', raw.volume),
    ...optional(raw.logVolume, () => checkVolume('logVolume', raw.logVolume)),
    ...optional(raw.fileSystem, () => text('fileSystem', raw.fileSystem, forms.fileSystem, 'xfs or ext4')),
    ...optional(raw.clients, () => checkClients(raw.clients)),
  ]
}

const settingNames = [
  'ensemble',
  'region',
  'vpc',
  'subnets',
  'members',
  'addresses',
  'image',
  'rootDevice',
  'instanceType',
  'volume',
  'logVolume',
  'fileSystem',
  'clients',
  'alarms',
  'adopt',
]

function checkSubnets({ region, subnets }) {
  const wanted = `one to ${mostZones} lines, each a zone and its subnet, like eu-central-1a: subnet-0123456789abcdef0`
  if (!isMap(subnets)) return [fault('subnets', subnets, wanted)]
  const zones = Object.keys(subnets)
  const size = zones.length >= 1 && zones.length <= mostZones ? [] : [fault('subnets', subnets, wanted)]
  const places = zones.flatMap((zone) => [
    // A zone is its Region and a letter: with another Region's zone the volumes could not be created.
    ...(/^[a-z]$/.test(zone.slice(String(region).length)) && zone.startsWith(String(region))
      ? []
      : [`subnets.${zone} is not a zone of ${region}: zones are like ${region}a`]),
    ...text(`subnets.${zone}`, subnets[zone], forms.subnet, 'the id of a subnet, like subnet-0123456789abcdef0'),
  ])
  const twice = repeated(Object.values(subnets)).map((one) => `subnets: ${one} is given for two zones, and is in one`)
  return [...size, ...places, ...twice]
}

function checkAddresses({ addresses, members }) {
  if (addresses === undefined) return []
  if (!Array.isArray(addresses) || addresses.length !== members) {
    return [fault('addresses', addresses, `a list of ${members} addresses, one for each member; or left out`)]
  }
  return [
    ...addresses.flatMap((one, index) =>
      text(`addresses[${index}]`, one, forms.address, 'a private IPv4 address in the subnet of the member'),
    ),
    ...repeated(addresses).map((one) => `addresses: ${one} is given to two members`),
  ]
}

function checkImage({ image, rootDevice }) {
  const names = Object.keys(images)
  if (names.includes(image)) {
    const known = `rootDevice is ${JSON.stringify(rootDevice)}: leave it out, that of ${image} is known`
    return rootDevice === undefined ? [] : [known]
  }
  return [
    ...text('image', image, forms.image, `${names.join(' or ')}, or an image's id, like ami-0123456789abcdef0`),
    ...text(
      'rootDevice',
      rootDevice,
      forms.device,
      'the RootDeviceName of your image, like /dev/xvda, as `aws ec2 describe-images` tells it',
    ),
  ]
}

/** EBS User Guide, "gp3 volumes" and "io2 Block Express volumes": sizes in GiB, throughput in MiB/s. */
const volumeTypes = {
  gp3: { leastGiB: 1, leastIops: 3000, mostIops: 80_000, iopsForGiB: 500 },
  io2: { leastGiB: 4, leastIops: 100, mostIops: 256_000, iopsForGiB: 1000 },
}
const mostGiB = 65_536
const freeIops = 3000
const leastThroughput = 125
const mostThroughput = 2000

function checkVolume(name, volume) {
  if (!isMap(volume)) return [fault(name, volume, 'at least a size, like {size: 20}')]
  const { size, type = 'gp3', iops, throughput, key } = volume
  const limits = volumeTypes[type]
  if (!Object.hasOwn(volumeTypes, type)) return [fault(`${name}.type`, type, Object.keys(volumeTypes).join(' or '))]
  return [
    ...onlyKnown(`${name}.`, volume, ['size', 'type', 'iops', 'throughput', 'key']),
    ...whole(`${name}.size`, size, limits.leastGiB, mostGiB, ' (GiB)'),
    ...(iops === undefined && type === 'gp3' ? [] : checkIops(name, iops, size, limits, type)),
    ...optional(throughput, () => checkThroughput(name, throughput, iops ?? freeIops, type)),
    ...optional(key, () => text(`${name}.key`, key, forms.key, 'the ARN of a KMS key (not of an alias)')),
  ]
}

function checkIops(name, iops, size, { leastIops, mostIops, iopsForGiB }, type) {
  // Three thousand come with every gp3 volume, however small.
  const most = Math.max(leastIops, Math.min(mostIops, Number.isInteger(size) ? size * iopsForGiB : mostIops))
  return whole(`${name}.iops`, iops, leastIops, most, ` (${type}, ${iopsForGiB} for each GiB at most)`)
}

function checkThroughput(name, throughput, iops, type) {
  if (type !== 'gp3') return [`${name}.throughput is ${JSON.stringify(throughput)}: leave it out, only gp3 has it`]
  const most = Math.min(mostThroughput, Math.max(leastThroughput, Math.floor(iops / 4)))
  return whole(`${name}.throughput`, throughput, leastThroughput, most, ' (MiB/s, a quarter of the IOPS at most)')
}

function checkClients(clients) {
  const wanted = 'a list of security groups whose members may connect to the client port, like sg-0123456789abcdef0'
  if (!Array.isArray(clients)) return [fault('clients', clients, wanted)]
  return clients.flatMap((one, index) =>
    text(`clients[${index}]`, one, forms.securityGroup, 'the id of a security group'),
  )
}

/** @returns {string[]} what is wrong with the settings for an ensemble that is there already */
function checkAdoption(raw) {
  const groups = isMap(raw.adopt) ? raw.adopt.groups : undefined
  const wanted = 'a list of the names of the Auto Scaling groups that are there'
  return [
    ...onlyKnown('', raw, ['ensemble', 'region', 'alarms', 'adopt']).map((one) => `${one} (with adopt)`),
    ...checkCommon(raw),
    ...(isMap(raw.adopt) ? checkAdopted(raw.adopt) : []),
    ...(Array.isArray(groups) && groups.length > 0
      ? groups.flatMap((one, index) => text(`adopt.groups[${index}]`, one, forms.group, 'the name of a group'))
      : [fault('adopt.groups', groups, wanted)]),
    ...repeated(Array.isArray(groups) ? groups : []).map((one) => `adopt.groups: ${one} is given twice`),
  ]
}

/** The tags say who is a member; told how many there are, the functions notice when one of the tags is lost. */
function checkAdopted(adopt) {
  const mounts = adopt.mounts
  const wanted = 'a list of the paths at which each member has its volumes, like [/var/lib/zookeeper]'
  return [
    ...onlyKnown('adopt.', adopt, ['groups', 'members', 'mounts']),
    ...whole('adopt.members', adopt.members, 1, mostMembers, ': as many as there are'),
    ...(Array.isArray(mounts) && mounts.length > 0
      ? mounts.flatMap((one, index) => text(`adopt.mounts[${index}]`, one, forms.mount, 'an absolute path'))
      : [fault('adopt.mounts', mounts, wanted)]),
  ]
}

module.exports = { checkAdoption, checkEnsemble }
