import type { Cloud } from '../../../lab/cloud/cloud.ts'
import type { NetworkInterface } from '../../../lab/cloud/ec2/ec2.ts'
import type { ModelledHosts } from '../../../lab/hosts/modelled/modelled.ts'
import { identityTags } from '../../../shared/model/tags.ts'
import type { Ensemble, Member } from '../ensembles.ts'
import type { Life } from '../port.ts'

/** The promises that are watched, by the names of the list that they come from. */
export const promises = {
  S1: 'no disk is pulled from a host that has it mounted',
  S2: 'no interface is taken while its volumes are there or its service runs',
  S3: 'no volume is formatted twice, unless its permit stands',
  S4: 'CONTINUE rests on one whole member, proved a short while ago and reached by a peer',
  S5: 'one server and one mount a member',
  S6: 'no instance has parts of two members',
  S7: 'the quorum is never spent, and members are healed one at a time',
  S8: 'nothing foreign is touched',
  S9: 'nothing is attached across zones',
  S10: 'no member is marked to start from nothing once there is data',
  S11: 'what was acknowledged is never lost',
  S12: 'who leaves is given nothing, and who handed over never takes over again',
  S13: 'nothing is taken from an instance in service, and none that could be asked is let go unasked',
  S14: 'work is bounded',
  S15: 'no volume is attached twice to one instance, and none before the claim',
  L1: 'everything is in service again in time',
  L2: 'no member is left in halves',
  L3: 'no instance is left waiting, and none that waits is left alone',
  L4: 'who finds each member of its zone held goes in time',
  L6: 'every invocation ends by itself',
} as const

export type PromiseName = keyof typeof promises

export interface Broken {
  readonly promise: PromiseName
  /** Milliseconds of virtual time since the epoch. */
  readonly at: number
  readonly what: string
}

/** A call that leaves the core, or reaches the cloud, now. */
export interface Sending {
  readonly operation: string
  readonly input: Input
  readonly life: Life
}

export interface Arrival extends Sending {
  readonly sentAt: number
}

export type Input = Readonly<Record<string, unknown>>

export interface Tag {
  readonly Key?: string
  readonly Value?: string
}

/** Milliseconds for which a change from outside may not have been seen yet. */
export const unseenMs = 120_000

/** What every promise is judged by: the world as it is, and whose is what. The first broken promise ends the run. */
export class Watch {
  broken: Broken | undefined
  readonly cloud: Cloud
  readonly hosts: ModelledHosts
  readonly byInterface = new Map<string, Member>()
  readonly byVolume = new Map<string, Member>()
  readonly ensembleOfGroup = new Map<string, string>()
  /** The groups that say which member they are for. */
  readonly groupOfMember = new Map<Member, string>()
  readonly ensembleOfInstance = new Map<string, string>()
  readonly handedOver = new Set<string>()
  readonly #disturbed = new Map<string, number>()

  constructor(cloud: Cloud, hosts: ModelledHosts) {
    this.cloud = cloud
    this.hosts = hosts
    cloud.autoscaling.onLifecycleState(({ instanceId, groupName }) => {
      const ensemble = this.ensembleOfGroup.get(groupName)
      if (ensemble !== undefined) this.ensembleOfInstance.set(instanceId, ensemble)
    })
  }

  know({ name, members, groups }: Ensemble): void {
    for (const group of groups) {
      this.ensembleOfGroup.set(group.name, name)
      const own = members.find(({ id }) => id === group.member)
      if (own) this.groupOfMember.set(own, group.name)
    }
    for (const member of members) {
      this.byInterface.set(member.networkInterfaceId, member)
      for (const id of member.volumeIds) this.byVolume.set(id, member)
    }
  }

  break(promise: PromiseName, what: string): void {
    this.broken ??= { promise, at: this.now(), what }
  }

  disturb(...things: readonly string[]): void {
    for (const thing of things) this.#disturbed.set(thing, this.now())
  }

  /** Whether nobody else than Stayput had a hand in these for a while. */
  calm(...things: readonly string[]): boolean {
    return things.every((thing) => this.now() - (this.#disturbed.get(thing) ?? Number.NEGATIVE_INFINITY) > unseenMs)
  }

  now(): number {
    return this.cloud.kernel.clock.now()
  }

  holder({ networkInterfaceId }: Member): string | undefined {
    return this.cloud.ec2.networkInterfaces.get(networkInterfaceId)?.attachment?.instanceId
  }

  /** The interface with this attachment. */
  attached(attachmentId: unknown): NetworkInterface | undefined {
    for (const id of this.byInterface.keys()) {
      const card = this.cloud.ec2.networkInterfaces.get(id)
      if (card?.attachment?.attachmentId === attachmentId) return card
    }
    return undefined
  }

  lifecycleState(instanceId: unknown): string | undefined {
    return this.cloud.autoscaling.members.get(String(instanceId))?.lifecycleState
  }

  /** Whether every interface and volume says by its tags whose it is: else a member, or two, can't be known. */
  tagsAreRight(): boolean {
    const { networkInterfaces, volumes } = this.cloud.ec2
    const right = (tags: Readonly<Record<string, string>> | undefined, { ensemble, id }: Member): boolean =>
      tags?.[identityTags.ensemble] === ensemble && tags[identityTags.member] === String(id)
    return (
      [...this.byInterface].every(([id, member]) => right(networkInterfaces.get(id)?.tags, member)) &&
      [...this.byVolume].every(([id, member]) => right(volumes.get(id)?.tags, member))
    )
  }

  /** Whether a read may tell of the past. */
  mayBeStale(): boolean {
    return this.cloud.kernel.settings.staleReads > 0
  }
}
