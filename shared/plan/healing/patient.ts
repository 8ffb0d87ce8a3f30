import { limits } from '../../model/limits.ts'
import type { Healing, Member } from '../../model/member.ts'
import type { GroupInstance, Survey } from '../../model/observation.ts'
import { servesByWord } from '../standing.ts'
import { type Condition, conditionOf, isServing, settling } from './condition.ts'

/** A member, how it is, and what was last done for it. */
export interface Patient {
  readonly member: Member
  readonly condition: Condition
  /** Undefined as well when it is so long ago that it tells of another illness. */
  readonly healing: Healing | undefined
  /** Whether its server has a role now, by its host's word, or by a peer's where the host is silent. */
  readonly serves: boolean
}

export function patientOf(seen: Survey, member: Member): Patient {
  const { healing, attachment } = member.networkInterface
  const { answer = 'silent' } = seen.healths.find((health) => health.instanceId === attachment?.instanceId) ?? {}
  const serves =
    answer === 'silent' ? servesByWord(seen, member) : answer.member === member.id && isServing(answer.service.role)
  const stands = healing && seen.now - healing.at < limits.healingStands
  return { member, condition: conditionOf(seen, member), healing: stands ? healing : undefined, serves }
}

/** Ended a short while ago, or meant to be replaced and not back yet. */
export function isBeingHealed(seen: Survey, { healing, condition }: Patient): boolean {
  if (healing?.step === 'restart') return seen.now - healing.at < settling(seen)
  return healing?.step === 'replace' && condition.kind !== 'well'
}

export const isOnItsWay = ({ lifecycleState }: GroupInstance): boolean =>
  /^(Pending|Terminating|Entering|Replacing)/.test(lifecycleState)
