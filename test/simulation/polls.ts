import type { Cancel } from '../../lab/cloud/clock.ts'
import type { Cloud } from '../../lab/cloud/cloud.ts'
import type { Random } from '../../lab/cloud/random.ts'
import { whenAborted } from '../../lab/stack/core-clock.ts'
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
  readonly #waiting = new Set<() => void>()
  #changes = 0

  constructor(cloud: Cloud, random: Random) {
    this.#cloud = cloud
    this.#random = random
    const { ec2, autoscaling, ssm } = cloud
    const changed = (): void => {
      this.#changes++
      for (const wake of this.#waiting) wake()
      this.#waiting.clear()
    }
    for (const table of [ec2.instances, ec2.networkInterfaces, ec2.volumes]) table.watch(changed)
    for (const table of [autoscaling.groups, autoscaling.members]) table.watch(changed)
    for (const table of [ssm.agents, ssm.invocations]) table.watch(changed)
  }

  /** The clock of one invocation. */
  unhurried(clock: Clock): Clock {
    let before = this.#changes
    return {
      now: () => clock.now(),
      pause: async (ms, signal) => {
        // What has changed since the look began may not have been seen by it.
        await (this.#changes === before && !this.#readsMayBeStale() ? this.#idle(ms, signal) : clock.pause(ms, signal))
        before = this.#changes
      },
    }
  }

  #readsMayBeStale(): boolean {
    return this.#cloud.kernel.settings.staleReads > 0
  }

  #idle(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#cloud.kernel
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      let cancelRest: Cancel | undefined
      const wake = (): void => {
        cancelRest = clock.after(ms * this.#random.next(), end)
      }
      const end = (): void => {
        cancelIdle()
        cancelRest?.()
        this.#waiting.delete(wake)
        forget()
        resolve()
      }
      const cancelIdle = clock.after(Math.max(ms, idleMs), end)
      const forget = whenAborted(signal, end)
      this.#waiting.add(wake)
    })
  }
}
