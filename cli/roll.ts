import { planRoll, type Roll } from '../shared/plan/roll.ts'
import { openRemote, type Remote, remoteOptions, remoteUsage } from './remote.ts'
import { openPage, type Page } from './timeline.ts'
import { readNumber, readOptions, UsageError } from './usage.ts'

const usage = `usage: stayput roll [--to VERSION] [--since TIME] [OPTIONS]

Gives every member a new instance, one after the other: followers first, the leader last, each only when all the others
serve. Stops at the first one that does not come back, and says how to go on.

  --to VERSION     the launch template version of the new instances: a number, $Latest or $Default
  --since TIME     goes on with a roll that was begun then: members whose instance is newer are left alone
  --patience N     so many seconds any one member may take to come back (default 1800)
${remoteUsage}
`

const options = {
  ...remoteOptions,
  to: { type: 'string' },
  since: { type: 'string' },
  patience: { type: 'string', default: '1800' },
} as const

const lookEveryMs = 2000

interface Replaced {
  readonly member: number
  readonly role: string
  readonly from: string
  /** Until every member served again; null when they did not within the time that they may take. */
  readonly seconds: number | null
}

/** Answers 1 when a member does not come back. */
export async function roll(args: readonly string[]): Promise<number> {
  const read = readOptions(args, options, usage)
  if (!read) return 0
  const { to, since, json } = read.values
  const began = readTime(since)
  const patienceMs = readNumber('patience', read.values.patience, 1, 86_400, usage) * 1000
  if (to !== undefined && !/^(\$Latest|\$Default|[1-9][0-9]{0,9})$/.test(to)) {
    throw new UsageError(`--to ${JSON.stringify(to)} is no version of a launch template`, usage)
  }
  const remote = openRemote(read.values, usage)
  const page = openPage(json ? process.stderr : process.stdout)
  if (to !== undefined) await remote.chooseVersion(to)
  const { replaced, stopped } = await rollAll(remote, page, began, patienceMs)
  const isDone = stopped === undefined
  if (json) process.stdout.write(`${JSON.stringify({ ok: isDone, since: iso(began), replaced, stopped })}\n`)
  if (isDone) page.good(`every member has an instance that is newer than ${iso(began)}`)
  else page.line(`stopped: ${stopped}\nto go on: stayput roll --since ${iso(began)}`)
  return isDone ? 0 : 1
}

const iso = (ms: number): string => new Date(ms).toISOString()

function readTime(since: string | undefined): number {
  const time = since === undefined ? Date.now() : Date.parse(since)
  if (Number.isNaN(time)) throw new UsageError(`--since ${JSON.stringify(since)} is no time`, usage)
  return time
}

async function rollAll(remote: Remote, page: Page, began: number, patienceMs: number) {
  const started = Date.now()
  const moment = (text: string): void => page.moment((Date.now() - started) / 1000, text)
  const replaced: Replaced[] = []
  let looked = Date.now()
  let next = await settled(remote, began, patienceMs, moment)
  while (next.kind === 'replace') {
    const { member, role, instanceId } = next
    moment(`member ${member.id}, ${role}: ${instanceId} is replaced`)
    looked = Date.now()
    await remote.replace(instanceId)
    next = await settled(remote, began, patienceMs, moment)
    const seconds = next.kind === 'wait' ? null : Math.round((Date.now() - looked) / 100) / 10
    if (seconds !== null) moment(`member ${member.id} serves again, after ${seconds.toFixed(1)} s`)
    replaced.push({ member: member.id, role, from: instanceId, seconds })
  }
  if (next.kind === 'done') return { replaced, stopped: undefined }
  const waited = Math.round((Date.now() - looked) / 1000)
  return { replaced, stopped: `${next.because}, still so after ${waited} s` }
}

/** Looks until everybody is well; answers what is awaited when that takes too long. */
async function settled(
  remote: Remote,
  began: number,
  patienceMs: number,
  moment: (text: string) => void,
): Promise<Roll> {
  const end = Date.now() + patienceMs
  let last = ''
  for (;;) {
    const next = planRoll(await remote.consult(), began)
    if (next.kind !== 'wait' || Date.now() > end) return next
    if (next.because !== last) moment(next.because)
    last = next.because
    await new Promise((resolve) => {
      setTimeout(resolve, lookEveryMs)
    })
  }
}
