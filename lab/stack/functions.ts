import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { projectFile } from './project.ts'

export const functionNames = ['launch', 'terminate', 'sweep'] as const
export type FunctionName = (typeof functionNames)[number]

/** The bundled functions, each in a thread of its own with nothing but its own environment. */
export interface Functions {
  /** Runs a function once; rejects with the error that it threw. */
  invoke(name: FunctionName, event: unknown, timeoutMs: number): Promise<unknown>
  close(): Promise<void>
}

interface Reply {
  readonly id: string
  readonly result?: unknown
  readonly error?: { readonly name: string; readonly message: string }
}

/**
 * Starts the functions of dist/functions, which must have been bundled. `onLine` gets each line of their logs;
 * `credentials` are a function's own, as each has a role of its own.
 */
export function startFunctions(
  environment: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
  credentials: (name: FunctionName) => Readonly<Record<string, string>> = () => ({}),
): Functions {
  const workers = new Map(
    functionNames.map((name) => [name, startWorker(name, { ...environment, ...credentials(name) }, onLine)]),
  )
  return {
    invoke(name, event, timeoutMs) {
      const worker = workers.get(name)
      return worker ? worker.run(event, timeoutMs) : Promise.reject(new Error(`there is no function ${name}`))
    },
    async close() {
      await Promise.all([...workers.values()].map((worker) => worker.close()))
    },
  }
}

function startWorker(name: FunctionName, env: Readonly<Record<string, string>>, onLine: (line: string) => void) {
  const waiting = new Map<string, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  const worker = new Worker(projectFile('lab/stack/execution-environment.cjs'), {
    workerData: { name, file: projectFile(`dist/functions/${name}.cjs`) },
    env: { ...env },
    stdout: true,
  })
  createInterface({ input: worker.stdout }).on('line', onLine)
  worker.on('message', ({ id, result, error }: Reply) => {
    const { resolve, reject } = waiting.get(id) ?? {}
    waiting.delete(id)
    if (error) reject?.(Object.assign(new Error(error.message), { name: error.name }))
    else resolve?.(result)
  })
  const fail = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error(`function ${name} ended`)))
  return {
    run: (event: unknown, timeoutMs: number) =>
      new Promise((resolve, reject) => {
        const id = randomUUID()
        waiting.set(id, { resolve, reject })
        worker.postMessage({ id, event, timeoutMs })
      }),
    close: () => worker.terminate(),
  }
}
