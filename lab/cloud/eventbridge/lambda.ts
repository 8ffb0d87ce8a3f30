import { AwsError } from '../error.ts'
import type { Kernel } from '../kernel.ts'

/**
 * Lambda's asynchronous invocation: the caller only learns that the event was accepted; failures are retried by Lambda
 * itself, twice, and what still fails goes to the dead letters (Lambda Developer Guide, "Asynchronous invocation").
 */
export interface Lambda {
  /** Adds a function, or replaces the one of that name. */
  register(name: string, options: LambdaFunction): void
  /** Accepts an event for the function. Rejects with ResourceNotFoundException when there is no such function. */
  invokeAsync(name: string, event: unknown): Promise<void>
  /** Every run of a function, oldest first, those still running included; only the latest `recordLimit` are kept. */
  readonly invocations: readonly Invocation[]
  readonly deadLetters: readonly DeadLetter[]
}

interface LambdaFunction {
  readonly handler: (event: unknown) => Promise<unknown>
  /** How many runs there may be at a time; the others queue. 0 turns every event away. */
  readonly reservedConcurrency?: number
  /** 0 to 2, as in the function's event invoke configuration. */
  readonly maximumRetryAttempts?: number
  /** 60 to 21600 seconds. */
  readonly maximumEventAgeSeconds?: number
}

interface Invocation {
  readonly name: string
  readonly event: unknown
  /** 1 for the first run of this event. */
  readonly attempt: number
  /** Milliseconds since the epoch, like `endedAt`. */
  readonly startedAt: number
  readonly endedAt?: number
  readonly outcome: 'running' | 'success' | 'error'
  readonly error?: unknown
}

interface DeadLetter {
  readonly name: string
  readonly event: unknown
  readonly condition: 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency'
  readonly error?: unknown
}

const recordLimit = 10_000
const retryDelaysMs = [60_000, 120_000]
const defaultEventAgeSeconds = 21_600
const firstThrottleDelayMs = 1000
const longestThrottleDelayMs = 5 * 60_000

interface Queued {
  readonly name: string
  readonly event: unknown
  readonly acceptedAt: number
  /** Runs so far. */
  readonly attempts: number
  readonly throttles: number
}

export function createLambda(kernel: Kernel): Lambda {
  const functions = new Map<string, LambdaFunction>()
  const running = new Map<string, number>()
  const invocations: { -readonly [Key in keyof Invocation]: Invocation[Key] }[] = []
  const deadLetters: DeadLetter[] = []
  const after = (ms: number, queued: Queued): void => {
    kernel.clock.after(ms / kernel.settings.speed, () => void take(queued))
  }

  const take = async (queued: Queued): Promise<void> => {
    const found = functions.get(queued.name)
    if (!found) return
    if (found.reservedConcurrency === 0) return giveUp(queued, 'ZeroReservedConcurrency')
    if (tooOld(queued, found)) return giveUp(queued, 'EventAgeExceeded')
    if ((running.get(queued.name) ?? 0) >= (found.reservedConcurrency ?? Number.POSITIVE_INFINITY)) {
      const ms = Math.min(longestThrottleDelayMs, firstThrottleDelayMs * 2 ** queued.throttles)
      return after(ms, { ...queued, throttles: queued.throttles + 1 })
    }
    await run(queued, found)
  }

  const run = async (queued: Queued, found: LambdaFunction): Promise<void> => {
    const record = start(queued)
    running.set(queued.name, (running.get(queued.name) ?? 0) + 1)
    try {
      await found.handler(queued.event)
      Object.assign(record, { outcome: 'success', endedAt: kernel.clock.now() })
    } catch (error) {
      Object.assign(record, { outcome: 'error', endedAt: kernel.clock.now(), error })
      retry(queued, found, error)
    } finally {
      running.set(queued.name, (running.get(queued.name) ?? 1) - 1)
    }
  }

  const start = (queued: Queued): Invocation => {
    const { name, event, attempts } = queued
    const record = { name, event, attempt: attempts + 1, startedAt: kernel.clock.now(), outcome: 'running' as const }
    invocations.push(record)
    if (invocations.length > recordLimit) invocations.shift()
    return record
  }

  const retry = (queued: Queued, found: LambdaFunction, error: unknown): void => {
    const delay = retryDelaysMs[queued.attempts]
    const allowed = found.maximumRetryAttempts ?? retryDelaysMs.length
    if (delay === undefined || queued.attempts >= allowed) return giveUp(queued, 'RetriesExhausted', error)
    after(delay, { ...queued, attempts: queued.attempts + 1 })
  }

  const tooOld = (queued: Queued, found: LambdaFunction): boolean => {
    const limitMs = ((found.maximumEventAgeSeconds ?? defaultEventAgeSeconds) * 1000) / kernel.settings.speed
    return kernel.clock.now() - queued.acceptedAt > limitMs
  }

  const giveUp = (queued: Queued, condition: DeadLetter['condition'], error?: unknown): void => {
    deadLetters.push({ name: queued.name, event: queued.event, condition, error })
    if (deadLetters.length > recordLimit) deadLetters.shift()
  }

  return {
    register: (name, options) => void functions.set(name, options),
    async invokeAsync(name, event) {
      if (!functions.has(name)) {
        throw new AwsError('ResourceNotFoundException', `Function not found: ${arn(kernel, name)}`, 404)
      }
      const acceptedAt = kernel.clock.now()
      // The handler starts in a turn of its own: accepting an event never waits for what the function does with it.
      kernel.clock.after(0, () => void take({ name, event, acceptedAt, attempts: 0, throttles: 0 }))
    },
    invocations,
    deadLetters,
  }
}

function arn(kernel: Kernel, name: string): string {
  return `arn:aws:lambda:${kernel.settings.region}:${kernel.settings.accountId}:function:${name}`
}
