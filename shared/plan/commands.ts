import { limits } from '../model/limits.ts'
import type { Command } from '../model/observation.ts'

/** SSM itself has given up by then: a command that is still `running` tells nothing any more. */
export const isForgotten = (command: Command, now: number): boolean =>
  now - command.sentAt > limits.commandForgottenAfter
