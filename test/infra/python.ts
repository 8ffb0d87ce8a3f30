import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './packaging.ts'

/** A program of a Python package, ready to run, or the reason why it can't be had here. */
export type Program = { readonly path: string; readonly remove: () => Promise<void> } | { readonly missing: string }

/**
 * Finds a program of this version, or installs its package into a folder of its own, where a registry can be reached.
 * @param wanted what `pip install` takes
 */
export async function pythonProgram(name: string, wanted: string, installed: () => Promise<boolean>): Promise<Program> {
  if (await installed()) return { path: name, remove: () => Promise.resolve() }
  const folder = await mkdtemp(join(tmpdir(), 'stayput-python-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input']
  for (const [program, args] of [
    ['python3', ['-m', 'venv', folder]],
    [join(folder, 'bin/pip'), ['install', ...quiet, '--timeout', '15', '--retries', '1', wanted]],
  ] as const) {
    const { exitCode, output } = await run(program, args, folder, process.env).catch((error: unknown) => ({
      exitCode: 1,
      output: String(error),
    }))
    if (exitCode !== 0) {
      await remove()
      return { missing: `${wanted} could not be installed: ${output.trim().split('\n').at(-1) ?? ''}` }
    }
  }
  return { path: join(folder, 'bin', name), remove }
}
