import { advance, type World } from '../../shared/advance.ts'
import { autoScalingPort } from '../../shared/aws/auto-scaling.ts'
import { ec2Port } from '../../shared/aws/ec2.ts'
import type { Send } from '../../shared/aws/operations.ts'
import { ssmPort } from '../../shared/aws/ssm.ts'
import type { Clock as CoreClock } from '../../shared/clock.ts'
import { readConfig } from '../../shared/config.ts'
import type { LogLine } from '../../shared/log.ts'
import { parse } from '../../shared/parse.ts'
import { sweep } from '../../shared/sweep.ts'
import type { Clock } from '../cloud/clock.ts'
import type { Cloud } from '../cloud/cloud.ts'
import { functionEnvironment } from './environment.ts'
import type { FunctionName } from './functions.ts'

/** The core's port straight onto the local cloud, without SDK and wire. */
export const cloudSend =
  (cloud: Cloud): Send =>
  (operation, input) =>
    cloud.send(operation, input)

export interface InProcess {
  readonly world: World
  readonly lines: readonly LogLine[]
  /** Runs a function as Lambda would, with its time-out. */
  invoke(name: FunctionName, event: unknown): Promise<unknown>
}

/** Lambda's time-outs of the functions, in milliseconds, less the time to wind down. */
const timeoutsMs: Readonly<Record<FunctionName, number>> = { launch: 890_000, terminate: 890_000, sweep: 50_000 }

/** The functions' core in this process and on the cloud's own clock: for tests in virtual time and the simulation. */
export function inProcess(cloud: Cloud, ensemble: string, send: Send = cloudSend(cloud)): InProcess {
  const lines: LogLine[] = []
  const { clock, settings } = cloud.kernel
  const world: World = {
    ports: { ec2: ec2Port(send), autoScaling: autoScalingPort(send), ssm: ssmPort(send) },
    config: readConfig(functionEnvironment(ensemble, settings)),
    clock: coreClock(clock),
    log: (line) => lines.push(line),
  }
  return {
    world,
    lines,
    async invoke(name, event) {
      const timeout = new AbortController()
      const cancel = clock.after(timeoutsMs[name], () => timeout.abort())
      try {
        if (name === 'sweep') return await sweep(world, timeout.signal)
        const parsed = parse(event, world.config)
        return 'action' in parsed ? await advance(parsed.action, world, timeout.signal) : parsed
      } finally {
        cancel()
      }
    },
  }
}

function coreClock(clock: Clock): CoreClock {
  return {
    now: () => clock.now(),
    pause: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve()
        const end = (): void => {
          cancel()
          signal.removeEventListener('abort', end)
          resolve()
        }
        const cancel = clock.after(ms, end)
        signal.addEventListener('abort', end)
      }),
  }
}
