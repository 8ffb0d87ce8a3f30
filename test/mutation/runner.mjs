/**
 * Runs the unit tests of shared/ for Stryker within its own process. Stryker's runner for vitest starts a worker for each
 * mutant and chooses tests by names that vitest 5 joins differently: thousands of mutants then take hours, and those for
 * which it finds no test count as survivors. Here the tests are bundled once and called again and again; only a mutant
 * that has its effect while a module is loaded has them loaded anew. Assertions are vitest's own.
 */
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

/** A mutant that one seed kills and the next does not would make the score a matter of luck. */
const drawsAtRandom = /(\.property|worlds)\.test\.ts$/
const folder = 'test/shared'
/** Where the mutated code looks for the mutant that is in force. */
const strykers = '__stryker__'

class InProcess {
  #bundle = resolve(folder, `mutation-${process.pid}.mjs`)
  #loads = 0
  #tests
  #mutants = (globalThis[strykers] ??= {})

  capabilities() {
    return { reloadEnvironment: true }
  }

  async init() {
    const names = await readdir(folder)
    const files = names.filter((name) => name.endsWith('.test.ts') && !drawsAtRandom.test(name)).toSorted()
    await build({
      stdin: { contents: files.map((name) => `import './${name}'`).join('\n'), resolveDir: resolve(folder) },
      outfile: this.#bundle,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      logLevel: 'error',
      plugins: [ownUrls, ownVitest],
    })
  }

  async dryRun() {
    // Twice: tests that could not be loaded anew would make each mutant that asks for it look noticed.
    await this.#load()
    this.#mutants.mutantCoverage = undefined
    await this.#load()
    const tests = []
    for await (const { test, ms, failure } of this.#results(this.#tests)) {
      const status = failure === undefined ? 0 : 1
      tests.push({ id: test.id, name: test.id, timeSpentMs: ms, status, ...(status && { failureMessage: failure }) })
    }
    return { status: 'complete', tests, mutantCoverage: this.#mutants.mutantCoverage }
  }

  async mutantRun({ activeMutant, mutantActivation, testFilter, hitLimit }) {
    const isStatic = mutantActivation === 'static'
    if (!isStatic && !this.#tests) await this.#load()
    Object.assign(this.#mutants, { activeMutant: activeMutant.id, hitCount: 0, hitLimit })
    try {
      if (isStatic) await this.#load()
      const chosen = testFilter ? new Set(testFilter) : undefined
      return await this.#judge(chosen ? this.#tests.filter((test) => chosen.has(test.id)) : this.#tests)
    } catch (error) {
      return { status: 'killed', killedBy: [], nrOfTests: 0, failureMessage: `it can not be loaded: ${String(error)}` }
    } finally {
      this.#mutants.activeMutant = undefined
      // What was loaded with the mutant in force must not serve the next one.
      if (isStatic) this.#tests = undefined
    }
  }

  async #judge(tests) {
    let nrOfTests = 0
    for await (const { test, failure } of this.#results(tests)) {
      nrOfTests++
      if (this.#mutants.hitCount > this.#mutants.hitLimit) return { status: 'timeout', reason: 'it loops' }
      if (failure !== undefined) return { status: 'killed', killedBy: [test.id], nrOfTests, failureMessage: failure }
    }
    return { status: 'survived', nrOfTests }
  }

  async #load() {
    globalThis.mutationTests = []
    this.#mutants.currentTestId = undefined
    await import(`${pathToFileURL(this.#bundle).href}?${this.#loads++}`)
    this.#tests = globalThis.mutationTests
  }

  async *#results(tests) {
    const begun = new Set()
    const ends = []
    try {
      for (const test of tests) {
        const started = performance.now()
        const failure = await failureOf(async () => {
          if (!begun.has(test.suite)) {
            begun.add(test.suite)
            ends.push(...test.suite.after)
            for (const before of test.suite.before) await before()
          }
          // What the hooks reach is not this test's alone.
          this.#mutants.currentTestId = test.id
          await test.run()
        })
        this.#mutants.currentTestId = undefined
        yield { test, failure, ms: performance.now() - started }
      }
    } finally {
      for (const end of ends) await end()
    }
  }
}

/** In one bundle all modules have one URL; each gets its own back, by which tests find their files. */
const ownUrls = {
  name: 'own URLs',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      loader: 'ts',
    })),
}

/** The tests get their vitest from here, and that takes its assertions from the real one. */
const ownVitest = {
  name: 'own vitest',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^vitest$/ }, ({ importer }) =>
      importer.endsWith('.ts') ? { path: resolve('test/mutation/vitest.mjs') } : { path: 'vitest', external: true },
    ),
}

async function failureOf(run) {
  try {
    await run()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', injectableClass: InProcess }]
