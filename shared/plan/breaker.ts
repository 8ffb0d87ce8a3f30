import { limits } from '../model/limits.ts'
import { holderOf, type Member } from '../model/member.ts'
import type { Instance, Observation } from '../model/observation.ts'
import type { Plan, Step } from '../model/plan.ts'
import { planHandOver } from './hand-over.ts'

/**
 * Giving up a launch. There is no undo: whatever it holds is handed over, then it is ABANDON, upon which Auto Scaling
 * launches the next instance. A member that can never start would have it launch for ever, so each failure in a row is
 * counted on the member's interface, and from the second on ABANDON is told the later the more there are: the hand-over is
 * done and the member is free meanwhile, only the next launch of this group waits.
 *
 * The count is written before the interface is given back, while it still says whose it is, and once an instance: the note
 * names it. A crash between the two loses nothing, and a second invocation finds it counted.
 */
export function giveUp(seen: Observation, self: Instance, reason: string, claimed = heldBy(seen, self)): Plan {
  const plan = planHandOver(seen, 'ABANDON')
  const because = `giving up, ${reason}: ${plan.because}`
  const counted = seen.members.find((member) => member.networkInterface.failures?.instanceId === self.id)
  if (claimed && !counted) {
    const steps = [...plan.steps.filter((step) => step.kind === 'hand-over'), failureNote(seen, self, claimed)]
    return { steps, verdict: 'WAIT', because, member: claimed.id, givesUp: reason }
  }
  const end = { ...plan, because, givesUp: reason }
  return counted && plan.verdict === 'ABANDON' ? delayed(seen, self, end, counted) : end
}

const heldBy = (seen: Observation, self: Instance): Member | undefined =>
  seen.members.find((member) => holderOf(member) === self.id)

function failureNote(seen: Observation, self: Instance, { networkInterface }: Member): Step {
  const count = (networkInterface.failures?.count ?? 0) + 1
  const note = { key: 'failures', count, instanceId: self.id, at: seen.now } as const
  return { kind: 'write-note', networkInterfaceId: networkInterface.id, note }
}

/** The same end, not before its time; it tells how often, and where a person finds what went wrong. */
function delayed(seen: Observation, self: Instance, end: Plan, member: Member): Plan {
  const count = member.networkInterface.failures?.count ?? 0
  const notBefore = self.launchTime + backoff(count)
  const because = `${end.because}; failed launches of member ${member.id} in a row: ${count}${evidence(seen, self)}`
  if (seen.now >= notBefore) return { ...end, because }
  const next = new Date(notBefore).toISOString()
  return {
    ...end,
    verdict: 'WAIT',
    because: `${because}; the next one is to come after ${next}`,
    ...(count >= limits.launchFailuresAlarm && { alarm: true }),
  }
}

/** Milliseconds after a launch before which the next one is not to follow. */
const backoff = (count: number): number =>
  count <= 1 ? 0 : Math.min(limits.launchAgainAfter * 2 ** (count - 2), limits.launchAgainMost)

function evidence(seen: Observation, self: Instance): string {
  const failed = seen.commands.find(
    ({ verb, status }) => verb === 'takeOver' && (status === 'failed' || status === 'lost'),
  )
  if (!failed) return ''
  return ` (aws ssm get-command-invocation --command-id ${failed.id} --instance-id ${self.id})`
}

/** A launch that has become the member ends the row. */
export function forgottenFailures({ networkInterface: { id, failures } }: Member): Step[] {
  return failures ? [{ kind: 'forget-note', networkInterfaceId: id, note: { key: 'failures', ...failures } }] : []
}
