import type {
  DescribeInstanceInformationRequest,
  DescribeInstanceInformationResult,
  InstanceInformation,
} from '@aws-sdk/client-ssm'
import type { Instance } from '../ec2/ec2.ts'
import { AwsError } from '../error.ts'
import type { Kernel } from '../kernel.ts'
import type { OperationTable } from '../operation.ts'
import type { Agent, Agents } from './agents.ts'
import { Constraints, requirePageSize } from './constraint.ts'
import { nextToken, page } from './page.ts'
import type { Instances } from './targets.ts'

interface Filter {
  readonly key: string
  readonly values: readonly string[]
}

/** The agent that knows parameters of interpolationType ENV_VAR is 3.3.2746.0 and later. */
const agentVersion = '3.3.5226.0'
const usualPage = 50

/** What a managed node answers for each key that can be filtered by. */
const attributes: Readonly<Record<string, (agent: Agent) => string>> = {
  InstanceIds: (agent) => agent.instanceId,
  PingStatus: (agent) => agent.pingStatus,
  PlatformTypes: () => 'Linux',
  AgentVersion: () => agentVersion,
  ResourceType: () => 'EC2Instance',
}

/**
 * DescribeInstanceInformation. A node appears with its agent's first call and is gone once the machine stopped; in
 * between it may be told Online although nobody would take a command.
 */
export function createFleet(kernel: Kernel, ec2: Instances, agents: Agents): OperationTable {
  const { region } = kernel.settings

  return {
    DescribeInstanceInformation(input: DescribeInstanceInformationRequest): DescribeInstanceInformationResult {
      const filters = readFilters(input)
      const told = agents.table
        .past(kernel.lag())
        .filter((agent) => agent.registered)
        .filter((agent) => filters.every((filter) => passes(filter, agent, ec2.instances.get(agent.instanceId))))
        .map((agent) => describe(agent, ec2.instances.get(agent.instanceId), region))
      const { rows, nextToken: token } = page(told, input.MaxResults ?? usualPage, input.NextToken)
      return { InstanceInformationList: [...rows], ...nextToken(token) }
    },
  }
}

/** The refusals and their texts are captured (radkawar/stackd, managed_execution_control_edges). */
function readFilters(input: DescribeInstanceInformationRequest): Filter[] {
  const { Filters: filters = [], InstanceInformationFilterList: legacy = [] } = input
  const constraints = new Constraints()
  requirePageSize(constraints, input.MaxResults, 5)
  filters.forEach(({ Values: values = [] }, index) =>
    requireValues(constraints, `filters.${index + 1}.member.values`, values),
  )
  legacy.forEach(({ valueSet = [] }, index) =>
    requireValues(constraints, `instanceInformationFilterList.${index + 1}.member.valueSet`, valueSet),
  )
  constraints.enforce()
  if (filters.length > 0 && legacy.length > 0) {
    throw new AwsError('ValidationException', 'Cannot use both legacy and new filter simultaneously.')
  }
  const read = [
    ...filters.map(({ Key = '', Values = [] }) => ({ key: Key, values: Values })),
    ...legacy.map(({ key = '', valueSet = [] }) => ({ key, values: valueSet })),
  ]
  for (const { key } of read) {
    if (isTag(key) || Object.hasOwn(attributes, key)) continue
    throw new AwsError('ValidationException', `${key} filter Key is invalid.`)
  }
  if (read.some(({ key }) => isTag(key)) && read.length > 1) {
    throw new AwsError('ValidationException', 'Cannot mix tag or inventory filter with any other filter.')
  }
  return read
}

function requireValues(constraints: Constraints, at: string, values: readonly string[]): void {
  constraints.require(values.length >= 1, at, 'have length greater than or equal to 1')
}

function isTag(key: string): boolean {
  return key === 'tag-key' || key.startsWith('tag:')
}

function passes({ key, values }: Filter, agent: Agent, instance: Instance | undefined): boolean {
  const attribute = attributes[key]
  if (attribute) return values.includes(attribute(agent))
  const tags = instance?.tags ?? {}
  if (key === 'tag-key') return values.some((value) => Object.hasOwn(tags, value))
  const value = tags[key.slice('tag:'.length)]
  return value !== undefined && values.includes(value)
}

function describe(agent: Agent, instance: Instance | undefined, region: string): InstanceInformation {
  return {
    InstanceId: agent.instanceId,
    PingStatus: agent.pingStatus,
    LastPingDateTime: new Date(agent.lastPing),
    AgentVersion: agentVersion,
    IsLatestVersion: true,
    PlatformType: 'Linux',
    PlatformName: 'Amazon Linux',
    PlatformVersion: '2023',
    ResourceType: 'EC2Instance',
    ...(instance === undefined ? {} : { IPAddress: instance.privateIpAddress }),
    ComputerName: computerName(instance, region),
    SourceId: agent.instanceId,
    SourceType: 'AWS::EC2::Instance',
  }
}

export function computerName(instance: Instance | undefined, region: string): string {
  return instance ? `ip-${instance.privateIpAddress.replaceAll('.', '-')}.${region}.compute.internal` : ''
}
