import type {
  CreateVolumeCommandInput,
  CreateVolumeCommandOutput,
  DeleteVolumeCommandInput,
  DescribeVolumesCommandInput,
  DescribeVolumesCommandOutput,
  Volume as VolumeAnswer,
  VolumeAttachment as VolumeAttachmentAnswer,
  VolumeType,
} from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import type { FilterTable } from './filter.ts'
import type { Tags, Volume, VolumeAttachment } from './records.ts'
import { invalidValue, kinds, missingParameter, requireRecord } from './refusal.ts'
import { select } from './selection.ts'
import { once, type State } from './state.ts'
import { tagList, tagsFrom } from './tag.ts'
import { chooseZone, type Zone } from './zone.ts'

/** EBS volumes as resources. Their attachment has a file of its own. */

export interface NewVolume {
  readonly zone: Zone
  readonly sizeGiB: number
  readonly volumeType?: string | undefined
  readonly iops?: number | undefined
  readonly throughput?: number | undefined
  readonly encrypted?: boolean | undefined
  readonly snapshotId?: string | undefined
  readonly tags: Tags
  /** A volume that is born with an instance is in use from the start. */
  readonly attachment?: VolumeAttachment
}

export function newVolume(state: State, wanted: NewVolume): Volume {
  const volumeId = state.kernel.id('vol')
  const volumeType = wanted.volumeType ?? 'gp2'
  const gp3 = volumeType === 'gp3'
  return state.volumes.put(volumeId, {
    volumeId,
    zone: wanted.zone.name,
    zoneId: wanted.zone.zoneId,
    sizeGiB: wanted.sizeGiB,
    volumeType,
    iops: wanted.iops ?? (gp3 ? 3000 : Math.max(100, 3 * wanted.sizeGiB)),
    throughput: gp3 ? (wanted.throughput ?? 125) : undefined,
    encrypted: wanted.encrypted ?? false,
    snapshotId: wanted.snapshotId ?? '',
    createTime: state.kernel.clock.now(),
    state: wanted.attachment ? 'in-use' : 'creating',
    tags: wanted.tags,
    attachment: wanted.attachment,
  })
}

function create(state: State, input: CreateVolumeCommandInput): Volume {
  if (!input.AvailabilityZone && !input.AvailabilityZoneId) throw missingParameter('zone')
  const zone = chooseZone(state.kernel.settings, input.AvailabilityZone, input.AvailabilityZoneId)
  if (input.Size === undefined && input.SnapshotId === undefined) throw missingParameter('size/snapshot')
  const sizeGiB = input.Size ?? 8
  if (!Number.isInteger(sizeGiB) || sizeGiB < 1 || sizeGiB > 65_536) {
    throw invalidValue(`Volume of ${sizeGiB}GiB is invalid; must be between 1GiB and 65536GiB.`)
  }
  const volume = newVolume(state, {
    zone,
    sizeGiB,
    volumeType: input.VolumeType,
    iops: input.Iops,
    throughput: input.Throughput,
    encrypted: input.Encrypted,
    snapshotId: input.SnapshotId,
    tags: tagsFrom(input.TagSpecifications, 'volume'),
  })
  state.kernel.later('read', () => {
    const now = state.volumes.get(volume.volumeId)
    if (now?.state === 'creating') state.volumes.change(volume.volumeId, { state: 'available' })
  })
  return volume
}

function remove(state: State, volume: Volume): void {
  const { volumeId, attachment } = volume
  if (attachment) {
    throw new AwsError('VolumeInUse', `Volume ${volumeId} is currently attached to ${attachment.instanceId}`)
  }
  if (volume.state === 'deleting')
    throw new AwsError('IncorrectState', `Volume '${volumeId}' is in the 'deleting' state.`)
  state.volumes.change(volumeId, { state: 'deleting' })
  state.kernel.later('read', () => {
    state.volumes.remove(volumeId)
  })
}

export function attachmentAnswer(volumeId: string, attachment: VolumeAttachment): VolumeAttachmentAnswer {
  return {
    VolumeId: volumeId,
    InstanceId: attachment.instanceId,
    Device: attachment.device,
    State: attachment.state,
    AttachTime: new Date(attachment.attachTime),
    DeleteOnTermination: attachment.deleteOnTermination,
  }
}

function volumeAnswer(volume: Volume): VolumeAnswer {
  return {
    VolumeId: volume.volumeId,
    AvailabilityZone: volume.zone,
    AvailabilityZoneId: volume.zoneId,
    Size: volume.sizeGiB,
    // The caller's own word, echoed: the SDK's list of types may be older than EBS.
    VolumeType: volume.volumeType as VolumeType,
    Iops: volume.iops,
    Throughput: volume.throughput,
    Encrypted: volume.encrypted,
    MultiAttachEnabled: false,
    SnapshotId: volume.snapshotId,
    State: volume.state,
    CreateTime: new Date(volume.createTime),
    Attachments: volume.attachment ? [attachmentAnswer(volume.volumeId, volume.attachment)] : [],
    Tags: tagList(volume.tags),
  }
}

const filters: FilterTable<Volume> = {
  'volume-id': (each) => [each.volumeId],
  'availability-zone': (each) => [each.zone],
  'availability-zone-id': (each) => [each.zoneId],
  size: (each) => [String(each.sizeGiB)],
  status: (each) => [each.state],
  'volume-type': (each) => [each.volumeType],
  encrypted: (each) => [String(each.encrypted)],
  'snapshot-id': (each) => [each.snapshotId],
  'multi-attach-enabled': () => ['false'],
  'create-time': (each) => [new Date(each.createTime).toISOString()],
  'attachment.instance-id': (each) => [each.attachment?.instanceId],
  'attachment.device': (each) => [each.attachment?.device],
  'attachment.status': (each) => [each.attachment?.state],
  'attachment.attach-time': (each) => [each.attachment && new Date(each.attachment.attachTime).toISOString()],
  'attachment.delete-on-termination': (each) => [each.attachment && String(each.attachment.deleteOnTermination)],
}

export function volumeOperations(state: State): OperationTable {
  return {
    CreateVolume: (input: CreateVolumeCommandInput): Answer<CreateVolumeCommandOutput> =>
      once(state, 'CreateVolume', input, () => volumeAnswer(create(state, input))),
    DescribeVolumes(input: DescribeVolumesCommandInput): Answer<DescribeVolumesCommandOutput> {
      const page = select(
        state.volumes.past(state.kernel.lag()),
        {
          kind: kinds.volume,
          idOf: (each) => each.volumeId,
          filterTable: filters,
          tagsOf: (each) => each.tags,
          ids: input.VolumeIds,
          filters: input.Filters,
          maxResults: input.MaxResults,
          nextToken: input.NextToken,
        },
        state.kernel.random,
      )
      return { Volumes: page.records.map(volumeAnswer), NextToken: page.nextToken }
    },
    DeleteVolume(input: DeleteVolumeCommandInput): object {
      remove(state, requireRecord(state.volumes, kinds.volume, input.VolumeId))
      return {}
    },
  }
}
