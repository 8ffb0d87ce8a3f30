import { existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rm, stat, unlink, type FileHandle } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { comesTrue, command, inherit, succeeds } from './command.ts'
import { detachLoop, loopsBelow } from './loop.ts'

/**
 * The labs of this machine. Each has a record here, locked for as long as its process lives: a lock goes with its
 * process however that ends, so a record that can be locked belongs to a lab that died, and everything that bears its id
 * may be removed. The lock is taken before anything is made and given up after everything is gone.
 */
const records = '/run/stayput-lab'
const lastCommandMs = 5000

export interface LabRecord {
  readonly id: string
  readonly directory: string
}

export interface Claim {
  /** Gives the id back, after everything is gone. */
  release(): Promise<void>
}

/** Rejects when a living lab has this id. */
export async function claim(record: LabRecord): Promise<Claim> {
  await mkdir(records, { recursive: true })
  const file = recordFile(record.id)
  const handle = await lock(file)
  if (!handle) throw new Error(`a lab named ${record.id} is running`)
  try {
    await handle.truncate(0)
    await handle.write(`${JSON.stringify({ ...record, pid: process.pid })}\n`)
  } catch (error) {
    await handle.close()
    throw error
  }
  const disinherit = inherit(handle.fd)
  return {
    async release() {
      disinherit()
      await unlink(file)
      await handle.close()
    },
  }
}

/** Removes what labs have left behind that were killed, whatever their ids. Answers with the ids. */
export async function sweepLeftovers(): Promise<string[]> {
  const files = await readdir(records).catch(() => [])
  const ids = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
  const swept = await Promise.all(ids.map(async (id) => ((await sweep(id)) ? id : undefined)))
  return swept.filter((id) => id !== undefined)
}

async function sweep(id: string): Promise<boolean> {
  const file = recordFile(id)
  let handle: FileHandle | undefined
  // The last commands of a lab that was killed hold its lock a little longer than it did.
  await comesTrue(async () => {
    handle = await lock(file, 'r+')
    return handle !== undefined || !isDead((await readRecord(file)).pid)
  }, lastCommandMs)
  if (!handle) return false
  try {
    await removeLab({ id, directory: (await readRecord(file)).directory })
    await unlink(file)
    return true
  } finally {
    await handle.close()
  }
}

function recordFile(id: string): string {
  return join(records, `${id}.json`)
}

/** Empty for a lab that died before it wrote its record, and so before it made anything. */
async function readRecord(file: string): Promise<{ directory: string | undefined; pid: number | undefined }> {
  try {
    const { directory, pid } = JSON.parse(await readFile(file, 'utf8')) as Partial<LabRecord & { pid: number }>
    return { directory: directory !== undefined && isAbsolute(directory) ? directory : undefined, pid }
  } catch {
    return { directory: undefined, pid: undefined }
  }
}

function isDead(pid: number | undefined): boolean {
  return pid !== undefined && !existsSync(`/proc/${pid}`)
}

/** Undefined when somebody else holds the lock, or the record went away meanwhile. */
async function lock(file: string, flags = 'a+'): Promise<FileHandle | undefined> {
  const handle = await open(file, flags).catch(() => undefined)
  if (!handle) return undefined
  // The lock belongs to the open file, which this process shares with the command that takes it.
  const locked = await succeeds('flock', ['--nonblock', '3'], { descriptor: handle.fd })
  const [ours, there] = await Promise.all([handle.stat(), stat(file).catch(() => undefined)])
  if (locked && there?.ino === ours.ino) return handle
  await handle.close()
  return undefined
}

/** Removes everything that bears the lab's name. Safe to repeat. */
export async function removeLab({ id, directory }: { id: string; directory: string | undefined }): Promise<void> {
  const names = await readdir('/run/netns').catch(() => [])
  const namespaces = names.filter((name) => name.startsWith(`${id}-`))
  await Promise.all(namespaces.map(removeNamespace))
  if (directory === undefined) return
  const files = await loopsBelow(`${directory}/`)
  await Promise.all(files.map(detachLoop))
  await rm(directory, { recursive: true, force: true })
}

/** With all that runs there: each machine's processes end with its first one, which is in this namespace too. */
async function removeNamespace(name: string): Promise<void> {
  const processes = async () => (await command('ip', ['netns', 'pids', name])).split(/\s+/).filter(Boolean)
  const gone = await comesTrue(async () => {
    const left = await processes().catch(() => [])
    for (const id of left) kill(Number(id))
    return left.length === 0
  }, 10_000)
  if (!gone) throw new Error(`something in ${name} can't be killed`)
  await succeeds('ip', ['netns', 'delete', name])
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
