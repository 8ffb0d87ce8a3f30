import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    coverage: {
      include: ['shared/**/*.ts'],
      thresholds: { lines: 95, branches: 90 },
      reporter: ['text-summary', 'text'],
    },
  },
})
