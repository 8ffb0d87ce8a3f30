import type { Clock } from './clock.ts'

interface Version<T> {
  readonly at: number
  readonly record: T | undefined
}

/** Reads older than this never happen, so versions older than this may go. Above the longest staleness in settings.ts. */
const historyMs = 60_000

/** Told of a change the moment it is made: what the record was, and what it is; undefined where there is none. */
export type Watcher<T> = (id: string, before: T | undefined, after: T | undefined) => void

/**
 * A table of immutable records that remembers its recent past, because AWS reads may be stale: `get` is the truth,
 * `past` is what a Describe call with a lag sees. To change a record, put a new one.
 */
export class Table<T> {
  readonly #clock: Clock
  readonly #rows = new Map<string, Version<T>[]>()
  readonly #watchers: Watcher<T>[] = []
  /** Every record as it is now, until the next change. */
  #now: readonly T[] | undefined

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
  all(): readonly T[] {
    return this.past(0)
  }

  /** Every record as it was `lagMs` ago, in order of creation. */
  past(lagMs: number): readonly T[] {
    if (lagMs > 0) return this.#collect(lagMs)
    this.#now ??= this.#collect(0)
    return this.#now
  }

  #collect(lagMs: number): T[] {
    const seen: T[] = []
    for (const versions of this.#rows.values()) {
      const record = this.#asOf(versions, lagMs)
      if (record !== undefined) seen.push(record)
    }
    return seen
  }

  /** Every later change is told to `watcher`, which must not change the table itself. */
  watch(watcher: Watcher<T>): void {
    this.#watchers.push(watcher)
  }

  #asOf(versions: readonly Version<T>[], lagMs: number): T | undefined {
    if (lagMs <= 0) return versions.at(-1)?.record
    const moment = this.#clock.now() - lagMs
    return versions.findLast((version) => version.at <= moment)?.record
  }

  #append(id: string, record: T | undefined): void {
    const now = this.#clock.now()
    const versions = this.#rows.get(id) ?? []
    const before = versions.at(-1)?.record
    // The newest of those that are older than the history stays: it is what was true when the history begins.
    let old = 0
    while ((versions[old + 1]?.at ?? now) < now - historyMs) old++
    if (old > 0) versions.splice(0, old)
    versions.push({ at: now, record })
    this.#rows.set(id, versions)
    this.#now = undefined
    for (const watcher of this.#watchers) watcher(id, before, record)
  }
}
