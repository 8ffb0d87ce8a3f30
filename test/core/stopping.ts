import type { Send } from '../../shared/aws/operations.ts'

export type Moment = 'before' | 'after'

/** A port that stops for good around its n-th call, as an invocation does that Lambda ends. */
export function stoppingAt(send: Send, at: number, moment: Moment): { send: Send; made: () => number } {
  let made = 0
  const stopped = new Promise<never>(() => {})
  const stopping: Send = async (operation, input) => {
    made++
    if (made > at || (made === at && moment === 'before')) return stopped
    const answer = await send(operation, input)
    return made >= at ? stopped : answer
  }
  return { send: stopping, made: () => made }
}
