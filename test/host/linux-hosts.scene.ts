import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { DocumentRun, NetworkCard, RunResult } from '../../lab/hosts/host.ts'
import { createLinuxHosts, type LinuxHosts, linuxHostsPossible } from '../../lab/hosts/linux/linux.ts'

const answer = await linuxHostsPossible()
/** Why nothing of this can be tried here; undefined when it can. */
export const reason = answer.possible ? undefined : answer.because

/** Goes into the title of tests that are skipped, so that the report says why. */
export const skipped = reason === undefined ? '' : ` (not here: ${reason})`

export interface Name {
  readonly id: string
  readonly directory: string
}

/** Everything on this machine that bears the lab's name, or lies in its folder. */
export function traces({ id, directory }: Name): string[] {
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return ''
    }
  }
  const list = (path: string) => (existsSync(path) ? readdirSync(path) : [])
  const processes = list('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  const loops = list('/sys/block').map((name) => read(`/sys/block/${name}/loop/backing_file`))
  return [
    ...list('/run/netns').filter((name) => name.startsWith(`${id}-`)),
    ...loops.filter((file) => file.startsWith(directory)),
    ...read('/proc/mounts')
      .split('\n')
      .filter((line) => line.includes(directory)),
    ...processes.map((pid) => read(`/proc/${pid}/cmdline`)).filter((line) => line.includes(directory)),
    ...processes.filter((pid) => read(`/proc/${pid}/mountinfo`).includes(directory)),
    ...list('/run/stayput-lab').filter((name) => name === `${id}.json`),
    ...(existsSync(directory) ? [directory] : []),
  ]
}

/** Each lab of the tests has this prefix; what a killed run has left is removed by the next lab that opens. */
export function labName(): Name {
  const id = `spt${randomBytes(3).toString('hex')}`
  return { id, directory: join(tmpdir(), `stayput-${id}`) }
}

export async function openHosts(): Promise<LinuxHosts & { readonly id: string }> {
  const name = labName()
  return { ...(await createLinuxHosts(name)), id: name.id }
}

let cards = 0

export function card(zone: number, host: number, deviceIndex = 0): NetworkCard {
  cards += 1
  const number = cards.toString(16).padStart(17, '0')
  return {
    networkInterfaceId: `eni-${number}`,
    macAddress: `02:00:00:${number.slice(-6).replace(/(..)(..)(..)/, '$1:$2:$3')}`,
    address: `10.60.${zone}.${host}`,
    subnetCidr: `10.60.${zone}.0/24`,
    deviceIndex,
  }
}

export function disk(number: number) {
  return { volumeId: `vol-${number.toString(16).padStart(17, '0')}`, device: '/dev/sdf', sizeGiB: 8 }
}

export function document(script: string, options: Partial<DocumentRun> = {}): DocumentRun {
  const runCommand = `#!/usr/bin/env bash\nset -euo pipefail\n${script}`.split('\n')
  return {
    document: 'test',
    content: {
      schemaVersion: '2.2',
      mainSteps: [{ action: 'aws:runShellScript', name: 'test', inputs: { runCommand } }],
    },
    parameters: {},
    timeoutMs: 30_000,
    ...options,
  }
}

/** Runs a script that must succeed, and answers with what it printed. */
export async function sh(hosts: LinuxHosts, instanceId: string, script: string): Promise<string> {
  const result = await hosts.run(instanceId, document(script))
  expect({ script, ...result }).toMatchObject({ exitCode: 0 })
  return result.stdout
}

/** Whether packets get there and back: a closed port answers with a reset. */
export async function reaches(hosts: LinuxHosts, from: string, address: string): Promise<boolean> {
  const result: RunResult = await hosts.run(from, document(`timeout 2 bash -c ': </dev/tcp/${address}/9'`))
  return result.stderr.includes('refused')
}
