import type { Hosts } from '../hosts/host.ts'
import { type AutoScaling, createAutoScaling } from './autoscaling/autoscaling.ts'
import type { Clock } from './clock.ts'
import { createEc2, type Ec2 } from './ec2/ec2.ts'
import { AwsError } from './error.ts'
import { createEventBridge, type EventBridge } from './eventbridge/eventbridge.ts'
import { createFaults, type Faults } from './faults.ts'
import { createKernel, type Kernel } from './kernel.ts'
import type { OperationHandler, OperationName, OperationTable, ServiceName } from './operation.ts'
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
  /**
   * Calls an operation over the modelled network: it takes its time, may be throttled, and may fail by rule. `caller` is
   * the access key that signed it, where there is one.
   */
  send(operation: OperationName, input: object, caller?: string): Promise<object>
  /** Told of each call over the network that arrives, before it takes effect. */
  onCall(listener: (call: Call) => void): void
  /** Calls an operation at once, without network, throttling or faults: for tests and for setting a scene. */
  call(operation: OperationName, input: object): object
}

export interface Call {
  readonly operation: OperationName
  readonly input: object
  readonly caller?: string | undefined
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

  const found = new Map<OperationName, OperationHandler | undefined>()
  const find = (operation: OperationName): OperationHandler | undefined => {
    const known = found.get(operation)
    if (known) return known
    const dot = operation.indexOf('.')
    const handler = tables[operation.slice(0, dot) as ServiceName][operation.slice(dot + 1)]
    found.set(operation, handler)
    return handler
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

  const listeners: ((call: Call) => void)[] = []
  const arrive = (call: Call): void => {
    for (const listener of listeners) listener(call)
  }

  const send = async (operation: OperationName, input: object, caller?: string): Promise<object> => {
    const ms = kernel.latency(isRead(operation) ? 'read' : 'mutation')
    await pass(ms * wayThere)
    throttle.take(operation)
    const answer = faults.around(operation, input, () => {
      arrive({ operation, input, caller })
      return call(operation, input)
    })
    await pass(ms * (1 - wayThere))
    return answer()
  }

  const simulates = (operation: OperationName): boolean => find(operation) !== undefined
  const onCall = (listener: (call: Call) => void): void => void listeners.push(listener)
  return { kernel, ec2, autoscaling, ssm, events, faults, simulates, send, onCall, call }
}

function isRead(operation: OperationName): boolean {
  return /\.(Describe|Get|List)/.test(operation)
}
