import { names } from '../../../lab/stack/environment.ts'
import { limits } from '../../../shared/model/limits.ts'
import type { Life } from '../port.ts'
import type { Input, Sending, Watch } from './watch.ts'

/**
 * Calls a minute of one invocation for one action: a look a second, of seven calls, in a minute full of news, and that of
 * each member's host, which some of them ask for.
 */
const callsPerMinute = (members: number): number => 420 + 50 * members
/** Documents that may be sent beside themselves: two only ask, and a leader's host makes one change at a time, and says so. */
const repeatable = new Set<string>([names.reach, names.health, names.reconfigure])
/** Milliseconds after which each look tells of a command: the oldest look that is acted upon, and SSM's own delay. */
const knownMs = limits.observationAgeMax + 10_000
/** Milliseconds by which a function's clock is off at most. */
const skewMostMs = 120_000

/** Milliseconds that the rest of a look may take, and the heartbeat after it: calls that are slow, and not too slow. */
const lookMs = 10_000
/** Milliseconds for which nobody may have looked at an instance that waits, once nothing goes wrong: two sweeps. */
const aloneMs = 150_000
/** Milliseconds for which an instance may wait where each member of its zone is held by one in service. */
const twinMs = limits.memberFreeWithin + 5 * 60_000

/** S14, L3, L4, L6: how much is done, and how long things take. */
export class Bounds {
  readonly #watch: Watch
  /** When an invocation last looked at each instance. */
  readonly #lookedAt = new Map<string, number>()
  readonly #waitsSince = new Map<string, number>()
  /** Since when each instance in wait could become no member. */
  readonly #twinSince = new Map<string, number>()

  /** Milliseconds by which the clock of any function has been off: of two that are, both ways. */
  #skewMost = 0

  constructor(watch: Watch) {
    this.#watch = watch
    watch.cloud.autoscaling.onLifecycleState(({ instanceId, lifecycleState }) => {
      if (lifecycleState.endsWith(':Wait')) this.#waitsSince.set(instanceId, watch.now())
      else this.#waitsSince.delete(instanceId)
    })
  }

  sending({ operation, input, life }: Sending): void {
    this.#skewMost = Math.max(this.#skewMost, Math.abs(life.skewMs))
    if (operation === 'ssm.SendCommand') this.#oneCommand(input)
    if (operation === 'ssm.ListCommandInvocations') this.#lookedAt.set(String(input['InstanceId']), this.#watch.now())
  }

  /** A command that has been under way for long is there for everybody to see: nobody sends another one beside it. */
  #oneCommand({ DocumentName, InstanceIds }: Input): void {
    if (repeatable.has(String(DocumentName)) || this.#watch.mayBeStale()) return
    const [id] = Array.isArray(InstanceIds) ? InstanceIds.map(String) : []
    for (const command of this.#watch.cloud.ssm.commands.all()) {
      const { documentName, instanceIds, status, requestedAt, commandId, parameters } = command
      if (documentName !== DocumentName || status !== 'InProgress' || !instanceIds.includes(id ?? '')) continue
      const age = this.#watch.now() - requestedAt
      // A host at work says so to whoever heals one in service; what has not begun by then never does, and a host that has
      // been rebooted is at work on nothing, whatever SSM tells of the command. Nobody is judged while it is not calm.
      const notAfter = Number(parameters['NotAfter']?.[0]) * 1000
      const isOver = this.#watch.now() > notAfter - 2 * this.#skewMost
      if (this.#watch.lifecycleState(id) === 'InService' && (isOver || !this.#watch.calm(String(id)))) continue
      if (age < knownMs || age > limits.commandForgottenAfter - skewMostMs) continue
      this.#watch.break('S14', `${documentName} is sent to ${id} beside ${commandId}, which has run for ${age} ms`)
    }
  }

  /** An invocation has come to its end. */
  ended(life: Life, actions: number): void {
    const minutes = (this.#watch.now() - life.startedAt) / 60_000
    const members = [...this.#watch.byInterface.values()].filter((member) => member.ensemble === life.ensemble).length
    const most = callsPerMinute(members) * Math.max(1, minutes) * Math.max(1, actions)
    if (life.calls > most) {
      this.#watch.break('S14', `${life.name} made ${life.calls} calls in ${minutes.toFixed(1)} minutes`)
    }
  }

  /** An invocation has to be killed because its time is over. */
  overTime(life: Life): void {
    // An answer that comes minutes late holds up whoever waits for it, whatever the time, and is not the last one of a look.
    if (this.#watch.now() > life.answersBy + lookMs) this.#watch.break('L6', `${life.name} did not end by itself`)
  }

  /** To be called every few seconds. */
  look(faultsEndedAt: number | undefined): void {
    for (const [instanceId, since] of this.#waitsSince) {
      if (faultsEndedAt !== undefined) this.#notAlone(instanceId, Math.max(since, faultsEndedAt))
      this.#noTwin(instanceId)
    }
  }

  #notAlone(instanceId: string, since: number): void {
    const seen = Math.max(since, this.#lookedAt.get(instanceId) ?? 0)
    const ms = this.#watch.now() - seen
    if (ms > aloneMs)
      this.#watch.break('L3', `nobody has looked at ${instanceId} for ${(ms / 60_000).toFixed(1)} minutes`)
  }

  #noTwin(instanceId: string): void {
    const { cloud, byInterface } = this.#watch
    const self = cloud.autoscaling.members.get(instanceId)
    const ensemble = this.#watch.ensembleOfInstance.get(instanceId)
    const members = [...byInterface.values()].filter((one) => one.zone === self?.zone && one.ensemble === ensemble)
    const held = members.every((member) => {
      const holder = this.#watch.holder(member)
      return holder !== instanceId && this.#watch.lifecycleState(holder) === 'InService' && this.#runs(holder)
    })
    if (self?.lifecycleState !== 'Pending:Wait' || !held || !this.#runs(instanceId)) {
      this.#twinSince.delete(instanceId)
      return
    }
    const since = this.#twinSince.get(instanceId) ?? this.#watch.now()
    this.#twinSince.set(instanceId, since)
    if (this.#watch.now() - since < twinMs) return
    this.#watch.break('L4', `${instanceId} waits where each member of ${self.zone} is held`)
  }

  #runs(instanceId: string | undefined): boolean {
    return this.#watch.cloud.ec2.instances.get(instanceId ?? '')?.state === 'running'
  }
}
