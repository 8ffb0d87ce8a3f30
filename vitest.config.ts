import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Most of a test of real machines is waiting; with the runner's own choice of one worker less than the cores they queue.
    maxWorkers: 2,
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
