import type { VolumeContent } from '../../../lab/hosts/modelled/disk.ts'
import { bookkeepingTags } from '../../../shared/model/tags.ts'
import type { Arrival, Watch } from './watch.ts'
import { unseenMs } from './watch.ts'

/** S3, S10: what is written to disks. */
export class Content {
  readonly #watch: Watch
  readonly #formatted = new Set<string>()
  readonly #permitGone = new Map<string, number>()
  #byHand = false

  constructor(watch: Watch) {
    this.#watch = watch
  }

  /** Changes the world in a way for which nobody can answer. */
  byHand(change: () => void): void {
    this.#byHand = true
    change()
    this.#byHand = false
  }

  done({ operation, input }: Arrival): void {
    if (operation !== 'ec2.DeleteTags') return
    const given = input as { readonly Resources?: readonly string[]; readonly Tags?: readonly { Key?: string }[] }
    if (!given.Tags?.some((tag) => tag.Key === bookkeepingTags.format)) return
    for (const id of given.Resources ?? []) this.#permitGone.set(id, this.#watch.now())
  }

  /** What is on a volume has changed, by a host's doing. */
  changed(volumeId: string, content: VolumeContent, dataExists: boolean): void {
    if (this.#byHand || content.kind !== 'formatted' || content.data !== undefined) return
    const gone = this.#permitGone.get(volumeId)
    const unseen = gone !== undefined && this.#watch.now() - gone < unseenMs
    const permitted = this.#watch.cloud.ec2.volumes.get(volumeId)?.tags[bookkeepingTags.format] !== undefined
    if (this.#formatted.has(volumeId) && !permitted && !unseen) {
      this.#watch.break('S3', `${volumeId} was formatted again, and it had no permit any more`)
    }
    this.#formatted.add(volumeId)
    if (content.initialize && dataExists && this.#bootstrapIsOver(volumeId)) {
      this.#watch.break('S10', `${volumeId} was marked to start from nothing, and there is data`)
    }
  }

  #bootstrapIsOver(volumeId: string): boolean {
    const { byVolume, cloud } = this.#watch
    const ensemble = byVolume.get(volumeId)?.ensemble
    const volumes = [...byVolume].filter(([, member]) => member.ensemble === ensemble).map(([id]) => id)
    return volumes.every((id) => cloud.ec2.volumes.get(id)?.tags[bookkeepingTags.bootstrap] === undefined)
  }
}
