/**
 * Runs every test and ends with one line that counts them. Installs and bundles first, so that it works on a fresh
 * clone. Arguments go to vitest: `npm test -- test/shared` runs a part, without judging coverage by it.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { installMissing } from '../infra/install.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
installMissing()
const { bundleStale } = await import('../infra/bundle.mjs')
await bundleStale()

const folder = mkdtempSync(join(tmpdir(), 'stayput-test-'))
const report = join(folder, 'report.json')
const chosen = process.argv.slice(2)
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(chosen.length > 0 ? chosen : ['--coverage']),
  ],
  {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: `--import ${pathToFileURL(join(root, 'test/node-20.mjs')).href}` },
  },
)

let counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numFailedTestSuites: 0 }
let tests = []
try {
  const read = JSON.parse(readFileSync(report, 'utf8'))
  counts = read
  tests = read.testResults.flatMap((file) => file.assertionResults)
} catch {
  process.stdout.write('the test runner left no report\n')
}
rmSync(folder, { recursive: true, force: true })

for (const { fullName, status: outcome } of tests) {
  if (outcome === 'pending' || outcome === 'skipped') process.stdout.write(`skipped: ${fullName}\n`)
}
// A file that can't be loaded, or a missed threshold, fails the run without a failed test to show for it.
const failed = counts.numFailedTests || (status === 0 ? 0 : 1)
process.stdout.write(`${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests} skipped\n`)
process.exitCode = failed === 0 ? 0 : 1
