import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

/** Runs Spin over both models: every scenario to its end, and every control until it breaks. */

const pathOf = (model: string): string => fileURLToPath(new URL(model, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'stayput-model-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const has = (command: string, argument: string) => spawnSync(command, [argument]).status === 0
const missing = [has('spin', '-V') ? [] : ['spin'], has('gcc', '--version') ? [] : ['gcc']].flat()

interface Verified {
  readonly errors: number
  readonly states: number
  /** Whether all that can be reached was looked at. */
  readonly exhausted: boolean
  /** The assertion that broke. */
  readonly broken: string | undefined
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? status}\n${stdout}${stderr}`)
  return stdout
}

function verify(model: string, defines: readonly string[], optimize: '-O0' | '-O2'): Verified {
  const here = mkdtempSync(join(folder, 'run-'))
  run('spin', [...defines.map((name) => `-D${name}`), '-a', pathOf(model)], here)
  run('gcc', [optimize, '-w', '-DSAFETY', '-o', 'pan', 'pan.c'], here)
  // -E: a world in which everything has happened is no deadlock. -n: no list of what was not reached.
  const output = run('./pan', ['-m100000', '-w22', '-E', '-n'], here)
  const found = /errors: (\d+)[\s\S]*?(\d+) states, stored/.exec(output)
  if (!found) throw new Error(output)
  return {
    errors: Number(found[1]),
    states: Number(found[2]),
    exhausted: !output.includes('Search not completed') && !output.includes('max search depth too small'),
    broken: /assertion violated (.*) \(at depth/.exec(output)?.[1],
  }
}

const ends = ['NEVER_IN_SERVICE', 'NEVER_HANDED_OVER', 'NEVER_GIVEN_UP', 'NEVER_LATE']

/** Of each model and scenario the controls that break a promise, and what is asserted never to happen, and does. */
const scenarios: readonly [string, string, readonly string[], readonly string[]][] = [
  ['protocol.pml', 'REPLACEMENT', ['NO_CONFIRMATION', 'NO_TOMBSTONE', 'NO_HOST_LOCK', 'NO_PROOF', 'FORCE'], ends],
  ['protocol.pml', 'TWINS', ['NO_CLAIM', 'NO_CONFIRMATION', 'NO_TOMBSTONE', 'NO_PROOF'], ends],
  ['protocol.pml', 'GIVING_UP', ['NO_CONFIRMATION', 'NO_TOMBSTONE', 'NO_HOST_LOCK', 'NO_PROOF'], ends],
  ['protocol.pml', 'BY_HAND', ['NO_INTENT', 'TWO_AT_WORK', 'NO_TOMBSTONE', 'NO_CONFIRMATION'], ends],
  [
    'quorum.pml',
    'AT_ONCE',
    ['NO_NOTE', 'NO_SETTLING', 'NO_DECISION', 'NO_SECOND_LOOK', 'NO_PATIENCE', 'TAKEN_BACK', 'EXPIRY'],
    ['NEVER_BOTH_LEFT', 'NEVER_STOOD_BACK', 'NEVER_BOTH_DECIDED', 'NEVER_LATE'],
  ],
]

const because = missing.length > 0 ? ` (skipped: ${missing.join(' and ')} not installed)` : ''

describe.skipIf(missing.length > 0).each(scenarios)(`%s, %s${because}`, (model, scenario, controls, never) => {
  test('no promise breaks in any state that can be reached', () => {
    const verified = verify(model, [scenario], '-O2')
    expect(verified).toMatchObject({ errors: 0, exhausted: true, broken: undefined })
    expect(verified.states).toBeGreaterThan(10_000)
    process.stdout.write(`${scenario}: ${verified.states} states\n`)
  })

  test.each(controls)('%s breaks a promise', (control) => {
    expect(verify(model, [scenario, control], '-O0')).toMatchObject({ errors: 1, broken: expect.any(String) })
  })

  test.each(never)('%s is refuted', (end) => {
    expect(verify(model, [scenario, end], '-O0')).toMatchObject({ errors: 1, broken: expect.any(String) })
  })
})
