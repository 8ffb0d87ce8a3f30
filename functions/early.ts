import type { Context } from 'aws-lambda'
import type { Outcome } from '../shared/model/action.ts'

/** So long before Lambda's own deadline, in milliseconds, the work is told to end: enough for a heartbeat and its retry. */
const windDownMs = 10_000

/** Should the work not end by then either, the invocation answers without it: better than to be cut off as an error. */
export const earlyMs = 2000

/** Aborted when the work is to wind down, or when middy gives up on it. */
export const deadline = (context: Context, signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - windDownMs))])

/** The answer of an invocation that did not end in time: the action is open, the sweep comes by. */
export const outOfTime = (): Outcome => ({ verdict: 'WAIT', because: 'the function ran out of time' })
