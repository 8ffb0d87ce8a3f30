import type { Clock as CoreClock } from '../../shared/clock.ts'
import type { Clock } from '../cloud/clock.ts'

/** What waits for each signal: one listener for all of them, because a sweep waits in many places at once. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>()

function waitersOf(signal: AbortSignal): Set<() => void> {
  const there = waiting.get(signal)
  if (there) return there
  const waiters = new Set<() => void>()
  waiting.set(signal, waiters)
  const endAll = (): void => {
    for (const end of waiters) end()
  }
  signal.addEventListener('abort', endAll, { once: true })
  return waiters
}

/** Calls `end` when the signal is aborted, unless the returned function is called before. */
export function whenAborted(signal: AbortSignal, end: () => void): () => void {
  const waiters = waitersOf(signal)
  waiters.add(end)
  return () => waiters.delete(end)
}

/** The core's time on the clock of the local cloud; `skewMs` is by how much the function's own clock is wrong. */
export function coreClock(clock: Clock, skewMs = 0): CoreClock {
  return {
    now: () => clock.now() + skewMs,
    pause: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve()
        const end = (): void => {
          cancel()
          forget()
          resolve()
        }
        const cancel = clock.after(ms, end)
        const forget = whenAborted(signal, end)
      }),
  }
}
