import type { HealthFacts } from '../shared/model/facts.ts'
import type { Member } from '../shared/model/member.ts'
import type { Survey } from '../shared/model/observation.ts'
import { conditionOf } from '../shared/plan/healing/condition.ts'
import { planHealing } from '../shared/plan/healing/heal.ts'
import { groupInstance } from '../shared/plan/instances.ts'
import { electorateOf } from '../shared/plan/standing.ts'
import { openRemote, remoteOptions, remoteUsage } from './remote.ts'
import { drawTable, openPage } from './timeline.ts'
import { readOptions } from './usage.ts'

const usage = `usage: stayput status [OPTIONS]

Asks every host of an ensemble how its member is, and shows it. Changes nothing. Exit code 0 if every member is well.

${remoteUsage}
`

interface Row {
  readonly member: number
  readonly zone: string
  readonly address: string
  readonly instance: string | null
  readonly state: string
  readonly role: string | null
  /** Null where nobody can tell who votes. */
  readonly votes: boolean | null
  readonly zxid: string | null
  /** Of the fullest of its file systems, in per cent. */
  readonly used: number | null
  readonly condition: string
}

export async function status(args: readonly string[]): Promise<number> {
  const read = readOptions(args, remoteOptions, usage)
  if (!read) return 0
  const seen = await openRemote(read.values, usage).consult()
  const rows = seen.members.map((member) => rowOf(seen, member))
  const findings = planHealing(seen).findings
  const isWell =
    rows.length > 0 && rows.every((row) => ['well', 'at rest'].includes(row.condition)) && seen.tagFaults.length === 0
  if (read.values.json) {
    process.stdout.write(`${JSON.stringify({ ok: isWell, members: rows, findings })}\n`)
    return isWell ? 0 : 1
  }
  const page = openPage(process.stdout)
  if (rows.length === 0) page.line(`no member of ${read.values.ensemble} is found`)
  drawTable(page, rows)
  for (const { member, because } of findings) {
    page.line(member === undefined ? because : `member ${member}: ${because}`)
  }
  return isWell ? 0 : 1
}

function rowOf(seen: Survey, member: Member): Row {
  const { id, zone, networkInterface } = member
  const instance = networkInterface.attachment?.instanceId
  const answer = seen.healths.find((health) => health.instanceId === instance)?.answer
  const facts = typeof answer === 'object' ? answer : undefined
  const votes = hasVote(seen, member)
  return {
    member: id,
    zone,
    address: networkInterface.address,
    instance: instance ?? null,
    state: (instance && groupInstance(seen, instance)?.lifecycleState) ?? 'no instance',
    role: facts?.service.role ?? null,
    votes,
    zxid: facts?.service.zxid || null,
    used: facts ? usedMost(facts) : null,
    // Without an instance and without a vote it is one that nobody wants for now.
    condition: instance === undefined && votes === false ? 'at rest' : conditionOf(seen, member).kind,
  }
}

function usedMost({ volumes }: HealthFacts): number | null {
  const used = volumes.flatMap((volume) => volume.used ?? [])
  return used.length > 0 ? Math.max(...used) : null
}

function hasVote(seen: Survey, member: Member): boolean | null {
  const { voters, isTold } = electorateOf(seen)
  return isTold ? voters.includes(member) : null
}
