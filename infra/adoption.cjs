/**
 * Whether an ensemble that is there already can be adopted as it is. Pure: what AWS has answered in, faults out, each
 * with the command that mends it. Nothing of it is changed by the deployment but the two hooks of each group.
 */
'use strict'

/** @returns {string[]} faults */
function faults(settings, seen) {
  return [
    ...settings.groups.flatMap((name) => groupFaults(name, settings, seen)),
    ...belongingFaults('network interface', seen.interfaces, 'NetworkInterfaceId', 'TagSet', settings),
    ...belongingFaults('volume', seen.volumes, 'VolumeId', 'Tags', settings),
    ...memberFaults(seen),
    ...stackFaults(settings, seen),
  ]
}

const valueOf = (tags, key) => tags?.find(({ Key }) => Key === key)?.Value

function groupFaults(name, { ensemble }, { groups }) {
  const found = groups.find(({ AutoScalingGroupName }) => AutoScalingGroupName === name)
  if (!found) return [`adopt.groups: there is no Auto Scaling group ${name} in this account and Region`]
  const policy = found.InstanceMaintenancePolicy
  const several = (found.AvailabilityZones ?? []).length > 1
  const rebalances = !found.SuspendedProcesses?.some(({ ProcessName }) => ProcessName === 'AZRebalance')
  return [
    ...(valueOf(found.Tags, 'stayput:ensemble') === ensemble ? [] : [tagGroup(name, ensemble)]),
    ...(policy?.MinHealthyPercentage === 0 && policy.MaxHealthyPercentage === 100 ? [] : [setPolicy(name)]),
    ...(several && rebalances ? [suspend(name)] : []),
  ]
}

const tagGroup = (name, ensemble) =>
  `the group ${name} has no tag stayput:ensemble=${ensemble} that its instances get: aws autoscaling ` +
  `create-or-update-tags --tags ResourceId=${name},ResourceType=auto-scaling-group,Key=stayput:ensemble,` +
  `Value=${ensemble},PropagateAtLaunch=true`
const setPolicy = (name) =>
  `the group ${name} may launch a successor before its predecessor has left, and each would wait for the other: aws ` +
  `autoscaling update-auto-scaling-group --auto-scaling-group-name ${name} --instance-maintenance-policy ` +
  'MinHealthyPercentage=0,MaxHealthyPercentage=100'
const suspend = (name) =>
  `the group ${name} spans zones and would move instances between them, where their members can't go: aws autoscaling ` +
  `suspend-processes --auto-scaling-group-name ${name} --scaling-processes AZRebalance`

function belongingFaults(kind, found, id, tags, { ensemble }) {
  if (found.length === 0) return [`no ${kind} has the tag stayput:ensemble=${ensemble}: see Adoption in docs/deploy.md`]
  const wanted = kind === 'volume' ? ['stayput:member', 'stayput:mount'] : ['stayput:member']
  return found.flatMap((one) =>
    wanted
      .filter((key) => valueOf(one[tags], key) === undefined)
      .map(
        (key) => `${one[id]} has no tag ${key}: aws ec2 create-tags --resources ${one[id]} --tags Key=${key},Value=…`,
      ),
  )
}

/** Each member has one interface, and its volumes are in the zone of that. */
function memberFaults({ interfaces, volumes }) {
  const ids = new Set(interfaces.map((one) => valueOf(one.TagSet, 'stayput:member')))
  const disks = volumes.map((one) => ({ one, member: valueOf(one.Tags, 'stayput:member') }))
  const homeless = disks.filter(({ member }) => member !== undefined && !ids.has(member))
  return [
    ...[...ids].flatMap((member) => cardFaults(member, interfaces, disks)),
    ...homeless.map(({ one, member }) => `${one.VolumeId} is of member ${member}, which has no network interface`),
  ]
}

function cardFaults(member, interfaces, disks) {
  if (member === undefined) return []
  const cards = interfaces.filter((one) => valueOf(one.TagSet, 'stayput:member') === member)
  const mine = disks.filter((disk) => disk.member === member).map(({ one }) => one)
  const [{ AvailabilityZone: zone }] = cards
  const away = mine.filter((one) => one.AvailabilityZone !== zone)
  return [
    ...(cards.length === 1 ? [] : [`member ${member} has ${cards.length} network interfaces, not one`]),
    ...(mine.length > 0 ? [] : [`member ${member} has no volume`]),
    ...away.map((one) => `${one.VolumeId} is in ${one.AvailabilityZone}, the interface of member ${member} in ${zone}`),
  ]
}

/** A stack that has made an ensemble would delete its groups if it were told to adopt some instead. */
function stackFaults({ ensemble }, { deployed }) {
  if (!Object.keys(deployed.ids).some((id) => /^Member[0-9]+Group$/.test(id))) return []
  return [`the stack stayput-${ensemble} has made its members itself, and would delete their groups: leave adopt out`]
}

module.exports = { faults }
