import type { AutoScaling } from './aws/auto-scaling.ts'
import type { Answer } from './aws/failure.ts'
import type { Clock } from './clock.ts'
import type { LifecycleAction, Verdict } from './model/action.ts'

/** Auto Scaling answers ResourceContention while it is busy with the group; a few tries outlast it. */
const tries = 5
const pauseMs = 1000

/**
 * Tells Auto Scaling the verdict: CONTINUE or ABANDON ends the action, WAIT restarts its heartbeat clock. Repeated when
 * throttled and when the answer was lost, which is safe: an action that is over answers so, and over is what we want.
 * A verdict that could not be told is no loss either: the action stays open, and the sweep comes by again.
 */
export async function complete(
  action: LifecycleAction,
  verdict: Verdict,
  autoScaling: AutoScaling,
  clock: Clock,
  signal: AbortSignal,
): Promise<Answer> {
  const tell = () => (verdict === 'WAIT' ? autoScaling.heartbeat(action) : autoScaling.complete(action, verdict))
  for (let attempt = 1; ; attempt++) {
    const answer = await tell()
    if (answer.done === 'yes') return answer
    const passing = answer.failure.kind === 'throttled' || answer.failure.kind === 'unknown'
    if (!passing || attempt === tries || signal.aborted) return answer
    await clock.pause(pauseMs * attempt, signal)
  }
}
