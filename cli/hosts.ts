import { spawnSync } from 'node:child_process'
import { linuxHostsPossible } from '../lab/hosts/linux/linux.ts'
import type { ServiceHosts } from '../lab/hosts/service.ts'
import { UsageError } from './usage.ts'

type Kind = ServiceHosts['kind']

/** @throws {UsageError} for hosts that there are not. */
export function readHosts(text: string | undefined, usage: string): Kind | undefined {
  if (text === undefined || text === 'modelled' || text === 'linux') return text
  throw new UsageError(`--hosts ${JSON.stringify(text)} is neither modelled nor linux`, usage)
}

/**
 * Which hosts it will be: the wanted ones, else real ones where they may be. Missing Debian packages are named, then
 * installed. `say` gets one line that tells which, and why.
 * @throws {Error} when real hosts were asked for and can't be had.
 */
export async function chooseHosts(wanted: Kind | undefined, say: (line: string) => void): Promise<Kind> {
  if (wanted === 'modelled') return 'modelled'
  let possible = await linuxHostsPossible()
  if (!possible.possible && possible.missingPackages.length > 0) {
    say(`real hosts need Debian packages: ${possible.missingPackages.join(', ')}; installing them`)
    installPackages(possible.missingPackages)
    possible = await linuxHostsPossible()
  }
  if (possible.possible) return 'linux'
  if (wanted === 'linux') throw new Error(possible.because)
  say(`modelled hosts: ${possible.because}`)
  return 'modelled'
}

/** Where this fails, what is missing is missing afterwards too, and that is what is told. */
function installPackages(packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args: string[]) => spawnSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 2] })
  apt('update')
  apt('install', '-y', '--no-install-recommends', ...packages)
}
