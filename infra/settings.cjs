/**
 * The settings of an ensemble, from stayput.yml. All that is wrong with them is told at once, before anything is
 * packaged or created.
 */
'use strict'
const { readFileSync } = require('node:fs')
const { resolve } = require('node:path')
const { parse } = require('yaml')
const { checkAdoption, checkEnsemble } = require('./check.cjs')
const { BadSettings } = require('./fault.cjs')
const { architectureOf, images } = require('./images.cjs')
const { dataMount, logMount } = require('./members.cjs')

/** @throws {BadSettings} naming every fault with the value and what it should be. */
function settings(raw, file) {
  const adopts = raw !== null && typeof raw === 'object' && 'adopt' in raw
  const faults = adopts ? checkAdoption(raw) : checkEnsemble(raw)
  if (faults.length > 0) throw new BadSettings(file, faults)
  return adopts ? adopted(raw) : created(raw)
}

const common = ({ ensemble, region, alarms }) => ({ ensemble, region, alarms: alarms === undefined ? [] : [alarms] })

/** An existing ensemble: its interfaces and volumes are found by their tags, its groups are told. */
const adopted = (raw) => ({
  ...common(raw),
  adopts: true,
  groups: raw.adopt.groups,
  members: [],
  logVolumes: false,
  shape: shape(raw.adopt.members, raw.adopt.mounts),
  fileSystem: 'any',
})

/** What the tags of the ensemble must add up to, as the functions read it. */
const shape = (members, mounts) => ({ members: String(members), mounts: mounts.join(',') })

/** A new ensemble, with everything that has been left out filled in. */
function created(raw) {
  const members = membersOf(raw)
  return {
    ...common(raw),
    adopts: false,
    groups: members.map(({ group }) => group),
    members,
    logVolumes: raw.logVolume !== undefined,
    shape: shape(members.length, raw.logVolume === undefined ? [dataMount] : [dataMount, logMount]),
    fileSystem: raw.fileSystem ?? 'any',
    vpc: raw.vpc,
    image: images[raw.image]?.[architectureOf(raw.instanceType)] ?? raw.image,
    rootDevice: images[raw.image]?.rootDevice ?? raw.rootDevice,
    instanceType: raw.instanceType,
    clients: raw.clients ?? [],
  }
}

/** Members take turns with the zones in the order in which the settings name them. */
function membersOf({ ensemble, subnets, members, addresses, volume, logVolume }) {
  const places = Object.entries(subnets)
  return Array.from({ length: members }, (_, index) => {
    const [zone, subnet] = places[index % places.length]
    const id = index + 1
    return { id, zone, subnet, address: addresses?.[index], group: `${ensemble}-${id}`, volume, logVolume }
  })
}

/** Reads stayput.yml, or the file that `--param settings=FILE` names. */
module.exports = async ({ resolveVariable }) => {
  const file = await resolveVariable('param:settings, "stayput.yml"')
  let raw
  try {
    raw = parse(readFileSync(resolve(__dirname, '..', file), 'utf8'))
  } catch (error) {
    throw new BadSettings(file, [`cannot be read: ${error.message.trim().split('\n')[0]}`])
  }
  return settings(raw, file)
}
module.exports.settings = settings
