import type { Ec2, Instance } from '../ec2/ec2.ts'
import type { Kernel } from '../kernel.ts'
import type { Table } from '../table.ts'

export interface Agent {
  readonly instanceId: string
  /** Whether the service knows the node: it does not before the agent's first call, nor once the machine stopped. */
  readonly registered: boolean
  readonly registeredAt: number
  /** What the service tells, which lags behind the truth by minutes. */
  readonly pingStatus: 'Online' | 'ConnectionLost'
  readonly lastPing: number
  /** The truth: whether the agent runs. */
  readonly running: boolean
}

/** The agent's HealthFrequencyMinutes, in milliseconds (aws/amazon-ssm-agent, default configuration). */
const pingMs = 5 * 60_000

/**
 * Pings missed until the service says ConnectionLost. Nobody has published the figure; that it is not told within a
 * minute and a half is captured (radkawar/stackd, offline-agent-fleet-state).
 */
const pingsMissed = 2

/**
 * Which agents there are, which of them run, and what the service believes of them. An agent registers some time after
 * its instance is running and stops with it. `Online` therefore never proves that a command will be taken.
 */
export class Agents {
  readonly table: Table<Agent>
  readonly #kernel: Kernel
  readonly #instances: Ec2['instances']
  readonly #listeners: ((instanceId: string) => void)[] = []
  /** Each start of an agent, and each change of its instance's state, makes the timers of the time before void. */
  readonly #starts = new Map<string, number>()
  readonly #interval: number

  constructor(kernel: Kernel, ec2: Pick<Ec2, 'instances' | 'onInstanceState'>) {
    this.table = kernel.table<Agent>()
    this.#kernel = kernel
    this.#instances = ec2.instances
    this.#interval = pingMs / kernel.settings.speed
    ec2.onInstanceState((instance) => this.#follow(instance))
  }

  /** Whether the agent runs, so that it takes commands and reports. */
  runs(instanceId: string): boolean {
    return this.table.get(instanceId)?.running ?? false
  }

  /** Whether SendCommand takes the node: registered, and its instance neither stopped nor on its way out. */
  accepts(instanceId: string): boolean {
    const state = this.#instances.get(instanceId)?.state
    const valid = state === 'running' || state === 'pending' || state === 'stopping'
    return valid && (this.table.get(instanceId)?.registered ?? false)
  }

  onStart(listener: (instanceId: string) => void): void {
    this.#listeners.push(listener)
  }

  start(instanceId: string): void {
    if (this.#instances.get(instanceId)?.state !== 'running' || this.runs(instanceId)) return
    const now = this.#kernel.clock.now()
    const before = this.table.get(instanceId)
    const registeredAt = before?.registered ? before.registeredAt : now
    this.table.put(instanceId, {
      instanceId,
      registered: true,
      registeredAt,
      pingStatus: 'Online',
      lastPing: now,
      running: true,
    })
    this.#ping(instanceId, this.#countStart(instanceId))
    for (const listener of this.#listeners) listener(instanceId)
  }

  stop(instanceId: string): void {
    if (this.runs(instanceId)) this.table.change(instanceId, { running: false })
  }

  #follow({ instanceId, state }: Instance): void {
    const { random, settings } = this.#kernel
    const start = this.#countStart(instanceId)
    if (state === 'running') {
      if (random.chance(settings.agentNeverOnline)) return
      this.#kernel.later('runningToAgentOnline', () => {
        if (this.#starts.get(instanceId) === start) this.start(instanceId)
      })
      return
    }
    this.stop(instanceId)
    // A stopped node is not described at all (captured: radkawar/stackd, stopped-node-ping).
    const gone = state === 'stopped' || state === 'terminated'
    if (gone && this.table.get(instanceId)) this.table.change(instanceId, { registered: false })
  }

  #ping(instanceId: string, start: number): void {
    if (this.#starts.get(instanceId) !== start || !this.runs(instanceId)) return
    const { clock } = this.#kernel
    this.table.change(instanceId, { lastPing: clock.now(), pingStatus: 'Online' })
    clock.after(this.#interval, () => this.#ping(instanceId, start))
    clock.after(this.#interval * pingsMissed, () => this.#loseSight(instanceId))
  }

  #loseSight(instanceId: string): void {
    const agent = this.table.get(instanceId)
    if (!agent?.registered || this.#kernel.clock.now() - agent.lastPing < this.#interval * pingsMissed) return
    this.table.change(instanceId, { pingStatus: 'ConnectionLost' })
  }

  #countStart(instanceId: string): number {
    const start = (this.#starts.get(instanceId) ?? 0) + 1
    this.#starts.set(instanceId, start)
    return start
  }
}
