import type * as sdk from '@aws-sdk/client-ec2'
import { memberDeviceIndex } from '../model/device-names.ts'
import {
  type InstanceId,
  instanceId,
  type NetworkInterfaceId,
  networkInterfaceId,
  patterns,
  type SubnetId,
  subnetId,
  type VolumeId,
  volumeId,
} from '../model/ids.ts'
import {
  type Failures,
  type Healing,
  healingSteps,
  type Intent,
  type InterfaceAttachment,
  type NetworkInterface,
  type Volume,
  type VolumeAttachment,
} from '../model/member.ts'
import type { Tagged } from '../model/members.ts'
import type { Instance } from '../model/observation.ts'
import { bookkeepingTags, identityTags, permitted } from '../model/tags.ts'
import type { Note, Permit } from '../model/plan.ts'
import { type Answer, CallFailure, look, mutate, pages, release } from './failure.ts'
import type { Send } from './operations.ts'

/** EC2 as the core needs it. Reads throw CallFailure; what changes something answers yes, no or unknown. */
export interface Ec2 {
  networkInterfaces(ensemble: string): Promise<readonly Tagged<NetworkInterface>[]>
  /** The mount tag may be absent or unfit: it is told as it is. */
  volumes(ensemble: string): Promise<readonly Tagged<Volume>[]>
  /** Those that EC2 shows: an instance that is missing in the answer is unknown, not gone. */
  instances(ids: readonly InstanceId[]): Promise<readonly Instance[]>
  /** The ranges of those that EC2 shows. */
  subnetCidrs(ids: readonly SubnetId[]): Promise<ReadonlyMap<SubnetId, string>>
  attachInterface(id: NetworkInterfaceId, instance: InstanceId): Promise<Answer>
  retainInterface(id: NetworkInterfaceId, attachmentId: string): Promise<Answer>
  detachInterface(attachmentId: string): Promise<Answer>
  announceAttach(id: VolumeId, intent: Intent): Promise<Answer>
  attachVolume(id: VolumeId, instance: InstanceId, device: string): Promise<Answer>
  retainVolume(instance: InstanceId, device: string): Promise<Answer>
  detachVolume(id: VolumeId, instance: InstanceId): Promise<Answer>
  /** Done if EC2 knows of no attachment of the volume to the instance; else it is asked to end it, once more. */
  confirmDetached(id: VolumeId, instance: InstanceId): Promise<Answer>
  withdrawPermit(permit: Permit, id: VolumeId): Promise<Answer>
  /** Writes a bookkeeping tag of an interface. */
  note(id: NetworkInterfaceId, note: Note): Promise<Answer>
  /**
   * Takes a bookkeeping tag of an interface away, if it is still this note: a request that lands late must not take a newer
   * one. EC2 deletes a tag that is given with its value only where the value is the same (DeleteTags, EC2 API Reference).
   */
  forget(id: NetworkInterfaceId, note: Note): Promise<Answer>
}

export function ec2Port(send: Send): Ec2 {
  return {
    async networkInterfaces(ensemble) {
      const filters = ofEnsemble(ensemble)
      const found = await look('listing the network interfaces of the ensemble', () =>
        pages(
          (NextToken) => send('ec2.DescribeNetworkInterfaces', { ...filters, NextToken }),
          (page) => page.NetworkInterfaces,
          (page) => page.NextToken,
        ),
      )
      return found.map((one) => tagged(readInterface(one), one.AvailabilityZone, one.TagSet))
    },
    async volumes(ensemble) {
      const filters = ofEnsemble(ensemble)
      const found = await look('listing the volumes of the ensemble', () =>
        pages(
          (NextToken) => send('ec2.DescribeVolumes', { ...filters, NextToken }),
          (page) => page.Volumes,
          (page) => page.NextToken,
        ),
      )
      return found.map((one) => tagged(readVolume(one), one.AvailabilityZone, one.Tags))
    },
    async instances(ids) {
      // By filter, not by id: one unknown id would make EC2 refuse the whole request.
      const Filters = [{ Name: 'instance-id', Values: [...ids] }]
      const reservations = await look('looking at the instances', () =>
        pages(
          (NextToken) => send('ec2.DescribeInstances', { Filters, NextToken }),
          (page) => page.Reservations,
          (page) => page.NextToken,
        ),
      )
      return reservations.flatMap((reservation) => reservation.Instances ?? []).map(readInstance)
    },
    async subnetCidrs(ids) {
      const Filters = [{ Name: 'subnet-id', Values: [...ids] }]
      const subnets = await look(`looking at ${ids.join(', ')}`, () =>
        pages(
          (NextToken) => send('ec2.DescribeSubnets', { Filters, NextToken }),
          (page) => page.Subnets,
          (page) => page.NextToken,
        ),
      )
      return new Map(
        subnets.flatMap(({ SubnetId, CidrBlock }) => {
          const id = ids.find((one) => one === SubnetId)
          return id !== undefined && CidrBlock !== undefined ? [[id, CidrBlock] as const] : []
        }),
      )
    },
    ...interfaceChanges(send),
    ...volumeChanges(send),
    ...notes(send),
  }
}

function interfaceChanges(send: Send): Pick<Ec2, 'attachInterface' | 'retainInterface' | 'detachInterface'> {
  return {
    attachInterface: (id, instance) =>
      mutate(`attaching ${id} to ${instance}`, async () => {
        await send('ec2.AttachNetworkInterface', {
          NetworkInterfaceId: id,
          InstanceId: instance,
          DeviceIndex: memberDeviceIndex,
          // Instance types with several network cards are validated wrongly when this is left out (cilium#42512).
          NetworkCardIndex: 0,
        })
      }),
    retainInterface: (id, attachmentId) =>
      mutate(`keeping ${id} beyond its instance`, async () => {
        await send('ec2.ModifyNetworkInterfaceAttribute', {
          NetworkInterfaceId: id,
          Attachment: { AttachmentId: attachmentId, DeleteOnTermination: false },
        })
      }),
    // By attachment id, which is fresh for each attachment: a late detach can't hit the next holder's.
    detachInterface: (attachmentId) =>
      release(`detaching ${attachmentId}`, () => send('ec2.DetachNetworkInterface', { AttachmentId: attachmentId })),
  }
}

function volumeChanges(
  send: Send,
): Pick<
  Ec2,
  'announceAttach' | 'attachVolume' | 'retainVolume' | 'detachVolume' | 'confirmDetached' | 'withdrawPermit'
> {
  return {
    announceAttach: (id, intent) =>
      mutate(`announcing ${id} for ${intent.instanceId}`, async () => {
        const Value = `${intent.instanceId}@${new Date(intent.at).toISOString()}`
        await send('ec2.CreateTags', { Resources: [id], Tags: [{ Key: bookkeepingTags.holder, Value }] })
      }),
    attachVolume: (id, instance, device) =>
      mutate(`attaching ${id} to ${instance} as ${device}`, async () => {
        await send('ec2.AttachVolume', { VolumeId: id, InstanceId: instance, Device: device })
      }),
    retainVolume: (instance, device) =>
      mutate(`keeping ${device} beyond ${instance}`, async () => {
        await send('ec2.ModifyInstanceAttribute', {
          InstanceId: instance,
          BlockDeviceMappings: [{ DeviceName: device, Ebs: { DeleteOnTermination: false } }],
        })
      }),
    // Never with Force: what a running instance has mounted must not be pulled out.
    detachVolume: (id, instance) =>
      release(`detaching ${id} from ${instance}`, () =>
        send('ec2.DetachVolume', { VolumeId: id, InstanceId: instance }),
      ),
    // A read may tell of the past; what is to be changed EC2 decides by the present.
    confirmDetached: async (id, instance) => {
      const attempted = `making sure that ${id} has left ${instance}`
      const answer = await mutate(attempted, () => send('ec2.DetachVolume', { VolumeId: id, InstanceId: instance }))
      if (answer.done === 'yes') {
        return { done: 'no', failure: new CallFailure(attempted, 'conflict', 'VolumeInUse', 'it is still detaching') }
      }
      return answer.failure.kind === 'gone' ? { done: 'yes', result: undefined } : answer
    },
    withdrawPermit: (permit, id) =>
      mutate(`withdrawing the ${permit} permit of ${id}`, async () => {
        await send('ec2.DeleteTags', { Resources: [id], Tags: [{ Key: bookkeepingTags[permit] }] })
      }),
  }
}

function notes(send: Send): Pick<Ec2, 'note' | 'forget'> {
  return {
    note: (id, note) =>
      mutate(`noting on ${id}: ${note.key}`, async () => {
        const Tags = [{ Key: bookkeepingTags[note.key], Value: written(note) }]
        await send('ec2.CreateTags', { Resources: [id], Tags })
      }),
    forget: (id, note) =>
      mutate(`forgetting on ${id}: ${note.key}`, async () => {
        const Tags = [{ Key: bookkeepingTags[note.key], Value: written(note) }]
        await send('ec2.DeleteTags', { Resources: [id], Tags })
      }),
  }
}

function ofEnsemble(ensemble: string) {
  return { Filters: [{ Name: `tag:${identityTags.ensemble}`, Values: [literal(ensemble)] }] }
}

const escaped = String.raw`\$&`

/** EC2 filters know the wildcards * and ?, which a name must not become. */
function literal(text: string): string {
  return text.replace(/[\\*?]/g, escaped)
}

function tagged<Resource>(resource: Resource, zone: string | undefined, tags: readonly sdk.Tag[] | undefined) {
  return { resource, zone: zone ?? '', member: tagValue(tags, identityTags.member) }
}

function tagValue(tags: readonly sdk.Tag[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.Key === key)?.Value
}

function readInterface(one: sdk.NetworkInterface): NetworkInterface {
  const attachment = readInterfaceAttachment(one.Attachment)
  return {
    id: networkInterfaceId(one.NetworkInterfaceId),
    macAddress: one.MacAddress ?? '',
    address: one.PrivateIpAddress ?? '',
    subnetId: subnetId(one.SubnetId),
    ...(attachment && { attachment }),
    ...readNotes(one.TagSet),
  }
}

function readInterfaceAttachment(one: sdk.NetworkInterfaceAttachment | undefined): InterfaceAttachment | undefined {
  if (!one?.AttachmentId || one.Status === 'detached') return undefined
  return {
    id: one.AttachmentId,
    instanceId: instanceId(one.InstanceId),
    deviceIndex: one.DeviceIndex ?? -1,
    status: one.Status ?? 'unknown',
    // Until EC2 says false it counts as true: the careful reading costs one call.
    deleteOnTermination: one.DeleteOnTermination !== false,
  }
}

function readVolume(one: sdk.Volume): Volume {
  const attachments = (one.Attachments ?? []).filter((attachment) => attachment.State !== 'detached')
  if (attachments.length > 1) throw new Error(`${one.VolumeId} has ${attachments.length} attachments; it may have one`)
  const attachment = attachments[0] && readVolumeAttachment(attachments[0])
  const intent = readIntent(tagValue(one.Tags, bookkeepingTags.holder))
  return {
    id: volumeId(one.VolumeId),
    mount: tagValue(one.Tags, identityTags.mount) ?? '',
    state: one.State ?? 'unknown',
    ...(attachment && { attachment }),
    ...(intent && { intent }),
    formatPermitted: tagValue(one.Tags, bookkeepingTags.format) === permitted,
    bootstrapPermitted: tagValue(one.Tags, bookkeepingTags.bootstrap) === permitted,
  }
}

function readVolumeAttachment(one: sdk.VolumeAttachment): VolumeAttachment {
  return {
    instanceId: instanceId(one.InstanceId),
    device: one.Device ?? '',
    state: one.State ?? 'unknown',
    attachTime: one.AttachTime?.getTime() ?? 0,
    deleteOnTermination: one.DeleteOnTermination !== false,
  }
}

/** Our own writing, as `written` puts it to the letter; anything else in such a tag counts as nothing. */
function readNotes(
  tags: readonly sdk.Tag[] | undefined,
): Pick<NetworkInterface, 'leaving' | 'handingOver' | 'healing' | 'failures'> {
  const leaving = readIntent(tagValue(tags, bookkeepingTags.leaving))
  const handingOver = readIntent(tagValue(tags, bookkeepingTags.handingOver))
  const healing = readHealing(tagValue(tags, bookkeepingTags.healing))
  const failures = readFailures(tagValue(tags, bookkeepingTags.failures))
  const isOurs = (note: Note): boolean => written(note) === tagValue(tags, bookkeepingTags[note.key])
  return {
    ...(leaving && isOurs({ key: 'leaving', ...leaving }) && { leaving }),
    ...(handingOver && isOurs({ key: 'handingOver', ...handingOver }) && { handingOver }),
    ...(healing && isOurs({ key: 'healing', ...healing }) && { healing }),
    ...(failures && isOurs({ key: 'failures', ...failures }) && { failures }),
  }
}

function readHealing(value: string | undefined): Healing | undefined {
  const [word, time] = value?.split('@') ?? []
  const step = healingSteps.find((one) => one === word)
  const at = Date.parse(time ?? '')
  return step === undefined || Number.isNaN(at) ? undefined : { step, at }
}

function readFailures(value: string | undefined): Failures | undefined {
  const [number, ...rest] = value?.split('@') ?? []
  const last = readIntent(rest.join('@'))
  return last && /^[1-9][0-9]{0,5}$/.test(number ?? '') ? { count: Number(number), ...last } : undefined
}

/** A note as the value of its tag. */
function written(note: Note): string {
  const time = new Date(note.at).toISOString()
  switch (note.key) {
    case 'leaving':
    case 'handingOver':
      return `${note.instanceId}@${time}`
    case 'healing':
      return `${note.step}@${time}`
    case 'failures':
      return `${note.count}@${note.instanceId}@${time}`
  }
}

/** Our own writing; anything else in the tag is no intent of ours. */
function readIntent(value: string | undefined): Intent | undefined {
  const [holder, time] = value?.split('@') ?? []
  const at = Date.parse(time ?? '')
  if (!holder || !patterns.instanceId.test(holder) || Number.isNaN(at)) return undefined
  return { instanceId: instanceId(holder), at }
}

function readInstance(one: sdk.Instance): Instance {
  return {
    id: instanceId(one.InstanceId),
    state: one.State?.Name ?? 'unknown',
    zone: one.Placement?.AvailabilityZone ?? '',
    launchTime: one.LaunchTime?.getTime() ?? 0,
    networkInterfaces: (one.NetworkInterfaces ?? []).map((card) => ({
      id: card.NetworkInterfaceId ?? '',
      deviceIndex: card.Attachment?.DeviceIndex ?? -1,
    })),
    devices: (one.BlockDeviceMappings ?? []).map((mapping) => mapping.DeviceName ?? ''),
  }
}
