import type { Clock } from './clock.ts'
import { limits } from './model/limits.ts'

/**
 * How closely an action is watched. `patient` is for whoever comes by while another invocation is probably at work: it
 * watches from afar until it has something to do itself.
 */
export type Pace = 'eager' | 'patient'

/**
 * How long to wait until everything is looked at again. Short after each piece of news, because another often follows;
 * then longer, up to a share of the time for which nothing has changed: a long wait becomes a little longer by that, and
 * costs a fraction of the calls, which all functions of an account share one budget for.
 */
export class Pauses {
  readonly #clock: Clock
  #least: number
  #pause: number
  #newsAt: number

  constructor(pace: Pace, clock: Clock) {
    this.#clock = clock
    this.#least = pace === 'patient' ? limits.pausePatient : limits.pauseMin
    this.#pause = this.#least
    this.#newsAt = clock.now()
  }

  /** Something has changed. */
  news(): void {
    this.#pause = this.#least
    this.#newsAt = this.#clock.now()
  }

  /** This invocation has done something itself, so it is the one that waits for what comes of it. */
  acted(): void {
    if (this.#least > limits.pauseMin) this.#pause = limits.pauseMin
    this.#least = limits.pauseMin
  }

  /** Milliseconds. */
  next(): number {
    const pause = this.#pause
    const share = (this.#clock.now() - this.#newsAt) * limits.pauseShareMax
    const longest = Math.min(Math.max(limits.pauseMax, share), limits.pauseLongest)
    this.#pause = Math.max(this.#least, Math.min(pause * 1.5, longest))
    return pause
  }
}
