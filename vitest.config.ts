import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest test begins first: last, it would run alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLongest = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/test/simulation/')
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))]
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Most of a test of real machines is waiting; with the runner's own choice of one worker less than the cores they queue.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    globalSetup: ['test/infra/iam/suite.ts'],
    // Real servers, file systems and networks on two shared cores: slow is no fault, and one stumble gets a second try.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    retry: 1,
    coverage: {
      include: ['shared/**/*.ts'],
      thresholds: { lines: 95, branches: 90 },
      reporter: ['text-summary', 'text'],
    },
  },
})
