import type { Hosts } from '../../hosts/host.ts'
import { AwsError } from '../error.ts'
import type { EventBridge } from '../eventbridge/eventbridge.ts'
import type { Kernel } from '../kernel.ts'
import type { Table } from '../table.ts'
import { createMachines, type Machines } from './machine.ts'
import type {
  Instance,
  InstanceState,
  LaunchTemplate,
  NetworkInterface,
  SecurityGroup,
  Subnet,
  Volume,
  Vpc,
} from './records.ts'
import { kinds, notFound, requireRecord } from './refusal.ts'

/** Everything that EC2's operations share. */
export interface State {
  readonly kernel: Kernel
  readonly machines: Machines
  readonly events: EventBridge
  readonly instances: Table<Instance>
  readonly networkInterfaces: Table<NetworkInterface>
  readonly volumes: Table<Volume>
  readonly subnets: Table<Subnet>
  readonly vpcs: Table<Vpc>
  readonly securityGroups: Table<SecurityGroup>
  readonly launchTemplates: Table<LaunchTemplate>
  readonly instanceListeners: ((instance: Instance) => void)[]
  /** What was answered to each client token, by operation and token. */
  readonly answers: Map<string, { readonly request: string; readonly answer: object }>
}

export function createState(kernel: Kernel, hosts: Hosts, events: EventBridge): State {
  return {
    kernel,
    machines: createMachines(hosts),
    events,
    instances: kernel.table(),
    networkInterfaces: kernel.table(),
    volumes: kernel.table(),
    subnets: kernel.table(),
    vpcs: kernel.table(),
    securityGroups: kernel.table(),
    launchTemplates: kernel.table(),
    instanceListeners: [],
    answers: new Map(),
  }
}

/** EC2 shows a terminated instance for about an hour. This is its promise, so the lab's speed does not shorten it. */
const terminatedVisibleMs = 3_600_000

export function isVisible(state: State, instance: Instance): boolean {
  return instance.terminatedAt === undefined || state.kernel.clock.now() - instance.terminatedAt < terminatedVisibleMs
}

export function requireInstance(state: State, instanceId: string | undefined): Instance {
  const instance = requireRecord(state.instances, kinds.instance, instanceId)
  if (!isVisible(state, instance)) throw notFound(kinds.instance, [instance.instanceId])
  return instance
}

/** Moves an instance to a state, tells those who listen, and publishes the event that EC2 publishes. */
export function enterState(
  state: State,
  instanceId: string,
  to: InstanceState,
  change: Partial<Instance> = {},
): Instance {
  const instance = state.instances.change(instanceId, { ...change, state: to })
  const { region, accountId } = state.kernel.settings
  for (const listener of state.instanceListeners) listener(instance)
  state.events.publish({
    'detail-type': 'EC2 Instance State-change Notification',
    source: 'aws.ec2',
    resources: [`arn:aws:ec2:${region}:${accountId}:instance/${instanceId}`],
    detail: { 'instance-id': instanceId, state: to },
  })
  return instance
}

export function arn(state: State, resource: string): string {
  const { region, accountId } = state.kernel.settings
  return `arn:aws:ec2:${region}:${accountId}:${resource}`
}

/** A create call with a client token happens once: its repetition gets the first answer, a different one is refused. */
export function once<Result extends object>(
  state: State,
  operation: string,
  input: { readonly ClientToken?: string | undefined },
  create: () => Result,
): Result {
  if (!input.ClientToken) return create()
  const key = `${operation} ${input.ClientToken}`
  const request = JSON.stringify(input)
  const before = state.answers.get(key)
  if (before && before.request !== request) {
    throw new AwsError(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
    )
  }
  // The table holds answers of many operations; the key names the one operation whose answer this is.
  if (before) return before.answer as Result
  const answer = create()
  state.answers.set(key, { request, answer })
  return answer
}
