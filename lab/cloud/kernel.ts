import type { Cancel, Clock } from './clock.ts'
import { type Random, seededRandom } from './random.ts'
import { calm, type LatencyName, type Settings } from './settings.ts'
import { Table } from './table.ts'

/** What every service of the local cloud is built on: time, chance, names, and the world's temperament. */
export interface Kernel {
  readonly clock: Clock
  readonly random: Random
  readonly settings: Settings
  /** A fresh sample of this latency in milliseconds, already divided by the speed. */
  latency(name: LatencyName): number
  /** Runs `task` after a fresh sample of this latency. */
  later(name: LatencyName, task: () => void): Cancel
  /** How far into the past the next read sees, in milliseconds; mostly 0. */
  lag(): number
  table<T>(): Table<T>
  /** A resource id in EC2's long form: a prefix and 17 hexadecimal digits. */
  id(prefix: string): string
}

export function createKernel(clock: Clock, seed: number, overrides: Partial<Settings> = {}): Kernel {
  const settings: Settings = { ...calm, ...overrides }
  const random = seededRandom(seed)
  const latency = (name: LatencyName): number => {
    const { median, p99 } = settings.latencies[name]
    return median === 0 ? 0 : random.lognormal(median, p99) / settings.speed
  }
  return {
    clock,
    random,
    settings,
    latency,
    later: (name, task) => clock.after(latency(name), task),
    lag: () => (random.chance(settings.staleReads) ? latency('staleness') : 0),
    table: <T>() => new Table<T>(clock),
    id: (prefix) => `${prefix}-0${random.hex(16)}`,
  }
}
