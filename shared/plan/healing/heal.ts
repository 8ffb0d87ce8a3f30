import type { InstanceId } from '../../model/ids.ts'
import { limits } from '../../model/limits.ts'
import type { Healing, HealingStep, Member } from '../../model/member.ts'
import type { Survey } from '../../model/observation.ts'
import type { Step } from '../../model/plan.ts'
import { planMembership } from '../membership.ts'
import { takeOverStep } from '../take-over-step.ts'
import { brakeOf } from './brakes.ts'
import type { Condition, Sick } from './condition.ts'
import { ladder } from './ladder.ts'
import { type Patient, patientOf } from './patient.ts'
import { strays } from './strays.ts'

export interface HealingPlan {
  /** What is to be written down before the steps are done, or no longer holds. */
  readonly notes: readonly Step[]
  readonly steps: readonly Step[]
  readonly findings: readonly Finding[]
}

/** For the log: how a member, or an instance that is none, is not as it should be, and what is done about it. */
export interface Finding {
  readonly because: string
  readonly member?: number
  readonly instance?: string
  readonly alarm?: true
}

/** What is to be done for one member or instance, and what is to be said of it. */
export interface Treatment {
  readonly note?: Step
  readonly step?: Step
  readonly finding?: Finding
}

/**
 * What to do for members that are not well, from nothing but what their hosts have told, what was seen besides, and the
 * notes on their interfaces. The least
 * disruptive step comes first, and the next one only when the last has had its time (ladder.ts). What only applies what
 * is missing is done to all at once: it takes nothing from a server that serves. What ends a server passes the brakes
 * (brakes.ts). Nothing is done because the *ensemble* has no quorum: that is nobody's sickness (condition.ts).
 */
export function planHealing(seen: Survey): HealingPlan {
  const patients = seen.members.map((member) => patientOf(seen, member))
  const healed = [...treat(seen, patients), ...strays(seen, patients)]
  // Who votes is not changed in the moment in which something else is done to a server.
  const isHealing = healed.some(({ step }) => step !== undefined)
  return gather([
    ...seen.tagFaults.map((because): Treatment => ({ finding: { because, alarm: true } })),
    ...healed,
    ...(isHealing ? [] : planMembership(seen)),
  ])
}

function gather(treatments: readonly Treatment[]): HealingPlan {
  return {
    notes: treatments.flatMap(({ note }) => note ?? []),
    steps: treatments.flatMap(({ step }) => step ?? []),
    findings: treatments.flatMap(({ finding }) => finding ?? []),
  }
}

/**
 * While the tags are in doubt nothing is done for anybody: a server that is told of too few others needs too few of them
 * for a quorum, and two quorums are possible then.
 */
function treat(seen: Survey, patients: readonly Patient[]): Treatment[] {
  if (seen.tagFaults.length > 0) {
    return patients.map(({ member, condition }) =>
      condition.kind === 'well'
        ? {}
        : said(member, `${condition.because}; nothing is done while the tags are in doubt`),
    )
  }
  let ending: Patient | undefined
  return patients.map((patient) => {
    const { condition, member } = patient
    if (condition.kind !== 'sick') return tell(seen, patient, condition)
    const rung = ladder(seen, patient, condition)
    if (rung.kind === 'wait') return said(member, rung.because, rung.alarm)
    if (rung.step === 'restart' || rung.step === 'replace') {
      const brake = ending ? `member ${ending.member.id} comes first` : brakeOf(seen, patients, patient, rung.step)
      if (brake !== undefined) return said(member, `${condition.because}; it is not ended now: ${brake}`, true)
      ending = patient
    }
    return treatment(seen, member, condition, rung.step)
  })
}

const said = (member: Member, because: string, alarm = false): Treatment => ({
  finding: { member: member.id, because, ...(alarm && { alarm: true }) },
})

/** One that is well again keeps its note for a while: a service that dies again soon is not healed by the same step. */
function tell(seen: Survey, { member, healing }: Patient, condition: Exclude<Condition, Sick>): Treatment {
  if (condition.kind !== 'well')
    return said(member, condition.because, condition.kind === 'doubtful' && condition.alarm)
  const { id: networkInterfaceId, healing: noted } = member.networkInterface
  const isOver = healing === undefined || healing.step === 'noticed' || hasLasted(seen, healing)
  return {
    ...(noted && isOver && { note: { kind: 'forget-note', networkInterfaceId, note: { key: 'healing', ...noted } } }),
    ...(condition.alarm !== undefined && said(member, condition.alarm, true)),
  }
}

const hasLasted = (seen: Survey, healing: Healing): boolean => seen.now - healing.at >= limits.healedAfter

function treatment(seen: Survey, member: Member, condition: Sick, step: HealingStep): Treatment {
  const { id: networkInterfaceId, subnetId } = member.networkInterface
  const action = actionOf(seen, member, condition.instanceId, step)
  if (!action && step !== 'noticed') return said(member, `${condition.because}; the range of ${subnetId} is unknown`)
  return {
    note: { kind: 'write-note', networkInterfaceId, note: { key: 'healing', step, at: seen.now } },
    ...(action && { step: action }),
    finding: {
      member: member.id,
      instance: condition.instanceId,
      because: `${condition.because}: ${words[step]}`,
      ...((step === 'replace' || condition.utmost === 'apply') && { alarm: true }),
    },
  }
}

const words: Readonly<Record<HealingStep, string>> = {
  noticed: 'it is looked at again',
  apply: 'what is missing is applied',
  restart: 'its service is restarted',
  replace: 'its instance is replaced',
}

function actionOf(seen: Survey, member: Member, instanceId: InstanceId, step: HealingStep): Step | undefined {
  switch (step) {
    case 'noticed':
      return undefined
    case 'apply':
    case 'restart':
      return takeOverStep(seen, instanceId, member, step === 'restart')
    case 'replace':
      return { kind: 'mark-unhealthy', instanceId }
  }
}
