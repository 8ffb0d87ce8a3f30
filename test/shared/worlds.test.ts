import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planFor } from '../../shared/plan/plan.ts'
import { endings } from './endings.ts'
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
      'write-note',
      'forget-note',
      ...['CONTINUE', 'ABANDON', 'WAIT'].map((verdict) => `${verdict} Pending:Wait`),
      ...['CONTINUE', 'WAIT'].map((verdict) => `${verdict} Terminating:Wait`),
    ]
    expect(expected.filter((word) => (tally.get(word) ?? 0) < 5)).toEqual([])
  })

  test('the quorum lets go, asks, waits and gives way in those in which an instance is to end', () => {
    const reasons = fc.sample(endings, { numRuns: 3000, seed: 4 }).map((seen) => planFor(seen).because)
    const expected = [
      'others are in sync',
      'so the quorum loses nothing',
      'being taken down',
      'the hosts are asked',
      'would be in sync, and a quorum is',
      'and says so first',
      'leaves first',
      'stands back',
      'has some seconds to be seen',
      'is in doubt',
      'has no vote',
      'is to lose its vote first',
    ]
    const count = (words: string) => reasons.filter((because) => because.includes(words)).length
    expect(expected.filter((words) => count(words) < 20)).toEqual([])
  })
})
