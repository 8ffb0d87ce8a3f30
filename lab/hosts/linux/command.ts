import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export interface CommandOptions {
  /** Becomes the standard input, which is empty otherwise. */
  readonly input?: string
  /** Becomes file descriptor 3. */
  readonly descriptor?: number
  readonly timeoutMs?: number
}

/** Far more than any of the commands takes, even with both cores busy. */
const timeoutMs = 30_000

/**
 * Descriptors that every command inherits, after its own: the locks of the labs. A command that outlives its lab, which
 * was killed, may still make something; as long as it runs, the lock is held and the lab does not count as dead.
 */
const inherited = new Set<number>()

/** Answers with what ends it. */
export function inherit(descriptor: number): () => void {
  inherited.add(descriptor)
  return () => void inherited.delete(descriptor)
}

/**
 * Runs a command of the host to its end and answers with its standard output. Rejects with what it said when it fails.
 * Only for commands that leave nothing behind: a child that kept the output open would keep this waiting.
 */
export async function command(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { input, descriptor } = options
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe', ...(descriptor === undefined ? [] : [descriptor]), ...inherited],
    timeout: options.timeoutMs ?? timeoutMs,
    killSignal: 'SIGKILL',
  })
  // A command that ends before it has read everything says why by its exit code.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  if (!child.stdout || !child.stderr) throw new Error(`${file} has no output to read`)
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ])
  if (code !== 0) {
    throw new Error(`${[file, ...args].join(' ')} ended with ${signal ?? code}: ${(stderr + stdout).trim()}`)
  }
  return stdout
}

/** Whether a command succeeds. */
export async function succeeds(file: string, args: readonly string[], options?: CommandOptions): Promise<boolean> {
  return await command(file, args, options).then(
    () => true,
    () => false,
  )
}

/** Looks again every few milliseconds until it is so; false when the time is over. */
export async function comesTrue(look: () => Promise<boolean> | boolean, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs
  while (!(await look())) {
    if (performance.now() > end) return false
    await pause(5)
  }
  return true
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
