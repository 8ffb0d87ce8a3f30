/**
 * Holds every call that the functions make anywhere in the test suite, the processes that it starts included, against
 * the policies: each process writes its distinct calls into a folder, and when the last test has ended they are judged.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RecordLine, recordVariable } from '../../../lab/stack/record-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'stayput-calls-'))

/** Compiles the template first where it is older than its sources: tests may be run without test/run.mjs. */
export async function setup(): Promise<void> {
  const bundle = new URL('../../../infra/bundle.mjs', import.meta.url).href
  const { bundleStale } = (await import(bundle)) as { bundleStale: () => Promise<void> }
  await bundleStale()
  process.env[recordVariable] = folder
}

/** Rejects, which fails the run, naming each call that no role allows. */
export async function teardown(): Promise<void> {
  const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
  rmSync(folder, { recursive: true, force: true })
  delete process.env[recordVariable]
  const lines = new Set(texts.flatMap((text) => text.split('\n').filter((line) => line !== '')))
  if (lines.size === 0) return
  const { judge } = await import('./judge.ts')
  const denied = await judge([...lines].map((line): RecordLine => JSON.parse(line)))
  if (denied.length > 0)
    throw new Error(`the functions made calls that their roles do not allow:\n${denied.join('\n')}`)
  process.stdout.write(`${lines.size} distinct calls of the functions, each allowed by its role\n`)
}
