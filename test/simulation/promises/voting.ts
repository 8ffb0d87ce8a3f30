import { limits } from '../../../shared/model/limits.ts'
import type { Member } from '../ensembles.ts'
import type { Watch } from './watch.ts'

/** Milliseconds for which a sweep may believe what hosts have told and what groups were seen to want. */
const toldMs = limits.healthAgeMax + limits.observationAgeMax + 10_000

interface List {
  readonly version: number
  readonly voters: readonly number[]
  /** Since when, in milliseconds. */
  readonly at: number
}

interface Known {
  readonly membersOf: (ensemble: string) => readonly Member[]
  /** Whether it was part of the quorum within so many milliseconds. */
  readonly joinedWithin: (member: Member, ms: number) => boolean
  readonly isTakenDown: (ensemble: string, ms: number) => boolean
}

type Parameters = Readonly<Record<string, readonly string[]>>

/**
 * S7, as far as it is about who votes, by the newest list on the members' disks: a vote is asked for only while all who
 * have one serve; one is taken only from a member that its group does not want, and while the others are a quorum of the
 * rest; and who leaves for good hands over without it.
 */
export class Voting {
  readonly #watch: Watch
  readonly #known: Known
  readonly #history = new Map<string, List[]>()
  /** By group: since when it has wanted as many instances as it does. */
  readonly #wantedSince = new Map<string, number>()

  constructor(watch: Watch, known: Known) {
    this.#watch = watch
    this.#known = known
    watch.cloud.autoscaling.groups.watch((name, before, after) => {
      if (before?.desiredCapacity !== after?.desiredCapacity) this.#wantedSince.set(name, watch.now())
    })
  }

  /** The lists that were in force within so many milliseconds; where there was none, all members. */
  lists(ensemble: string, ms: number): readonly (readonly number[])[] {
    this.#look(ensemble)
    const history = this.#history.get(ensemble) ?? []
    const recent = history.filter((_, place) => (history[place + 1]?.at ?? Infinity) >= this.#watch.now() - ms)
    const lists = recent.map(({ voters }) => voters)
    return lists.length > 0 ? lists : [this.#known.membersOf(ensemble).map(({ id }) => id)]
  }

  /** A change of the list leaves the core. */
  sending({ Ensemble, Change }: Parameters): void {
    const [ensemble = '', change = ''] = [Ensemble?.[0], Change?.[0]]
    const [, kind, id] = /^(add|remove):(\d+)/.exec(change) ?? []
    const member = this.#known.membersOf(ensemble).find((one) => String(one.id) === id)
    if (!member || this.#known.isTakenDown(ensemble, toldMs) || !this.#watch.tagsAreRight()) return
    const charge = (list: readonly number[]) =>
      kind === 'add' ? this.#missed(list, member) : this.#lacks(list, member)
    const charges = this.lists(ensemble, toldMs).map(charge)
    if (!charges.includes(undefined)) this.#watch.break('S7', `${change} of ${ensemble}: ${charges[0]}`)
    if (kind === 'remove' && this.#isWanted(member)) {
      this.#watch.break('S7', `${change} of ${ensemble}: its group wants an instance for it`)
    }
  }

  /** A change of the list has been made, or refused. */
  ran({ Ensemble }: Parameters): void {
    this.#look(Ensemble?.[0] ?? '')
  }

  /** A member in the quorum begins to hand over on this instance. */
  handsOver(member: Member, instanceId: string, ms: number): void {
    const { ensemble, id } = member
    const group = this.#groupOf(member)
    const isOwn = group !== undefined && this.#watch.cloud.autoscaling.members.get(instanceId)?.groupName === group.name
    const isGivenUp = isOwn && group.desiredCapacity === 0 && this.#hasWantedFor(group.name) > ms
    if (!isGivenUp || this.#known.isTakenDown(ensemble, ms) || !this.#watch.tagsAreRight()) return
    // Somebody else leads, or nobody can tell: then it is not known who votes.
    if (this.lists(ensemble, ms).every((list) => list.includes(id))) {
      this.#watch.break('S7', `member ${id} of ${ensemble} leaves for good, and keeps its vote`)
    }
  }

  #missed(list: readonly number[], member: Member): string | undefined {
    if (list.includes(member.id)) return undefined
    const away = this.#known.membersOf(member.ensemble).filter(({ id }) => list.includes(id))
    const missed = away.find((one) => !this.#known.joinedWithin(one, toldMs))
    return missed && `member ${missed.id} votes and does not serve`
  }

  #lacks(list: readonly number[], member: Member): string | undefined {
    const rest = list.filter((id) => id !== member.id)
    const others = this.#known.membersOf(member.ensemble).filter(({ id }) => rest.includes(id))
    const serving = others.filter((one) => this.#known.joinedWithin(one, toldMs)).length
    const quorum = Math.floor(rest.length / 2) + 1
    return serving >= quorum ? undefined : `${serving} of the rest serve, and a quorum is ${quorum}`
  }

  #isWanted(member: Member): boolean {
    const group = this.#groupOf(member)
    return group !== undefined && group.desiredCapacity > 0 && this.#hasWantedFor(group.name) > toldMs
  }

  #hasWantedFor(group: string): number {
    return this.#watch.now() - (this.#wantedSince.get(group) ?? Number.NEGATIVE_INFINITY)
  }

  /** Of a member that has a group of its own. */
  #groupOf(member: Member) {
    return this.#watch.cloud.autoscaling.groups.get(this.#watch.groupOfMember.get(member) ?? '')
  }

  #look(ensemble: string): void {
    const lists = this.#known.membersOf(ensemble).flatMap(({ volumeIds: [first = ''] }) => {
      const content = this.#watch.hosts.volumeContent(first)
      return content.kind === 'formatted' ? (content.data?.list ?? []) : []
    })
    const history = this.#history.get(ensemble) ?? []
    const newest = lists.toSorted((a, b) => b.version - a.version)[0]
    if (!newest || newest.version <= (history.at(-1)?.version ?? 0)) return
    this.#history.set(ensemble, [...history, { ...newest, at: this.#watch.now() }])
  }
}
