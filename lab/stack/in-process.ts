import { advance, type World } from '../../shared/advance.ts'
import { autoScalingPort } from '../../shared/aws/auto-scaling.ts'
import { ec2Port } from '../../shared/aws/ec2.ts'
import type { Send } from '../../shared/aws/operations.ts'
import { ssmPort } from '../../shared/aws/ssm.ts'
import { readConfig } from '../../shared/config.ts'
import type { LogLine } from '../../shared/log.ts'
import { parse } from '../../shared/parse.ts'
import { sweep } from '../../shared/sweep.ts'
import type { Cloud } from '../cloud/cloud.ts'
import { accessKeys, running } from './caller.ts'
import { coreClock } from './core-clock.ts'
import type { FunctionName } from './functions.ts'

/** The core's port straight onto the local cloud, without SDK and wire; what a function sends goes by its access key. */
export const cloudSend =
  (cloud: Cloud): Send =>
  (operation, input) => {
    const name = running.getStore()
    return cloud.send(operation, input, name && accessKeys[name])
  }

export interface InProcess {
  readonly world: World
  readonly lines: readonly LogLine[]
  /** Runs a function as Lambda would, with its time-out. */
  invoke(name: FunctionName, event: unknown): Promise<unknown>
}

/** Lambda's time-outs of the functions, in milliseconds, less the time to wind down. */
const timeoutsMs: Readonly<Record<FunctionName, number>> = { launch: 890_000, terminate: 890_000, sweep: 50_000 }

/** The functions' core in this process and on the cloud's own clock: for tests in virtual time. */
export function inProcess(
  cloud: Cloud,
  environment: Readonly<Record<string, string>>,
  send: Send = cloudSend(cloud),
): InProcess {
  const lines: LogLine[] = []
  const { clock } = cloud.kernel
  const world: World = {
    ports: { ec2: ec2Port(send), autoScaling: autoScalingPort(send), ssm: ssmPort(send) },
    config: readConfig(environment),
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
        return await running.run(name, () => perform(name, event, world, timeout.signal))
      } finally {
        cancel()
      }
    },
  }
}

async function perform(name: FunctionName, event: unknown, world: World, signal: AbortSignal): Promise<unknown> {
  if (name === 'sweep') return sweep(world, signal)
  const parsed = parse(event, world.config)
  return 'action' in parsed ? advance(parsed.action, world, signal) : parsed
}
