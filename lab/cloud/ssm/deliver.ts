import type { DocumentRun, Hosts, RunResult } from '../../hosts/host.ts'
import type { Kernel } from '../kernel.ts'
import type { Agents } from './agents.ts'
import type { Announcer } from './announce.ts'
import { aggregate, type Command, type Commands, type Invocation, type InvocationState, isOutcome } from './commands.ts'
import type { Mishaps } from './mishaps.ts'
import { executionMs } from './parameters.ts'

/** The way of a command from its admission to its end. */
export interface Delivery {
  /** Takes an admitted command on its way; `find` names its nodes once the service gets to it. */
  admit(command: Command, find: () => readonly string[]): void
  /** Asks for the end of a command on these nodes, or on all; what has ended stays as it is. */
  cancel(command: Command, instanceIds: readonly string[]): void
}

export interface Parts {
  readonly kernel: Kernel
  readonly hosts: Hosts
  readonly agents: Agents
  readonly commands: Commands
  readonly announcer: Announcer
  readonly mishaps: Mishaps
}

/**
 * Milliseconds by which the service notices an expiry late: not yet told 12 seconds after ExpiresAfter, told within 15
 * (captured: radkawar/stackd, running-node-offline-invocation-15 and -16).
 */
const expirySweepMs = 13_000

/** What the agent reports when it had to kill the document. */
const killed = 137

/** An invocation that is under way, and what the service has to remember of it beyond its record. */
interface Flight {
  delivered: boolean
  readonly abort: AbortController
  /** The agent's report, kept on the node while the agent is down. */
  report?: Invocation
}

/**
 * An invocation is told InProgress as soon as it can be seen at all, before any agent has it; when no agent takes it,
 * it goes back to Pending/Delayed (captured: radkawar/stackd, running-node-offline-invocation-0 and -1). Once taken, it
 * stays InProgress until the agent reports or the command expires, whatever becomes of the machine. The timeouts are
 * AWS's promises and are not divided by the lab's speed.
 */
export function createDelivery(parts: Parts): Delivery {
  const courier = new Courier(parts)
  return {
    admit: (command, find) => courier.admit(command, find),
    cancel: (command, instanceIds) => courier.cancel(command, instanceIds),
  }
}

class Courier implements Delivery {
  readonly #parts: Parts
  /** By instance id, then by command id. */
  readonly #flights = new Map<string, Map<string, Flight>>()

  constructor(parts: Parts) {
    this.#parts = parts
    parts.agents.onStart((instanceId) => this.#resume(instanceId))
  }

  admit(command: Command, find: () => readonly string[]): void {
    const { kernel, commands } = this.#parts
    commands.table.put(command.commandId, command)
    kernel.later('invocationVisible', () => this.#dispatch(command.commandId, find))
    const expiryMs = command.expiresAt - kernel.clock.now() + expirySweepMs
    kernel.clock.after(expiryMs, () => this.#expire(command.commandId))
  }

  cancel(command: Command, instanceIds: readonly string[]): void {
    const { kernel, commands } = this.#parts
    if (command.status !== 'Pending' && command.status !== 'InProgress') return
    commands.table.change(command.commandId, { status: 'Cancelling', statusDetails: 'Cancelling' })
    for (const invocation of commands.of(command.commandId)) {
      if (instanceIds.length > 0 && !instanceIds.includes(invocation.instanceId)) continue
      kernel.later('commandPickup', () => this.#abort(invocation))
    }
  }

  #abort(invocation: Invocation): void {
    const flight = this.#flightOf(invocation)
    // A document that an agent has started can be stopped by this agent only.
    if (!flight || (flight.delivered && !this.#parts.agents.runs(invocation.instanceId))) return
    flight.abort.abort()
    this.#offer(invocation)
  }

  #dispatch(commandId: string, find: () => readonly string[]): void {
    const { commands, announcer } = this.#parts
    const command = commands.table.get(commandId)
    if (!command) return
    const instanceIds = command.status === 'Cancelling' ? [] : find()
    const cancelled = { status: 'Cancelled', statusDetails: 'Cancelled' } as const
    const none = { status: 'Success', statusDetails: 'NoInstancesInTag' } as const
    const sent = { status: 'InProgress', statusDetails: 'InProgress', targetCount: instanceIds.length } as const
    const change = command.status === 'Cancelling' ? cancelled : instanceIds.length === 0 ? none : sent
    const changed = commands.table.change(commandId, change)
    announcer.command(changed, instanceIds)
    for (const instanceId of instanceIds) this.#fly(changed, instanceId)
  }

  #fly(command: Command, instanceId: string): void {
    const { kernel, commands, announcer } = this.#parts
    const { commandId } = command
    const invocation = commands.putInvocation({
      commandId,
      instanceId,
      requestedAt: kernel.clock.now(),
      state: { status: 'InProgress', statusDetails: 'InProgress' },
      responseCode: -1,
      stdout: '',
      stderr: '',
    })
    const flights = this.#flights.get(instanceId) ?? new Map<string, Flight>()
    this.#flights.set(instanceId, flights.set(commandId, { delivered: false, abort: new AbortController() }))
    announcer.invocation(command, invocation)
    kernel.later('commandPickup', () => this.#offer(invocation))
  }

  /** The agent, if it runs and the command is not too old, takes the command. */
  #offer(invocation: Invocation): void {
    const { kernel, agents, commands } = this.#parts
    const flight = this.#flightOf(invocation)
    const command = commands.table.get(invocation.commandId)
    if (!command || !flight || flight.delivered) return
    if (flight.abort.signal.aborted) return this.#tell(invocation, { status: 'Cancelled', statusDetails: 'Cancelled' })
    if (!agents.runs(invocation.instanceId)) {
      return this.#tell(invocation, { status: 'Pending', statusDetails: 'Delayed' })
    }
    if (kernel.clock.now() > command.deliverBy) return
    this.#tell(invocation, { status: 'InProgress', statusDetails: 'InProgress' })
    this.#take(command, invocation, flight)
  }

  /** From here on, nothing but the death of the agent or the machine keeps the document from being run. */
  #take(command: Command, invocation: Invocation, flight: Flight): void {
    const { kernel, agents, mishaps } = this.#parts
    flight.delivered = true
    const mishap = mishaps.take(invocation.instanceId)
    const start = () => {
      if (agents.runs(invocation.instanceId)) void this.#execute(command, invocation, flight)
    }
    if (mishap.delayMs === undefined) start()
    else kernel.clock.after(mishap.delayMs, start)
    if (mishap.duplicate) kernel.later('commandPickup', start)
  }

  async #execute(command: Command, invocation: Invocation, flight: Flight): Promise<void> {
    const { clock } = this.#parts.kernel
    const run = documentRun(command, flight.abort.signal)
    const startedAt = clock.now()
    let result: RunResult
    try {
      result = await this.#parts.hosts.run(invocation.instanceId, run)
    } catch {
      // The machine died under the document: nobody is left to report, so the command runs into its timeout.
      return
    }
    const finishedAt = clock.now()
    const late = finishedAt - startedAt >= run.timeoutMs
    const ending = finished(result, late, flight.abort.signal.aborted)
    flight.report ??= { ...invocation, ...ending, startedAt, finishedAt }
    this.#reportBack(invocation, flight)
  }

  #reportBack(invocation: Invocation, flight: Flight): void {
    this.#parts.kernel.later('commandReport', () => {
      const { report } = flight
      if (report && this.#parts.agents.runs(invocation.instanceId)) this.#tell(invocation, report.state, report)
    })
  }

  /** An agent that starts takes what waits for it and reports what it owes. */
  #resume(instanceId: string): void {
    const { kernel, commands } = this.#parts
    for (const [commandId, flight] of this.#flights.get(instanceId) ?? []) {
      const invocation = commands.invocation(commandId, instanceId)
      if (!invocation) continue
      if (flight.report) this.#reportBack(invocation, flight)
      else kernel.later('commandPickup', () => this.#offer(invocation))
    }
  }

  #expire(commandId: string): void {
    for (const invocation of this.#parts.commands.of(commandId)) {
      this.#tell(invocation, { status: 'TimedOut', statusDetails: 'DeliveryTimedOut' })
    }
  }

  /** Puts the invocation's new state, unless it has ended: an end is final, and a late report changes nothing. */
  #tell(invocation: Invocation, state: InvocationState, more: Partial<Invocation> = {}): void {
    const { commands, announcer } = this.#parts
    const before = commands.invocation(invocation.commandId, invocation.instanceId)
    if (!before || isOutcome(before.state)) return
    const after = commands.putInvocation({ ...before, ...more, state })
    const command = commands.table.get(after.commandId)
    // Nobody is told of Pending (observed for notifications: radkawar/stackd, docs/ssm.md).
    if (command && before.state.status !== state.status && state.status !== 'Pending') {
      announcer.invocation(command, after)
    }
    if (!isOutcome(state)) return
    this.#flights.get(after.instanceId)?.delete(after.commandId)
    this.#settle(after.commandId)
  }

  #settle(commandId: string): void {
    const { commands, announcer } = this.#parts
    const before = commands.table.get(commandId)
    if (!before) return
    const invocations = commands.of(commandId)
    const after = commands.table.change(commandId, aggregate(before, invocations))
    if (after.status === before.status) return
    announcer.command(
      after,
      invocations.map((invocation) => invocation.instanceId),
    )
  }

  #flightOf({ commandId, instanceId }: Invocation): Flight | undefined {
    return this.#flights.get(instanceId)?.get(commandId)
  }
}

function documentRun(command: Command, abort: AbortSignal): DocumentRun {
  return {
    document: command.documentName,
    content: command.content,
    parameters: command.parameters,
    timeoutMs: executionMs(command.content, command.parameters),
    abort,
  }
}

type Ending = Pick<Invocation, 'state' | 'responseCode' | 'stdout' | 'stderr'>

function finished({ exitCode, stdout, stderr }: RunResult, late: boolean, aborted: boolean): Ending {
  const told = { responseCode: exitCode, stdout, stderr }
  if (exitCode === 0) return { ...told, state: { status: 'Success', statusDetails: 'Success' } }
  if (exitCode === killed && aborted) return { ...told, state: { status: 'Cancelled', statusDetails: 'Cancelled' } }
  if (exitCode === killed && late) {
    return { ...told, state: { status: 'TimedOut', statusDetails: 'ExecutionTimedOut' } }
  }
  return {
    ...told,
    // The agent adds a line of its own (captured: radkawar/stackd, failure-invocation-1).
    stderr: `${stderr}failed to run commands: exit status ${exitCode}`,
    state: { status: 'Failed', statusDetails: 'Failed' },
  }
}
