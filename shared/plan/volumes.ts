import { deviceNames } from '../model/device-names.ts'
import { limits } from '../model/limits.ts'
import type { Member, Volume } from '../model/member.ts'
import type { Instance, Observation } from '../model/observation.ts'
import type { Step } from '../model/plan.ts'
import { describe, hold } from './instances.ts'

/** What the volumes of a claimed member need on their way to its instance. */
export interface VolumeNeeds {
  readonly steps: readonly Step[]
  /** What nobody but time can do; undefined when all are attached. */
  readonly awaited?: string
  /** Why this instance can never have them all. */
  readonly lost?: string
}

type Need =
  | { readonly kind: 'ready' }
  | { readonly kind: 'step'; readonly step: Step }
  | { readonly kind: 'awaited'; readonly because: string }
  | { readonly kind: 'lost'; readonly because: string }

/**
 * One-shot attachment: a volume is never attached twice to the same instance. DetachVolume is guarded by volume and
 * instance only, so a detach that was sent earlier and lands late would pull a volume that has been attached again;
 * with one attachment per pair the instance id is the fencing token. Hence the intent, written ahead of the call on the
 * volume itself: whoever finds it and no attachment may not try again, but for a call that EC2 has refused to its face.
 */
export function volumeNeeds(seen: Observation, self: Instance, member: Member): VolumeNeeds {
  const devices = freeDevices(self, member)
  const needs = member.volumes.map((volume, index) => volumeNeed(seen, self, volume, devices[index]))
  const lost = needs.find((need) => need.kind === 'lost')
  const awaited = needs.find((need) => need.kind === 'awaited')
  return {
    steps: needs.flatMap((need) => (need.kind === 'step' ? [need.step] : [])),
    ...(awaited && { awaited: awaited.because }),
    ...(lost && { lost: lost.because }),
  }
}

function volumeNeed(seen: Observation, self: Instance, volume: Volume, device: string | undefined): Need {
  const { attachment } = volume
  if (attachment?.instanceId === self.id) return attachedNeed(seen, self, volume)
  if (attachment) {
    const user = attachment.instanceId
    const because = `${volume.id} is ${attachment.state} to ${describe(seen, user)}`
    const keeps = hold(seen, user) === 'keeping' && attachment.state === 'attached'
    return keeps && seen.now - self.launchTime > limits.memberFreeWithin
      ? { kind: 'lost', because }
      : { kind: 'awaited', because }
  }
  if (volume.intent?.instanceId === self.id && !seen.refusedAttaches.has(volume.id)) {
    // Another invocation may be between its intent and its call, or EC2 does not show the attachment yet.
    const settled = seen.now - volume.intent.at > limits.intentSettlesAfter
    return settled
      ? { kind: 'lost', because: `${volume.id} was attached to ${self.id} before, or may have been; never twice` }
      : { kind: 'awaited', because: `${volume.id} is announced for ${self.id}, its attachment not seen yet` }
  }
  if (volume.state !== 'available') return { kind: 'awaited', because: `${volume.id} is ${volume.state}` }
  if (device === undefined) return { kind: 'lost', because: `${self.id} has no device name left for ${volume.id}` }
  return { kind: 'step', step: { kind: 'attach-volume', volumeId: volume.id, instanceId: self.id, device } }
}

function attachedNeed(seen: Observation, self: Instance, volume: Volume): Need {
  const { attachment } = volume
  switch (attachment?.state) {
    case 'attached':
      return attachment.deleteOnTermination
        ? {
            kind: 'step',
            step: { kind: 'retain-volume', volumeId: volume.id, instanceId: self.id, device: attachment.device },
          }
        : { kind: 'ready' }
    case 'attaching':
      return seen.now - attachment.attachTime > limits.attachStuckAfter
        ? { kind: 'lost', because: `${volume.id} is stuck attaching to ${self.id}` }
        : { kind: 'awaited', because: `${volume.id} is attaching` }
    default:
      return { kind: 'lost', because: `${volume.id} is ${attachment?.state} from ${self.id}: it was taken away` }
  }
}

/** A device name for each volume by its place in the member, the names of other disks of the instance left out. */
function freeDevices(self: Instance, member: Member): string[] {
  const ours = new Set(member.volumes.map((volume) => volume.attachment?.device))
  return deviceNames.filter((name) => !self.devices.includes(name) || ours.has(name))
}
