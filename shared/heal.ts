import { act, type Acting } from './act/act.ts'
import type { World } from './advance.ts'
import { CallFailure } from './aws/failure.ts'
import { consult } from './consult.ts'
import type { Log } from './log.ts'
import { limits } from './model/limits.ts'
import { emptyMemory } from './observe.ts'
import { driftOf } from './plan/healing/drift.ts'
import { type Finding, type HealingPlan, planHealing } from './plan/healing/heal.ts'

/**
 * Looks after the members in service, once: asks every host how its member is, and does for those that are not well what
 * the plan says. What comes of it is seen by the next sweep, and what was done is remembered by the notes on the members'
 * interfaces alone, so that a pass that dies anywhere is made good by the next one. The sweep runs once at a time
 * (reserved concurrency), and the brakes rest on the notes, which are read again before anything is ended.
 */
export async function heal(world: World, signal: AbortSignal): Promise<readonly Finding[]> {
  const { ports, config, clock, log, healing = planHealing } = world
  const acting: Acting = { ports, config, memory: emptyMemory(), log, now: () => clock.now() }
  try {
    const seen = await consult(world, acting, signal)
    // A read may hang for minutes, and by then another may have healed, or fallen ill.
    if (!seen || clock.now() - seen.now > limits.observationAgeMax) return []
    const [findings] = await Promise.all([carryOut(healing(seen), acting), tellDrift(world)])
    return findings
  } catch (failure) {
    if (!(failure instanceof CallFailure)) throw failure
    log({ level: failure.kind === 'denied' ? 'alarm' : 'warn', event: 'unknown', because: failure.message })
    return []
  }
}

/** What is not written down is not done: the next pass would know nothing of it, and do it again. */
async function carryOut({ notes, steps, findings }: HealingPlan, acting: Acting): Promise<readonly Finding[]> {
  for (const finding of findings) report(acting.log, finding)
  if (await act(notes, acting)) await act(steps, acting)
  return findings
}

/** Of all that is looked at this matters least: what can't be read now is read by the next sweep. */
async function tellDrift({ ports: { autoScaling }, config, log }: World): Promise<void> {
  const groups = await autoScaling.groups(config.ensemble)
  const drifts = groups.map(async (group) => driftOf(group, await autoScaling.hooks(group.name), config.hooks))
  for (const finding of (await Promise.all(drifts)).flat()) report(log, finding)
}

function report(log: Log, { because, member, instance, alarm }: Finding): void {
  log({
    level: alarm ? 'alarm' : 'info',
    event: 'health',
    because,
    ...(member !== undefined && { member }),
    ...(instance !== undefined && { instance }),
  })
}
