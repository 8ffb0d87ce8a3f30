import type { Hosts } from '../hosts/host.ts'
import { type AutoScaling, createAutoScaling } from './autoscaling/autoscaling.ts'
import type { Clock } from './clock.ts'
import { createEc2, type Ec2 } from './ec2/ec2.ts'
import { AwsError } from './error.ts'
import { createEventBridge, type EventBridge } from './eventbridge/eventbridge.ts'
import { createFaults, type Faults } from './faults.ts'
import { createKernel, type Kernel } from './kernel.ts'
import type { OperationName, OperationTable, ServiceName } from './operation.ts'
import type { Settings } from './settings.ts'
import { createSsm, type Ssm } from './ssm/ssm.ts'
import { createThrottle } from './throttle.ts'

/** The local cloud: EC2, Auto Scaling, Systems Manager and EventBridge as one deterministic state machine. */
export interface Cloud {
  readonly kernel: Kernel
  readonly ec2: Ec2
  readonly autoscaling: AutoScaling
  readonly ssm: Ssm
  readonly events: EventBridge
  readonly faults: Faults
  /** Whether the operation is simulated at all. */
  simulates(operation: OperationName): boolean
  /** Calls an operation over the modelled network: it takes its time, may be throttled, and may fail by rule. */
  send(operation: OperationName, input: object): Promise<object>
  /** Calls an operation at once, without network, throttling or faults: for tests and for setting a scene. */
  call(operation: OperationName, input: object): object
}

/** How much of a call's latency passes before it takes effect; the rest is the answer's way back. */
const wayThere = 0.5

export function createCloud(clock: Clock, hosts: Hosts, seed: number, overrides: Partial<Settings> = {}): Cloud {
  const kernel = createKernel(clock, seed, overrides)
  const events = createEventBridge(kernel)
  const ec2 = createEc2(kernel, hosts, events)
  const ssm = createSsm(kernel, ec2, hosts, events)
  const autoscaling = createAutoScaling(kernel, ec2, events)
  const throttle = createThrottle(kernel)
  const faults = createFaults(kernel)

  const tables: Record<ServiceName, OperationTable> = {
    ec2: ec2.operations,
    autoscaling: autoscaling.operations,
    ssm: ssm.operations,
  }

  const find = (operation: OperationName) => {
    const dot = operation.indexOf('.')
    return tables[operation.slice(0, dot) as ServiceName][operation.slice(dot + 1)]
  }

  const call = (operation: OperationName, input: object): object => {
    const handler = find(operation)
    if (!handler) throw new AwsError('NotImplemented', `${operation} is not simulated by the local cloud.`, 501)
    return handler(input as never)
  }

  const pass = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      clock.after(ms, resolve)
    })

  const send = async (operation: OperationName, input: object): Promise<object> => {
    const ms = kernel.latency(isRead(operation) ? 'read' : 'mutation')
    await pass(ms * wayThere)
    throttle.take(operation)
    const answer = faults.around(operation, input, () => call(operation, input))
    await pass(ms * (1 - wayThere))
    return answer()
  }

  return { kernel, ec2, autoscaling, ssm, events, faults, simulates: (name) => find(name) !== undefined, send, call }
}

function isRead(operation: OperationName): boolean {
  return /\.(Describe|Get|List)/.test(operation)
}
