import { type RecordedCall, recordedCall } from '../../../lab/stack/record.ts'
import { type LabMember, scale } from '../../../lab/stack/ensemble.ts'
import { bookkeepingTags, permitted } from '../../../shared/model/tags.ts'
import { createWorld, minutes, type TestWorld } from '../../core/world.ts'

/** What happens to an ensemble in its life, and every call that its functions made meanwhile. */
export interface Life {
  readonly world: TestWorld
  readonly calls: readonly RecordedCall[]
}

/**
 * A launch of each member that is given up, a launch that waits for its quorum longer than a function runs, the first
 * bootstrap, a loss, a planned replacement of all at once, a member that is healed by a replacement, a termination in which
 * no command can be sent for as long as a function runs, a member that loses its vote and gets it again, everything in and out again. With an `eventLoss` of 1 the sweep
 * does it all.
 */
export async function live(eventLoss: 0 | 1): Promise<Life> {
  const world = createWorld({ size: 3, seed: 17 + eventLoss, settings: { eventLoss } })
  const calls: RecordedCall[] = []
  world.cloud.onCall((call) => {
    const recorded = recordedCall(world.cloud, call)
    if (recorded) calls.push(recorded)
  })
  const [first, ...others] = world.members
  await withoutPermit(world, first!, calls)
  await world.clock.pass(longerThanAFunction)
  const stopMeddling = setDeleteOnTermination(world)
  for (const member of others) await withoutPermit(world, member, calls)
  await world.settled(all, hours)
  stopMeddling()
  const lost = world.instanceOf(1)!
  world.cloud.ec2.fail(lost)
  await world.clock.run(() => world.instanceOf(1) !== lost, hours)
  await world.settled(all, hours)
  await replaced(world, () => {
    for (const id of all) {
      const InstanceId = world.instanceOf(id)!
      const input = { InstanceId, ShouldDecrementDesiredCapacity: false }
      world.cloud.call('autoscaling.TerminateInstanceInAutoScalingGroup', input)
    }
  })
  const hidden = world.instanceOf(1)!
  await replaced(world, () => hide(world, hidden), [1])
  await muted(world, () => scale(world.cloud, world.members[2]!, 0))
  await world.settled(all, hours)
  await world.settled([1, 2], hours)
  await world.settled(all, hours)
  await world.clock.pass(5 * minutes)
  await world.settled([], hours)
  await world.settled(all, hours)
  return { world, calls }
}

const all = [1, 2, 3]
const hours = 180 * minutes
const longerThanAFunction = 16 * minutes

/** Nobody sees or hears the instance any more, while EC2 finds nothing wrong with it. */
function hide({ cloud, hosts }: TestWorld, instanceId: string): void {
  hosts.cutNetwork(instanceId, true)
  cloud.ssm.stopAgent(instanceId)
}

/** Until each of these members is with another instance. */
async function replaced(world: TestWorld, strike: () => void, ids: readonly number[] = all): Promise<void> {
  const before = ids.map((id) => world.instanceOf(id))
  strike()
  const isOther = (id: number, place: number) => ![undefined, before[place]].includes(world.instanceOf(id))
  if (!(await world.clock.run(() => ids.every(isOther), hours))) throw new Error(`${ids.join()} were not replaced`)
  await world.settled(all, hours)
}

/** The volume of the member may not be formatted, until its launch has been given up. */
async function withoutPermit(
  { cloud, clock }: TestWorld,
  member: LabMember,
  calls: readonly RecordedCall[],
): Promise<void> {
  const Resources = member.volumeIds
  const Key = bookkeepingTags.format
  const detached = () => calls.filter(({ action }) => action === 'ec2:DetachNetworkInterface').length
  const before = detached()
  cloud.call('ec2.DeleteTags', { Resources, Tags: [{ Key }] })
  scale(cloud, member, 1)
  await clock.run(() => detached() > before, hours)
  cloud.call('ec2.CreateTags', { Resources, Tags: [{ Key, Value: permitted }] })
}

/** Something while no command can be sent, for longer than a function runs. */
async function muted({ cloud, clock }: TestWorld, strike: () => void): Promise<void> {
  const unmute = cloud.faults.add({ kind: 'throttled', when: (operation) => operation === 'ssm.SendCommand' })
  strike()
  await clock.pass(longerThanAFunction)
  unmute()
}

/** An operator who sets both flags of each member as soon as everything of it is attached, once. */
function setDeleteOnTermination({ cloud, members }: TestWorld): () => void {
  const done = new Set<number>()
  // A fault rule that never strikes is asked at every call.
  return cloud.faults.add({
    kind: 'throttled',
    when: () => {
      for (const { id, networkInterfaceId, volumeIds } of members) {
        const card = cloud.ec2.networkInterfaces.get(networkInterfaceId)?.attachment
        const disk = cloud.ec2.volumes.get(volumeIds[0]!)?.attachment
        if (done.has(id) || card?.status !== 'attached' || disk?.state !== 'attached') continue
        done.add(id)
        cloud.call('ec2.ModifyNetworkInterfaceAttribute', {
          NetworkInterfaceId: networkInterfaceId,
          Attachment: { AttachmentId: card.attachmentId, DeleteOnTermination: true },
        })
        cloud.call('ec2.ModifyInstanceAttribute', {
          InstanceId: disk.instanceId,
          BlockDeviceMappings: [{ DeviceName: disk.device, Ebs: { DeleteOnTermination: true } }],
        })
      }
      return false
    },
  })
}
