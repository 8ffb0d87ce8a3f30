import { limits } from '../../model/limits.ts'
import type { Survey } from '../../model/observation.ts'
import { type Electorate, electorateOf } from '../standing.ts'
import { isBeingHealed, isOnItsWay, type Patient } from './patient.ts'

/**
 * Why a member's server must not be ended now; undefined when it may. Nobody else has a brake: `SetInstanceHealth` makes
 * Auto Scaling replace at once, past its own ("How EC2 Auto Scaling minimizes downtime", Auto Scaling User Guide).
 *
 * - One member at a time, and none while another is on its way in or out.
 * - A server that serves is ended only if the others that serve are a quorum without it. One that does not serve may be
 *   ended in any case: nothing is lost with it, and without this rule two sick members would wait for each other.
 * - One whose host is silent, and whom nobody sees, may be the one with which the others serve.
 * - So one that does not serve is restarted beside the replacement of another, which may be waiting for a quorum.
 * - The wait for one that is on its way has an end: it may itself be waiting for the sick one, to serve or to be gone.
 */
export function brakeOf(
  seen: Survey,
  patients: readonly Patient[],
  patient: Patient,
  step: 'restart' | 'replace',
): string | undefined {
  const others = patients.filter((other) => other !== patient)
  const healed = others.find((other) => isBeingHealed(seen, other) && !(step === 'restart' && waitsFor(other, patient)))
  if (healed) return `member ${healed.member.id} is being healed`
  const electorate = electorateOf(seen)
  const { voters, quorum } = electorate
  const serving = others.filter((other) => staysServing(other) && voters.includes(other.member)).length
  // One or two members have no quorum to spare, whatever anybody waits for.
  const isSpared = serving >= quorum || voters.length <= 2 || !voters.includes(patient.member)
  if (mayServe(patient, others, electorate) && !isSpared)
    return `without it ${serving} members serve, and a quorum is ${quorum}`
  if (step === 'restart' && !patient.serves) return undefined
  const moving = seen.groupInstances.find(isOnItsWay)
  if (!moving || hasWaited(seen, patient)) return undefined
  return `${moving.instanceId} is ${moving.lifecycleState}`
}

/** Who serves is in a quorum: if too few others are known to be in it, a silent one is. */
function mayServe({ serves, condition }: Patient, others: readonly Patient[], { voters, quorum }: Electorate): boolean {
  const known = others.filter((other) => other.serves && voters.includes(other.member)).length
  return serves || (condition.kind === 'sick' && condition.silent && known > 0 && known < quorum)
}

/** Where two are down, one that is being replaced gets its role only once the other serves again. */
const waitsFor = ({ healing }: Patient, { serves }: Patient): boolean => healing?.step === 'replace' && !serves

/** One that leaves, or is worked on, serves until any moment: the guard may have counted upon the sick one to let it go. */
const staysServing = ({ serves, condition }: Patient): boolean => serves && condition.kind !== 'awaited'

const hasWaited = (seen: Survey, { healing }: Patient): boolean =>
  healing !== undefined && seen.now - healing.at >= limits.onItsWayWithin
