/**
 * How the agent cuts what a document printed (aws/amazon-ssm-agent, iohandler: 24000, 8000 and 2500 characters). It cuts
 * the END off, so a result that is printed as the last line is lost first.
 */
const maxStdout = 24_000
const maxStderr = 8000
const maxPluginOutput = 2500

const cut = '--output truncated--'
const outputCut = '\n---Output truncated---'
const errorCut = '\n---Error truncated----'
const errorTitle = '\n----------ERROR-------\n'

export function standardOutput(stdout: string): string {
  return shorten(stdout, maxStdout, cut)
}

export function standardError(stderr: string): string {
  return shorten(stderr, maxStderr, cut)
}

/** Both streams in one, as ListCommandInvocations tells them. */
export function pluginOutput(stdout: string, stderr: string): string {
  if (stderr === '') return shorten(stdout, maxPluginOutput, outputCut)
  const room = maxPluginOutput - errorTitle.length
  if (stdout.length + stderr.length <= room) return stdout + errorTitle + stderr
  // Each stream has half of the room, and what the other one leaves of its half.
  const half = Math.floor(room / 2)
  const stdoutRoom = Math.max(half, room - stderr.length)
  const shownStdout = shorten(stdout, stdoutRoom, outputCut)
  return shownStdout + errorTitle + shorten(stderr, room - shownStdout.length, errorCut)
}

function shorten(text: string, room: number, suffix: string): string {
  return text.length <= room ? text : text.slice(0, room - suffix.length) + suffix
}
