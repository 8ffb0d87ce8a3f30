import type { Ec2 } from './aws/ec2.ts'
import type { Ssm } from './aws/ssm.ts'
import type { Config } from './config.ts'
import { readHealth } from './model/facts.ts'
import type { InstanceId, SubnetId } from './model/ids.ts'
import type { Member, Volume } from './model/member.ts'
import { assembleMembers } from './model/members.ts'
import type { GroupInstance, Health, Survey } from './model/observation.ts'
import type { ConsultedHost, Memory, Ports } from './observe.ts'

/**
 * Reads what there is to see of the whole ensemble at this moment, all that does not depend on one another at once.
 * `others` tells which instances are to be looked at besides the holders; `known` may add to a volume what EC2 does not
 * show yet.
 * @throws {CallFailure} when any of it can't be read: a survey is whole, or it is none.
 */
export async function survey(
  { ec2, autoScaling, ssm }: Ports,
  config: Config,
  memory: Memory,
  now: number,
  others: (groupInstances: readonly GroupInstance[]) => readonly InstanceId[],
  known: (volume: Volume) => Volume = (volume) => volume,
): Promise<Survey> {
  const [groups, interfaces, volumes] = await Promise.all([
    autoScaling.groups(config.ensemble),
    ec2.networkInterfaces(config.ensemble),
    ec2.volumes(config.ensemble),
  ])
  const { members, faults } = assembleMembers(
    interfaces,
    volumes.map((one) => ({ ...one, resource: known(one.resource) })),
    config.shape,
  )
  const groupInstances = groups.flatMap((group) => group.instances)
  const [instances, subnetCidrs, healths] = await Promise.all([
    ec2.instances([...new Set([...others(groupInstances), ...holders(members)])]),
    readSubnetCidrs(ec2, members, memory),
    Promise.all(newest(memory.consulted).map((consulted) => readConsulted(ssm, consulted, memory))),
  ])
  return {
    now,
    groupInstances,
    wanted: groups.reduce((sum, group) => sum + group.wanted, 0),
    groups: groups.map(({ name, wanted, member }) => ({ name, wanted, ...(member !== undefined && { member }) })),
    instances,
    members,
    tagFaults: faults,
    subnetCidrs,
    healths,
  }
}

/** Every instance to which an interface or a volume of the ensemble is attached. */
function holders(members: readonly Member[]): InstanceId[] {
  return members
    .flatMap((member) => [member.networkInterface, ...member.volumes])
    .flatMap((resource) => resource.attachment?.instanceId ?? [])
}

async function readSubnetCidrs(
  ec2: Ec2,
  members: readonly Member[],
  { subnetCidrs }: Memory,
): Promise<ReadonlyMap<SubnetId, string>> {
  const unknown = members
    .map(({ networkInterface }) => networkInterface.subnetId)
    .filter((id, place, all) => !subnetCidrs.has(id) && all.indexOf(id) === place)
  const read = unknown.length > 0 ? await ec2.subnetCidrs(unknown) : []
  for (const [id, cidr] of read) subnetCidrs.set(id, cidr)
  return new Map(subnetCidrs)
}

/** Of each host the last question. */
const newest = (consulted: readonly ConsultedHost[]): ConsultedHost[] => [
  ...new Map(consulted.map((one) => [one.instanceId, one])).values(),
]

async function readConsulted(ssm: Ssm, consulted: ConsultedHost, { healths }: Memory): Promise<Health> {
  const key = `${consulted.id} ${consulted.instanceId}`
  const health = healths.get(key) ?? (await consultedHealth(ssm, consulted))
  if (health.answer !== undefined) healths.set(key, health)
  return health
}

/** A host that can't tell is as silent as one that does not answer. */
async function consultedHealth(ssm: Ssm, { id, instanceId, sentAt }: ConsultedHost): Promise<Health> {
  const result = await ssm.invocation(id, instanceId)
  const running = result === undefined || result.status === 'running'
  return { instanceId, sentAt, answer: running ? undefined : (readHealth(result.output) ?? 'silent') }
}
