import type {
  Command,
  CommandInvocation,
  CreateDocumentResult,
  DescribeDocumentResult,
  DescribeInstanceInformationResult,
  GetCommandInvocationResult,
  GetDocumentResult,
  ListCommandInvocationsResult,
  ListCommandsResult,
  ListDocumentsResult,
  SendCommandResult,
  UpdateDocumentDefaultVersionResult,
  UpdateDocumentResult,
} from '@aws-sdk/client-ssm'
import type { Answer } from '../../lab/cloud/operation.ts'
import type { DocumentRun, Hosts, RunResult } from '../../lab/hosts/host.ts'
import { VirtualClock } from '../../lab/cloud/clock.ts'
import type { Instance } from '../../lab/cloud/ec2/ec2.ts'
import { AwsError } from '../../lab/cloud/error.ts'
import { createKernel, type Kernel } from '../../lab/cloud/kernel.ts'
import type { Settings } from '../../lab/cloud/settings.ts'
import { createSsm, type Ssm } from '../../lab/cloud/ssm/ssm.ts'
import type { Table } from '../../lab/cloud/table.ts'

export const i1 = 'i-00000000000000001'
export const i2 = 'i-00000000000000002'
export const nobody = 'i-0000000000000000f'

export interface Answers {
  readonly CreateDocument: CreateDocumentResult
  readonly UpdateDocument: UpdateDocumentResult
  readonly UpdateDocumentDefaultVersion: UpdateDocumentDefaultVersionResult
  readonly DeleteDocument: object
  readonly DescribeDocument: DescribeDocumentResult
  readonly GetDocument: GetDocumentResult
  readonly ListDocuments: ListDocumentsResult
  readonly DescribeInstanceInformation: DescribeInstanceInformationResult
  readonly SendCommand: SendCommandResult
  readonly CancelCommand: object
  readonly GetCommandInvocation: Answer<GetCommandInvocationResult>
  readonly ListCommands: ListCommandsResult
  readonly ListCommandInvocations: ListCommandInvocationsResult
}

export interface Published {
  readonly 'detail-type': string
  readonly source: string
  readonly resources: readonly string[]
  readonly detail: object
}

export interface Scene {
  readonly clock: VirtualClock
  readonly kernel: Kernel
  readonly ssm: Ssm
  readonly instances: Table<Instance>
  readonly events: Published[]
  /** Every document that a host was given. */
  readonly runs: { readonly instanceId: string; readonly at: number; readonly run: DocumentRun }[]
  /** What a host does with a document; by default it prints "done" after a second. */
  onRun: (run: DocumentRun, instanceId: string) => Promise<RunResult>
  enter(instanceId: string, state: Instance['state'], tags?: Record<string, string>): void
  /** Starts an instance and waits until its agent is online. */
  online(instanceId: string, tags?: Record<string, string>): Promise<void>
  call<Name extends keyof Answers>(operation: Name, input: object): Answers[Name]
  /** The error that the call ends with, as "Code: text". */
  refusal(operation: keyof Answers, input: object): string
  /** Milliseconds pass. */
  pass(ms: number): Promise<void>
  /** Settles after `ms` milliseconds on the scene's clock. */
  after<T>(ms: number, value: T): Promise<T>
}

const steady = { median: 1000, p99: 1000.001 }

/** SSM alone: a table for instances, hosts that do as told, latencies of one second, no stale reads. */
export function createScene(overrides: Partial<Settings> = {}): Scene {
  const clock = new VirtualClock()
  const kernel = createKernel(clock, 7, { staleReads: 0, ...overrides })
  const latencies = { ...kernel.settings.latencies, commandPickup: steady, commandReport: steady }
  const steadyKernel = createKernel(clock, 7, {
    staleReads: 0,
    latencies: { ...latencies, invocationVisible: { median: 400, p99: 400.001 }, mutation: steady },
    ...overrides,
  })
  const instances = steadyKernel.table<Instance>()
  const listeners: ((instance: Instance) => void)[] = []
  const events: Published[] = []
  const runs: { instanceId: string; at: number; run: DocumentRun }[] = []
  const after = <T>(ms: number, value: T): Promise<T> =>
    new Promise((resolve) => {
      clock.after(ms, () => resolve(value))
    })
  const hosts = {
    run(instanceId: string, run: DocumentRun) {
      runs.push({ instanceId, at: clock.now(), run })
      return scene.onRun(run, instanceId)
    },
  } as Hosts
  const ec2 = { instances, onInstanceState: (listener: (instance: Instance) => void) => void listeners.push(listener) }
  const ssm = createSsm(steadyKernel, ec2, hosts, { publish: (event) => void events.push(event) })

  const scene: Scene = {
    clock,
    kernel: steadyKernel,
    ssm,
    instances,
    events,
    runs,
    onRun: () => after(1000, { exitCode: 0, stdout: 'done\n', stderr: '' }),
    enter(instanceId, state, tags) {
      const before = instances.get(instanceId)
      const fresh = { instanceId, privateIpAddress: '10.0.1.20', tags: tags ?? before?.tags ?? {}, state }
      const instance = instances.put(instanceId, { ...before, ...fresh } as Instance)
      for (const listener of listeners) listener(instance)
    },
    async online(instanceId, tags = {}) {
      scene.enter(instanceId, 'running', tags)
      await clock.run(() => ssm.agents.get(instanceId)?.registered ?? false, 3_600_000)
    },
    call(operation, input) {
      const handler = ssm.operations[operation]
      if (!handler) throw new Error(`no operation ${operation}`)
      return handler(input as never)
    },
    refusal(operation, input) {
      try {
        scene.call(operation, input)
      } catch (error) {
        if (error instanceof AwsError) return `${error.code}: ${error.message}`
        throw error
      }
      return 'none'
    },
    pass: (ms) => clock.pass(ms),
    after,
  }
  return scene
}

/** A document of one step. */
export function content(inputs: object = {}, parameters: object = {}): string {
  const mainSteps = [{ action: 'aws:runShellScript', name: 'step', inputs: { runCommand: ['true'], ...inputs } }]
  return JSON.stringify({ schemaVersion: '2.2', description: 'a document', parameters, mainSteps })
}

export function create(scene: Scene, name = 'doc', text = content({ timeoutSeconds: '10' })): void {
  scene.call('CreateDocument', { Name: name, DocumentType: 'Command', Content: text })
}

export function send(scene: Scene, more: object = {}): string {
  const input = { DocumentName: 'doc', InstanceIds: [i1], TimeoutSeconds: 30, ...more }
  return scene.call('SendCommand', input).Command!.CommandId!
}

export function get(scene: Scene, CommandId: string, InstanceId = i1) {
  return scene.call('GetCommandInvocation', { CommandId, InstanceId })
}

export function listed(scene: Scene, CommandId: string): Command {
  return scene.call('ListCommands', { CommandId }).Commands![0]!
}

export function invocations(scene: Scene, input: object): CommandInvocation[] {
  return scene.call('ListCommandInvocations', input).CommandInvocations!
}

export async function ready(overrides = {}): Promise<Scene> {
  const scene = createScene(overrides)
  create(scene)
  await scene.online(i1)
  return scene
}
