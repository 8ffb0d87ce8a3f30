import { names } from '../../../lab/stack/environment.ts'
import { limits } from '../../../shared/model/limits.ts'
import type { Member } from '../ensembles.ts'
import type { Life } from '../port.ts'
import type { Input, Sending, Watch } from './watch.ts'

interface Proof {
  readonly member: number
  readonly startedAt: number
}

/** Milliseconds from the reading of the clock to the sending of CONTINUE: what is older is not acted upon. */
const proofSlackMs = limits.observationAgeMax + 1000

/** What a document came to on a host. */
export interface Ran {
  readonly document: string
  readonly instanceId: string
  readonly member: number
  readonly startedAt: number
  /** Undefined when it ended well. */
  readonly failure: string | undefined
}

/** Milliseconds after which a look must show that a peer is in service. */
const inServiceMs = 45_000

/** Failures of a take-over that has not begun. */
const unbegun = new Set(['handed-over', 'too-late', 'busy'])

/** S4, S12: what is continued, and what runs after the end. */
export class Proving {
  readonly #watch: Watch
  readonly #proofs = new Map<string, Proof>()
  /** By address: when a peer was last asked whether it reaches it. */
  readonly #askedAt = new Map<string, number>()
  /** When a peer last said that it can't tell, because its own server has no role. */
  readonly #noWitnessAt = new Map<string, number>()
  /** Since when nobody reaches the instance at its static address, although it serves. */
  readonly #hiddenSince = new Map<string, number>()

  constructor(watch: Watch) {
    this.#watch = watch
  }

  ran({ document, instanceId, member, startedAt, failure }: Ran): void {
    const watch = this.#watch
    if (document === names.handOver && failure === undefined) watch.handedOver.add(instanceId)
    if (document === names.reach && failure === 'no-quorum') this.#noWitnessAt.set(instanceId, watch.now())
    if (document !== names.takeOver) return
    if (watch.handedOver.has(instanceId) && !(failure !== undefined && unbegun.has(failure))) {
      watch.break('S12', `a take-over was begun on ${instanceId}, which has handed over (${failure ?? 'it succeeded'})`)
    }
    if (failure === undefined) this.#proofs.set(instanceId, { member, startedAt })
  }

  hide(instanceId: string, hidden: boolean): void {
    if (hidden) this.#hiddenSince.set(instanceId, this.#watch.now())
    else this.#hiddenSince.delete(instanceId)
  }

  afterEvent(): void {
    for (const id of this.#watch.handedOver) {
      if (this.#watch.hosts.role(id) === undefined) continue
      this.#watch.break('S12', `the service runs on ${id}, which has handed over`)
    }
  }

  sending({ operation, input, life }: Sending): void {
    if (operation === 'ssm.SendCommand' && input['DocumentName'] === names.reach) this.#noteAsked(input)
    if (operation !== 'autoscaling.CompleteLifecycleAction' || input['LifecycleActionResult'] !== 'CONTINUE') return
    if (input['LifecycleHookName'] === names.launchHook) this.#wholeAndProved(String(input['InstanceId']), life)
  }

  #noteAsked(input: Input): void {
    const { Parameters } = input as { Parameters?: Readonly<Record<string, readonly string[]>> }
    const address = Parameters?.['Address']?.[0]
    if (address !== undefined) this.#askedAt.set(address, this.#watch.now())
  }

  #wholeAndProved(instanceId: string, life: Life): void {
    const watch = this.#watch
    // Somebody else has completed it: then this call can do nothing.
    if (watch.lifecycleState(instanceId) !== 'Pending:Wait' || !watch.calm(instanceId)) return
    const held = [...watch.byInterface.values()].filter((member) => watch.holder(member) === instanceId)
    const [member] = held
    if (!member || held.length !== 1) return watch.break('S4', `${instanceId} is continued with ${held.length} members`)
    if (!watch.calm(member.networkInterfaceId, ...member.volumeIds)) return
    const fault = this.#lacks(member, instanceId) ?? this.#unproved(member, instanceId, life)
    if (fault !== undefined) watch.break('S4', `${instanceId} is continued as member ${member.id}: ${fault}`)
  }

  /** What keeps a member from being whole on this instance. */
  #lacks(member: Member, instanceId: string): string | undefined {
    const { networkInterfaces, volumes } = this.#watch.cloud.ec2
    const card = networkInterfaces.get(member.networkInterfaceId)?.attachment
    if (card?.status !== 'attached') return `its interface is ${card?.status}`
    if (card.deleteOnTermination) return 'its interface would be deleted with the instance'
    for (const id of member.volumeIds) {
      const disk = volumes.get(id)?.attachment
      if (disk?.instanceId !== instanceId || disk.state !== 'attached') return `${id} is ${disk?.state} elsewhere`
      if (disk.deleteOnTermination) return `${id} would be deleted with the instance`
    }
    return undefined
  }

  #unproved(member: Member, instanceId: string, { skewMs }: Life): string | undefined {
    if (this.#watch.handedOver.has(instanceId)) return 'it has handed over'
    const proof = this.#proofs.get(instanceId)
    if (proof?.member !== member.id) return 'without any proof'
    const age = this.#watch.now() - proof.startedAt
    if (age > limits.proofAgeMax + proofSlackMs + Math.abs(skewMs)) {
      return `on a proof that began ${(age / 1000).toFixed(1)} s before`
    }
    return this.#couldBeAsked(member, instanceId) ? this.#unreached(member, instanceId, skewMs) : undefined
  }

  /** Why nobody can have reached it, neither lately nor since it has the address. */
  #unreached({ networkInterfaceId, address }: Member, instanceId: string, skewMs: number): string | undefined {
    const { attachment } = this.#watch.cloud.ec2.networkInterfaces.get(networkInterfaceId) ?? {}
    const attachedAt = attachment?.attachTime ?? 0
    if ((this.#askedAt.get(address) ?? 0) < attachedAt) return 'no peer was asked whether it reaches it'
    const hidden = this.#hiddenSince.get(instanceId) ?? Number.POSITIVE_INFINITY
    const old = limits.proofAgeMax + proofSlackMs + Math.abs(skewMs)
    return hidden < attachedAt || this.#watch.now() - hidden > old ? 'no peer reaches it' : undefined
  }

  /** Whether there is a peer in service for so long that nobody can have missed it. */
  #couldBeAsked(member: Member, instanceId: string): boolean {
    const { byInterface, cloud } = this.#watch
    const peers = [...byInterface.values()].filter((one) => one.ensemble === member.ensemble)
    return peers.some((peer) => {
      const holder = this.#watch.holder(peer) ?? ''
      const { lifecycleState, inServiceAt } = cloud.autoscaling.members.get(holder) ?? {}
      const serves =
        lifecycleState === 'InService' && this.#watch.now() - (inServiceAt ?? this.#watch.now()) > inServiceMs
      const agent = cloud.ssm.agents.get(holder)
      const answers = agent?.running && agent.registered && cloud.ec2.instances.get(holder)?.state === 'running'
      const couldNotTell = this.#watch.now() - (this.#noWitnessAt.get(holder) ?? 0) <= limits.proofAgeMax + proofSlackMs
      return holder !== instanceId && serves && answers === true && !couldNotTell && this.#watch.calm(holder)
    })
  }
}
