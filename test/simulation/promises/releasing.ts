import { names } from '../../../lab/stack/environment.ts'
import type { Life } from '../port.ts'
import type { Arrival, Input, Sending, Watch } from './watch.ts'
import { unseenMs } from './watch.ts'

/** S1, S2, S13: what is taken from whom, and who is let go. */
export class Releasing {
  readonly #watch: Watch
  /** Instances that were sent a hand-over command. */
  readonly #asked = new Set<string>()
  /** When each invocation was last refused to detach a volume. */
  readonly #freeAt = new WeakMap<Life, Map<string, number>>()
  /** Since when each interface has had its attachment. */
  readonly #heldSince = new Map<string, number>()

  constructor(watch: Watch) {
    this.#watch = watch
    watch.cloud.ec2.networkInterfaces.watch((id, before, after) => {
      if (after?.attachment?.attachmentId !== before?.attachment?.attachmentId) this.#heldSince.set(id, watch.now())
    })
  }

  /** By what is true when it is asked for: an attach call that lands later, on a host that has let go, hurts nobody. */
  sending({ operation, input, life }: Sending): void {
    switch (operation) {
      case 'ec2.DetachVolume':
        return this.#notInService(input['InstanceId'], operation)
      case 'ec2.DetachNetworkInterface':
        this.#notInService(this.#watch.attached(input['AttachmentId'])?.attachment?.instanceId, operation)
        return this.#releasedLast(input, life)
      case 'ssm.SendCommand':
        if (input['DocumentName'] === names.handOver) this.#noteAsked(input)
        return
      case 'autoscaling.CompleteLifecycleAction':
        if (input['LifecycleHookName'] === names.terminateHook) this.#askedBefore(String(input['InstanceId']))
        return
      default:
    }
  }

  /** A call is about to take effect. */
  before({ operation, input, sentAt }: Arrival): void {
    const watch = this.#watch
    if (operation === 'ec2.DetachVolume') {
      const [volume, instance] = [String(input['VolumeId']), String(input['InstanceId'])]
      const attached = watch.cloud.ec2.volumes.get(volume)?.attachment?.instanceId === instance
      const age = watch.now() - sentAt
      if (attached && (watch.hosts.inUse(instance, volume) || input['Force'] === true)) {
        watch.break('S1', `${volume} is detached from ${instance}, where it is mounted (sent ${age} ms before)`)
      }
    }
    if (operation === 'ec2.DetachNetworkInterface') this.#notServing(input)
  }

  /** EC2 refuses to detach what is free; who is refused for another reason keeps the claim. */
  refused({ operation, input, life }: Arrival): void {
    if (operation !== 'ec2.DetachVolume') return
    const free = this.#freeAt.get(life) ?? new Map<string, number>()
    this.#freeAt.set(life, free.set(String(input['VolumeId']), this.#watch.now()))
  }

  #noteAsked(input: Input): void {
    const ids = input['InstanceIds']
    if (Array.isArray(ids)) for (const id of ids) this.#asked.add(String(id))
  }

  #notInService(instance: unknown, operation: string): void {
    const state = this.#watch.lifecycleState(instance)
    // Who has let go uses nothing any more; that it was continued meanwhile a read of the past does not tell.
    if (this.#watch.mayBeStale() && this.#watch.handedOver.has(String(instance))) return
    if (state === 'InService' || state === 'Pending:Proceed') {
      this.#watch.break('S13', `${operation} takes from ${String(instance)}, which is ${state}`)
    }
  }

  /** An instance that holds a member, and whose agent would take the command, is told to hand over before it is let go. */
  #askedBefore(instanceId: string): void {
    const watch = this.#watch
    if (this.#asked.has(instanceId) || watch.lifecycleState(instanceId) !== 'Terminating:Wait') return
    if (watch.mayBeStale() || !watch.calm(instanceId) || !watch.tagsAreRight() || !this.#couldBeAsked(instanceId))
      return
    for (const [id, member] of watch.byInterface) {
      const here = watch.cloud.ec2.networkInterfaces.get(id)?.attachment?.instanceId === instanceId
      const long = watch.calm(id, ...member.volumeIds) && watch.now() - (this.#heldSince.get(id) ?? 0) > unseenMs
      if (!here || !long) continue
      watch.break('S13', `${instanceId} is let go without having been told to hand over member ${member.id}`)
    }
  }

  #couldBeAsked(instanceId: string): boolean {
    const { ec2, ssm } = this.#watch.cloud
    const agent = ssm.agents.get(instanceId)
    if (ec2.instances.get(instanceId)?.state !== 'running' || !agent?.running || !agent.registered) return false
    return agent.pingStatus === 'Online' && this.#watch.now() - agent.registeredAt > unseenMs
  }

  #releasedLast(input: Input, life: Life): void {
    const { cloud, byInterface } = this.#watch
    const card = this.#watch.attached(input['AttachmentId'])
    const member = byInterface.get(card?.networkInterfaceId ?? '')
    const instanceId = card?.attachment?.instanceId
    if (!member || instanceId === undefined) return
    for (const id of member.volumeIds) {
      const attachment = cloud.ec2.volumes.get(id)?.attachment
      if (attachment?.instanceId !== instanceId) continue
      // What was sent minutes before may land after EC2 has said that it is free.
      if (attachment.attachTime > (this.#freeAt.get(life)?.get(id) ?? Number.POSITIVE_INFINITY)) continue
      this.#watch.break('S2', `the interface of member ${member.id} is taken from ${instanceId}, which still has ${id}`)
    }
  }

  #notServing(input: Input): void {
    const instanceId = this.#watch.attached(input['AttachmentId'])?.attachment?.instanceId
    if (instanceId === undefined || this.#watch.hosts.role(instanceId) === undefined) return
    this.#watch.break('S2', `an interface is taken from ${instanceId}, where its service runs`)
  }
}
