/** What the unit tests of shared/ use of vitest, for runner.mjs: tests are noted to be called later, and again. */
export { expect } from 'vitest'

let suite = { name: '', before: [], after: [] }

export function describe(name, define) {
  const outer = suite
  suite = { name: `${outer.name}${name} > `, before: [...outer.before], after: [...outer.after] }
  define()
  suite = outer
}

export function test(name, run) {
  const tests = globalThis.mutationTests
  tests.push({ id: `${tests.length} ${suite.name}${name}`, suite, run })
}

test.each = (rows) => (name, run) => {
  for (const row of rows) test(name, () => (Array.isArray(row) ? run(...row) : run(row)))
}

export const beforeAll = (run) => void suite.before.push(run)
export const afterAll = (run) => void suite.after.push(run)
