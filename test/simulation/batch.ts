import { fromMacrotask } from './drain.ts'
import { faultKinds, type FaultKind } from './faults.ts'
import { mutants } from './mutants.ts'
import type { PromiseName } from './promises/watch.ts'
import { run, type Run } from './run.ts'
import { chaosMs, drawSwarm, type SwarmOptions } from './swarm.ts'
import { Tally } from './tally.ts'

export interface BatchOptions extends SwarmOptions {
  readonly mutant?: string | undefined
}

export interface Failure {
  readonly seed: number
  readonly promise: PromiseName | 'thrown'
  readonly what: string
}

/** What a number of seeds came to; of several batches the sum. */
export interface Batch {
  readonly seeds: number
  readonly failures: readonly Failure[]
  readonly tally: Readonly<Record<string, number>>
  readonly hashes: Readonly<Record<number, string>>
  readonly worstRecoveryMs: number
  readonly virtualMs: number
  readonly events: number
  readonly calls: number
}

export function runSeed(seed: number, options: BatchOptions, tells = false): Run {
  const mutant = options.mutant === undefined ? undefined : mutants[options.mutant]
  return run(drawSwarm(seed, options), { composition: mutant?.composition, forgetful: mutant?.forgetful, tells })
}

/** Runs these seeds one after the other, and tells of each; ends early after `mostFailures`. */
export async function runBatch(
  seeds: Iterable<number>,
  options: BatchOptions,
  mostFailures = Number.POSITIVE_INFINITY,
  ran: () => void = () => {},
): Promise<Batch> {
  const sum = { seeds: 0, worstRecoveryMs: 0, virtualMs: 0, events: 0, calls: 0 }
  const failures: Failure[] = []
  const hashes: Record<number, string> = {}
  const tally = new Tally()
  for (const seed of seeds) {
    const done = await fromMacrotask(() => attempt(seed, options))
    sum.seeds++
    ran()
    if ('thrown' in done) {
      failures.push({ seed, promise: 'thrown', what: done.thrown })
    } else {
      hashes[seed] = done.hash
      tally.merge(done.tally.counts)
      sum.worstRecoveryMs = Math.max(sum.worstRecoveryMs, done.recoveryMs)
      sum.virtualMs += done.virtualMs
      sum.events += done.events
      sum.calls += done.calls
      if (done.broken) failures.push({ seed, promise: done.broken.promise, what: done.broken.what })
    }
    if (failures.length >= mostFailures) break
  }
  return { ...sum, failures, tally: tally.toJSON(), hashes }
}

function attempt(seed: number, options: BatchOptions): Run | { readonly thrown: string } {
  try {
    return runSeed(seed, options)
  } catch (error) {
    return { thrown: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

export function sumOf(batches: readonly Batch[]): Batch {
  const tally = new Tally()
  for (const batch of batches) tally.merge(Object.entries(batch.tally))
  const total = (figure: (batch: Batch) => number): number => batches.reduce((sum, batch) => sum + figure(batch), 0)
  return {
    seeds: total((batch) => batch.seeds),
    failures: batches.flatMap((batch) => batch.failures).toSorted((a, b) => a.seed - b.seed),
    tally: tally.toJSON(),
    hashes: Object.assign({}, ...batches.map((batch) => batch.hashes)) as Record<number, string>,
    worstRecoveryMs: Math.max(0, ...batches.map((batch) => batch.worstRecoveryMs)),
    virtualMs: total((batch) => batch.virtualMs),
    events: total((batch) => batch.events),
    calls: total((batch) => batch.calls),
  }
}

/** How a failing seed may be told with less: the same promise breaks with these faults alone, and this early. */
export interface Shrunk {
  readonly only: readonly FaultKind[]
  readonly untilMs: number
}

/**
 * Leaves out one kind of fault after the other, then ends the faults earlier and earlier, as long as the same promise
 * still breaks. Only from a macrotask.
 */
export function shrink(seed: number, promise: PromiseName, options: BatchOptions): Shrunk {
  const breaks = (only: ReadonlySet<FaultKind>, until: number): boolean =>
    runSeed(seed, { ...options, only, until }).broken?.promise === promise
  let only: ReadonlySet<FaultKind> = new Set(options.only ?? faultKinds)
  let until = options.until ?? chaosMs
  for (const kind of faultKinds) {
    if (!only.has(kind)) continue
    const without = new Set([...only].filter((one) => one !== kind))
    if (breaks(without, until)) only = without
  }
  for (let step = until / 2; step >= minuteMs / 2; step /= 2) {
    while (until - step > 0 && breaks(only, until - step)) until -= step
  }
  return { only: [...only], untilMs: until }
}

const minuteMs = 60_000
