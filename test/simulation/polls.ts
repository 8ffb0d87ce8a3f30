import type { Cancel } from '../../lab/cloud/clock.ts'
import type { Cloud } from '../../lab/cloud/cloud.ts'
import { AwsError } from '../../lab/cloud/error.ts'
import type { Agent } from '../../lab/cloud/ssm/agents.ts'
import type { Invocation } from '../../lab/cloud/ssm/commands.ts'
import type { Random } from '../../lab/cloud/random.ts'
import { whenAborted } from '../../lab/stack/core-clock.ts'
import { names } from '../../lab/stack/environment.ts'
import type { FunctionName } from '../../lab/stack/functions.ts'
import type { Operation } from '../../shared/aws/operations.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Life } from './port.ts'
import type { Reads } from './reads.ts'

/** Milliseconds: a sweep lives for less than a minute, and comes to no end if its few looks come late. */
const sweepIdleMs = 5000

/** Milliseconds that a look takes at the most, or mostly: what was asked before is of no interest any more. */
const lookMs = 3000

/**
 * Leaves out most of the looks that would see the very same as the look before: two of three are such, and each takes
 * eight calls. While all that an invocation has asked would be answered as before, the core's pause goes on; when
 * something changes, it lasts for a random part of what it was to last, as if the change had come in the middle of one of
 * many pauses. Whoever has just changed something, or could not see something, waits no longer than it says.
 */
export class Polls {
  readonly #cloud: Cloud
  readonly #random: Random
  readonly #reads: Reads
  /** Milliseconds after which the core looks again although nothing has changed: some of its decisions rest on time alone. */
  readonly #idleMs: number
  /** What matters to everybody, and what hosts tell of their members' health, which a launch never asks for. */
  readonly #news = { all: new Bell(), health: new Bell() }

  constructor(cloud: Cloud, random: Random, reads: Reads, idleMs: number) {
    this.#cloud = cloud
    this.#random = random
    this.#reads = reads
    this.#idleMs = idleMs
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
  unhurried(clock: Clock, name: FunctionName, life: Life): Clock {
    const { all, health } = this.#news
    const bells = name === 'launch' ? [all] : [all, health]
    const idleMs = name === 'sweep' ? Math.min(this.#idleMs, sweepIdleMs) : this.#idleMs
    let restless = -1
    return {
      now: () => clock.now(),
      pause: async (ms, signal) => {
        const rests = life.restless === restless && !this.#hasNews(life, this.#cloud.kernel.clock.now() - lookMs)
        await (rests ? this.#idle(Math.max(ms, idleMs), ms, bells, life, signal) : clock.pause(ms, signal))
        restless = life.restless
      },
    }
  }

  /** Whether anything that the invocation has seen is by now such that the core would see another thing. */
  #hasNews({ saw }: Life, since: number): boolean {
    for (const { at, question, answer } of saw.values()) {
      if (at < since) continue
      const now = this.#reads.now(question)
      const { operation } = question
      if (now !== undefined && now !== answer && gist(operation, now) !== gist(operation, answer)) return true
    }
    return false
  }

  #idle(idleMs: number, ms: number, bells: readonly Bell[], life: Life, signal: AbortSignal): Promise<void> {
    const { clock } = this.#cloud.kernel
    const since = clock.now() - lookMs
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      let cancelRest: Cancel | undefined
      const wake = (): void => {
        cancelRest ??= clock.after(ms * this.#random.next(), () => {
          cancelRest = undefined
          if (this.#hasNews(life, since)) end()
          else for (const bell of bells) bell.waiting.add(wake)
        })
      }
      const end = (): void => {
        cancelIdle()
        cancelRest?.()
        for (const bell of bells) bell.waiting.delete(wake)
        forget()
        resolve()
      }
      const cancelIdle = clock.after(idleMs, end)
      const forget = whenAborted(signal, end)
      for (const bell of bells) bell.waiting.add(wake)
    })
  }
}

/** What the core makes out in an answer that also tells things of which it takes no notice; else the answer itself. */
function gist(operation: Operation, answer: object): unknown {
  if (answer instanceof AwsError) return answer.code
  const told = answer as {
    readonly InstanceInformationList?: readonly { InstanceId?: string; PingStatus?: string }[]
    readonly CommandInvocations?: readonly { CommandId?: string; Status?: string }[]
    readonly Status?: string
  }
  switch (operation) {
    case 'ssm.DescribeInstanceInformation':
      return told.InstanceInformationList?.map((one) => `${one.InstanceId} ${one.PingStatus}`).join()
    case 'ssm.ListCommandInvocations':
      return told.CommandInvocations?.map(
        (one) => `${one.CommandId} ${isUnderWay(one.Status) ? '' : one.Status}`,
      ).join()
    case 'ssm.GetCommandInvocation':
      return isUnderWay(told.Status) ? 'under way' : answer
    default:
      return answer
  }
}

/** Told of each change of some kind, and tells those that wait for one, once. */
class Bell {
  readonly waiting = new Set<() => void>()

  ring(): void {
    for (const wake of this.waiting) wake()
    this.waiting.clear()
  }
}

const isOnline = ({ registered, pingStatus }: Agent): boolean => registered && pingStatus === 'Online'

/** The states before the end are one to the core: it runs. */
const isUnderWay = (status: string | undefined): boolean => status === 'Pending' || status === 'InProgress'
const hasEnded = ({ state }: Invocation): boolean => !isUnderWay(state.status)
