import { advance, type World } from '../shared/advance.ts'
import { autoScalingPort } from '../shared/aws/auto-scaling.ts'
import { ec2Port } from '../shared/aws/ec2.ts'
import { sdkSend } from '../shared/aws/sdk.ts'
import { ssmPort } from '../shared/aws/ssm.ts'
import { systemClock } from '../shared/clock.ts'
import { readConfig } from '../shared/config.ts'
import { jsonLog } from '../shared/log.ts'
import type { Outcome } from '../shared/model/action.ts'
import { parse } from '../shared/parse.ts'
import { sweep, type Swept } from '../shared/sweep.ts'

/** What the functions can do, once everything they need is put together. */
export interface App {
  /** @throws {BadEvent} for a malformed event, so that Lambda keeps it in the dead-letter queue. */
  handle(event: unknown, signal: AbortSignal): Promise<Outcome>
  sweep(signal: AbortSignal): Promise<Swept[]>
}

/**
 * The composition root: the only place where the real clock, the environment, the SDK and the standard output meet.
 * @throws {BadConfig} naming every variable that is missing or malformed.
 */
export function compose(environment: Readonly<Record<string, string | undefined>>): App {
  const config = readConfig(environment)
  const send = sdkSend(config)
  const world: World = {
    ports: { ec2: ec2Port(send), autoScaling: autoScalingPort(send), ssm: ssmPort(send) },
    config,
    clock: systemClock,
    log: jsonLog(
      config.ensemble,
      () => systemClock.now(),
      (line) => process.stdout.write(`${line}\n`),
    ),
  }
  return {
    async handle(event, signal) {
      const parsed = parse(event, config)
      if ('action' in parsed) return advance(parsed.action, world, signal)
      world.log({ level: 'info', event: 'ignored', because: parsed.ignored })
      return { verdict: 'NOTHING', because: parsed.ignored }
    },
    sweep: (signal) => sweep(world, signal),
  }
}
