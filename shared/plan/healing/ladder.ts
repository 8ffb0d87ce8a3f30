import type { InstanceId } from '../../model/ids.ts'
import { limits } from '../../model/limits.ts'
import { type HealingStep, healingSteps } from '../../model/member.ts'
import type { Survey } from '../../model/observation.ts'
import { ec2Instance } from '../instances.ts'
import { electing, settling, type Sick } from './condition.ts'
import type { Patient } from './patient.ts'

export type Rung =
  | { readonly kind: 'wait'; readonly because: string; readonly alarm?: boolean }
  | { readonly kind: 'climb'; readonly step: HealingStep }

/**
 * The next rung for a member that is sick. What may be missing is applied at the first look, because that disturbs
 * nobody; what ends a server waits for a second look, and the replacement of one that nobody sees for minutes of them.
 */
export function ladder(seen: Survey, { healing }: Patient, illness: Sick): Rung {
  const { remedy, utmost, silent, because } = illness
  if (!healing) return climb(remedy === 'apply' ? 'apply' : 'noticed')
  const age = seen.now - healing.at
  const patience = patienceOf(seen, healing.step, remedy)
  const ago = `${Math.round(age / 1000)} s ago`
  if (age < patience) return { kind: 'wait', because: `${because}; ${words[healing.step]} ${ago}, which may need time` }
  if (healing.step === 'replace') {
    // The very instance in service still: that it is sick was lost on the way, or refused.
    if (isOlderThan(seen, illness.instanceId, healing.at)) return climb('replace')
    return { kind: 'wait', because: `${because}; ${words.replace} ${ago}`, alarm: true }
  }
  if (healing.step === 'noticed') return climb(remedy)
  // Silence after something else is a new illness: it has to last for as long as any other.
  if (silent && healing.step === 'apply') return climb('noticed')
  return climb(most(utmost, above(healing.step), remedy))
}

/** Whether the instance was there before that note was thought of, whichever clock it was written by. */
function isOlderThan(seen: Survey, id: InstanceId, notedAt: number): boolean {
  const launched = ec2Instance(seen, id)?.launchTime ?? seen.now
  return launched < notedAt - limits.replaceAfter
}

function patienceOf(seen: Survey, step: HealingStep, remedy: HealingStep): number {
  if (step !== 'noticed') return settling(seen)
  return remedy === 'replace' ? limits.replaceAfter : electing(seen)
}

const climb = (step: HealingStep): Rung => ({ kind: 'climb', step })

const words: Readonly<Record<HealingStep, string>> = {
  noticed: 'noticed',
  apply: 'what was missing was applied',
  restart: 'its service was restarted',
  replace: 'its instance was to be replaced',
}

const rank = (step: HealingStep): number => healingSteps.indexOf(step)

const above = (step: HealingStep): HealingStep => healingSteps[rank(step) + 1] ?? 'replace'

/** The more disruptive of what is due and what would help, but no more than may help. */
function most(utmost: HealingStep, due: HealingStep, remedy: HealingStep): HealingStep {
  const wanted = rank(due) > rank(remedy) ? due : remedy
  return rank(wanted) > rank(utmost) ? utmost : wanted
}
