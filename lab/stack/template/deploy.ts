import type { CreateSubnetCommandOutput, CreateVpcCommandOutput } from '@aws-sdk/client-ec2'
import { identityTags } from '../../../shared/model/tags.ts'
import type { Cloud } from '../../cloud/cloud.ts'
import type { LabMember } from '../ensemble.ts'
import type { Invoke } from '../stack.ts'
import { type Created, kinds, type Properties, unsimulated } from './kinds.ts'
import { createOrchestrator, type Orchestrator, orchestratorProperties } from './orchestrator.ts'
import { BadTemplate, isRecord, type Physical, resolve } from './resolve.ts'
import { inOrder, type Template } from './template.ts'

export interface Deployment extends Pick<Orchestrator, 'functions' | 'lambda' | 'stop'> {
  readonly members: readonly LabMember[]
  /** What the functions are told, the same to each. */
  readonly environment: Readonly<Record<string, string>>
  /** What each logical id became, for whoever reads more of the template. */
  readonly physical: Physical
}

interface DeployOptions {
  readonly invoke: Invoke
  /** Whether events reach the functions by themselves and the sweep comes by. */
  readonly delivers?: boolean
}

/**
 * Creates in a local cloud what the template describes, through the cloud's own operations, in CloudFormation's order.
 * The groups get no instance yet: `scale` brings them up, so that whoever looks on can be there from the beginning.
 * @throws {BadTemplate} naming each type and property that the local cloud neither carries out nor has a reason to leave.
 */
export function deployTemplate(
  cloud: Cloud,
  template: Template,
  { invoke, delivers = true }: DeployOptions,
): Deployment {
  checkKnown(template)
  const account = createAccount(cloud, template)
  const orchestrator = createOrchestrator(cloud, invoke, delivers)
  const created = new Map<string, Created>()
  const physical = physicalOf(cloud, created)
  for (const id of inOrder(
    template,
    ({ type }) => Object.hasOwn(kinds, type) || Object.hasOwn(orchestratorProperties, type),
  )) {
    const { type, properties: given } = template.resources[id] ?? { type: '', properties: {} }
    // What is not carried out is not looked into either: a role may speak of members that are not wanted here.
    const properties = resolve(Object.hasOwn(unsimulated, type) ? {} : given, physical)
    if (!isRecord(properties)) throw new BadTemplate(`${id} has no properties`)
    created.set(id, create(cloud, orchestrator, type, id, account(stopped(type, properties))))
  }
  const { functions, lambda, stop } = orchestrator
  const members = membersOf(cloud, template, created)
  return { functions, lambda, stop, physical, members, environment: commonEnvironment(functions) }
}

function commonEnvironment(functions: Deployment['functions']): Readonly<Record<string, string>> {
  const environments = [...functions.values()].map(({ environment }) => environment)
  const [environment] = environments
  if (!environment || new Set(environments.map((one) => JSON.stringify(one))).size > 1) {
    throw new BadTemplate('the functions are not all told the same')
  }
  return environment
}

function create(cloud: Cloud, orchestrator: Orchestrator, type: string, id: string, properties: Properties): Created {
  const kind = kinds[type]
  if (kind) {
    const kept = Object.entries(properties).filter(([name]) => kind.used.includes(name))
    return kind.create(Object.fromEntries(kept), (operation, input) => cloud.call(operation, input))
  }
  return orchestrator.create(type, id, properties) ?? nameOf(cloud, type, id)
}

const stopped = (type: string, properties: Properties): Properties =>
  type === 'AWS::AutoScaling::AutoScalingGroup' ? { ...properties, DesiredCapacity: 0 } : properties

/** Says all at once what it can't carry out: what would be left out unnoticed is what would not be tested. */
function checkKnown({ resources }: Template): void {
  const faults = Object.entries(resources).flatMap(([id, { type, properties }]) => {
    if (Object.hasOwn(unsimulated, type)) return []
    const known = kinds[type] ?? orchestratorProperties[type]
    if (!known) return [`${id}: ${type} is not known to the local cloud`]
    const names = [...known.used, ...Object.keys(known.left ?? {})]
    return Object.keys(properties)
      .filter((name) => !names.includes(name))
      .map((name) => `${id}: ${type} has ${name}, which is not known to the local cloud`)
  })
  if (faults.length > 0) throw new BadTemplate(faults.join('\n'))
}

/** The name of something that the local cloud does not have, as others refer to it. */
function nameOf({ kernel }: Cloud, type: string, id: string): Created {
  const { accountId, region } = kernel.settings
  const ref = `stayput-${id}`
  const arns: Readonly<Record<string, string>> = {
    'AWS::IAM::InstanceProfile': `arn:aws:iam::${accountId}:instance-profile/${ref}`,
    'AWS::IAM::Role': `arn:aws:iam::${accountId}:role/${ref}`,
    'AWS::Logs::LogGroup': `arn:aws:logs:${region}:${accountId}:log-group:${ref}:*`,
    'AWS::SQS::Queue': `arn:aws:sqs:${region}:${accountId}:${ref}`,
  }
  return { ref, attributes: { Arn: arns[type] ?? ref, QueueName: ref } }
}

function physicalOf({ kernel }: Cloud, created: ReadonlyMap<string, Created>): Physical {
  const { accountId, region } = kernel.settings
  const pseudo: Readonly<Record<string, string>> = {
    'AWS::AccountId': accountId,
    'AWS::Partition': 'aws',
    'AWS::Region': region,
    'AWS::StackName': 'stayput',
    'AWS::URLSuffix': 'amazonaws.com',
  }
  const find = (id: string): Created => {
    const found = created.get(id)
    if (!found) throw new BadTemplate(`${id} is referred to before it is there`)
    return found
  }
  return {
    ref: (id: string): string => pseudo[id] ?? find(id).ref,
    getAtt(id: string, attribute: string): string {
      const value = find(id).attributes?.[attribute]
      if (value === undefined) throw new BadTemplate(`${id} has no attribute ${attribute} here`)
      return value
    },
  }
}

/** Any image will do: the hosts of the local cloud are what they are. */
const image = 'ami-0123456789abcdef0'

/**
 * What a template finds in an account: the VPC, the subnets and the images that it names. A subnet is in the zone of the
 * volumes of the member that uses it, and has room for the addresses that its members are given.
 */
function createAccount(cloud: Cloud, { resources }: Template): (properties: Properties) => Properties {
  const call = (operation: Parameters<Cloud['call']>[0], input: object) => cloud.call(operation, input)
  const { Vpc } = call('ec2.CreateVpc', { CidrBlock: '10.0.0.0/16' }) as CreateVpcCommandOutput
  const real = new Map<unknown, string>()
  for (const [id, { type, properties }] of Object.entries(resources)) {
    const { SubnetId: subnet, VpcId: vpc, PrivateIpAddress: address } = properties
    if (vpc !== undefined) real.set(vpc, Vpc?.VpcId ?? '')
    if (type !== 'AWS::EC2::NetworkInterface' || real.has(subnet)) continue
    const zone = resources[id.replace('NetworkInterface', 'Volume')]?.properties['AvailabilityZone']
    const place = typeof address === 'string' ? address.replace(/\.\d+$/, '') : `10.0.${100 + real.size}`
    const input = { VpcId: Vpc?.VpcId, AvailabilityZone: zone, CidrBlock: `${place}.0/24` }
    const { Subnet } = call('ec2.CreateSubnet', input) as CreateSubnetCommandOutput
    real.set(subnet, Subnet?.SubnetId ?? '')
  }
  const translate = (value: unknown): unknown => {
    if (typeof value === 'string') return /^\{\{resolve:ssm:.*\}\}$/.test(value) ? image : (real.get(value) ?? value)
    if (Array.isArray(value)) return value.map(translate)
    return isRecord(value) ? translateAll(value) : value
  }
  const translateAll = (properties: Properties): Properties =>
    Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, translate(value)]))
  return translateAll
}

/** The members as their tags name them, each with the group of its logical id. */
function membersOf(cloud: Cloud, { resources }: Template, created: ReadonlyMap<string, Created>): LabMember[] {
  const { ec2 } = cloud
  return Object.entries(resources).flatMap(([logicalId, { type }]) => {
    if (type !== 'AWS::EC2::NetworkInterface') return []
    const card = ec2.networkInterfaces.get(created.get(logicalId)?.ref ?? '')
    const group = created.get(logicalId.replace('NetworkInterface', 'Group'))
    if (!card || !group) throw new BadTemplate(`${logicalId} has no group`)
    const id = card.tags[identityTags.member]
    const isSame = (key: string, tags: Readonly<Record<string, string>>): boolean => tags[key] === card.tags[key]
    const volumes = ec2.volumes
      .all()
      .filter(({ tags }) => isSame(identityTags.ensemble, tags) && isSame(identityTags.member, tags))
    return {
      id: Number(id),
      zone: card.zone,
      groupName: group.ref,
      networkInterfaceId: card.networkInterfaceId,
      address: card.privateIpAddress,
      volumeIds: volumes.map(({ volumeId }) => volumeId),
    }
  })
}
