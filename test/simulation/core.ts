import type { Clock } from '../../lab/cloud/clock.ts'
import { coreClock } from '../../lab/stack/core-clock.ts'
import { functionEnvironment } from '../../lab/stack/environment.ts'
import type { FunctionName } from '../../lab/stack/functions.ts'
import type { Settings } from '../../lab/cloud/settings.ts'
import { advance, type World } from '../../shared/advance.ts'
import type { Send } from '../../shared/aws/operations.ts'
import type { Clock as CoreClock } from '../../shared/clock.ts'
import { type Config, readConfig } from '../../shared/config.ts'
import type { Log } from '../../shared/log.ts'
import type { Ports } from '../../shared/observe.ts'
import { parse } from '../../shared/parse.ts'
import { planHealing } from '../../shared/plan/healing/heal.ts'
import { planFor } from '../../shared/plan/plan.ts'
import { sweep } from '../../shared/sweep.ts'
import type { Polls } from './polls.ts'
import type { Life } from './port.ts'
import type { Ensemble } from './ensembles.ts'
import { type Readings, remembering } from './readings.ts'

/** What a planted bug may put in another's place; the production code knows nothing of it. */
export interface Composition {
  readonly plan?: (plan: typeof planFor) => typeof planFor
  readonly healing?: (plan: typeof planHealing) => typeof planHealing
  readonly ports?: (ports: Ports, clock: CoreClock) => Ports
  /** Without it no sweep ever runs. */
  readonly sweeps?: boolean
}

/** Lambda's time-outs of the functions, in milliseconds, less the time to wind down. */
export const timeoutsMs: Readonly<Record<FunctionName, number>> = { launch: 890_000, terminate: 890_000, sweep: 50_000 }

/** As the template tells it: how many members there are, and where the volumes of each belong. */
export const configOf = ({ name, members }: Ensemble, settings: Settings): Config =>
  readConfig({
    ...functionEnvironment(name, settings),
    STAYPUT_MEMBERS: String(members.length),
    STAYPUT_MOUNTS: (members[0]?.mounts ?? []).join(','),
  })

/** One invocation of a function of the production core, parse to complete, in this process. */
export async function invoke(
  name: FunctionName,
  event: unknown,
  parts: {
    life: Life
    send: Send
    clock: Clock
    config: Config
    log: Log
    composition: Composition
    polls: Polls | undefined
    readings: Readings
  },
): Promise<unknown> {
  const { life, send, clock, config, log, composition, polls, readings } = parts
  const time = coreClock(clock, life.skewMs)
  const ports = remembering(send, readings)
  const world: World = {
    ports: composition.ports?.(ports, time) ?? ports,
    config,
    clock: polls?.unhurried(time, name, life) ?? time,
    log,
    ...(composition.plan && { plan: composition.plan(planFor) }),
    ...(composition.healing && { healing: composition.healing(planHealing) }),
  }
  const timeout = new AbortController()
  const cancel = clock.after(timeoutsMs[name], () => timeout.abort())
  try {
    if (name === 'sweep') return await sweep(world, timeout.signal)
    const parsed = parse(event, config)
    return 'action' in parsed ? await advance(parsed.action, world, timeout.signal) : parsed
  } finally {
    cancel()
  }
}
