import type { NetworkInterface, Volume } from '../../../lab/cloud/ec2/ec2.ts'
import { bookkeepingTags } from '../../../shared/model/tags.ts'
import type { Member } from '../ensembles.ts'
import type { Life } from '../port.ts'
import type { Arrival, Input, Sending, Tag, Watch } from './watch.ts'

/** Milliseconds for which an invocation may go by what it saw before: of a first attachment (S15), or of a leave (S12). */
const unknownMs = 45_000
/** Milliseconds by which a read may be behind at most, where any is: the table remembers no more. */
const behindMs = 60_000

/** Who first announced a volume for an instance, and when. */
interface Announcement {
  readonly life: Life
  readonly at: number
  /** Since when that of another instance, which was under way for long, has been in its place. */
  readonly lostAt: number | undefined
}

/** S6, S9, S12, S15: what is attached where, to whom, and how often. */
export class Attaching {
  readonly #watch: Watch
  /** By volume and instance: when it was first attached there. */
  readonly #pairs = new Map<string, number>()
  readonly #announced = new Map<string, Announcement>()
  /** Volumes that somebody else has put where they do not belong. */
  readonly #astray = new Set<string>()
  /** When each invocation last saw the volumes as they were. */
  readonly #looked = new WeakMap<Life, number>()
  /** The pairs for which an invocation was refused: by design it may ask for them once more. */
  readonly #refused = new WeakMap<Life, Set<string>>()
  /** Since when each instance has been on its way out. */
  readonly #leavingSince = new Map<string, number>()
  /** The pairs for which an invocation has asked, and was not refused as far as it knows. */
  readonly #asked = new WeakMap<Life, Set<string>>()

  constructor(watch: Watch) {
    this.#watch = watch
    watch.cloud.ec2.volumes.watch((id, before, after) => this.#volumeChanged(id, before, after))
    watch.cloud.ec2.networkInterfaces.watch((_id, before, after) => this.#interfaceChanged(before, after))
    watch.cloud.autoscaling.onLifecycleState(({ instanceId, lifecycleState }) => {
      if (lifecycleState === 'Terminating:Wait') this.#leavingSince.set(instanceId, watch.now())
    })
  }

  astray(volumeId: string, is: boolean): void {
    if (is) this.#astray.add(volumeId)
    else this.#astray.delete(volumeId)
  }

  /** A call that was sent before the first attachment may land at any time, so what counts is what is asked for. */
  sending({ operation, input, life }: Sending): void {
    if (operation === 'ec2.AttachVolume' || operation === 'ec2.AttachNetworkInterface') this.#notLeaving(input)
    if (operation !== 'ec2.AttachVolume') return
    const [volumeId, instanceId] = [String(input['VolumeId']), String(input['InstanceId'])]
    this.#neverTwice(volumeId, instanceId, life)
    this.#neverAnnounced(volumeId, instanceId, life)
    const watch = this.#watch
    const member = watch.byVolume.get(volumeId)
    const instance = watch.cloud.ec2.instances.get(instanceId)
    if (!member || !instance) return
    if (instance.zone !== member.zone) watch.break('S9', `${volumeId} of ${member.zone} for ${instance.zone}`)
    if (watch.calm(member.networkInterfaceId, instanceId) && watch.holder(member) !== instanceId) {
      watch.break('S15', `${volumeId} is asked for ${instanceId}, which does not hold ${member.networkInterfaceId}`)
    }
  }

  /** A sweep drives several actions at once: whose look one of its reads belongs to is not known. */
  done({ operation, input, life }: Arrival): void {
    if (operation === 'ec2.CreateTags') this.#noteAnnouncement(input, life)
    if (operation !== 'ec2.DescribeVolumes' || life.name === 'sweep' || this.#watch.mayBeStale()) return
    this.#looked.set(life, this.#watch.now())
  }

  refused({ operation, input, life }: Arrival): void {
    if (operation !== 'ec2.AttachVolume') return
    pairsOf(this.#refused, life).add(pairOf(input))
    this.#asked.get(life)?.delete(pairOf(input))
  }

  #noteAnnouncement(input: Input, life: Life): void {
    const { Resources, Tags } = input as { Resources?: readonly string[]; Tags?: readonly Tag[] }
    const holder = Tags?.find((tag) => tag.Key === bookkeepingTags.holder)?.Value?.split('@')[0]
    if (holder === undefined) return
    for (const volumeId of Resources ?? []) {
      const name = `${volumeId} ${holder}`
      const now = this.#watch.now()
      const before = this.#announced.get(name)
      // Whoever began after it was lost can't have seen it.
      const knew = before && life.startedAt <= (before.lostAt ?? now)
      const first = knew ? before : { life, at: now }
      for (const [other, there] of this.#announced) {
        if (other.startsWith(`${volumeId} `)) this.#announced.set(other, { ...there, lostAt: there.lostAt ?? now })
      }
      this.#announced.set(name, { ...first, lostAt: undefined })
    }
  }

  #notLeaving({ InstanceId, VolumeId, NetworkInterfaceId }: Input): void {
    const instanceId = String(InstanceId)
    const ms = this.#watch.now() - (this.#leavingSince.get(instanceId) ?? Number.POSITIVE_INFINITY)
    if (ms <= unknownMs || this.#watch.mayBeStale()) return
    const what = String(VolumeId ?? NetworkInterfaceId)
    this.#watch.break('S12', `${what} is given to ${instanceId}, which has been on its way out for ${ms} ms`)
  }

  /** Whoever has looked since the first attachment began has seen it, or the announcement that outlives it. */
  #neverTwice(volumeId: string, instanceId: string, life: Life): void {
    const since = this.#pairs.get(`${volumeId} ${instanceId}`)
    if (since === undefined || !this.#mustKnow(`${volumeId} ${instanceId}`, since, life)) return
    this.#watch.break('S15', `${volumeId} is asked for ${instanceId} again, where it was attached before`)
  }

  /** What another invocation has announced may have been attached, and may yet be. */
  #neverAnnounced(volumeId: string, instanceId: string, life: Life): void {
    const first = this.#announced.get(`${volumeId} ${instanceId}`)
    this.#neverUnknown(`${volumeId} ${instanceId}`, life)
    if (!first || first.life === life || !this.#mustKnow(`${volumeId} ${instanceId}`, first.at, life)) return
    this.#watch.break('S15', `${volumeId} is asked for ${instanceId}, for which another invocation has announced it`)
  }

  /** Whoever got no answer can't know whether it was done, or will be. */
  #neverUnknown(pair: string, life: Life): void {
    const asked = pairsOf(this.#asked, life)
    if (asked.has(pair)) this.#watch.break('S15', `${pair} is asked for again, and the first answer may have been yes`)
    asked.add(pair)
  }

  #mustKnow(pair: string, since: number, life: Life): boolean {
    if (this.#refused.get(life)?.has(pair)) return false
    const looked = this.#looked.get(life)
    const unknown = unknownMs + (this.#watch.mayBeStale() ? behindMs : 0)
    return (looked !== undefined && looked > since) || this.#watch.now() - since > unknown
  }

  #volumeChanged(id: string, before: Volume | undefined, after: Volume | undefined): void {
    const member = this.#watch.byVolume.get(id)
    if (!member) return
    if (!after) return this.#watch.break('S1', `${id} was deleted`)
    const { attachment } = after
    if (!attachment || attachment.attachmentId === before?.attachment?.attachmentId) return
    if (this.#astray.has(id)) return
    const pair = `${id} ${attachment.instanceId}`
    if (!this.#pairs.has(pair)) this.#pairs.set(pair, this.#watch.now())
    this.#oneMember(attachment.instanceId)
  }

  #interfaceChanged(before: NetworkInterface | undefined, after: NetworkInterface | undefined): void {
    const { attachment } = after ?? {}
    if (attachment && attachment.attachmentId !== before?.attachment?.attachmentId) {
      this.#oneMember(attachment.instanceId)
    }
    if (before && !after && this.#watch.byInterface.has(before.networkInterfaceId)) {
      this.#watch.break('S2', `${before.networkInterfaceId} was deleted`)
    }
  }

  #oneMember(instanceId: string): void {
    const { byInterface, byVolume, cloud } = this.#watch
    const there = new Set<Member>()
    for (const [id, member] of byInterface) {
      if (cloud.ec2.networkInterfaces.get(id)?.attachment?.instanceId === instanceId) there.add(member)
    }
    for (const [id, member] of byVolume) {
      if (this.#astray.has(id)) continue
      if (cloud.ec2.volumes.get(id)?.attachment?.instanceId === instanceId) there.add(member)
    }
    // By tags that somebody has changed a part may be another member's.
    if (there.size < 2 || !this.#watch.tagsAreRight()) return
    const which = [...there].map((member) => `${member.id} of ${member.ensemble}`).join(' and ')
    this.#watch.break('S6', `${instanceId} has parts of members ${which}`)
  }
}

function pairsOf(pairs: WeakMap<Life, Set<string>>, life: Life): Set<string> {
  const there = pairs.get(life) ?? new Set<string>()
  pairs.set(life, there)
  return there
}

function pairOf(input: Input): string {
  return `${String(input['VolumeId'])} ${String(input['InstanceId'])}`
}
