import type { Settings } from '../../lab/cloud/settings.ts'
import { calm } from '../../lab/cloud/settings.ts'
import { between, pick, streamOf } from './chance.ts'
import {
  type CallFault,
  callFaults,
  type EventFault,
  eventFaults,
  faultKinds,
  type FaultKind,
  type MishapKind,
  mishaps,
  operatorFaults,
  type TemperFault,
} from './faults.ts'

/** How an ensemble is spread over Auto Scaling groups. */
export type Layout = 'group-per-member' | 'group-per-zone' | 'one-group'

export interface EnsemblePlan {
  readonly name: string
  readonly size: number
  readonly zones: number
  readonly layout: Layout
  readonly volumes: number
}

export interface Mishap {
  readonly kind: MishapKind
  /** Milliseconds after the start. */
  readonly at: number
  /** Chooses whom it befalls, in [0, 1). */
  readonly whom: number
  /** How long or how hard, in [0, 1). */
  readonly how: number
}

/** What one seed is about: who is there, what goes wrong, how often. */
export interface Swarm {
  readonly seed: number
  readonly ensembles: readonly EnsemblePlan[]
  readonly only: ReadonlySet<FaultKind>
  /** Milliseconds after the start: faults begin, faults end. */
  readonly from: number
  readonly until: number
  /** Probability of each fate of a call. */
  readonly calls: ReadonlyMap<CallFault, number>
  readonly events: ReadonlyMap<EventFault, number>
  readonly temper: Partial<Settings>
  readonly tempers: readonly TemperFault[]
  readonly deleteOnTermination: number
  readonly mishaps: readonly Mishap[]
}

export interface SwarmOptions {
  /** Only these kinds of fault; all without it. */
  readonly only?: ReadonlySet<FaultKind> | undefined
  /** Milliseconds: faults end earlier than drawn. */
  readonly until?: number | undefined
}

const minute = 60_000
export const chaosMs = 25 * minute

/**
 * A cloud in which the long waits are short, as they are with a good image: a wait is polled, and polling is what most
 * of a run's time goes into. The seeds with late agents and slow terminations have AWS's long ones.
 */
export const usual: Pick<Settings, 'latencies' | 'staleReads'> = {
  staleReads: 0,
  latencies: {
    ...calm.latencies,
    pendingToRunning: { median: 5000, p99: 20_000 },
    runningToAgentOnline: { median: 6000, p99: 40_000 },
    terminate: { median: 15_000, p99: 90_000 },
  },
}

/** Each kind of fault is there or not, by seed: rare combinations meet only when most kinds are absent. */
const share = 0.3

export function drawSwarm(seed: number, { only = new Set(faultKinds), until = chaosMs }: SwarmOptions = {}): Swarm {
  const random = streamOf(seed, 'swarm')
  const rate = (least: number, most: number): number => (random.chance(share) ? between(random, least, most) : 0)
  const chosen = (kind: FaultKind, probability: number): number => (only.has(kind) ? probability : 0)

  const ensembles = drawEnsembles(seed)
  const harsh = random.chance(0.15) ? 5 : 1
  const calls = new Map(callFaults.map((kind) => [kind, chosen(kind, rate(...callRates[kind]) * harsh)]))
  const events = new Map(eventFaults.map((kind) => [kind, chosen(kind, rate(0.05, 0.5))]))
  const { temper, tempers } = drawTemper(seed, only)
  const from = (pick(random, [0, 0, 4, 8]) ?? 0) * minute
  const deleteOnTermination = chosen('delete-on-termination', rate(0.1, 0.6))
  return {
    seed,
    ensembles,
    only,
    from,
    until,
    calls,
    events,
    temper,
    tempers,
    deleteOnTermination,
    mishaps: drawMishaps(seed, from).filter(({ kind, at }) => only.has(kind) && at < until),
  }
}

/** The least and the most probable, per call. A launch takes a hundred calls and more. */
const callRates: Readonly<Record<CallFault, readonly [number, number]>> = {
  throttled: [0.003, 0.1],
  'throttling-storm': [0.0003, 0.003],
  'request-lost': [0.001, 0.03],
  'answer-lost': [0.001, 0.05],
  'unavailable-though-done': [0.001, 0.03],
  'lands-late': [0.002, 0.05],
  'answer-late': [0.0005, 0.01],
  'killed-before': [0.0005, 0.01],
  'killed-after': [0.0005, 0.01],
  'killed-in-flight': [0.0005, 0.01],
}

const layouts: readonly Layout[] = ['group-per-member', 'group-per-member', 'group-per-zone', 'one-group']

/** Names that a careless filter takes for one another. */
const namesakes = ['zookeeper', 'zookeeper-2', 'zoo'] as const

/** Small worlds mostly: what goes wrong needs three members, rarely more, and a small world runs ten times as often. */
const fewEnsembles = [...Array.from({ length: 17 }, () => 1), 2, 2, 3]
const fewMembers = [...Array.from({ length: 17 }, () => 3), 5, 5, 7]

function drawEnsembles(seed: number): EnsemblePlan[] {
  const random = streamOf(seed, 'ensembles')
  const count = pick(random, fewEnsembles) ?? 1
  return namesakes.slice(0, count).map((name) => {
    const zones = pick(random, [1, 2, 3, 3, 3]) ?? 3
    const layout = pick(random, layouts) ?? 'group-per-member'
    const drawn = count === 1 ? (pick(random, fewMembers) ?? 3) : 3
    // A group that spans zones balances them, so its members must be spread evenly.
    const size = layout === 'one-group' ? Math.ceil(drawn / zones) * zones : drawn
    return { name, zones, layout, size, volumes: random.chance(0.2) ? 2 : 1 }
  })
}

function drawTemper(seed: number, only: ReadonlySet<FaultKind>): Pick<Swarm, 'temper' | 'tempers'> {
  const random = streamOf(seed, 'temper')
  const tempers: TemperFault[] = []
  const on = (kind: TemperFault): boolean => {
    const drawn = random.chance(share) && only.has(kind)
    if (drawn) tempers.push(kind)
    return drawn
  }
  const stale = on('stale-reads')
  const stuck = on('stuck-attaching')
  const slowAttach = on('slow-attach')
  const slowDetach = on('slow-detach')
  const slowTerminate = on('slow-terminate')
  const never = on('agent-never')
  const late = on('agent-late')
  const staleness = between(random, 500, 8000)
  const temper: Partial<Settings> = {
    staleReads: stale ? between(random, 0.02, 0.5) : 0,
    volumeStuckAttaching: stuck ? between(random, 0.02, 0.3) : 0,
    agentNeverOnline: never ? between(random, 0.02, 0.3) : 0,
    latencies: {
      ...usual.latencies,
      staleness: { median: staleness, p99: staleness * 5 },
      ...(slowAttach && {
        volumeAttach: { median: 15_000, p99: 120_000 },
        interfaceAttach: { median: 8000, p99: 60_000 },
      }),
      ...(slowDetach && {
        volumeDetach: { median: 20_000, p99: 200_000 },
        interfaceDetach: { median: 20_000, p99: 200_000 },
      }),
      ...(slowTerminate && { terminate: { median: 240_000, p99: 900_000 } }),
      ...(late && { runningToAgentOnline: { median: 150_000, p99: 600_000 } }),
    },
  }
  return { temper, tempers }
}

/** Five or six mishaps a seed: with more they hide one another. */
const mishapShare = 0.12

const mishapKinds: readonly MishapKind[] = [...mishaps, ...operatorFaults]

function drawMishaps(seed: number, from: number): Mishap[] {
  const drawn = mishapKinds.flatMap((kind) => {
    const random = streamOf(seed, kind)
    if (!random.chance(mishapShare)) return []
    const count = 1 + random.below(2)
    return Array.from({ length: count }, () => ({
      kind,
      at: from + random.next() * (chaosMs - from),
      whom: random.next(),
      how: random.next(),
    }))
  })
  return drawn.toSorted((a, b) => a.at - b.at)
}
