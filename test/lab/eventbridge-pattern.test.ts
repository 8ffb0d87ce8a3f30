import { describe, expect, it } from 'vitest'
import { AwsError } from '../../lab/cloud/error.ts'
import { matchesPattern } from '../../lab/cloud/eventbridge/pattern.ts'
import { vectors } from './eventbridge-vectors.ts'

/** Whether it matches, or the reason for which the pattern is refused. */
function ask(pattern: unknown, event: unknown): boolean | string {
  try {
    return matchesPattern(pattern, event)
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'InvalidEventPatternException') throw error
    return error.message.replace('Event pattern is not valid. Reason: ', '')
  }
}

describe('an event pattern answers as EventBridge does', () => {
  it.each(vectors)('[$grade] $fact', ({ pattern, event, answer }) => {
    expect(ask(pattern, event)).toBe(answer)
  })

  it('is asked for each fact once', () => {
    expect(new Set(vectors.map((vector) => vector.fact)).size).toBe(vectors.length)
  })
})
