/** One write, as it lies on the disks of the servers that have it. Shared and never changed: identity is equality. */
export interface Entry {
  readonly epoch: number
  /** Counted from 1 without a gap. */
  readonly index: number
  readonly key: string
  readonly value: string
}

/**
 * What a server has on disk: the epoch of the last leader whose history it took over whole, and that history. This is
 * the disk itself, not a copy: whoever holds it while it is mounted writes to it.
 */
export interface Journal {
  epoch: number
  readonly entries: Entry[]
  /** Who votes; there is none before the first quorum. */
  list?: VoterList
}

/** The list of those who vote, which the servers keep and change among themselves. Never changed, only replaced. */
export interface VoterList {
  /** Counted from 1. */
  readonly version: number
  readonly voters: readonly number[]
}

/**
 * What is on a volume. It belongs to the volume and outlives every host: `foreign` is somebody else's file system,
 * `corrupt` does not survive the file system check, `unreadable` answers nothing, which is not the same as blank.
 */
export type VolumeContent =
  | { readonly kind: 'blank' }
  | {
      readonly kind: 'formatted'
      readonly ensemble: string
      readonly member: number
      /** As which it was formatted: its own ownership file says so, whatever disk it is found on. */
      readonly volume: string
      /** Undefined while no server has served from it. */
      readonly data: Journal | undefined
      /** The mark of a first bootstrap: its server may vote although it has no data. */
      readonly initialize: boolean
    }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'unreadable' }

export type Filling = 'snapshots' | 'data'

/** Of a file system that nobody has filled, in per cent. */
const usedPercent = 10

export type Formatted = Extract<VolumeContent, { kind: 'formatted' }>

/** The volumes' content, by volume id. A volume that nobody wrote to is blank. */
export class Disks {
  readonly #contents = new Map<string, VolumeContent>()
  readonly #filled = new Map<string, Filling>()
  readonly #changed: (volumeId: string, content: VolumeContent) => void

  constructor(changed: (volumeId: string, content: VolumeContent) => void = () => {}) {
    this.#changed = changed
  }

  content(volumeId: string): VolumeContent {
    return this.#contents.get(volumeId) ?? { kind: 'blank' }
  }

  set(volumeId: string, content: VolumeContent): void {
    this.#contents.set(volumeId, content)
    this.#changed(volumeId, content)
  }

  /** How full its file system is, in per cent. */
  used(volumeId: string): number {
    return this.#filled.has(volumeId) ? 100 : usedPercent
  }

  /** Old snapshots fill it, which the service's own purge removes, or what nobody may remove. */
  fill(volumeId: string, filling: Filling): void {
    this.#filled.set(volumeId, filling)
  }

  /** It is larger, and so no longer full. */
  grow(volumeId: string): void {
    this.#filled.delete(volumeId)
  }

  /** Removes the old snapshots; whether there is room again. */
  purge(volumeId: string): boolean {
    if (this.#filled.get(volumeId) === 'snapshots') this.#filled.delete(volumeId)
    return !this.#filled.has(volumeId)
  }

  formatted(volumeId: string): Formatted | undefined {
    const content = this.content(volumeId)
    return content.kind === 'formatted' ? content : undefined
  }

  /** The first journal on a volume; the mark of the first bootstrap is used up with it. */
  begin(volumeId: string): Journal {
    const content = this.formatted(volumeId)
    if (!content) throw new Error(`volume ${volumeId} is not formatted`)
    const data: Journal = { epoch: 0, entries: [] }
    this.set(volumeId, { ...content, data, initialize: false })
    return data
  }
}
