import * as fc from 'fast-check'
import { limits } from '../../shared/model/limits.ts'

/** Milliseconds ago. Every limit of the core is met from both sides. */
const boundaries = [
  limits.proofAgeMax,
  limits.attachStuckAfter,
  limits.intentSettlesAfter,
  limits.agentOnlineWithin,
  limits.memberFreeWithin,
  limits.leavingHolderAlarmAfter,
  limits.reachableWithin,
  limits.detachWithin,
  limits.commandForgottenAfter,
  limits.commandAgainAfter,
  limits.healthWithin,
  limits.healthAgeMax,
  limits.silenceAgeMax,
  limits.guardAlarmAfter,
  limits.decisionAgeMax,
  limits.writeArrivesWithin,
  limits.launchAgainAfter,
].flatMap((limit) => [limit - 1, limit, limit + 1])
export const age = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 60_000 }) },
  { weight: 2, arbitrary: fc.constantFrom(...boundaries) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 4 * 3_600_000 }) },
)
