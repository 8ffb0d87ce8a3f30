import type { Cloud } from '../../lab/cloud/cloud.ts'
import type { BridgeEvent, EventBridge } from '../../lab/cloud/eventbridge/eventbridge.ts'
import type { FunctionName } from '../../lab/stack/functions.ts'
import { deployStack } from '../../lab/stack/stack.ts'
import type { Log } from '../../shared/log.ts'
import { between, streamOf } from './chance.ts'
import { type Composition, configOf, invoke, timeoutsMs } from './core.ts'
import type { EventFault } from './faults.ts'
import { Polls } from './polls.ts'
import { createNetwork, type DrawFate, Life } from './port.ts'
import type { Readings } from './readings.ts'
import { createReads } from './reads.ts'
import type { Scene } from './scene.ts'
import { watchLog } from './sometimes.ts'
import type { Swarm } from './swarm.ts'
import type { Ensemble } from './ensembles.ts'

/** Milliseconds by which a late event is late. */
const lateMs = { least: 5000, most: 20 * 60_000 }
/** Milliseconds by which the clock of a function may be off. */
const skewMs = { least: 1000, most: 120_000 }
/** Lambda ends what is over its time, in milliseconds after the function should have wound down by itself. */
const graceMs = 10_000

export interface Deployment {
  /** Invocations that neither ended nor were killed. */
  readonly running: ReadonlySet<Life>
  stop(): void
}

/** Stayput, deployed for each ensemble: functions, rules and sweep, with faults on the way of every event. */
export function deploy(scene: Scene, swarm: Swarm, composition: Composition, fate: DrawFate): Deployment {
  const { cloud, tally, journal, promises } = scene
  const { clock, settings } = cloud.kernel
  const random = streamOf(swarm.seed, 'events')
  const reads = createReads(cloud)
  const { looksAtOnce, idleMs } = swarm
  const calls = streamOf(swarm.seed, 'calls')
  const network = createNetwork({ cloud, random: calls, journal, tally, promises, fate, reads, looksAtOnce })
  const polls = idleMs === 0 ? undefined : new Polls(cloud, streamOf(swarm.seed, 'polls'), reads, idleMs)
  const readings: Readings = new WeakMap()
  const running = new Set<Life>()
  const start = clock.now()
  const strikes = (kind: EventFault): boolean => {
    const rate = swarm.events.get(kind) ?? 0
    const since = clock.now() - start
    if (!random.chance(rate) || since < swarm.from || since > swarm.until) return false
    tally.add(`fault ${kind}`)
    journal.note(`! ${kind}`, () => `! ${kind}`)
    return true
  }

  const configs = new Map(scene.ensembles.map((one) => [one, configOf(one, settings)]))
  const run = async (whole: Ensemble, name: FunctionName, event: unknown): Promise<unknown> => {
    const ensemble = whole.name
    const config = configs.get(whole) ?? configOf(whole, settings)
    const skew = strikes('clock-jump') ? between(random, skewMs.least, skewMs.most) * (random.chance(0.5) ? 1 : -1) : 0
    const life = new Life(name, ensemble, clock.now(), skew)
    // A sweep drives what it finds at its beginning, whatever is left of it at its end.
    const actions = name === 'sweep' ? cloud.autoscaling.members.all().length : 1
    running.add(life)
    tally.add(`invocation ${name}`)
    journal.note(`invoke ${name}`, () => `${ensemble} ${name} begins${subject(event)}`)
    const log: Log = (line) => {
      if (!life.dead) watchLog(line, life, scene)
    }
    const overTime = clock.after(timeoutsMs[name] + graceMs, () => {
      promises.overTime(life)
      life.kill()
    })
    try {
      const parts = { life, send: network(life), clock, config, log, composition, polls, readings }
      return await Promise.race([invoke(name, event, parts), life.ended])
    } finally {
      overTime()
      running.delete(life)
      promises.ended(life, actions)
      journal.note(`end ${name}`, () => `${ensemble} ${name} ${life.dead ? 'is killed' : 'ends'}${subject(event)}`)
    }
  }

  const stops = scene.ensembles.map((ensemble) => {
    const view: Cloud = { ...cloud, events: faultyEvents(cloud.events, ensemble.name, (deliver) => betray(deliver)) }
    const { stop } = deployStack(view, (name, event) => {
      if (name !== 'sweep') return run(ensemble, name, event)
      if (composition.sweeps === false || strikes('sweep-lost')) return Promise.resolve()
      const swept = run(ensemble, name, event)
      // Its reserved concurrency is one, so a second delivery of the same event has to wait.
      return strikes('sweep-twice') ? swept.catch(() => {}).then(() => run(ensemble, name, event)) : swept
    })
    return stop
  })

  const betray = (deliver: () => Promise<unknown>): Promise<unknown> => {
    if (strikes('event-lost')) return Promise.resolve()
    if (strikes('event-twice')) void deliver()
    if (strikes('event-late')) {
      clock.after(between(random, lateMs.least, lateMs.most), () => void deliver())
      return Promise.resolve()
    }
    return deliver()
  }

  if ((swarm.events.get('event-foreign') ?? 0) > 0) sendForeignEvents(scene, swarm, strikes)
  return { running, stop: () => stops.forEach((stop) => stop()) }
}

/** The bus as one ensemble's rules see it: their names are their own, and what they get has come a hard way. */
function faultyEvents(
  events: EventBridge,
  ensemble: string,
  betray: (deliver: () => Promise<unknown>) => Promise<unknown>,
): EventBridge {
  return {
    ...events,
    rule: (rule) =>
      events.rule({ ...rule, name: `${ensemble}/${rule.name}`, target: (event) => betray(() => rule.target(event)) }),
  }
}

/** Milliseconds between two events that nobody needs. */
const foreignEveryMs = 4 * 60_000

/** Events of long ago, of strangers, and such as no service ever sends: any principal may put them on a bus. */
function sendForeignEvents(scene: Scene, swarm: Swarm, strikes: (kind: EventFault) => boolean): void {
  const { cloud } = scene
  const { clock } = cloud.kernel
  const random = streamOf(swarm.seed, 'foreign')
  const publish = (event: Pick<BridgeEvent, 'detail-type' | 'source' | 'resources' | 'detail'>): void =>
    cloud.events.publish({ ...event })
  const again = (): void => {
    clock.after(foreignEveryMs, () => {
      const old = cloud.events.history.filter((event) => event.source === 'aws.autoscaling')
      const event = old[random.below(old.length)]
      if (event && strikes('event-foreign')) {
        const strange = { ...event.detail, ...foreignDetails[random.below(foreignDetails.length)] }
        publish({ ...event, detail: strange })
      }
      if (clock.now() < start + swarm.until) again()
    })
  }
  const start = clock.now()
  again()
}

const foreignDetails: readonly object[] = [
  {},
  { EC2InstanceId: 'i-00000000000000000' },
  { EC2InstanceId: '../../etc' },
  { AutoScalingGroupName: 'somebody-else' },
  { LifecycleActionToken: '00000000-0000-4000-8000-000000000000' },
  { LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING' },
  { LifecycleActionToken: 7 },
]

function subject(event: unknown): string {
  const detail = (event as { detail?: { EC2InstanceId?: unknown } } | undefined)?.detail
  return typeof detail?.EC2InstanceId === 'string' ? ` for ${detail.EC2InstanceId}` : ''
}
