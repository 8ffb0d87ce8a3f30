import { type RecordedCall, recordedCall } from '../../../lab/stack/record.ts'
import { scale } from '../../../lab/stack/ensemble.ts'
import { bookkeepingTags, permitted } from '../../../shared/model/tags.ts'
import { createWorld, minutes, type TestWorld } from '../../core/world.ts'

/** What happens to an ensemble in its life, and every call that its functions made meanwhile. */
export interface Life {
  readonly world: TestWorld
  readonly calls: readonly RecordedCall[]
}

/**
 * A launch that is given up, a launch that waits for its quorum longer than a function runs, the first bootstrap, a loss,
 * a planned replacement, a termination in which no command can be sent for as long, everything in and out again. With an
 * `eventLoss` of 1 the sweep does it all.
 */
export async function live(eventLoss: 0 | 1): Promise<Life> {
  const world = createWorld({ size: 3, seed: 11 + eventLoss, settings: { eventLoss } })
  const calls: RecordedCall[] = []
  world.cloud.onCall((call) => {
    const recorded = recordedCall(world.cloud, call)
    if (recorded) calls.push(recorded)
  })
  await withoutPermit(world, calls)
  await world.clock.pass(longerThanAFunction)
  const stopMeddling = setDeleteOnTermination(world)
  await world.settled(all, hours)
  stopMeddling()
  const lost = world.instanceOf(1)!
  world.cloud.ec2.fail(lost)
  await world.clock.run(() => world.instanceOf(1) !== lost, hours)
  await world.settled(all, hours)
  const InstanceId = world.instanceOf(2)!
  world.cloud.call('autoscaling.TerminateInstanceInAutoScalingGroup', {
    InstanceId,
    ShouldDecrementDesiredCapacity: false,
  })
  await world.clock.run(() => world.instanceOf(2) !== InstanceId, hours)
  await world.settled(all, hours)
  await muted(world, () => scale(world.cloud, world.members[2]!, 0))
  await world.settled(all, hours)
  await world.settled([], hours)
  await world.settled(all, hours)
  return { world, calls }
}

const all = [1, 2, 3]
const hours = 180 * minutes
const longerThanAFunction = 16 * minutes

/** The volume of the first member may not be formatted, until its launch has been given up. */
async function withoutPermit({ cloud, clock, members }: TestWorld, calls: readonly RecordedCall[]): Promise<void> {
  const [member] = members
  const Resources = member!.volumeIds
  const Key = bookkeepingTags.format
  cloud.call('ec2.DeleteTags', { Resources, Tags: [{ Key }] })
  scale(cloud, member!, 1)
  await clock.run(() => calls.some(({ action }) => action === 'ec2:DetachNetworkInterface'), hours)
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
