import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { open, readFile, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { DocumentRun, RunResult } from '../host.ts'
import type { Instance } from './instance.ts'

/** The exit code of a document that had to be killed. */
const killed = 137
/** What a document that is told to end gets to do so. */
const graceMs = 5000
/** Of each stream; Systems Manager keeps far less. */
const outputBytesMax = 2 ** 20

/**
 * The script comes over standard input and is written inside the machine: a file that Node itself had open for writing
 * could not be executed while another child of Node, just forked, still holds it ("text file busy"). The session makes
 * the script and its children one process group that can be killed.
 */
const launch = 'umask 022 && mkdir -p "${1%/*}" && cat >"$1" && chmod 700 "$1" && shift && exec env -i "$@" </dev/null'

let count = 0

/**
 * Runs a document as Systems Manager's agent does: its lines joined into one script, its parameters as environment
 * variables, as root. Settles when the script itself has ended, whatever it has left running with its output still
 * open. Rejects when the machine dies under it.
 */
export async function runDocument(instance: Instance, folder: string, run: DocumentRun): Promise<RunResult> {
  const { instanceId } = instance.machine
  if (!instance.hasPower()) throw new Error(`${instanceId} has no power`)
  count += 1
  const number = count
  const outputs = await Promise.all(['stdout', 'stderr'].map((name) => openOutput(join(folder, `${number}.${name}`))))
  try {
    const exitCode = await execute(instance, `/var/lib/amazon/ssm/commands/${number}/_script.sh`, run, outputs)
    if (!instance.hasPower()) throw new Error(`${instanceId} lost its power while it ran ${run.document}`)
    const [stdout = '', stderr = ''] = await Promise.all(outputs.map(readOutput))
    return { exitCode, stdout, stderr }
  } finally {
    await Promise.all(outputs.map((output) => output.close()))
  }
}

async function execute(
  instance: Instance,
  path: string,
  run: DocumentRun,
  outputs: readonly FileHandle[],
): Promise<number> {
  const enter = [
    `--target=${instance.pid}`,
    ...['mount', 'uts', 'ipc', 'net', 'pid', 'root', 'wd'].map((of) => `--${of}`),
  ]
  const child = spawn('nsenter', [...enter, 'setsid', 'sh', '-c', launch, 'sh', path, ...environment(run), path], {
    stdio: ['pipe', ...outputs.map(({ fd }) => fd)],
  })
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(scriptOf(run))

  const stop = new AbortController()
  const abort = () => stop.abort()
  let last: NodeJS.Timeout | undefined
  stop.signal.addEventListener('abort', () => {
    void signalScript(child.pid, 'SIGTERM')
    last = setTimeout(() => void signalScript(child.pid, 'SIGKILL'), graceMs)
  })
  const limit = setTimeout(abort, run.timeoutMs)
  run.abort?.addEventListener('abort', abort)
  if (run.abort?.aborted) abort()
  try {
    const [code, signal] = await ended
    if (stop.signal.aborted) return killed
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  } finally {
    clearTimeout(limit)
    clearTimeout(last)
    run.abort?.removeEventListener('abort', abort)
  }
}

function scriptOf({ content }: DocumentRun): string {
  return content.mainSteps.map(({ inputs }) => `${inputs.runCommand.join('\n')}\n`).join('')
}

/** Each parameter as SSM_<Name>, and nothing else but a path: the agent's own environment is no promise. */
function environment({ parameters }: DocumentRun): string[] {
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  return [path, ...Object.entries(parameters).map(([name, values]) => `SSM_${name}=${values.join(',')}`)]
}

/** The script is the one child of the process that entered the machine, and leads its group once it has begun. */
async function signalScript(entered: number | undefined, signal: NodeJS.Signals): Promise<void> {
  const children = await readFile(`/proc/${entered}/task/${entered}/children`, 'utf8').catch(() => '')
  for (const pid of children.split(' ').filter(Boolean).map(Number)) {
    for (const target of [-pid, pid]) {
      try {
        process.kill(target, signal)
      } catch {
        // It has ended, or has no group of its own yet.
      }
    }
  }
}

/** A file without a name: whoever still writes into it neither blocks nor dies, and its space is freed by the last. */
async function openOutput(path: string): Promise<FileHandle> {
  const handle = await open(path, 'wx+')
  await unlink(path)
  return handle
}

async function readOutput(output: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await output.read(Buffer.alloc(outputBytesMax), 0, outputBytesMax, 0)
  return buffer.toString('utf8', 0, bytesRead)
}
