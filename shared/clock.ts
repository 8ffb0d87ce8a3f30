/** Time as the core sees it: an argument everywhere, read here alone. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Settles after `ms` milliseconds, or at once when `signal` is aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  pause: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, ms)
      signal.addEventListener('abort', end)
    }),
}
