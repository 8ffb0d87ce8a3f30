import { act, type Acting } from './act/act.ts'
import type { World } from './advance.ts'
import type { Survey } from './model/observation.ts'
import { Pauses } from './pauses.ts'
import { planConsultation } from './plan/healing/consult.ts'
import { survey } from './survey.ts'

/**
 * Asks every host of a member in service how its member is, and answers what was seen of the whole ensemble once all have
 * answered or had their time; undefined when `signal` is aborted before that.
 * @throws {CallFailure} when something can't be read.
 */
export async function consult(
  { ports, config, clock }: Pick<World, 'ports' | 'config' | 'clock'>,
  acting: Acting,
  signal: AbortSignal,
): Promise<Survey | undefined> {
  const pauses = new Pauses('eager', clock)
  while (!signal.aborted) {
    const now = clock.now()
    const seen = await survey(ports, config, acting.memory, now, (all) => all.map((one) => one.instanceId))
    const plan = planConsultation(seen)
    if (plan.kind === 'told') return seen
    if (plan.kind === 'ask') await act([plan.step], acting)
    await clock.pause(pauses.next(), signal)
  }
  return undefined
}
