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
import { type Moment, moments } from './moments.ts'

/** How an ensemble is spread over Auto Scaling groups. */
export type Layout = 'group-per-member' | 'group-per-zone' | 'one-group'

export interface EnsemblePlan {
  readonly name: string
  readonly size: number
  readonly zones: number
  readonly layout: Layout
  readonly volumes: number
  /** Whether each group says which member it is for. */
  readonly named: boolean
}

export interface Mishap {
  readonly kind: MishapKind
  /** Milliseconds after the start. */
  readonly at: number
  /** After `at` it waits for this moment, and befalls the one whose it is, if the moment comes while faults last. */
  readonly upon: Moment | undefined
  /** Chooses whom it befalls, in [0, 1). */
  readonly whom: number
  /** How long or how hard, in [0, 1). */
  readonly how: number
}

/** What one seed is about: who is there, what goes wrong, how often. */
export interface Swarm {
  readonly seed: number
  readonly ensembles: readonly EnsemblePlan[]
  /** Whether the ensembles are in service from the start; else their first start is part of the story. */
  readonly formed: boolean
  /**
   * Milliseconds after which the core looks again although there is nothing new: see polls.ts. With 0 it looks as often as
   * it would.
   */
  readonly idleMs: number
  /** Whether what is read at one moment is answered at one moment: see port.ts. */
  readonly looksAtOnce: boolean
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

/**
 * What kind of story a seed tells. Most are short, of a formed ensemble of three: what goes wrong needs two or three
 * things at a time, not twenty minutes, and a short story runs ten times as often as a long one.
 */
interface Shape {
  readonly weight: number
  readonly formed: boolean
  readonly minutes: number
  /** How likely each kind of mishap is to be in it. */
  readonly mishapShare: number
  readonly members: readonly number[]
  readonly ensembles: readonly number[]
}

const shapes: readonly Shape[] = [
  { weight: 300, formed: true, minutes: 1, mishapShare: 0.04, members: [3], ensembles: [1] },
  { weight: 60, formed: true, minutes: 2, mishapShare: 0.06, members: [3], ensembles: [1] },
  { weight: 20, formed: false, minutes: 4, mishapShare: 0.06, members: [1, 3, 3, 3], ensembles: [1] },
  { weight: 8, formed: true, minutes: 10, mishapShare: 0.08, members: [3], ensembles: [1] },
  { weight: 5, formed: true, minutes: 4, mishapShare: 0.08, members: [3], ensembles: [2, 2, 3] },
  { weight: 6, formed: true, minutes: 4, mishapShare: 0.1, members: [5, 7], ensembles: [1] },
  { weight: 1, formed: false, minutes: 25, mishapShare: 0.12, members: [3, 5], ensembles: [1, 2] },
]

/** Five that become three, and five again, in one of so many seeds: drawn apart, so that the others are what they were. */
const growthShare = 0.01
const growth: Shape = { weight: 0, formed: true, minutes: 14, mishapShare: 0.05, members: [5], ensembles: [1] }
const grows = (seed: number): boolean => streamOf(seed, 'growth').chance(growthShare)

/** Of those with a group for each member. */
const namedShare = 0.4

const weights = shapes.flatMap((shape) => Array.from({ length: shape.weight }, () => shape))

const shapeOf = (seed: number): Shape =>
  grows(seed) ? growth : (pick(streamOf(seed, 'shape'), weights) ?? weights[0]!)

/** Milliseconds for which the faults of the longest stories last. */
export const chaosMs = Math.max(...shapes.map(({ minutes }) => minutes)) * minute

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

/** Most looks that rest on time alone come late: each world is one of thousands, and some are as close as can be. */
const idles = [0, 5000, 5000, 5000, ...Array.from({ length: 16 }, () => 15_000)] as const
const atOnceShare = 0.7

/** Each kind of fault is there or not, by seed: rare combinations meet only when most kinds are absent. */
const share = 0.3

export function drawSwarm(seed: number, { only = new Set(faultKinds), until = chaosMs }: SwarmOptions = {}): Swarm {
  const random = streamOf(seed, 'swarm')
  const shape = shapeOf(seed)
  const end = Math.min(until, shape.minutes * minute)
  const rate = (least: number, most: number): number => (random.chance(share) ? between(random, least, most) : 0)
  const chosen = (kind: FaultKind, probability: number): number => (only.has(kind) ? probability : 0)

  const ensembles = drawEnsembles(seed, shape)
  const harsh = random.chance(0.15) ? 5 : 1
  const calls = new Map(callFaults.map((kind) => [kind, chosen(kind, rate(...callRates[kind]) * harsh)]))
  const events = new Map(eventFaults.map((kind) => [kind, chosen(kind, rate(0.05, 0.5))]))
  const { temper, tempers } = drawTemper(seed, only)
  const from = shape.formed ? 0 : (pick(random, [0, 0, 0, 0.4]) ?? 0) * shape.minutes * minute
  const deleteOnTermination = chosen('delete-on-termination', rate(0.1, 0.6))
  return {
    seed,
    ensembles,
    formed: shape.formed,
    ...drawLooks(seed),
    only,
    from,
    until: end,
    calls,
    events,
    temper,
    tempers,
    deleteOnTermination,
    mishaps: drawMishaps(seed, shape, from).filter(({ kind, at }) => only.has(kind) && at < end),
  }
}

function drawLooks(seed: number): Pick<Swarm, 'idleMs' | 'looksAtOnce'> {
  const random = streamOf(seed, 'looks')
  return { idleMs: pick(random, idles) ?? 0, looksAtOnce: random.chance(atOnceShare) }
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

function drawEnsembles(seed: number, shape: Shape): EnsemblePlan[] {
  const random = streamOf(seed, 'ensembles')
  const named = shape === growth || streamOf(seed, 'named').chance(namedShare)
  const count = pick(random, shape.ensembles) ?? 1
  return namesakes.slice(0, count).map((name) => {
    const zones = pick(random, [1, 2, 3, 3, 3]) ?? 3
    const drawnLayout = pick(random, layouts) ?? 'group-per-member'
    const layout = shape === growth ? 'group-per-member' : drawnLayout
    const drawn = count === 1 ? (pick(random, shape.members) ?? 3) : 3
    // A group that spans zones balances them, so its members must be spread evenly.
    const size = layout === 'one-group' ? Math.ceil(drawn / zones) * zones : drawn
    return { name, zones, layout, size, volumes: random.chance(0.2) ? 2 : 1, named }
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

/** Of the mishaps: those that wait for a moment. */
const uponShare = 0.4

const mishapKinds: readonly MishapKind[] = [...mishaps, ...operatorFaults]

function drawMishaps(seed: number, shape: Shape, from: number): Mishap[] {
  const end = shape.minutes * minute
  const drawn = mishapKinds.flatMap((kind) => {
    const random = streamOf(seed, kind)
    const isGrowth = shape === growth && kind === 'members-in-and-out'
    if (!random.chance(shape.mishapShare) && !isGrowth) return []
    const count = 1 + random.below(2)
    return Array.from({ length: count }, () => ({
      kind,
      at: from + random.next() * (end - from),
      whom: random.next(),
      how: random.next(),
      upon: random.chance(uponShare) ? pick(random, moments) : undefined,
    }))
  })
  return drawn.toSorted((a, b) => a.at - b.at)
}
