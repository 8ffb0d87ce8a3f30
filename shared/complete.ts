import type { AutoScaling } from './aws/auto-scaling.ts'
import type { Answer } from './aws/failure.ts'
import type { LifecycleAction, Verdict } from './model/action.ts'

/**
 * Tells Auto Scaling the verdict, once: CONTINUE or ABANDON ends the action, WAIT restarts its heartbeat clock. An action
 * that is over counts as told. What could not be told is not repeated here: a verdict rests on what was seen, so whoever
 * repeats it looks again first, and finds perhaps that another invocation has given the launch up meanwhile.
 */
export function complete(action: LifecycleAction, verdict: Verdict, autoScaling: AutoScaling): Promise<Answer> {
  return verdict === 'WAIT' ? autoScaling.heartbeat(action) : autoScaling.complete(action, verdict)
}
