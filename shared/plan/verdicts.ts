import type { MemberId } from '../model/ids.ts'
import type { Plan, Step } from '../model/plan.ts'

/** The endings and beginnings of every plan, so that each branch of the planner reads as one sentence. */

export const nothing = (because: string): Plan => ({ steps: [], verdict: 'NOTHING', because })

export const wait = (because: string, member?: MemberId): Plan => ({
  steps: [],
  verdict: 'WAIT',
  because,
  ...(member !== undefined && { member }),
})

/** A wait that somebody should know of. */
export const alarm = (because: string, member?: MemberId): Plan => ({ ...wait(because, member), alarm: true })

export const proceed = (because: string, member?: MemberId): Plan => ({ ...wait(because, member), verdict: 'CONTINUE' })

export const act = (steps: readonly Step[], because: string, member?: MemberId): Plan => ({
  ...wait(because, member),
  steps,
})
