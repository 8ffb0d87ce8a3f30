import type { DocumentContent } from '../../hosts/host.ts'
import type { Kernel } from '../kernel.ts'
import type { Table } from '../table.ts'
import type { Parameters } from './parameters.ts'

export interface Target {
  readonly key: string
  readonly values: readonly string[]
}

/** A command as it was admitted: its content is a copy, so that a later change of the document does not reach it. */
export interface Command {
  readonly commandId: string
  readonly documentName: string
  /** As it was asked for, like $DEFAULT. */
  readonly documentVersion: string
  readonly content: DocumentContent
  readonly given: Parameters
  /** Defaults filled in. */
  readonly parameters: Parameters
  readonly comment: string
  readonly timeoutSeconds: number
  readonly requestedAt: number
  /** After this the agent is not given the command any more. */
  readonly deliverBy: number
  /** ExpiresAfter: delivery timeout plus the steps' own. */
  readonly expiresAt: number
  readonly instanceIds: readonly string[]
  readonly targets: readonly Target[]
  readonly maxConcurrency: string
  readonly maxErrors: string
  readonly outputS3BucketName: string
  readonly outputS3KeyPrefix: string
  readonly status: 'Pending' | 'InProgress' | 'Success' | 'Cancelled' | 'Failed' | 'TimedOut' | 'Cancelling'
  readonly statusDetails: string
  readonly targetCount: number
  readonly completedCount: number
  readonly errorCount: number
  readonly deliveryTimedOutCount: number
}

export type Outcome =
  | { readonly status: 'Success'; readonly statusDetails: 'Success' }
  | { readonly status: 'Failed'; readonly statusDetails: 'Failed' }
  | { readonly status: 'Cancelled'; readonly statusDetails: 'Cancelled' }
  | { readonly status: 'TimedOut'; readonly statusDetails: 'DeliveryTimedOut' | 'ExecutionTimedOut' }

export type InvocationState =
  | Outcome
  | { readonly status: 'InProgress'; readonly statusDetails: 'InProgress' }
  | { readonly status: 'Pending'; readonly statusDetails: 'Delayed' }

/** What became of a command on one node. */
export interface Invocation {
  readonly commandId: string
  readonly instanceId: string
  readonly requestedAt: number
  readonly state: InvocationState
  /** -1 until the agent has reported. */
  readonly responseCode: number
  readonly startedAt?: number
  readonly finishedAt?: number
  readonly stdout: string
  readonly stderr: string
}

export interface Commands {
  readonly table: Table<Command>
  readonly invocations: Table<Invocation>
  invocation(commandId: string, instanceId: string): Invocation | undefined
  putInvocation(invocation: Invocation): Invocation
  /** The invocations of a command, as they are now. */
  of(commandId: string): Invocation[]
}

export function createCommands(kernel: Kernel): Commands {
  const table = kernel.table<Command>()
  const invocations = kernel.table<Invocation>()
  const nodes = new Map<string, string[]>()
  return {
    table,
    invocations,
    invocation: (commandId, instanceId) => invocations.get(key(commandId, instanceId)),
    putInvocation(invocation) {
      const { commandId, instanceId } = invocation
      const known = nodes.get(commandId) ?? []
      if (!known.includes(instanceId)) nodes.set(commandId, [...known, instanceId])
      return invocations.put(key(commandId, instanceId), invocation)
    },
    of: (commandId) =>
      (nodes.get(commandId) ?? []).flatMap((instanceId) => invocations.get(key(commandId, instanceId)) ?? []),
  }
}

function key(commandId: string, instanceId: string): string {
  return `${commandId} ${instanceId}`
}

export function isOutcome(state: InvocationState): state is Outcome {
  return state.status !== 'InProgress' && state.status !== 'Pending'
}

/**
 * The command's own status, from its invocations. An execution that timed out counts as an error, a delivery that timed
 * out does not (captured: radkawar/stackd, managed_execution_timeouts_current). Which of several outcomes wins where
 * nodes differ is documented in words only ("Understanding command statuses").
 */
export function aggregate(command: Command, invocations: readonly Invocation[]): Partial<Command> {
  const outcomes = invocations.map((invocation) => invocation.state).filter(isOutcome)
  const count = (holds: (outcome: Outcome) => boolean) => outcomes.filter(holds).length
  const errors = count((outcome) => outcome.status === 'Failed' || outcome.statusDetails === 'ExecutionTimedOut')
  const undelivered = count((outcome) => outcome.statusDetails === 'DeliveryTimedOut')
  const cancelled = count((outcome) => outcome.status === 'Cancelled')
  const counts = { completedCount: outcomes.length, errorCount: errors, deliveryTimedOutCount: undelivered }
  if (outcomes.length < invocations.length) return counts
  if (errors > allowedErrors(command, invocations.length)) return { ...counts, ...told('Failed', 'Failed') }
  if (undelivered > 0) return { ...counts, ...told('TimedOut', 'DeliveryTimedOut') }
  if (cancelled > 0) return { ...counts, ...told('Cancelled', 'Cancelled') }
  if (errors > 0) return { ...counts, ...told('Failed', 'Incomplete') }
  return { ...counts, ...told('Success', 'Success') }
}

function told(status: Command['status'], statusDetails: string): Pick<Command, 'status' | 'statusDetails'> {
  return { status, statusDetails }
}

function allowedErrors({ maxErrors }: Command, nodes: number): number {
  const figure = Number.parseInt(maxErrors, 10)
  return maxErrors.endsWith('%') ? Math.floor((nodes * figure) / 100) : figure
}
