import type { AutoScaling } from './aws/auto-scaling.ts'
import type { Ec2 } from './aws/ec2.ts'
import type { Ssm } from './aws/ssm.ts'
import type { Config } from './config.ts'
import type { LifecycleAction } from './model/action.ts'
import { readFailure, readReach } from './model/facts.ts'
import type { CommandId, InstanceId, SubnetId, VolumeId } from './model/ids.ts'
import { holderOf, type Intent, isLeaving, type Member, type Volume } from './model/member.ts'
import type { Command, Health, Observation, Reach, Verb, VoteChange } from './model/observation.ts'
import { survey } from './survey.ts'

export interface Ports {
  readonly ec2: Ec2
  readonly autoScaling: AutoScaling
  readonly ssm: Ssm
}

/**
 * What this invocation has done itself and AWS may not show yet, or never will. It only ever adds to what is read, it
 * is gone with the invocation, and nothing that matters rests on it alone.
 */
export interface Memory {
  readonly sent: SentCommand[]
  readonly asked: AskedPeer[]
  /** Hosts that were asked how their member is. */
  readonly consulted: ConsultedHost[]
  readonly refusedAttaches: Set<VolumeId>
  /** Volumes that this invocation has announced for the instance, or seen there: a read of the past does not know it. */
  readonly announced: Map<VolumeId, Intent>
  /** What ended commands have printed: an end is final, and asking for each of them in every pass adds up. */
  readonly outputs: Map<CommandId, string>
  /** What peers have answered in the end, for the same reason. */
  readonly answers: Map<CommandId, Reach>
  /** The same of hosts that were asked how their member is; one command goes to several. */
  readonly healths: Map<string, Health>
  /** The ranges of subnets: a subnet never changes its own. */
  readonly subnetCidrs: Map<SubnetId, string>
  /** Since when holders have been seen to want to leave; nothing yet for those that were seen for the first time. */
  readonly leaving: Map<InstanceId, number | undefined>
  /** The change of who votes that was asked for last, and what came of it once that is known. */
  change?: SentChange
  /** Why the launch was given up. */
  givenUp?: string
  /** Whether it was this invocation that attached the interface. */
  claimed: boolean
}

interface SentCommand {
  readonly id: CommandId
  readonly verb: Verb
  readonly sentAt: number
}

export interface ConsultedHost {
  readonly id: CommandId
  readonly instanceId: InstanceId
  readonly sentAt: number
}

interface SentChange {
  readonly id: CommandId
  readonly instanceId: InstanceId
  readonly sentAt: number
  readonly end?: VoteChange
}

interface AskedPeer {
  readonly id: CommandId
  readonly peer: InstanceId
  readonly address: string
  readonly sentAt: number
}

export const emptyMemory = (): Memory => ({
  sent: [],
  asked: [],
  consulted: [],
  refusedAttaches: new Set(),
  announced: new Map(),
  outputs: new Map(),
  answers: new Map(),
  healths: new Map(),
  subnetCidrs: new Map(),
  leaving: new Map(),
  claimed: false,
})

/** How far back commands are looked for: no lifecycle action lives longer than 48 hours. */
const commandsSince = 48 * 3_600_000

/**
 * Reads the facts of this moment, all that do not depend on one another at once.
 * @throws {CallFailure} when any of them can't be read: an observation is whole, or it is none.
 */
export async function observe(
  action: LifecycleAction,
  ports: Ports,
  config: Config,
  memory: Memory,
  now: number,
): Promise<Observation> {
  const { ssm } = ports
  const announced = (volume: Volume): Volume => withIntent(volume, action.instanceId, memory, now)
  const [seen, agentOnline, commands, reaches, change] = await Promise.all([
    survey(ports, config, memory, now, () => [action.instanceId], announced),
    ssm.agentOnline(action.instanceId),
    readCommands(ssm, action, config, now, memory),
    Promise.all(memory.asked.map((asked) => readAnswer(ssm, asked, memory))),
    memory.change && readChange(ssm, memory.change, memory),
  ])
  return {
    ...seen,
    action,
    agentOnline,
    commands,
    reaches,
    leavingSince: leavingSince(seen.members, memory, now),
    refusedAttaches: memory.refusedAttaches,
    ...(memory.givenUp !== undefined && { givenUp: memory.givenUp }),
    ...(change && { change }),
  }
}

/**
 * What EC2 shows attached here was attached after all, by another invocation: then no refusal permits a second time. What
 * was attached or announced here once stays announced, although a read of the past shows it untouched, or the announcement
 * for another instance, which was under way for long, has landed on top of it.
 */
function withIntent(volume: Volume, instanceId: InstanceId, memory: Memory, now: number): Volume {
  const isHere = volume.attachment?.instanceId === instanceId
  const read = volume.intent?.instanceId === instanceId ? volume.intent : undefined
  if (isHere) memory.refusedAttaches.delete(volume.id)
  if ((isHere || read) && !memory.announced.has(volume.id)) {
    memory.announced.set(volume.id, read ?? { instanceId, at: now })
  }
  const intent = memory.announced.get(volume.id)
  return intent && !read ? { ...volume, intent } : volume
}

/**
 * A note that was seen in an earlier look was there before this one began; one that is gone is forgotten, so that its time
 * begins anew should it come back.
 */
function leavingSince(members: readonly Member[], { leaving }: Memory, now: number): ReadonlyMap<InstanceId, number> {
  const noted = members.flatMap((member) => (isLeaving(member) ? (holderOf(member) ?? []) : []))
  const known = noted.map((id) => [id, leaving.has(id) ? (leaving.get(id) ?? now) : undefined] as const)
  leaving.clear()
  for (const [id, since] of known) leaving.set(id, since)
  return new Map(known.flatMap(([id, since]) => (since === undefined ? [] : [[id, since] as const])))
}

async function readCommands(
  ssm: Ssm,
  { instanceId: instance, transition }: LifecycleAction,
  config: Config,
  now: number,
  memory: Memory,
): Promise<Command[]> {
  // One that has been in service was asked every minute how its member is, which would be page after page.
  const document = transition === 'terminating' ? config.documents.handOver : undefined
  const invocations = await ssm.invocations(instance, now - commandsSince, document)
  const listed = invocations.flatMap((invocation) => {
    const verb = verbOf(invocation.document, config)
    return verb ? [{ ...invocation, verb }] : []
  })
  const known = new Set(listed.map((command) => command.id))
  const unlisted = memory.sent
    .filter((command) => !known.has(command.id))
    .map((command) => ({ ...command, status: 'running' as const }))
  const commands = await Promise.all(
    [...unlisted, ...listed].map((command) => withOutput(ssm, instance, command, memory)),
  )
  return commands.toSorted((a, b) => b.sentAt - a.sentAt)
}

/** What a command printed is asked for only once it has ended. */
async function withOutput(
  ssm: Ssm,
  instance: InstanceId,
  { id, verb, sentAt, status }: Omit<Command, 'output'>,
  { outputs }: Memory,
): Promise<Command> {
  const ended = status === 'succeeded' || status === 'failed'
  if (!ended) return { id, verb, sentAt, status, output: '' }
  const known = outputs.get(id)
  if (known !== undefined) return { id, verb, sentAt, status, output: known }
  const result = await ssm.invocation(id, instance)
  // A read that is older than the list does not know yet that it has ended, nor what it printed.
  if (result?.status !== status) return { id, verb, sentAt, status: 'running', output: '' }
  outputs.set(id, result.output)
  return { id, verb, sentAt, status, output: result.output }
}

function verbOf(document: string, config: Config): Verb | undefined {
  if (document === config.documents.takeOver) return 'takeOver'
  return document === config.documents.handOver ? 'handOver' : undefined
}

async function readAnswer(ssm: Ssm, asked: AskedPeer, { answers }: Memory): Promise<Reach> {
  const answer = answers.get(asked.id) ?? (await askedReach(ssm, asked))
  if (answer.answer !== 'running') answers.set(asked.id, answer)
  return answer
}

async function askedReach(ssm: Ssm, { id, peer, address, sentAt }: AskedPeer): Promise<Reach> {
  const result = await ssm.invocation(id, peer)
  const status = result?.status ?? 'running'
  if (status === 'succeeded') {
    return { peer, address, sentAt, answer: readReach(result?.output ?? '') ? 'reached' : 'unreachable' }
  }
  // Its own server has no role, so it may be the one that reaches nobody.
  const isNoWitness = readFailure(result?.output ?? '')?.failed === 'no-quorum'
  const failed = isNoWitness ? 'unasked' : 'unreachable'
  const answer = ({ running: 'running', failed, lost: 'unasked' } as const)[status]
  return { peer, address, sentAt, answer }
}

async function readChange(ssm: Ssm, sent: SentChange, memory: Memory): Promise<VoteChange> {
  if (sent.end) return sent.end
  const { id, instanceId, sentAt } = sent
  const { status = 'running', output = '' } = (await ssm.invocation(id, instanceId)) ?? {}
  if (status === 'running') return { sentAt, status }
  const because = readFailure(output)?.because ?? 'its host has not answered'
  const end: VoteChange = status === 'succeeded' ? { sentAt, status: 'made' } : { sentAt, status: 'refused', because }
  memory.change = { ...sent, end }
  return end
}
