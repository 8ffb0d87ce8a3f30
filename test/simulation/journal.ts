import type { Clock } from '../../lab/cloud/clock.ts'

/** One line of the story of a run. */
export interface Entry {
  /** Milliseconds since the start. */
  readonly at: number
  readonly what: string
}

/**
 * What happened, as a hash of everything and, when asked for, in words. Two runs of one seed with the same hash have
 * done the same things at the same moments.
 */
export class Journal {
  readonly entries: Entry[] = []
  readonly #clock: Clock
  readonly #start: number
  readonly #tells: boolean
  readonly #codes = new Map<string, number>()
  #hash = 0x811c9dc5

  constructor(clock: Clock, tells: boolean) {
    this.#clock = clock
    this.#start = clock.now()
    this.#tells = tells
  }

  /** `kind` goes into the hash, with the moment; `words` are for people, and made only when somebody reads them. */
  note(kind: string, words?: () => string): void {
    let code = this.#codes.get(kind)
    if (code === undefined) {
      code = fnv(kind)
      this.#codes.set(kind, code)
    }
    // Micro-seconds: latencies are fractions of milliseconds, and must be the same to the last digit that counts.
    const at = Math.round((this.#clock.now() - this.#start) * 1000)
    this.#hash = Math.imul(this.#hash ^ code, 0x01000193)
    this.#hash = Math.imul(this.#hash ^ (at | 0), 0x01000193)
    if (this.#tells && words) this.entries.push({ at: this.#clock.now() - this.#start, what: words() })
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }
}

function fnv(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash
}

/** Minutes and seconds since the start. */
export function stamp(ms: number): string {
  const seconds = ms / 1000
  const minutes = Math.floor(seconds / 60)
  return `${String(minutes).padStart(3)}m${(seconds - minutes * 60).toFixed(2).padStart(5, '0')}s`
}
