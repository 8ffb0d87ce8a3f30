import { lab } from './lab.ts'
import { replay } from './replay.ts'
import { roll } from './roll.ts'
import { simulate } from './simulate.ts'
import { start } from './start.ts'
import { status } from './status.ts'
import { UsageError } from './usage.ts'

interface Command {
  readonly run: (args: readonly string[]) => Promise<number>
  readonly is: string
}

const commands: Readonly<Record<string, Command>> = {
  start: { run: start, is: 'bring up an ensemble in the local cloud, kill an instance, show the take-over' },
  lab: { run: lab, is: 'serve the local cloud as AWS endpoints on loopback' },
  replay: { run: replay, is: 'feed event files to the bundled functions' },
  status: { run: status, is: 'show how the members of an ensemble are' },
  roll: { run: roll, is: 'give every member a new instance, followers first and the leader last' },
  simulate: { run: simulate, is: 'look for broken promises in a world of faults, in virtual time' },
}

const usage = `usage: stayput COMMAND [OPTIONS]

${Object.entries(commands)
  .map(([name, { is }]) => `  ${name.padEnd(8)} ${is}`)
  .join('\n')}

  stayput COMMAND --help tells the options of a command.
  Exit codes: 0 all is well, 1 it is not, 2 the command line is wrong.
`

const exitFailure = 1
const exitUsage = 2

/** Runs one command line and answers its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = args
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage)
    return 0
  }
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!command) throw new UsageError(`there is no command ${JSON.stringify(name)}`, usage)
    return await command.run(rest)
  } catch (error) {
    process.stderr.write(`stayput: ${error instanceof Error ? error.message : String(error)}\n`)
    if (!(error instanceof UsageError)) return exitFailure
    process.stderr.write(`\n${error.usage}`)
    return exitUsage
  }
}
