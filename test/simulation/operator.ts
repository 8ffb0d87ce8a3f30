import { names } from '../../lab/stack/environment.ts'
import { identityTags } from '../../shared/model/tags.ts'
import { calmMaintenance, type Group, hookSeconds, type Member } from './ensembles.ts'
import type { MishapKind } from './faults.ts'
import { groupsOf, memberOn, membersOf, quietly, repairAfter, type Scene } from './scene.ts'
import type { Mishap } from './swarm.ts'

/** What operators do. Each answers whether there was anything to do it to; EC2's refusals are the caller's. */
type Deed = (scene: Scene, mishap: Mishap, instanceId: string) => boolean

const minute = 60_000

export const deeds: Partial<Readonly<Record<MishapKind, Deed>>> = {
  'terminate-outside'({ cloud }, _mishap, id) {
    cloud.call('ec2.TerminateInstances', { InstanceIds: [id] })
    return true
  },
  'terminate-in-group': (scene, _mishap, id) => terminate(scene, id),
  'terminate-together'(scene, _mishap, id) {
    const other = scene.cloud.autoscaling.members.all().find((one) => one.instanceId !== id)
    return terminate(scene, id) && (other === undefined || terminate(scene, other.instanceId))
  },
  'scale-in-and-out'(scene, mishap) {
    const group = groupFor(scene, mishap)
    resize(scene, group, mishap.how < 0.5 ? 0 : group.size - 1)
    repairAfter(scene, mishap.how * 5 * minute, () => resize(scene, group, group.size))
    return true
  },
  'members-in-and-out'(scene, mishap) {
    const own = groupsOf(scene).filter(({ ensemble }) => ensemble === groupFor(scene, mishap).ensemble)
    if (own.length < 3 || own.some(({ size }) => size !== 1)) return false
    const first = Math.floor(mishap.how * own.length)
    const two = [own[first]!, own[(first + 1) % own.length]!]
    for (const group of two) resize(scene, group, 0)
    repairAfter(scene, (1 + mishap.how * 6) * minute, () => two.forEach((group) => resize(scene, group, group.size)))
    return true
  },
  refresh: (scene, mishap) => refresh(scene, mishap, 0),
  'refresh-launch-first'(scene, mishap) {
    widen(scene, groupFor(scene, mishap), 100)
    return refresh(scene, mishap, 100)
  },
  'launch-before-terminate'(scene, mishap, id) {
    widen(scene, groupFor(scene, mishap), 200)
    return unhealthy(scene, id)
  },
  'two-launches'(scene, mishap) {
    const group = groupFor(scene, mishap)
    widen(scene, group, 100)
    resize(scene, group, group.size + 1)
    repairAfter(scene, (2 + mishap.how * 10) * minute, () => resize(scene, group, group.size))
    return true
  },
  'set-unhealthy': (scene, _mishap, id) => unhealthy(scene, id),
  'detach-volume'(scene, _mishap, id) {
    const member = memberOn(scene, id)
    const volumeId = member?.volumeIds.find((one) => scene.cloud.ec2.volumes.get(one)?.attachment?.instanceId === id)
    if (!member || volumeId === undefined) return false
    touch(scene, member)
    scene.cloud.call('ec2.DetachVolume', { VolumeId: volumeId, InstanceId: id })
    return true
  },
  'detach-interface'(scene, _mishap, id) {
    const member = memberOn(scene, id)
    const card = scene.cloud.ec2.networkInterfaces.get(member?.networkInterfaceId ?? '')
    if (!member || !card?.attachment) return false
    touch(scene, member)
    scene.cloud.call('ec2.DetachNetworkInterface', { AttachmentId: card.attachment.attachmentId })
    return true
  },
  'volume-astray'(scene, mishap) {
    return lieInWait(scene, mishap)
  },
  'tag-changed'(scene, mishap) {
    // One of several volumes that loses its tag is no longer known to belong to anybody: that can't be noticed.
    const members = membersOf(scene).filter((one) => one.volumeIds.length === 1)
    const member = members[Math.floor(mishap.whom * members.length)]
    // Where interface and volume both say that they are another's, there is nothing left to be in doubt about.
    if (!member || !scene.promises.tagsAreRight()) return false
    const target = mishap.how < 0.4 ? member.networkInterfaceId : (member.volumeIds[0] ?? '')
    const [Key, right, wrong] = tagChange(member, mishap.how)
    const write = (Value: string): void => {
      touch(scene, member)
      scene.cloud.call('ec2.CreateTags', { Resources: [target], Tags: [{ Key, Value }] })
    }
    write(wrong)
    repairAfter(scene, mishap.how * 5 * minute, () => write(right))
    return true
  },
  'hook-short'(scene, mishap) {
    const group = groupFor(scene, mishap)
    putHooks(scene, group, 120)
    repairAfter(scene, 60 * minute, () => putHooks(scene, group, hookSeconds))
    return true
  },
}

/** Key, right value, wrong value. */
function tagChange(member: Member, how: number): readonly [string, string, string] {
  const id = String(member.id)
  if (how < 0.2 || (how >= 0.4 && how < 0.6)) return [identityTags.member, id, String((member.id % 3) + 1)]
  if (how < 0.8) return [identityTags.ensemble, member.ensemble, `${member.ensemble}-2`]
  return [identityTags.member, id, 'leader']
}

function groupFor(scene: Scene, { whom }: Mishap): Group {
  const groups = groupsOf(scene)
  return groups[Math.floor(whom * groups.length)]!
}

function terminate({ cloud }: Scene, InstanceId: string): boolean {
  cloud.call('autoscaling.TerminateInstanceInAutoScalingGroup', { InstanceId, ShouldDecrementDesiredCapacity: false })
  return true
}

function unhealthy({ cloud }: Scene, InstanceId: string): boolean {
  cloud.call('autoscaling.SetInstanceHealth', {
    InstanceId,
    HealthStatus: 'Unhealthy',
    ShouldRespectGracePeriod: false,
  })
  return true
}

function resize({ cloud }: Scene, { name }: Group, DesiredCapacity: number): void {
  cloud.call('autoscaling.SetDesiredCapacity', { AutoScalingGroupName: name, DesiredCapacity })
}

function refresh(scene: Scene, mishap: Mishap, MinHealthyPercentage: number): boolean {
  scene.cloud.call('autoscaling.StartInstanceRefresh', {
    AutoScalingGroupName: groupFor(scene, mishap).name,
    Preferences: { MinHealthyPercentage },
  })
  return true
}

/** Lets the group launch the new one before it ends the old one, or hold one more than it has members. */
function widen(scene: Scene, group: Group, MaxHealthyPercentage: number): void {
  const { cloud } = scene
  cloud.call('autoscaling.UpdateAutoScalingGroup', {
    AutoScalingGroupName: group.name,
    MaxSize: group.size + 1,
    ...(MaxHealthyPercentage > 100 && {
      InstanceMaintenancePolicy: { MinHealthyPercentage: 100, MaxHealthyPercentage },
    }),
  })
  scene.repairs.push(() => restoreGroup(scene, group))
}

export function restoreGroup({ cloud }: Scene, group: Group): void {
  cloud.call('autoscaling.UpdateAutoScalingGroup', {
    AutoScalingGroupName: group.name,
    MaxSize: group.size,
    DesiredCapacity: group.size,
    InstanceMaintenancePolicy: calmMaintenance,
  })
}

function putHooks({ cloud }: Scene, { name }: Group, HeartbeatTimeout: number): void {
  const hooks = [
    [names.launchHook, 'LAUNCHING'],
    [names.terminateHook, 'TERMINATING'],
  ] as const
  for (const [LifecycleHookName, transition] of hooks) {
    cloud.call('autoscaling.PutLifecycleHook', {
      AutoScalingGroupName: name,
      LifecycleHookName,
      LifecycleTransition: `autoscaling:EC2_INSTANCE_${transition}`,
      HeartbeatTimeout,
      DefaultResult: 'ABANDON',
    })
  }
}

/**
 * Somebody means another volume: the next time that a member is claimed, its volume is attached to a neighbour, in
 * service or not, before its own instance asks for it; after some minutes the mistake is seen.
 */
function lieInWait(scene: Scene, { how }: Mishap): boolean {
  const { cloud } = scene
  const { clock } = cloud.kernel
  const end = clock.now() + 5 * minute
  let done = false
  cloud.ec2.networkInterfaces.watch((id, before, after) => {
    const claimed = after?.attachment !== undefined && before?.attachment === undefined
    const member = membersOf(scene).find((one) => one.networkInterfaceId === id)
    if (!claimed || !member || done || clock.now() > end) return
    const neighbour = neighbourOf(scene, member, after.attachment.instanceId)
    if (neighbour === undefined) return
    done = true
    clock.after(1, () => mistake(scene, member, neighbour, minute + how * 14 * minute))
  })
  return true
}

function mistake({ cloud, promises }: Scene, member: Member, InstanceId: string, ms: number): void {
  const VolumeId = member.volumeIds.find((one) => cloud.ec2.volumes.get(one)?.state === 'available')
  if (VolumeId === undefined || cloud.ec2.instances.get(InstanceId)?.state !== 'running') return
  const mark = (is: boolean): void => {
    promises.disturb(InstanceId, VolumeId)
    promises.astray(VolumeId, is)
  }
  mark(true)
  quietly(() => cloud.call('ec2.AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdz' }))
  const takeBack = (): void => {
    const there = cloud.ec2.volumes.get(VolumeId)?.attachment
    if (there?.instanceId !== InstanceId) return mark(false)
    quietly(() => cloud.call('ec2.DetachVolume', { VolumeId, InstanceId }))
    cloud.kernel.clock.after(minute, takeBack)
  }
  cloud.kernel.clock.after(ms, takeBack)
}

function neighbourOf({ cloud }: Scene, { zone }: Member, self: string): string | undefined {
  const running = cloud.ec2.instances.all().filter((one) => one.zone === zone && one.state === 'running')
  const disks = cloud.ec2.volumes
    .all()
    .flatMap(({ attachment }) => (attachment?.device === '/dev/sdz' ? attachment : []))
  const free = running.filter((one) => !disks.some((disk) => disk.instanceId === one.instanceId))
  return free.find((one) => one.instanceId !== self)?.instanceId
}

function touch({ cloud, promises }: Scene, member: Member): void {
  const holder = cloud.ec2.networkInterfaces.get(member.networkInterfaceId)?.attachment?.instanceId
  promises.disturb(member.networkInterfaceId, ...member.volumeIds, ...(holder === undefined ? [] : [holder]))
}
