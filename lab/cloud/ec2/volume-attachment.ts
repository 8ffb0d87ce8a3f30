import type {
  AttachVolumeCommandInput,
  AttachVolumeCommandOutput,
  DetachVolumeCommandInput,
  DetachVolumeCommandOutput,
} from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import { diskOf, hasPower, interfacesOf, takesAttachments, volumesOf } from './device.ts'
import { nitroAttachments } from './instance-type.ts'
import type { Instance, Volume, VolumeAttachment } from './records.ts'
import { invalidValue, kinds, required, requireRecord } from './refusal.ts'
import { requireInstance, type State } from './state.ts'
import { attachmentAnswer } from './volume.ts'

/**
 * The attachment of volumes. EC2 knows no client token here and guards a detachment by volume and instance alone; so
 * a request that comes late is obeyed as long as the same instance has the volume again. That is not mended here.
 */

function attach(state: State, input: AttachVolumeCommandInput): VolumeAttachment {
  const volume = requireRecord(state.volumes, kinds.volume, input.VolumeId)
  const instance = requireInstance(state, input.InstanceId)
  const device = required(input.Device, 'device')
  checkAttach(state, volume, instance, device)
  const attachment: VolumeAttachment = {
    attachmentId: state.kernel.id('vol-attach'),
    instanceId: instance.instanceId,
    device,
    state: 'attaching',
    attachTime: state.kernel.clock.now(),
    deleteOnTermination: false,
    stuck: state.kernel.random.chance(state.kernel.settings.volumeStuckAttaching),
  }
  state.volumes.change(volume.volumeId, { state: 'in-use', attachment })
  if (!attachment.stuck) {
    state.kernel.later('volumeAttach', () => {
      completeAttach(state, volume.volumeId, attachment.attachmentId)
    })
  }
  return attachment
}

const deviceName = /^(\/dev\/)?(sd[a-z]\d{0,2}|xvd[a-z]{1,2}\d{0,2})$/

/** In EC2's order, so far as it can be told: existence, the instance's state, zone, in use, device name, limit. */
function checkAttach(state: State, volume: Volume, instance: Instance, device: string): void {
  const { volumeId } = volume
  const { instanceId } = instance
  if (!takesAttachments(instance)) throw new AwsError('IncorrectState', `Instance '${instanceId}' is not 'running'.`)
  if (volume.zone !== instance.zone) {
    throw new AwsError(
      'InvalidVolume.ZoneMismatch',
      `The volume '${volumeId}' is not in the same availability zone as instance '${instanceId}'`,
    )
  }
  if (volume.attachment) throw new AwsError('VolumeInUse', `${volumeId} is already attached to an instance`)
  if (volume.state !== 'available') throw new AwsError('IncorrectState', `${volumeId} is not 'available'.`)
  if (!deviceName.test(device)) {
    throw invalidValue(`Value (${device}) for parameter device is invalid. ${device} is not a valid EBS device name.`)
  }
  const attached = volumesOf(state, instanceId)
  if (attached.some((each) => each.attachment?.device === device)) {
    throw invalidValue(`Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`)
  }
  const left = nitroAttachments - interfacesOf(state, instanceId).length
  if (attached.length >= left) {
    throw new AwsError(
      'AttachmentLimitExceeded',
      `You may attach up to ${left} devices for this instance type. ` +
        'Please use a larger instance size to attach more volumes.',
    )
  }
}

/** The record, if it still has this very attachment: what was begun for one attachment must not touch the next. */
function still(state: State, volumeId: string, attachmentId: string) {
  const record = state.volumes.get(volumeId)
  const attachment = record?.attachment
  return record && attachment?.attachmentId === attachmentId ? { record, attachment } : undefined
}

function completeAttach(state: State, volumeId: string, attachmentId: string): void {
  const before = still(state, volumeId, attachmentId)
  if (before?.attachment.state !== 'attaching') return
  const { instanceId } = before.attachment
  const attached = (): void => {
    const now = still(state, volumeId, attachmentId)
    if (now?.attachment.state !== 'attaching') return
    state.volumes.change(volumeId, { attachment: { ...now.attachment, state: 'attached' } })
  }
  if (hasPower(state.instances.get(instanceId))) {
    void state.machines.plugVolume(instanceId, diskOf(before.record)).then(attached)
  } else {
    attached()
  }
}

function detach(state: State, input: DetachVolumeCommandInput): VolumeAttachment {
  const volume = requireRecord(state.volumes, kinds.volume, input.VolumeId)
  const { volumeId, attachment } = volume
  if (!attachment) throw new AwsError('IncorrectState', `Volume '${volumeId}' is in the '${volume.state}' state.`)
  checkDetach(state, volumeId, attachment, input)
  if (input.Force) {
    // Forced, the machine loses the disk at once, whatever it was doing with it; EC2's bookkeeping takes its time.
    void state.machines.unplugVolume(attachment.instanceId, volumeId)
  } else if (attachment.state === 'detaching' || attachment.state === 'busy') {
    return { ...attachment, state: 'detaching' }
  }
  const leaving: VolumeAttachment = { ...attachment, state: 'detaching' }
  const busy = !input.Force && state.machines.inUse(attachment.instanceId, volumeId)
  state.volumes.change(volumeId, { attachment: busy ? { ...leaving, state: 'busy' } : leaving })
  freeVolumeLater(state, volume, attachment.attachmentId, input.Force ? 'forced' : 'detached')
  return leaving
}

function checkDetach(
  state: State,
  volumeId: string,
  attachment: VolumeAttachment,
  input: DetachVolumeCommandInput,
): void {
  const wrongInstance = input.InstanceId !== undefined && input.InstanceId !== attachment.instanceId
  if (wrongInstance || (input.Device !== undefined && input.Device !== attachment.device)) {
    const { instanceId } = requireInstance(state, input.InstanceId ?? attachment.instanceId)
    const device = input.Device ?? attachment.device
    throw new AwsError(
      'InvalidAttachment.NotFound',
      `The volume '${volumeId}' is not attached to instance '${instanceId}' as device '${device}'.`,
    )
  }
  const instance = state.instances.get(attachment.instanceId)
  if (attachment.device === instance?.rootDeviceName && instance.state !== 'stopped') {
    throw new AwsError(
      'OperationNotPermitted',
      `Unable to detach root volume '${volumeId}' from instance '${instance.instanceId}'`,
    )
  }
}

/** How often EC2 looks whether a busy volume has been unmounted; its own interval is not known. */
const busyPollMs = 1000

/**
 * Frees the volume after the time it takes: pulled out of the machine first, available only then. A volume with a
 * mounted file system stays busy until it is unmounted, for ever if need be, unless the detachment is forced or the
 * instance is at its end, which alone heeds DeleteOnTermination.
 */
export function freeVolumeLater(
  state: State,
  { volumeId }: Volume,
  attachmentId: string,
  why: 'detached' | 'forced' | 'terminated',
): void {
  const free = (): void => {
    const now = still(state, volumeId, attachmentId)
    if (!now) return
    if (why === 'terminated' && now.attachment.deleteOnTermination) state.volumes.remove(volumeId)
    else state.volumes.change(volumeId, { state: 'available', attachment: undefined })
  }
  const tryToFree = (): void => {
    const before = still(state, volumeId, attachmentId)
    if (!before) return
    const { instanceId } = before.attachment
    if (why === 'detached' && state.machines.inUse(instanceId, volumeId)) {
      if (before.attachment.state !== 'busy') {
        state.volumes.change(volumeId, { attachment: { ...before.attachment, state: 'busy' } })
      }
      state.kernel.clock.after(busyPollMs / state.kernel.settings.speed, tryToFree)
      return
    }
    void state.machines.unplugVolume(instanceId, volumeId).then(free)
  }
  state.kernel.later('volumeDetach', tryToFree)
}

export function volumeAttachmentOperations(state: State): OperationTable {
  return {
    AttachVolume(input: AttachVolumeCommandInput): Answer<AttachVolumeCommandOutput> {
      const attachment = attach(state, input)
      return attachmentAnswer(input.VolumeId ?? '', attachment)
    },
    DetachVolume(input: DetachVolumeCommandInput): Answer<DetachVolumeCommandOutput> {
      const attachment = detach(state, input)
      return attachmentAnswer(input.VolumeId ?? '', attachment)
    },
  }
}
