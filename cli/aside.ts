import type * as ec2 from '@aws-sdk/client-ec2'
import { bookkeepingTags, identityTags, permitted } from '../shared/model/tags.ts'
import { inService, type LabMember } from '../lab/stack/ensemble.ts'
import { change, holderOf, type Scene } from './scenes.ts'

/** What happens to the same ensemble without what Stayput keeps: told as figures, judged by nobody. */
export interface Aside {
  readonly withoutVolume: { readonly downtime: number | null; readonly bytesSynced: number | null }
  /** How many of the servers serve a while after two members in a row came back at other addresses. */
  readonly withoutAddress: { readonly serving: number; readonly of: number }
}

/** After this a server that was going to serve does: initLimit x tickTime is 20 s. */
const settleMs = 22_000

/** Takes the volume away from one member, then the address from two, and looks at what becomes of them. */
export async function playAside(scene: Scene, ensemble: string): Promise<Aside> {
  const { lab, members, page } = scene
  // Its sweep would tell the servers that stayed where the others are now: that is the very thing to be left out.
  lab.stopSweeps()
  page.heading('On the side: a follower loses its volume as well')
  const [poor, instance] = await holderOf(scene, 'follower')
  const bare = { ...poor, volumeIds: [swapVolume(scene, ensemble, poor)] }
  const { downtime, bytesSynced } = await change(scene, bare, instance, 'instance and volume lost', () =>
    lab.cloud.ec2.fail(instance),
  )
  page.good(
    `it is back after ${downtime} s, and ${bytesSynced} bytes came from the others: all of the data, over the network`,
  )

  page.heading('On the side: two members come back at other addresses')
  // The follower first: it dials the leader and is back at once, which hides the damage until the leader moves too.
  for (const role of ['follower', 'leader'] as const) {
    const [member, holder] = await holderOf(scene, role)
    moveAddress(scene, ensemble, member)
    lab.cloud.ec2.fail(holder)
    // Of what follows the loss of the first one only its return matters, of the second one what becomes of all.
    await settle((instance) => role === 'follower' && instance !== undefined && instance !== holder, scene, member)
  }
  const roles = await Promise.all(instancesOf(scene).map((one) => lab.hosts.role(one)))
  const serving = roles.filter((role) => role === 'leader' || role === 'follower').length
  const outcome =
    serving > members.length / 2
      ? 'the two that moved have called the others, and the next loss decides'
      : 'those that stayed look for the others where they were, and nothing tells them'
  page.good(`${serving} of ${members.length} servers serve ${settleMs / 1000} s later: ${outcome}`)
  return { withoutVolume: { downtime, bytesSynced }, withoutAddress: { serving, of: members.length } }
}

/** The member's tags move to a new, blank volume. */
function swapVolume({ lab: { cloud } }: Scene, ensemble: string, { id, zone, volumeIds }: LabMember): string {
  const mount = cloud.ec2.volumes.get(volumeIds[0] ?? '')?.tags[identityTags.mount] ?? ''
  const Tags = [
    ...identity(ensemble, id),
    { Key: identityTags.mount, Value: mount },
    { Key: bookkeepingTags.format, Value: permitted },
  ]
  cloud.call('ec2.DeleteTags', { Resources: volumeIds, Tags: [{ Key: identityTags.ensemble }] })
  const { VolumeId } = cloud.call('ec2.CreateVolume', {
    AvailabilityZone: zone,
    Size: 10,
    VolumeType: 'gp3',
    Encrypted: true,
    TagSpecifications: [{ ResourceType: 'volume', Tags }],
  }) as ec2.CreateVolumeCommandOutput
  return VolumeId ?? ''
}

/** The member's tags move to a new interface in the same subnet, with whatever address is free. */
function moveAddress({ lab: { cloud } }: Scene, ensemble: string, { id, networkInterfaceId }: LabMember): void {
  const SubnetId = cloud.ec2.networkInterfaces.get(networkInterfaceId)?.subnetId
  cloud.call('ec2.DeleteTags', { Resources: [networkInterfaceId], Tags: [{ Key: identityTags.ensemble }] })
  cloud.call('ec2.CreateNetworkInterface', {
    SubnetId,
    TagSpecifications: [{ ResourceType: 'network-interface', Tags: identity(ensemble, id) }],
  })
}

const identity = (ensemble: string, id: number) => [
  { Key: identityTags.ensemble, Value: ensemble },
  { Key: identityTags.member, Value: String(id) },
]

/** Until this holds for the member's instance in service, or it has had all the time that it takes. */
async function settle(
  isSo: (instance: string | undefined) => boolean,
  { lab }: Scene,
  member: LabMember,
): Promise<void> {
  const end = Date.now() + settleMs
  while (Date.now() < end && !isSo(inService(lab.cloud, member))) {
    await new Promise((resolve) => {
      setTimeout(resolve, 100)
    })
  }
}

/** The instances of the groups that run, in service or not. */
function instancesOf({ lab, members }: Scene): string[] {
  const groups = new Set(members.map((member) => member.groupName))
  return lab.cloud.autoscaling.members
    .all()
    .filter((one) => groups.has(one.groupName) && lab.cloud.ec2.instances.get(one.instanceId)?.state === 'running')
    .map((one) => one.instanceId)
}
