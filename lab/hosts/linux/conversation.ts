import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { projectFile } from '../../stack/project.ts'

/** A program of ours in a network namespace, which is asked by lines of JSON and answers in lines of JSON. */
export interface Conversation {
  /** Rejects with what the program said, or when it has ended. */
  readonly ask: (operation: string, request?: object) => Promise<unknown>
  /** What it told by itself, oldest first. */
  readonly events: readonly string[]
  readonly close: () => Promise<void>
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

/** Runs `program`, a file in this folder, in this network namespace. */
export function converseWith(program: string, namespace: string, args: readonly string[]): Conversation {
  const child = spawn(
    'nsenter',
    [`--net=/run/netns/${namespace}`, process.execPath, projectFile(`lab/hosts/linux/${program}`), ...args],
    // Options for this process, like a loader, are none of the program's.
    { stdio: ['pipe', 'pipe', 'inherit'], detached: true, env: { ...process.env, NODE_OPTIONS: '' } },
  )
  return {
    ...converse(child),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

function converse(child: ChildProcessByStdio<Writable, Readable, null>): Pick<Conversation, 'ask' | 'events'> {
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
    over = new Error(`the process has ended: ${why}`)
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
