import { calm } from '../../lab/cloud/settings.ts'
import { names } from '../../lab/stack/environment.ts'
import { act, type Acting } from '../../shared/act/act.ts'
import { autoScalingPort } from '../../shared/aws/auto-scaling.ts'
import { ec2Port } from '../../shared/aws/ec2.ts'
import type { Send } from '../../shared/aws/operations.ts'
import { ssmPort } from '../../shared/aws/ssm.ts'
import type { LifecycleAction } from '../../shared/model/action.ts'
import { deviceNames, memberDeviceIndex } from '../../shared/model/device-names.ts'
import { instanceId, type MemberId, memberId, volumeId } from '../../shared/model/ids.ts'
import type { TakeOver } from '../../shared/model/plan.ts'
import { bookkeepingTags } from '../../shared/model/tags.ts'
import { emptyMemory } from '../../shared/observe.ts'
import { configOf } from './core.ts'
import type { Ensemble, Member } from './ensembles.ts'
import { holderOf, membersOf, type Scene } from './scene.ts'

const instant = Object.fromEntries(Object.keys(calm.latencies).map((name) => [name, { median: 0, p99: 0 }]))

/** Runs the world until `done`. */
export type Settle = (done: () => boolean) => void

/**
 * Forms the ensembles by hand, with the calls that Stayput would make, before it is there: a first start of its own costs
 * more than most seeds are about. What is in the cloud and on the hosts afterwards is what Stayput would have left there.
 */
export function formByHand(scene: Scene, settle: Settle): void {
  const { cloud } = scene
  const { settings } = cloud.kernel
  const usual = settings.latencies
  Object.assign(settings, { latencies: instant })
  const waiting = () => cloud.autoscaling.members.all().filter((one) => one.lifecycleState === 'Pending:Wait')
  const size = membersOf(scene).length
  settle(() => cloud.ec2.volumes.all().every(({ state }) => state !== 'creating'))
  settle(
    () => waiting().length === size && waiting().every(({ instanceId }) => cloud.ssm.agents.get(instanceId)?.running),
  )
  for (const { instanceId, groupName, zone } of waiting()) {
    const ensemble = scene.ensembles.find(({ groups }) => groups.some((group) => group.name === groupName))
    const named = ensemble?.groups.find((group) => group.name === groupName)?.member
    const fits = (one: Member) => (named === undefined ? one.zone === zone : one.id === named)
    const member = ensemble?.members.find((one) => fits(one) && holderOf(cloud, one) === undefined)
    if (!member) throw new Error(`there is no member for ${instanceId}`)
    attach(scene, member, instanceId)
  }
  settle(() => membersOf(scene).every((member) => isAttached(scene, member)))
  for (const ensemble of scene.ensembles) for (const member of ensemble.members) takeOver(scene, ensemble, member)
  settle(() => cloud.ssm.commands.all().filter((one) => one.status === 'Success').length === size)
  for (const { groupName, instanceId } of waiting()) {
    cloud.call('autoscaling.CompleteLifecycleAction', {
      AutoScalingGroupName: groupName,
      InstanceId: instanceId,
      LifecycleHookName: names.launchHook,
      LifecycleActionResult: 'CONTINUE',
    })
  }
  settle(() => cloud.autoscaling.members.all().every((one) => one.lifecycleState === 'InService'))
  Object.assign(settings, { latencies: usual })
}

function attach({ cloud }: Scene, member: Member, InstanceId: string): void {
  const at = new Date(cloud.kernel.clock.now()).toISOString()
  cloud.call('ec2.AttachNetworkInterface', {
    NetworkInterfaceId: member.networkInterfaceId,
    InstanceId,
    DeviceIndex: memberDeviceIndex,
  })
  member.volumeIds.forEach((VolumeId, index) => {
    const Tags = [{ Key: bookkeepingTags.holder, Value: `${InstanceId}@${at}` }]
    cloud.call('ec2.CreateTags', { Resources: [VolumeId], Tags })
    cloud.call('ec2.AttachVolume', { VolumeId, InstanceId, Device: deviceNames[index] })
  })
}

function isAttached({ cloud }: Scene, { networkInterfaceId, volumeIds }: Member): boolean {
  const card = cloud.ec2.networkInterfaces.get(networkInterfaceId)?.attachment
  return (
    card?.status === 'attached' && volumeIds.every((id) => cloud.ec2.volumes.get(id)?.attachment?.state === 'attached')
  )
}

/** The production core's own command, so that it is always the one that the documents understand. */
function takeOver({ cloud }: Scene, ensemble: Ensemble, member: Member): void {
  const { clock, settings } = cloud.kernel
  const card = cloud.ec2.networkInterfaces.get(member.networkInterfaceId)
  // The cloud answers in the shapes of its operations, which the port reads.
  const send: Send = (operation, input) => Promise.resolve(cloud.call(operation, input))
  const acting: Acting = {
    ports: { ec2: ec2Port(send), autoScaling: autoScalingPort(send), ssm: ssmPort(send) },
    config: configOf(ensemble, settings),
    memory: emptyMemory(),
    log: () => {},
    now: () => clock.now(),
  }
  const step: TakeOver = {
    kind: 'take-over',
    instanceId: launchOf(card?.attachment?.instanceId).instanceId,
    member: idOf(member),
    macAddress: card?.macAddress ?? '',
    address: member.address,
    subnetCidr: cloud.ec2.subnets.get(card?.subnetId ?? '')?.cidrBlock ?? '',
    volumes: member.volumeIds.map((id, index) => ({ id: volumeId(id), mount: member.mounts[index] ?? '' })),
    peers: ensemble.members.map((peer) => ({ id: idOf(peer), address: peer.address })),
    format: member.volumeIds.map(volumeId),
    bootstrap: true,
    restart: false,
  }
  void act([step], acting)
  member.volumeIds.forEach((VolumeId) => {
    const Tags = [bookkeepingTags.format, bookkeepingTags.bootstrap].map((Key) => ({ Key }))
    cloud.call('ec2.DeleteTags', { Resources: [VolumeId], Tags })
  })
}

function launchOf(id: string | undefined): LifecycleAction {
  return { instanceId: instanceId(id), groupName: '', hookName: names.launchHook, transition: 'launching' }
}

function idOf({ id }: Member): MemberId {
  const known = memberId(String(id))
  if (known === undefined) throw new Error(`${id} is no member id`)
  return known
}
