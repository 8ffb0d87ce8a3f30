import type { DocumentContent, DocumentParameter } from '../../hosts/host.ts'
import { AwsError } from '../error.ts'
import { isTextList } from './shape.ts'

export type Parameters = Readonly<Record<string, readonly string[]>>

/** Seconds: what counts where a step gives no timeout, or one that the agent cannot use. */
const defaultStepSeconds = 3600
/** Seconds: below this the agent falls back to the default (captured: radkawar/stackd, command-execution-timeout). */
const leastStepSeconds = 5
/** Seconds: 48 hours (AWS Systems Manager User Guide, "Command document plugin reference"). */
const mostStepSeconds = 172_800

/** Every declared parameter with its value, defaults filled in. Throws InvalidParameters, in the one text AWS has. */
export function fillParameters(content: DocumentContent, given: Parameters): Parameters {
  const declared = content.parameters ?? {}
  for (const name of Object.keys(given)) if (!Object.hasOwn(declared, name)) throw invalidParameters()
  return Object.fromEntries(
    Object.entries(declared).map(([name, parameter]) => [name, checkedValue(parameter, given[name])]),
  )
}

/** The patterns of the documents, which are few and the same for ever. */
const compiled = new Map<string, RegExp>()

function checkedValue(parameter: DocumentParameter, given: readonly string[] | undefined): readonly string[] {
  if (given === undefined) {
    // AWS accepts a default that its own allowedPattern does not (captured), and JSON documents may say null.
    const value: unknown = parameter.default
    if (typeof value === 'string') return [value]
    if (isTextList(value)) return value
    throw invalidParameters()
  }
  if (parameter.type === 'String' && given.length !== 1) throw invalidParameters()
  const { allowedPattern } = parameter
  if (allowedPattern !== undefined) {
    const pattern = compiled.get(allowedPattern) ?? new RegExp(`^(?:${allowedPattern})$`, 'u')
    compiled.set(allowedPattern, pattern)
    if (!given.every((value) => pattern.test(value))) throw invalidParameters()
  }
  return given
}

/**
 * Seconds that the steps may take as the service counts them for ExpiresAfter: a step's own figure, or the value that
 * was sent for its parameter, whatever the agent will make of it; a parameter's default is not looked at (captured:
 * radkawar/stackd, managed_execution_document_expiry).
 */
export function countedSeconds(content: DocumentContent, given: Parameters): number {
  return sumSteps(content, given, (seconds) => seconds)
}

/** Milliseconds after which the agent kills the document. */
export function executionMs(content: DocumentContent, parameters: Parameters): number {
  return sumSteps(content, parameters, usableSeconds) * 1000
}

function usableSeconds(seconds: number): number {
  return seconds < leastStepSeconds || seconds > mostStepSeconds ? defaultStepSeconds : seconds
}

function sumSteps(content: DocumentContent, values: Parameters, usable: (seconds: number) => number): number {
  let sum = 0
  for (const step of content.mainSteps) {
    const text = String(step.inputs.timeoutSeconds ?? defaultStepSeconds)
    const reference = /^\s*\{\{\s*([\w.-]+)\s*\}\}\s*$/.exec(text)?.[1]
    const seconds = Number(reference === undefined ? text : (values[reference]?.[0] ?? defaultStepSeconds))
    sum += usable(Number.isSafeInteger(seconds) && seconds > 0 ? seconds : defaultStepSeconds)
  }
  return sum
}

function invalidParameters(): AwsError {
  return new AwsError('InvalidParameters', 'Parameters provided in document are invalid or not supported.')
}
