import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planFor } from '../../shared/plan/plan.ts'
import { lifecycleState } from './judge.ts'
import { self } from './scene.ts'
import { observations } from './worlds.ts'

describe('the worlds', () => {
  test('each step and each verdict occurs in them, or the properties would show nothing', () => {
    const tally = new Map<string, number>()
    const count = (word: string) => tally.set(word, (tally.get(word) ?? 0) + 1)
    for (const seen of fc.sample(observations, { numRuns: 6000, seed: 4 })) {
      const { steps, verdict } = planFor(seen)
      for (const { kind } of steps) count(kind)
      if (steps.length === 0) count(`${verdict} ${lifecycleState(seen, self)}`)
    }
    const expected = [
      'attach-interface',
      'retain-interface',
      'attach-volume',
      'retain-volume',
      'take-over',
      'ask-peer',
      'withdraw-permit',
      'hand-over',
      'detach-volume',
      'detach-interface',
      ...['CONTINUE', 'ABANDON', 'WAIT'].map((verdict) => `${verdict} Pending:Wait`),
      ...['CONTINUE', 'WAIT'].map((verdict) => `${verdict} Terminating:Wait`),
    ]
    expect(expected.filter((word) => (tally.get(word) ?? 0) < 5)).toEqual([])
  })
})
