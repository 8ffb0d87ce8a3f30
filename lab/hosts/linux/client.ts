import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { projectFile } from '../../stack/project.ts'
import type { ServiceClient, WriterReport } from '../service.ts'

/** A client of the ensemble, somewhere else in the network. */
export interface LinuxClient extends ServiceClient {
  keys(): Promise<string[]>
  /** What became of the session, oldest first: SYNC_CONNECTED, DISCONNECTED, EXPIRED. */
  readonly events: readonly string[]
}

interface Answer {
  readonly id?: number
  readonly event?: string
  readonly result?: unknown
  readonly error?: string
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** Runs the client in this network namespace, which must reach the addresses. */
export function startClient(
  namespace: string,
  addresses: readonly string[],
  sessionTimeoutMs: number,
  port = 2181,
): LinuxClient {
  const servers = addresses.map((address) => `${address}:${port}`).join(',')
  const program = projectFile('lab/hosts/linux/client-process.mjs')
  const child = spawn(
    'nsenter',
    [`--net=/run/netns/${namespace}`, process.execPath, program, servers, String(sessionTimeoutMs)],
    // Options for this process, like a loader, are none of the client's.
    { stdio: ['pipe', 'pipe', 'inherit'], detached: true, env: { ...process.env, NODE_OPTIONS: '' } },
  )
  const { ask, events } = converse(child)
  return {
    write: async (key, value) => void (await ask('write', { key, value })),
    read: async (key) => ((await ask('read', { key })) as string | null) ?? undefined,
    keys: async () => (await ask('keys')) as string[],
    startWriter: async (key) => void (await ask('startWriter', { key })),
    stopWriter: async () => (await ask('stopWriter')) as WriterReport,
    events,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

function converse(child: ChildProcessByStdio<Writable, Readable, null>) {
  const waiting = new Map<number, Waiting>()
  const events: string[] = []
  let over: Error | undefined
  let last = 0

  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, event, result, error } = JSON.parse(line) as Answer
    if (event !== undefined) events.push(event)
    const asker = id === undefined ? undefined : waiting.get(id)
    if (id === undefined || !asker) return
    waiting.delete(id)
    if (error === undefined) asker.resolve(result)
    else asker.reject(new Error(error))
  })
  const end = (why: string) => {
    over = new Error(`the client has ended: ${why}`)
    for (const asker of waiting.values()) asker.reject(over)
    waiting.clear()
  }
  child.on('exit', (code, signal) => end(String(code ?? signal)))
  child.on('error', (error) => end(error.message))
  child.stdin.on('error', () => undefined)

  const ask = async (operation: string, request: object = {}): Promise<unknown> => {
    if (over) throw over
    last += 1
    const id = last
    return await new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      child.stdin.write(`${JSON.stringify({ id, operation, ...request })}\n`)
    })
  }
  return { ask, events }
}
