/** Whether members may come to an ensemble that is there, or go. Pure: what AWS has answered in, faults out. */
'use strict'

const ofMember = /^Member([0-9]+)(NetworkInterface|Volume|LogVolume)$/

/**
 * Who comes is given a vote by the sweep, in the list that the servers keep themselves; who goes must have lost its vote,
 * and that it has can't be seen from here: a group that wants no instance lets its member go only without one. A log volume
 * that comes later would part the log of a server from its snapshots.
 *
 * @returns {string[]} faults
 */
function membershipFaults({ members, logVolumes }, seen) {
  const there = Object.keys(seen.deployed.ids).filter((id) => ofMember.test(id))
  if (there.length === 0) return []
  const before = [...new Set(there.map((id) => Number(ofMember.exec(id)[1])))]
  const after = members.map(({ id }) => id)
  const kinds = ['NetworkInterface', 'Volume', ...(logVolumes ? ['LogVolume'] : [])]
  return [
    ...before.filter((id) => after.includes(id)).flatMap((id) => stayingFaults(id, kinds, there)),
    ...(after.every((id) => before.includes(id)) ? [] : growthFaults(seen)),
    ...before.filter((id) => !after.includes(id)).flatMap((id) => leavingFaults(id, seen)),
  ]
}

function stayingFaults(id, kinds, there) {
  const wanted = kinds.map((kind) => `Member${id}${kind}`)
  const present = there.filter((one) => ofMember.exec(one)[1] === String(id))
  return [
    ...wanted.filter((one) => !present.includes(one)).map((one) => `the deployment would add ${one} to a member`),
    ...present.filter((one) => !wanted.includes(one)).map((one) => `the deployment would take ${one} from a member`),
  ]
}

/** Servers with a list from an earlier version's settings would go on by it, and the new ones by another. */
function growthFaults({ deployed }) {
  if (deployed.resources['ReconfigureDocument']) return []
  return [
    'the ensemble was deployed by a version whose servers do not keep the list of voters themselves: deploy it with as ' +
      'many members as it has, replace each of them (stayput roll), and add members then',
  ]
}

function leavingFaults(id, { deployed, groups, belongings: { interfaces, volumes } }) {
  const name = deployed.ids[`Member${id}Group`]
  const group = groups.find(({ AutoScalingGroupName }) => AutoScalingGroupName === name)
  if (group && (group.DesiredCapacity > 0 || group.Instances?.length > 0)) {
    return [
      `member ${id} would be taken away and has an instance: aws autoscaling update-auto-scaling-group ` +
        `--auto-scaling-group-name ${name} --min-size 0 --desired-capacity 0 lets it go, once it has lost its vote`,
    ]
  }
  const own = ownOf(id, deployed.ids, interfaces, 'NetworkInterfaceId').concat(
    ownOf(id, deployed.ids, volumes, 'VolumeId'),
  )
  const held = own.filter(({ Attachment, Attachments = [] }) => Attachment || Attachments.length > 0)
  if (held.length > 0) return [`member ${id} would be taken away, and ${names(held)} is still attached: wait for it`]
  if (own.length === 0) return []
  return [
    `member ${id} would be taken away, and its tags say that it is one: see that it has no vote (stayput status), then ` +
      `aws ec2 delete-tags --resources ${names(own)} --tags Key=stayput:ensemble; its data are kept`,
  ]
}

const ownOf = (id, ids, found, key) =>
  found.filter((one) =>
    ['NetworkInterface', 'Volume', 'LogVolume'].some((kind) => ids[`Member${id}${kind}`] === one[key]),
  )
const names = (found) => found.map((one) => one.NetworkInterfaceId ?? one.VolumeId).join(' ')

module.exports = { membershipFaults }
