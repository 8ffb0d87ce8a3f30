import type { Clock } from './clock.ts'

interface Version<T> {
  readonly at: number
  readonly record: T | undefined
}

/** Reads older than this never happen, so versions older than this may go. Above the longest staleness in settings.ts. */
const historyMs = 60_000

/**
 * A table of immutable records that remembers its recent past, because AWS reads may be stale: `get` is the truth,
 * `past` is what a Describe call with a lag sees. To change a record, put a new one.
 */
export class Table<T> {
  readonly #clock: Clock
  readonly #rows = new Map<string, Version<T>[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get(id: string): T | undefined {
    return this.#rows.get(id)?.at(-1)?.record
  }

  put(id: string, record: T): T {
    this.#append(id, record)
    return record
  }

  /** Merges `change` into the record and answers the new one. */
  change(id: string, change: Partial<T>): T {
    const record = this.get(id)
    if (record === undefined) throw new Error(`no record ${id} to change`)
    return this.put(id, { ...record, ...change })
  }

  remove(id: string): void {
    this.#append(id, undefined)
  }

  /** Every record as it is now, in order of creation. */
  all(): T[] {
    return this.past(0)
  }

  /** Every record as it was `lagMs` ago, in order of creation. */
  past(lagMs: number): T[] {
    const seen: T[] = []
    for (const versions of this.#rows.values()) {
      const record = this.#asOf(versions, lagMs)
      if (record !== undefined) seen.push(record)
    }
    return seen
  }

  #asOf(versions: readonly Version<T>[], lagMs: number): T | undefined {
    if (lagMs <= 0) return versions.at(-1)?.record
    const moment = this.#clock.now() - lagMs
    return versions.findLast((version) => version.at <= moment)?.record
  }

  #append(id: string, record: T | undefined): void {
    const now = this.#clock.now()
    const versions = (this.#rows.get(id) ?? []).filter(
      (_version, index, all) => (all[index + 1]?.at ?? now) >= now - historyMs,
    )
    versions.push({ at: now, record })
    this.#rows.set(id, versions)
  }
}
