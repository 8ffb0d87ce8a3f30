/** Installs the packages of the lock file where they are missing, so that a fresh clone needs nothing but Node. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Throws when npm fails. Says what it does on standard error: standard output belongs to the command. */
export function installMissing() {
  // Written by npm at the very end of an installation: a half-finished one is done again.
  if (existsSync(`${root}node_modules/.package-lock.json`)) return
  process.stderr.write('installing the packages of package-lock.json (npm ci) …\n')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`npm ci failed with exit code ${status}`)
}
