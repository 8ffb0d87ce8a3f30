import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'

/** The command line is wrong: what is wrong with it, and how it goes. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly usage: string

  constructor(message: string, usage: string) {
    super(message)
    this.usage = usage
  }
}

const help = { help: { type: 'boolean', short: 'h' } } as const

/**
 * Reads the options of a command; undefined when its help was asked for and has been printed.
 * @throws {UsageError} for an unknown option or a missing value.
 */
export function readOptions<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
  usage: string,
  allowPositionals = false,
) {
  try {
    const read = parseArgs({ args: [...args], options: { ...options, ...help }, allowPositionals, strict: true })
    if ((read.values as { help?: boolean }).help !== true) return read
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), usage)
  }
  process.stdout.write(usage)
  return undefined
}

/** @throws {UsageError} when the text is not a number from `least` to `most`. */
export function readNumber(name: string, text: string, least: number, most: number, usage: string): number {
  const number = Number(text)
  if (text.trim() !== '' && number >= least && number <= most) return number
  throw new UsageError(`--${name} ${JSON.stringify(text)} is not a number from ${least} to ${most}`, usage)
}
