import { describe, expect, test } from 'vitest'
import { runBatch, runSeed } from './batch.ts'
import { fromMacrotask } from './drain.ts'
import { runExhaustive } from './exhaustive.ts'
import { mutants } from './mutants.ts'
import { keptSeeds } from './seeds.ts'

const from = (first: number, count: number): number[] => Array.from({ length: count }, (_, index) => first + index)

/** Other seeds every day, the same all day long. */
const today = Math.floor(Date.now() / 86_400_000)
const freshSeeds = 2000
const deterministicSeeds = 30
/** Planted bugs that take few seeds; the command finds them all. */
const easy = [
  'continue-on-failure',
  'detach-before-stop',
  'heals-all-at-once',
  'ignore-deletion',
  'interface-before-volumes',
  'no-guard',
  'no-one-shot',
  'no-peer-proof',
  'no-settling',
  'no-sweep',
  'replaces-for-quorum',
]
const easySeeds = 500

describe('the simulation', () => {
  test.each(keptSeeds)('seed $seed keeps its promises ($found)', async ({ seed, only }) => {
    const done = await fromMacrotask(() => runSeed(seed, only ? { only: new Set(only) } : {}))
    expect(done.broken).toBeUndefined()
  })

  test(`${freshSeeds} fresh seeds keep their promises`, { timeout: 600_000 }, async () => {
    const { failures, seeds } = await runBatch(from(today * freshSeeds, freshSeeds), {})
    expect(failures).toEqual([])
    expect(seeds).toBe(freshSeeds)
  })

  test(
    `${deterministicSeeds} seeds, run twice, do the same things at the same moments`,
    { timeout: 600_000 },
    async () => {
      const seeds = from(1, deterministicSeeds)
      const [first, second] = [await runBatch(seeds, {}), await runBatch(seeds, {})]
      expect(second.hashes).toEqual(first.hashes)
      expect(new Set(Object.values(first.hashes)).size).toBe(deterministicSeeds)
    },
  )

  test.each(easy)('finds the planted bug %s', { timeout: 600_000 }, async (mutant) => {
    expect(mutants).toHaveProperty([mutant])
    const { failures } = await runBatch(from(1, easySeeds), { mutant }, 1)
    expect(failures).toHaveLength(1)
  })

  test('each fortieth call of each plain flow, every fate: nothing breaks', { timeout: 600_000 }, async () => {
    const { failures, runs } = await runExhaustive({ each: 40 })
    expect(failures).toEqual([])
    expect(runs).toBeGreaterThan(100)
  })
})
