import { readFailure } from '../model/facts.ts'
import { limits } from '../model/limits.ts'
import type { Command } from '../model/observation.ts'

/** SSM itself has given up by then: a command that is still `running` tells nothing any more. */
export const isForgotten = (command: Command, now: number): boolean =>
  now - command.sentAt > limits.commandForgottenAfter

/** The host has refused it as `busy` or `too-late`: such a command has begun nothing. */
export const isRefused = ({ status, output }: Command): boolean =>
  status === 'failed' && ['busy', 'too-late'].includes(readFailure(output)?.failed ?? '')
