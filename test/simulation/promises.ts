import type { Cloud } from '../../lab/cloud/cloud.ts'
import type { NetworkInterface, Volume } from '../../lab/cloud/ec2/ec2.ts'
import type { VolumeContent } from '../../lab/hosts/modelled/disk.ts'
import type { ModelledHosts } from '../../lab/hosts/modelled/modelled.ts'
import { names } from '../../lab/stack/environment.ts'
import { limits } from '../../shared/model/limits.ts'
import { bookkeepingTags } from '../../shared/model/tags.ts'
import { isRead } from './calls.ts'
import type { Ensemble, Member } from './ensembles.ts'
import type { Life } from './port.ts'

/** The promises that are watched, by the names of the list that they come from. */
export const promises = {
  S1: 'no disk is pulled from a host that has it mounted',
  S2: 'no interface is taken while its volumes are there or its service runs',
  S3: 'no volume is formatted twice, unless its permit stands',
  S4: 'CONTINUE rests on one whole member, proved a short while ago',
  S5: 'one server and one mount a member',
  S6: 'no instance has parts of two members',
  S8: 'nothing foreign is touched',
  S9: 'nothing is attached across zones',
  S10: 'no member is marked to start from nothing once there is data',
  S11: 'what was acknowledged is never lost',
  S12: 'who handed over never serves again',
  S13: 'nothing is taken from an instance in service',
  S14: 'work is bounded',
  S15: 'no volume is attached twice to one instance, and none before the claim',
  L1: 'everything is in service again in time',
  L2: 'no member is left in halves',
  L3: 'no instance is left waiting',
  L6: 'every invocation ends',
} as const

export type PromiseName = keyof typeof promises

export interface Broken {
  readonly promise: PromiseName
  /** Milliseconds of virtual time since the epoch. */
  readonly at: number
  readonly what: string
}

/** A call that reaches the cloud now. */
export interface Arrival {
  readonly operation: string
  readonly input: object
  readonly life: Life
  readonly sentAt: number
}

interface Proof {
  readonly member: number
  readonly sentAt: number
}

type Input = Readonly<Record<string, unknown>>

/** From the reading of the clock to the sending of CONTINUE: slow reads, and the repetitions of the call itself. */
const proofSlackMs = 45_000
/** Milliseconds for which a change from outside may not have been seen yet. */
const unseenMs = 120_000
/** Two invocations may ask for the same within this time: after it the attachment, or its announcement, is seen. */
const secondAttachMs = 45_000
/** Calls a minute of one invocation for one action; polling twice a second with eight reads is no more than this. */
const callsPerMinute = 900

/** Watches everything that the world does. The first broken promise ends the run. */
export class Promises {
  broken: Broken | undefined
  readonly #cloud: Cloud
  readonly #hosts: ModelledHosts
  readonly #byInterface = new Map<string, Member>()
  readonly #byVolume = new Map<string, Member>()
  readonly #ensembleOfGroup = new Map<string, string>()
  readonly #ensembleOfInstance = new Map<string, string>()
  /** When each volume was first attached to each instance. */
  readonly #pairs = new Map<string, number>()
  readonly #sentAt = new Map<string, number>()
  readonly #proofs = new Map<string, Proof>()
  readonly #handedOver = new Set<string>()
  readonly #disturbed = new Map<string, number>()
  readonly #formatted = new Set<string>()
  readonly #permitGone = new Map<string, number>()
  #harmsSeen = 0
  #byHand = false

  constructor(cloud: Cloud, hosts: ModelledHosts) {
    this.#cloud = cloud
    this.#hosts = hosts
    cloud.autoscaling.onLifecycleState(({ instanceId, groupName }) => {
      const ensemble = this.#ensembleOfGroup.get(groupName)
      if (ensemble !== undefined) this.#ensembleOfInstance.set(instanceId, ensemble)
    })
    cloud.ec2.volumes.watch((id, before, after) => this.#volumeChanged(id, before, after))
    cloud.ec2.networkInterfaces.watch((_id, before, after) => this.#interfaceChanged(before, after))
  }

  know({ name, members, groups }: Ensemble): void {
    for (const group of groups) this.#ensembleOfGroup.set(group.name, name)
    for (const member of members) {
      this.#byInterface.set(member.networkInterfaceId, member)
      for (const id of member.volumeIds) this.#byVolume.set(id, member)
    }
  }

  /** Somebody else than Stayput has a hand in these: what was proved of them may be so no longer. */
  disturb(...things: readonly string[]): void {
    for (const thing of things) this.#disturbed.set(thing, this.#now())
  }

  /** Changes the world in a way for which nobody can answer. */
  byHand(change: () => void): void {
    this.#byHand = true
    change()
    this.#byHand = false
  }

  break(promise: PromiseName, what: string): void {
    this.broken ??= { promise, at: this.#now(), what }
  }

  /** To be called after each event of the world. */
  afterEvent(): void {
    const { harms } = this.#hosts
    for (; this.#harmsSeen < harms.length; this.#harmsSeen++) {
      const harm = harms[this.#harmsSeen]!
      this.break(harm.kind === 'pulled-disk' ? 'S1' : 'S5', `${harm.kind}: ${harm.what}`)
    }
    for (const id of this.#handedOver) {
      if (this.#hosts.role(id) !== undefined) this.break('S12', `the service runs on ${id}, which has handed over`)
    }
  }

  /** A call leaves the core: what it asks for must be right by what is true now. */
  sending(operation: string, input: object, life: Life): void {
    const given = input as Input
    switch (operation) {
      case 'ec2.AttachVolume':
        this.#claimedBefore(given)
        break
      case 'ec2.DetachVolume':
        this.#notInService(given['InstanceId'], operation)
        break
      case 'ec2.DetachNetworkInterface':
        this.#notInService(this.#attachment(given['AttachmentId'])?.attachment?.instanceId, operation)
        this.#releasedLast(given)
        break
      case 'ssm.SendCommand':
        this.#noteCommand(given)
        break
      case 'autoscaling.CompleteLifecycleAction':
        if (given['LifecycleActionResult'] === 'CONTINUE' && given['LifecycleHookName'] === names.launchHook) {
          this.#wholeAndProved(String(given['InstanceId']), life)
        }
        break
      default:
    }
    if (!isRead(operation)) this.#ours(given, life, operation)
  }

  /** A call is about to take effect. */
  before({ operation, input, sentAt }: Arrival): void {
    const given = input as Input
    if (operation === 'ec2.DetachVolume') {
      const [volume, instance] = [String(given['VolumeId']), String(given['InstanceId'])]
      const attached = this.#cloud.ec2.volumes.get(volume)?.attachment?.instanceId === instance
      const age = this.#now() - sentAt
      if (attached && (this.#hosts.inUse(instance, volume) || given['Force'] === true)) {
        this.break('S1', `${volume} is detached from ${instance}, where it is mounted (sent ${age} ms before)`)
      }
    }
    if (operation === 'ec2.DetachNetworkInterface') this.#notServing(given)
  }

  /** A call has taken effect. */
  done({ operation, input }: Arrival, _answer: object): void {
    const given = input as { readonly Resources?: readonly string[]; readonly Tags?: readonly { Key?: string }[] }
    if (operation === 'ec2.DeleteTags' && given.Tags?.some((tag) => tag.Key === bookkeepingTags.format)) {
      for (const id of given.Resources ?? []) this.#permitGone.set(id, this.#now())
    }
  }

  /** A document has ended well on a host. */
  proved(document: string, instanceId: string, attempt: string, member: number): void {
    if (document === names.handOver) this.#handedOver.add(instanceId)
    if (document !== names.takeOver) return
    const sentAt = this.#sentAt.get(attempt)
    if (sentAt !== undefined) this.#proofs.set(instanceId, { member, sentAt })
  }

  /** What is on a volume has changed, by a host's doing. */
  contentChanged(volumeId: string, content: VolumeContent, dataExists: boolean): void {
    if (this.#byHand || content.kind !== 'formatted' || content.data !== undefined) return
    const gone = this.#permitGone.get(volumeId)
    const unseen = gone !== undefined && this.#now() - gone < unseenMs
    const permitted = this.#cloud.ec2.volumes.get(volumeId)?.tags[bookkeepingTags.format] !== undefined
    if (this.#formatted.has(volumeId) && !permitted && !unseen) {
      this.break('S3', `${volumeId} was formatted again, and it had no permit any more`)
    }
    this.#formatted.add(volumeId)
    if (content.initialize && dataExists && this.#bootstrapIsOver(volumeId)) {
      this.break('S10', `${volumeId} was marked to start from nothing, and there is data`)
    }
  }

  /** An invocation has come to its end, or is over time. */
  ended(life: Life, actions: number): void {
    const minutes = (this.#now() - life.startedAt) / 60_000
    const most = callsPerMinute * Math.max(1, minutes) * Math.max(1, actions)
    if (life.calls > most) this.break('S14', `${life.name} made ${life.calls} calls in ${minutes.toFixed(1)} minutes`)
  }

  #bootstrapIsOver(volumeId: string): boolean {
    const ensemble = this.#byVolume.get(volumeId)?.ensemble
    const volumes = [...this.#byVolume].filter(([, member]) => member.ensemble === ensemble).map(([id]) => id)
    return volumes.every((id) => this.#cloud.ec2.volumes.get(id)?.tags[bookkeepingTags.bootstrap] === undefined)
  }

  /**
   * A call that was under way when the first attachment was made may land at any time: nobody can take it back. It does
   * no harm as long as nobody asks for a second one knowingly.
   */
  #claimedBefore(given: Input): void {
    const [volumeId, instanceId] = [String(given['VolumeId']), String(given['InstanceId'])]
    const first = this.#pairs.get(`${volumeId} ${instanceId}`)
    if (first !== undefined && this.#now() - first > secondAttachMs) {
      this.break('S15', `${volumeId} is asked for ${instanceId} again, where it was attached before`)
    }
    const member = this.#byVolume.get(volumeId)
    const instance = this.#cloud.ec2.instances.get(instanceId)
    if (!member || !instance) return
    if (instance.zone !== member.zone) this.break('S9', `${volumeId} of ${member.zone} for ${instance.zone}`)
    if (this.#calm(member.networkInterfaceId, instanceId) && this.#holder(member) !== instanceId) {
      this.break('S15', `${volumeId} is asked for ${instanceId}, which does not hold ${member.networkInterfaceId}`)
    }
  }

  #notInService(instance: unknown, operation: string): void {
    const state = this.#cloud.autoscaling.members.get(String(instance))?.lifecycleState
    if (state === 'InService' || state === 'Pending:Proceed') {
      this.break('S13', `${operation} takes from ${String(instance)}, which is ${state}`)
    }
  }

  #noteCommand(given: Input): void {
    const parameters = given['Parameters'] as Readonly<Record<string, readonly string[]>> | undefined
    const attempt = parameters?.['Attempt']?.[0]
    if (attempt !== undefined) this.#sentAt.set(attempt, this.#now())
  }

  #wholeAndProved(instanceId: string, life: Life): void {
    const state = this.#cloud.autoscaling.members.get(instanceId)?.lifecycleState
    // Somebody else has completed it: then this call can do nothing.
    if (state !== 'Pending:Wait') return
    const held = [...this.#byInterface.values()].filter((member) => this.#holder(member) === instanceId)
    const [member] = held
    if (!this.#calm(instanceId)) return
    if (!member || held.length !== 1) return this.break('S4', `${instanceId} is continued with ${held.length} members`)
    if (!this.#calm(member.networkInterfaceId, ...member.volumeIds)) return
    const fault = this.#lacks(member, instanceId)
    if (fault !== undefined) return this.break('S4', `${instanceId} is continued as member ${member.id}: ${fault}`)
    const proof = this.#proofs.get(instanceId)
    if (proof?.member !== member.id) return this.break('S4', `${instanceId} is continued without any proof`)
    const age = this.#now() - proof.sentAt
    if (age > limits.proofAgeMax + proofSlackMs + 2 * Math.abs(life.skewMs)) {
      this.break('S4', `${instanceId} is continued on a proof that was sent ${(age / 1000).toFixed(1)} s before`)
    }
    if (this.#handedOver.has(instanceId)) this.break('S4', `${instanceId} is continued after it has handed over`)
  }

  /** What keeps a member from being whole on this instance. */
  #lacks(member: Member, instanceId: string): string | undefined {
    const card = this.#cloud.ec2.networkInterfaces.get(member.networkInterfaceId)?.attachment
    if (card?.status !== 'attached') return `its interface is ${card?.status}`
    if (card.deleteOnTermination) return 'its interface would be deleted with the instance'
    for (const id of member.volumeIds) {
      const disk = this.#cloud.ec2.volumes.get(id)?.attachment
      if (disk?.instanceId !== instanceId || disk.state !== 'attached') return `${id} is ${disk?.state} elsewhere`
      if (disk.deleteOnTermination) return `${id} would be deleted with the instance`
    }
    return undefined
  }

  /** By what is true when it is asked for: an attach call that lands later, on a host that has let go, hurts nobody. */
  #releasedLast(given: Input): void {
    const card = this.#attachment(given['AttachmentId'])
    const member = this.#byInterface.get(card?.networkInterfaceId ?? '')
    const instanceId = card?.attachment?.instanceId
    if (!member || instanceId === undefined) return
    for (const id of member.volumeIds) {
      if (this.#cloud.ec2.volumes.get(id)?.attachment?.instanceId === instanceId) {
        this.break('S2', `the interface of member ${member.id} is taken from ${instanceId}, which still has ${id}`)
      }
    }
  }

  #notServing(given: Input): void {
    const instanceId = this.#attachment(given['AttachmentId'])?.attachment?.instanceId
    if (instanceId === undefined || this.#hosts.role(instanceId) === undefined) return
    this.break('S2', `an interface is taken from ${instanceId}, where its service runs`)
  }

  /** Every resource that a changing call names belongs to the ensemble whose function makes it. */
  #ours(given: Input, { ensemble }: Life, operation: string): void {
    const foreign = (what: string, whose: string | undefined): void => {
      if (whose !== ensemble) this.break('S8', `${ensemble} calls ${operation} for ${what} of ${whose ?? 'nobody'}`)
    }
    const ids = given['InstanceIds'] as readonly string[] | undefined
    const resources = given['Resources'] as readonly string[] | undefined
    for (const id of ids ?? []) foreign(id, this.#ensembleOfInstance.get(id))
    for (const id of resources ?? []) foreign(id, this.#byVolume.get(id)?.ensemble)
    const { VolumeId, NetworkInterfaceId, InstanceId, AutoScalingGroupName } = given
    if (typeof VolumeId === 'string') foreign(VolumeId, this.#byVolume.get(VolumeId)?.ensemble)
    if (typeof NetworkInterfaceId === 'string') {
      foreign(NetworkInterfaceId, this.#byInterface.get(NetworkInterfaceId)?.ensemble)
    }
    if (typeof InstanceId === 'string') foreign(InstanceId, this.#ensembleOfInstance.get(InstanceId))
    if (typeof AutoScalingGroupName === 'string') {
      foreign(AutoScalingGroupName, this.#ensembleOfGroup.get(AutoScalingGroupName))
    }
  }

  #volumeChanged(id: string, before: Volume | undefined, after: Volume | undefined): void {
    const member = this.#byVolume.get(id)
    if (!member) return
    if (!after) return this.break('S1', `${id} was deleted`)
    const { attachment } = after
    if (!attachment || attachment.attachmentId === before?.attachment?.attachmentId) return
    const pair = `${id} ${attachment.instanceId}`
    if (!this.#pairs.has(pair)) this.#pairs.set(pair, this.#now())
    this.#oneMember(attachment.instanceId)
  }

  #interfaceChanged(before: NetworkInterface | undefined, after: NetworkInterface | undefined): void {
    const { attachment } = after ?? {}
    if (attachment && attachment.attachmentId !== before?.attachment?.attachmentId)
      this.#oneMember(attachment.instanceId)
    if (before && !after && this.#byInterface.has(before.networkInterfaceId)) {
      this.break('S2', `${before.networkInterfaceId} was deleted`)
    }
  }

  #oneMember(instanceId: string): void {
    const there = new Set<Member>()
    for (const [id, member] of this.#byInterface) {
      if (this.#cloud.ec2.networkInterfaces.get(id)?.attachment?.instanceId === instanceId) there.add(member)
    }
    for (const [id, member] of this.#byVolume) {
      if (this.#cloud.ec2.volumes.get(id)?.attachment?.instanceId === instanceId) there.add(member)
    }
    if (there.size < 2) return
    const which = [...there].map((member) => `${member.id} of ${member.ensemble}`).join(' and ')
    this.break('S6', `${instanceId} has parts of members ${which}`)
  }

  #attachment(attachmentId: unknown): NetworkInterface | undefined {
    for (const id of this.#byInterface.keys()) {
      const card = this.#cloud.ec2.networkInterfaces.get(id)
      if (card?.attachment?.attachmentId === attachmentId) return card
    }
    return undefined
  }

  #holder({ networkInterfaceId }: Member): string | undefined {
    return this.#cloud.ec2.networkInterfaces.get(networkInterfaceId)?.attachment?.instanceId
  }

  #calm(...things: readonly string[]): boolean {
    return things.every((thing) => this.#now() - (this.#disturbed.get(thing) ?? 0) > unseenMs)
  }

  #now(): number {
    return this.#cloud.kernel.clock.now()
  }
}
