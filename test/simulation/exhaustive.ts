import type { Operation } from '../../shared/aws/operations.ts'
import { isRead } from './calls.ts'
import { fromMacrotask } from './drain.ts'
import type { Fate } from './port.ts'
import { run, type Run } from './run.ts'
import type { EnsemblePlan, Mishap, Swarm } from './swarm.ts'

/**
 * Instead of chance: each call of a few plain flows, each kind of fate, one at a time. What a random schedule may miss
 * for a long time, a fault between two particular calls, is met here for certain.
 */
const fates = [
  'throttled',
  'request-lost',
  'answer-lost',
  'unavailable-though-done',
  'killed-before',
  'killed-after',
  'killed-in-flight',
  'lands-late',
  'answer-late',
  'twice',
] as const

interface Flow {
  readonly name: string
  readonly size: number
  /** Whether the ensemble is in service before the flow begins. */
  readonly formed: boolean
  readonly mishaps: readonly Mishap[]
}

const minute = 60_000
const mishap = (kind: Mishap['kind']): Mishap => ({ kind, at: 1000, upon: undefined, whom: 0, how: 0 })

const flows: readonly Flow[] = [
  { name: 'launch', size: 1, formed: false, mishaps: [] },
  { name: 'terminate', size: 1, formed: true, mishaps: [mishap('terminate-in-group')] },
  { name: 'bootstrap of three', size: 3, formed: false, mishaps: [] },
  { name: 'replacement of one of three', size: 3, formed: true, mishaps: [mishap('terminate-in-group')] },
  { name: 'death of one of three', size: 3, formed: true, mishaps: [mishap('instance-dies')] },
  { name: 'refresh of one of three', size: 3, formed: true, mishaps: [mishap('refresh')] },
  { name: 'refresh that launches first', size: 3, formed: true, mishaps: [mishap('refresh-launch-first')] },
  { name: 'healing of a service that was killed', size: 3, formed: true, mishaps: [mishap('service-killed')] },
  { name: 'healing of a service that hangs', size: 3, formed: true, mishaps: [mishap('service-hangs')] },
  { name: 'healing of a host that is silent', size: 3, formed: true, mishaps: [mishap('host-silent')] },
]

export interface Exhaustive {
  readonly runs: number
  readonly flows: readonly { readonly flow: string; readonly calls: number; readonly runs: number }[]
  readonly failures: readonly string[]
}

export interface ExhaustiveOptions {
  /** Only every n-th call, for a quick look. */
  readonly each?: number
  /** Of so many parts only this one, counted from 0: the work of one core. */
  readonly part?: { readonly index: number; readonly of: number }
  /** Told after each run. */
  readonly ran?: () => void
}

/** Every call of every flow, with each fate. */
export async function runExhaustive({ each = 1, part, ran }: ExhaustiveOptions = {}): Promise<Exhaustive> {
  const failures: string[] = []
  const told: { flow: string; calls: number; runs: number }[] = []
  let number = 0
  for (const flow of flows) {
    const calls = await fromMacrotask(() => callsOf(flow))
    let runs = 0
    for (let at = 1; at <= calls.length; at += each) {
      for (const fate of fates) {
        const operation = calls[at - 1]!
        // What only looks has nothing to do late, and nothing to do twice.
        if (isRead(operation) && (fate === 'lands-late' || fate === 'twice' || fate === 'killed-in-flight')) continue
        if (part && number++ % part.of !== part.index) continue
        runs++
        ran?.()
        const done = await fromMacrotask(() => runOnce(flow, at, fate))
        if (done.broken) {
          failures.push(`${flow.name}, call ${at} (${operation}) ${fate}: ${done.broken.promise} ${done.broken.what}`)
        }
      }
    }
    told.push({ flow: flow.name, calls: calls.length, runs })
  }
  return { runs: told.reduce((sum, { runs }) => sum + runs, 0), flows: told, failures }
}

/** What the parts have come to together. */
export function sumOfExhaustive(parts: readonly Exhaustive[]): Exhaustive {
  const [first] = parts
  const flows = (first?.flows ?? []).map(({ flow, calls }, place) => ({
    flow,
    calls,
    runs: parts.reduce((sum, part) => sum + (part.flows[place]?.runs ?? 0), 0),
  }))
  return {
    runs: parts.reduce((sum, { runs }) => sum + runs, 0),
    flows,
    failures: parts.flatMap(({ failures }) => failures),
  }
}

/** The calls of the undisturbed flow, in order. */
function callsOf(flow: Flow): Operation[] {
  const calls: Operation[] = []
  const done = run(swarmOf(flow), { fate: () => (operation) => void calls.push(operation) })
  if (done.broken) throw new Error(`${flow.name} fails undisturbed: ${done.broken.promise} ${done.broken.what}`)
  return calls
}

function runOnce(flow: Flow, at: number, fate: Fate | 'twice'): Run {
  let made = 0
  return run(swarmOf(flow), { fate: () => () => (++made === at ? fate : undefined) })
}

function swarmOf({ size, formed, mishaps }: Flow): Swarm {
  const ensemble: EnsemblePlan = {
    name: 'zookeeper',
    size,
    zones: 3,
    layout: 'group-per-member',
    volumes: 1,
    named: true,
  }
  return {
    seed: 1,
    ensembles: [ensemble],
    formed,
    idleMs: 5000,
    looksAtOnce: false,
    only: new Set(),
    from: 0,
    until: 2 * minute,
    calls: new Map(),
    events: new Map(),
    temper: {},
    tempers: [],
    deleteOnTermination: 0,
    mishaps,
  }
}
