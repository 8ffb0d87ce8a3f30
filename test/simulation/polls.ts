import type { Cancel } from '../../lab/cloud/clock.ts'
import type { Cloud } from '../../lab/cloud/cloud.ts'
import type { Agent } from '../../lab/cloud/ssm/agents.ts'
import type { Invocation } from '../../lab/cloud/ssm/commands.ts'
import type { Random } from '../../lab/cloud/random.ts'
import { whenAborted } from '../../lab/stack/core-clock.ts'
import { names } from '../../lab/stack/environment.ts'
import type { FunctionName } from '../../lab/stack/functions.ts'
import type { Clock } from '../../shared/clock.ts'

/** Milliseconds after which the core looks again although nothing has changed: some of its decisions rest on time alone. */
const idleMs = 5000

/**
 * Leaves out most of the looks that would see the very same as the look before: two of three are such, and each takes
 * eight calls. While the world stands still, the core's pause goes on; when something changes, it lasts for a random part
 * of what it was to last, as if the change had come in the middle of one of many pauses.
 */
export class Polls {
  readonly #cloud: Cloud
  readonly #random: Random
  /** What matters to everybody, and what hosts tell of their members' health, which a launch never asks for. */
  readonly #news = { all: new Bell(), health: new Bell() }

  constructor(cloud: Cloud, random: Random) {
    this.#cloud = cloud
    this.#random = random
    const { ec2, autoscaling, ssm } = cloud
    const { all, health } = this.#news
    const changed = (): void => all.ring()
    for (const table of [ec2.instances, ec2.networkInterfaces, ec2.volumes]) table.watch(changed)
    for (const table of [autoscaling.groups, autoscaling.members]) table.watch(changed)
    ssm.agents.watch((_id, before, after) => {
      if (before === undefined || after === undefined || isOnline(before) !== isOnline(after)) changed()
    })
    ssm.invocations.watch((_id, before, after) => {
      if (before && after && hasEnded(before) === hasEnded(after)) return
      const document = ssm.commands.get((after ?? before)?.commandId ?? '')?.documentName
      if (document === names.health) health.ring()
      else changed()
    })
  }

  /** The clock of one invocation. */
  unhurried(clock: Clock, name: FunctionName): Clock {
    const { all, health } = this.#news
    const bells = name === 'launch' ? [all] : [all, health]
    const changes = (): number => bells.reduce((sum, bell) => sum + bell.rung, 0)
    let before = changes()
    return {
      now: () => clock.now(),
      pause: async (ms, signal) => {
        // What has changed since the look began may not have been seen by it.
        const still = changes() === before && !this.#readsMayBeStale()
        await (still ? this.#idle(ms, bells, signal) : clock.pause(ms, signal))
        before = changes()
      },
    }
  }

  #readsMayBeStale(): boolean {
    return this.#cloud.kernel.settings.staleReads > 0
  }

  #idle(ms: number, bells: readonly Bell[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#cloud.kernel
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      let cancelRest: Cancel | undefined
      const wake = (): void => {
        cancelRest ??= clock.after(ms * this.#random.next(), end)
      }
      const end = (): void => {
        cancelIdle()
        cancelRest?.()
        for (const bell of bells) bell.waiting.delete(wake)
        forget()
        resolve()
      }
      const cancelIdle = clock.after(Math.max(ms, idleMs), end)
      const forget = whenAborted(signal, end)
      for (const bell of bells) bell.waiting.add(wake)
    })
  }
}

/** Told of each change of some kind, and tells those that wait for one, once. */
class Bell {
  readonly waiting = new Set<() => void>()
  rung = 0

  ring(): void {
    this.rung++
    for (const wake of this.waiting) wake()
    this.waiting.clear()
  }
}

const isOnline = ({ registered, pingStatus }: Agent): boolean => registered && pingStatus === 'Online'

/** The states before the end are one to the core: it runs. */
const hasEnded = ({ state }: Invocation): boolean => state.status !== 'Pending' && state.status !== 'InProgress'
