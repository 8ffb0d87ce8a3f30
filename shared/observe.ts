import type { AutoScaling } from './aws/auto-scaling.ts'
import type { Ec2 } from './aws/ec2.ts'
import type { Invocation, Ssm } from './aws/ssm.ts'
import type { Config } from './config.ts'
import type { LifecycleAction } from './model/action.ts'
import { readReach } from './model/facts.ts'
import type { CommandId, InstanceId, SubnetId, VolumeId } from './model/ids.ts'
import type { AttachIntent, Member, Volume } from './model/member.ts'
import { assembleMembers } from './model/members.ts'
import type { Command, Observation, Reach, Verb } from './model/observation.ts'

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
  readonly refusedAttaches: Set<VolumeId>
  /** Volumes that this invocation has announced for the instance, or seen there: a read of the past does not know it. */
  readonly announced: Map<VolumeId, AttachIntent>
  /** What ended commands have printed: an end is final, and asking for each of them in every pass adds up. */
  readonly outputs: Map<CommandId, string>
  /** What peers have answered in the end, for the same reason. */
  readonly answers: Map<CommandId, Reach>
  /** The ranges of subnets: a subnet never changes its own. */
  readonly subnetCidrs: Map<SubnetId, string>
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

interface AskedPeer {
  readonly id: CommandId
  readonly peer: InstanceId
  readonly address: string
  readonly sentAt: number
}

export const emptyMemory = (): Memory => ({
  sent: [],
  asked: [],
  refusedAttaches: new Set(),
  announced: new Map(),
  outputs: new Map(),
  answers: new Map(),
  subnetCidrs: new Map(),
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
  { ec2, autoScaling, ssm }: Ports,
  config: Config,
  memory: Memory,
  now: number,
): Promise<Observation> {
  const [groupInstances, interfaces, volumes, agentOnline, invocations] = await Promise.all([
    autoScaling.instances(config.ensemble),
    ec2.networkInterfaces(config.ensemble),
    ec2.volumes(config.ensemble),
    ssm.agentOnline(action.instanceId),
    ssm.invocations(action.instanceId, now - commandsSince),
  ])
  const { members, faults } = assembleMembers(
    interfaces,
    volumes.map((one) => ({ ...one, resource: withIntent(one.resource, action.instanceId, memory, now) })),
    config.shape,
  )
  const held = members.find((member) => member.networkInterface.attachment?.instanceId === action.instanceId)
  const [instances, subnetCidr, commands, reaches] = await Promise.all([
    ec2.instances([...new Set([action.instanceId, ...holders(members)])]),
    held && readSubnetCidr(ec2, held.networkInterface.subnetId, memory),
    readCommands(ssm, action.instanceId, config, invocations, memory),
    Promise.all(memory.asked.map((asked) => readAnswer(ssm, asked, memory))),
  ])
  return {
    now,
    action,
    groupInstances,
    instances,
    members,
    tagFaults: faults,
    agentOnline,
    commands,
    ...(subnetCidr !== undefined && { subnetCidr }),
    reaches,
    refusedAttaches: memory.refusedAttaches,
    ...(memory.givenUp !== undefined && { givenUp: memory.givenUp }),
  }
}

/**
 * What EC2 shows attached here was attached after all, by another invocation: then no refusal permits a second time. What
 * was attached or announced here once stays announced, although a read of the past shows it untouched.
 */
function withIntent(volume: Volume, instanceId: InstanceId, memory: Memory, now: number): Volume {
  if (volume.attachment?.instanceId === instanceId) {
    memory.refusedAttaches.delete(volume.id)
    if (!memory.announced.has(volume.id)) memory.announced.set(volume.id, { instanceId, at: now })
  }
  const intent = memory.announced.get(volume.id)
  return intent && volume.intent?.instanceId !== instanceId ? { ...volume, intent } : volume
}

/** Every instance to which an interface or a volume of the ensemble is attached. */
function holders(members: readonly Member[]): InstanceId[] {
  return members
    .flatMap((member) => [member.networkInterface, ...member.volumes])
    .flatMap((resource) => resource.attachment?.instanceId ?? [])
}

async function readCommands(
  ssm: Ssm,
  instance: InstanceId,
  config: Config,
  invocations: readonly Invocation[],
  memory: Memory,
): Promise<Command[]> {
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

async function readSubnetCidr(ec2: Ec2, id: SubnetId, { subnetCidrs }: Memory): Promise<string | undefined> {
  const cidr = subnetCidrs.get(id) ?? (await ec2.subnetCidr(id))
  if (cidr !== undefined) subnetCidrs.set(id, cidr)
  return cidr
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
  const answer = ({ running: 'running', failed: 'unreachable', lost: 'unasked' } as const)[status]
  return { peer, address, sentAt, answer }
}
