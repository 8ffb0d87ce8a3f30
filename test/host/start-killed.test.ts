import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { sweepLeftovers } from '../../lab/hosts/linux/linux.ts'
import { projectFile } from '../../lab/stack/project.ts'
import { type Name, reason, skipped, traces } from './linux-hosts.scene.ts'

const records = '/run/stayput-lab'
const patience = { timeout: 20_000, interval: 50 }

/** Plays the main job on real hosts until a line of its timeline has this in it; answers with its lab. */
async function startUntil(children: ChildProcess[], moment: string): Promise<{ child: ChildProcess; lab: Name }> {
  const args = [projectFile('cli/stayput.mjs'), 'start', '--hosts', 'linux', '--json', '--speed', '1000']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  children.push(child)
  for await (const line of createInterface({ input: child.stderr })) if (line.includes(moment)) break
  const all = readdirSync(records).map((file) => JSON.parse(readFileSync(`${records}/${file}`, 'utf8')) as object)
  const lab = all.find((record) => 'pid' in record && record.pid === child.pid)
  return { child, lab: lab as Name }
}

/** All processes below this one, with the moment of their start, which tells two of the same number apart. */
function processesBelow(pid: number): string[] {
  const list = (path: string) => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return ''
    }
  }
  const threads = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : []
  const children = threads.flatMap((thread) => list(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean))
  return children.map(Number).flatMap((child) => [`${child} ${startOf(child)}`, ...processesBelow(child)])
}

function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19]
  } catch {
    return undefined
  }
}

const isAlive = (process: string): boolean => startOf(Number(process.split(' ')[0])) === process.split(' ')[1]

describe.skipIf(reason !== undefined)(`the main job on real hosts${skipped}`, () => {
  const children: ChildProcess[] = []
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await sweepLeftovers()
  })

  test('killed in the middle of a take-over, it leaves nothing that its next start does not remove', async () => {
    const first = await startUntil(children, 'take-over member')
    expect(traces(first.lab).length).toBeGreaterThan(10)
    const processes = processesBelow(first.child.pid ?? 0)
    expect(processes.filter(isAlive).length).toBeGreaterThan(3)
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')

    const second = await startUntil(children, 'AWS endpoints at')
    await vi.waitFor(() => expect([...traces(first.lab), ...processes.filter(isAlive)]).toEqual([]), patience)
    second.child.kill('SIGKILL')
    await once(second.child, 'exit')
    await vi.waitFor(async () => {
      await sweepLeftovers()
      expect(traces(second.lab)).toEqual([])
    }, patience)
  }, 120_000)
})
