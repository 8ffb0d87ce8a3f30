import { AwsError } from './error.ts'
import type { Kernel } from './kernel.ts'
import type { OperationName } from './operation.ts'

/**
 * What can befall one call: refused before anything happened, lost on the way there, done but the answer lost on the
 * way back, or answered with a server error although done.
 */
export type FaultKind = 'throttled' | 'request-lost' | 'answer-lost' | 'unavailable-though-done'

export interface FaultRule {
  readonly kind: FaultKind
  /** Which calls it may befall. */
  readonly when: (operation: OperationName, input: object) => boolean
  /** How often it strikes at most; without a limit, each time. */
  readonly times?: number
  /** With which probability it strikes. */
  readonly probability?: number
}

export interface Faults {
  /** Adds a rule; the returned function takes it away again. */
  add(rule: FaultRule): () => void
  /** Runs `effect` under the rules. What it answers, or throws, is told by the returned function. */
  around(operation: OperationName, input: object, effect: () => object): () => object
}

export function createFaults(kernel: Kernel): Faults {
  const rules = new Map<FaultRule, { left: number }>()

  const strike = (operation: OperationName, input: object): FaultKind | undefined => {
    for (const [rule, state] of rules) {
      if (state.left <= 0 || !rule.when(operation, input)) continue
      if (rule.probability !== undefined && !kernel.random.chance(rule.probability)) continue
      state.left--
      return rule.kind
    }
    return undefined
  }

  return {
    add(rule) {
      rules.set(rule, { left: rule.times ?? Number.POSITIVE_INFINITY })
      return () => rules.delete(rule)
    },
    around(operation, input, effect) {
      const kind = strike(operation, input)
      if (kind === 'throttled') return fails(throttlingError(operation))
      if (kind === 'request-lost') return fails(connectionReset())
      const answer = outcome(effect)
      if (kind === 'answer-lost') return fails(connectionReset())
      if (kind === 'unavailable-though-done') {
        return fails(new AwsError('Unavailable', 'The server is overloaded and cannot handle the request.', 503))
      }
      return answer
    },
  }
}

/** EC2, Auto Scaling and Systems Manager each have a word of their own for it. */
export function throttlingError(operation: OperationName): AwsError {
  if (operation.startsWith('ec2.')) return new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503)
  if (operation.startsWith('autoscaling.')) return new AwsError('Throttling', 'Rate exceeded', 400)
  return new AwsError('ThrottlingException', 'Rate exceeded', 400)
}

function connectionReset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
}

function fails(error: Error): () => never {
  return () => {
    throw error
  }
}

/** Runs the effect now and keeps what came of it, an error as well, until the answer has travelled back. */
function outcome(effect: () => object): () => object {
  try {
    const answer = effect()
    return () => answer
  } catch (error) {
    return fails(error as Error)
  }
}
