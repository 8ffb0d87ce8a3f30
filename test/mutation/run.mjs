/**
 * Changes shared/ in thousands of small ways and counts which of them the unit tests notice: `npm run mutate`, or
 * `npm run mutate -- shared/plan/choose.ts` for a part. docs/mutation.md tells what came of it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installMissing } from '../../infra/install.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const reports = join(root, 'node_modules/.cache/mutation')

/** In percent of the mutants. The planner decides everything, so it is held to more. */
const thresholds = { 'shared/plan': 90, shared: 80 }

process.chdir(root)
installMissing()
const { Stryker } = await import('@stryker-mutator/core')
const chosen = process.argv.slice(2)
const started = Date.now()
const mutants = (await mutated(chosen.length > 0 ? chosen : ['shared/**/*.ts'])).map(({ fileName, ...mutant }) => ({
  ...mutant,
  file: relative(root, fileName),
}))
const missed = mutants.filter(isMissed)
for (const mutant of missed) process.stdout.write(described(mutant))
for (const folder of new Set([...mutants.map(({ file }) => folderOf(file)), 'shared'])) {
  process.stdout.write(
    scored(
      folder,
      mutants.filter(({ file }) => file.startsWith(`${folder}/`)),
    ),
  )
}
process.stdout.write(
  `${mutants.length} mutants in ${Math.round((Date.now() - started) / 1000)} s; details: ${reports}\n`,
)
for (const [folder, least] of Object.entries(thresholds)) {
  const part = mutants.filter(({ file }) => file.startsWith(`${folder}/`))
  if (part.length === 0 || score(part) >= least) continue
  process.stdout.write(`${folder} is below ${least} %\n`)
  process.exitCode = 1
}

/** Stryker changes a copy of the project, so that a run that is killed leaves the project itself as it is. */
async function mutated(mutate) {
  const tempDirName = mkdtempSync(join(tmpdir(), 'stayput-mutation-'))
  try {
    return await new Stryker({
      mutate,
      tempDirName,
      cleanTempDir: 'always',
      testRunner: 'in-process',
      plugins: [new URL('runner.mjs', import.meta.url).href],
      coverageAnalysis: 'perTest',
      // TypeScript 7 has no programming interface that Stryker knows.
      tsconfigFile: 'none',
      concurrency: 1,
      ignorePatterns: ['dist', 'docs', 'coverage'],
      reporters: ['json', 'progress-append-only'],
      jsonReporter: { fileName: join(reports, 'report.json') },
      timeoutMS: 5000,
      warnings: { slow: false },
      logLevel: 'warn',
    }).runMutationTest()
  } finally {
    rmSync(tempDirName, { recursive: true, force: true })
  }
}

function isMissed({ status }) {
  return status === 'Survived' || status === 'NoCoverage'
}

/** Without the texts for people: whoever reads them finds a missing word, a machine does not. */
function isText({ mutatorName, original }) {
  return mutatorName === 'StringLiteral' && /\s/.test(original)
}

function score(part) {
  return (100 * part.filter((mutant) => !isMissed(mutant)).length) / part.length
}

function scored(folder, part) {
  const code = part.filter((mutant) => !isText({ ...mutant, original: originalOf(mutant) }))
  const killed = part.filter((mutant) => !isMissed(mutant)).length
  const texts = `${score(code).toFixed(1)} % without texts`
  return `${folder}: ${score(part).toFixed(1)} % (${killed} of ${part.length}), ${texts}\n`
}

function folderOf(file) {
  return file.split('/').slice(0, -1).join('/')
}

function originalOf({ file, location: { start, end } }) {
  const lines = readFileSync(join(root, file), 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line)
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1)
  lines[0] = lines[0].slice(start.column - 1)
  return lines.join('\n')
}

function described(mutant) {
  const { file, location, status, mutatorName, replacement } = mutant
  const short = (text) => text.replace(/\s+/g, ' ').slice(0, 110)
  return `${file}:${location.start.line} ${status} ${mutatorName}: ${short(originalOf(mutant))} -> ${short(replacement)}\n`
}
