import type { RunResult } from '../host.ts'
import type { Process } from './process.ts'

/** The words for what went wrong, and the exit codes that go with them: the contract of the documents. */
export const exitCodes = {
  'bad-parameter': 64,
  'too-late': 10,
  'handed-over': 11,
  busy: 12,
  'interface-missing': 20,
  'routes-failed': 21,
  'volume-missing': 30,
  'volume-unfit': 31,
  'mount-failed': 32,
  'service-failed': 40,
  'no-quorum': 41,
  'still-mounted': 50,
  unreachable: 60,
  'not-leader': 61,
  'not-in-sync': 62,
  'not-changed': 63,
} as const

export type FailureWord = keyof typeof exitCodes

/** A document that ends with a failure of the contract. */
export class Failure extends Error {
  readonly word: FailureWord

  constructor(word: FailureWord, because: string) {
    super(because)
    this.name = 'Failure'
    this.word = word
  }
}

/** The last line of standard output is one JSON object; what was printed before it is for people. */
export function succeed(process: Process, result: object): RunResult {
  process.print(JSON.stringify(result))
  return { exitCode: 0, stdout: process.output, stderr: '' }
}

export function fail(process: Process, attempt: string | null, { word, message }: Failure): RunResult {
  process.print(JSON.stringify({ attempt, failed: word, because: message }))
  return { exitCode: exitCodes[word], stdout: process.output, stderr: `${word}: ${message}\n` }
}
