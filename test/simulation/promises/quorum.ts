import { names } from '../../../lab/stack/environment.ts'
import { limits } from '../../../shared/model/limits.ts'
import { bookkeepingTags } from '../../../shared/model/tags.ts'
import type { Member } from '../ensembles.ts'
import { Voting } from './voting.ts'
import type { Arrival, Sending, Tag, Watch } from './watch.ts'

/**
 * Milliseconds for which what the hosts have told may be believed: whoever dies by itself after that is nobody's fault. A
 * command may reach its host so much later as its not-after time says, by a clock that may be off.
 */
const toldMs = limits.healthAgeMax + limits.observationAgeMax + 10_000
const deliveredMs = toldMs + limits.commandNotAfter + 30_000

interface Ended {
  readonly by: 'replace' | 'hand-over'
  readonly at: number
  /** False of one that is to be replaced, until its instance is told to let go. */
  handsOver: boolean
  /** Whether its server has been seen without a role since. */
  down: boolean
}

/** What a document is about to do to the server on a host. */
export interface Running {
  readonly document: string
  readonly instanceId: string
  readonly parameters: Readonly<Record<string, readonly string[]>>
}

/**
 * S7: a server that is part of its quorum is ended by us only while the others are a quorum without it, where those that
 * we have ended ourselves do not count until they are back; and members are healed one at a time, each step given its
 * time. A restart ends no server that has a role: its host looks once more. Who is part of a quorum is by the list of the
 * servers: see voting.ts.
 */
export class Quorum {
  readonly #watch: Watch
  readonly #voting: Voting
  readonly #joinedAt = new Map<Member, number>()
  /** Servers that we have ended, until they are part of the quorum again. */
  readonly #ended = new Map<Member, Ended>()
  /** When each member was last healed by a step that ends its server. */
  readonly #healed = new Map<Member, number>()
  readonly #restarted = new Map<Member, number>()
  /** When the newest note of a member's healing says that it was written. */
  readonly #notedAt = new Map<Member, number>()
  /** Those whose newest note was overwritten by an older one that landed late: nobody can know of it. */
  readonly #forgotten = new Set<Member>()
  /** By ensemble: when it was last without a quorum, which nobody can spend. */
  readonly #withoutQuorumAt = new Map<string, number>()
  /** By ensemble: when its groups last wanted no instance. */
  readonly #takenDownAt = new Map<string, number>()
  readonly #ensembles = new Map<string, Member[]>()
  /** By run: what is to be said when it has ended the server. */
  readonly #charges = new WeakMap<Running, string>()

  constructor(watch: Watch) {
    this.#watch = watch
    this.#voting = new Voting(watch, {
      membersOf: (ensemble) => this.#membersOf(ensemble),
      joinedWithin: (member, ms) => watch.now() - (this.#joinedAt.get(member) ?? Number.NEGATIVE_INFINITY) <= ms,
      isTakenDown: (ensemble, ms) => this.#isTakenDown(ensemble, ms),
    })
    watch.cloud.autoscaling.groups.watch((name) => this.#noteWanted(watch.ensembleOfGroup.get(name)))
  }

  /** To be called after each event: who is part of a quorum now. */
  afterEvent(): void {
    if (this.#ensembles.size === 0) this.#know()
    const now = this.#watch.now()
    for (const [ensemble, members] of this.#ensembles) {
      let isQuorate = false
      for (const member of members) {
        const ended = this.#ended.get(member)
        const joined = this.#isJoined(member)
        if (joined) this.#joinedAt.set(member, now)
        isQuorate ||= joined
        if (ended === undefined) continue
        if (!joined) ended.down = true
        else if (ended.down) this.#ended.delete(member)
      }
      // Without a quorum no server has a role.
      if (!isQuorate) this.#withoutQuorumAt.set(ensemble, now)
    }
  }

  sending({ operation, input, life }: Sending): void {
    const at = this.#watch.now() + life.skewMs
    if (operation === 'ssm.SendCommand' && input['DocumentName'] === names.reconfigure) {
      const { Parameters } = input as { Parameters?: Running['parameters'] }
      return this.#voting.sending(Parameters ?? {})
    }
    if (operation === 'autoscaling.SetInstanceHealth') return this.#replacing(String(input['InstanceId']), at)
    if (operation !== 'ssm.SendCommand' || input['DocumentName'] !== names.takeOver) return
    const { Parameters } = input as { Parameters?: Running['parameters'] }
    if (Parameters?.['Service']?.[0] === 'restart') this.#oneAtATime(this.#memberOf(Parameters), 'restart', at)
  }

  done({ operation, input }: Arrival): void {
    if (operation !== 'ec2.CreateTags') return
    const { Resources = [], Tags = [] } = input as { Resources?: readonly string[]; Tags?: readonly Tag[] }
    const note = Tags.find((tag) => tag.Key === bookkeepingTags.healing)?.Value
    if (note === undefined) return
    const at = Date.parse(note.split('@')[1] ?? '')
    for (const member of Resources.flatMap((id) => this.#watch.byInterface.get(id) ?? [])) {
      const newest = this.#notedAt.get(member) ?? at
      if (at < newest) this.#forgotten.add(member)
      else this.#forgotten.delete(member)
      this.#notedAt.set(member, Math.max(at, newest))
    }
  }

  /** A document begins on a host. */
  runs(run: Running): void {
    const member = this.#memberOf(run.parameters)
    if (
      run.document !== names.handOver ||
      !member ||
      this.#watch.holder(member) !== run.instanceId ||
      !this.#isJoined(member)
    )
      return
    // Nobody counts upon a launch before it is continued, and one that is given up must not wait for a quorum.
    if (this.#watch.cloud.autoscaling.members.get(run.instanceId)?.lifecycleState.startsWith('Pending')) return
    const ended = this.#ended.get(member)
    // One that is to be replaced serves on in its hook until the guard lets it go.
    if (ended && !isWaiting(ended)) return
    this.#voting.handsOver(member, run.instanceId, deliveredMs)
    const charge = this.#chargeOf(member, deliveredMs)
    if (charge !== undefined) this.#charges.set(run, `hand-over of ${charge}`)
    if (ended) ended.handsOver = true
    else this.#ended.set(member, { by: 'hand-over', at: this.#watch.now(), handsOver: true, down: false })
  }

  /** The document has ended, and so may have the server. */
  ran(run: Running): void {
    if (run.document === names.reconfigure) return this.#voting.ran(run.parameters)
    const member = this.#memberOf(run.parameters)
    const ended = member && this.#ended.get(member)
    const charge = this.#charges.get(run)
    if (!member || run.document !== names.handOver) return
    // It has refused to begin, or has had nothing to do.
    if (ended && !ended.down && ended.by !== 'replace' && this.#isJoined(member)) this.#ended.delete(member)
    else if (charge !== undefined) this.#watch.break('S7', charge)
  }

  /** A call that lands late does so in another world; its instance hands over by the guard all the same. */
  #replacing(instanceId: string, at: number): void {
    const member = [...this.#watch.byInterface.values()].find((one) => this.#watch.holder(one) === instanceId)
    if (!member) return
    this.#oneAtATime(member, 'replace', at)
    // It brings the instance to its hook and no further. Others that wait there count as long as they serve: of them and
    // this one the guard lets go only whom the quorum can spare.
    const charge = this.#isJoined(member) ? this.#chargeOf(member, toldMs, true) : undefined
    if (charge !== undefined) this.#watch.break('S7', `replacement of ${charge}`)
    this.#ended.set(member, { by: 'replace', at: this.#watch.now(), handsOver: false, down: false })
  }

  /** `at` is by the clock of whoever does it: how long ago the last step was is told by what was written with such a clock. */
  #oneAtATime(member: Member | undefined, by: 'restart' | 'replace', at: number): void {
    if (!member) return
    const since = at - (this.#healed.get(member) ?? Number.NEGATIVE_INFINITY)
    const name = `member ${member.id} of ${member.ensemble}`
    if (since < limits.healingSettles && !this.#forgotten.has(member)) {
      this.#watch.break('S7', `${by} of ${name}, to which the same or less was done ${since} ms before`)
    }
    for (const other of this.#othersOf(member).filter((one) => !this.#forgotten.has(one))) {
      const age = at - (this.#restarted.get(other) ?? Number.NEGATIVE_INFINITY)
      if (age < limits.healingSettles)
        this.#watch.break('S7', `${by} of ${name} beside the restart of member ${other.id}`)
      const ended = this.#ended.get(other)
      if (ended?.by !== 'replace' || this.#watch.now() - ended.at > limits.healingStands) continue
      // With two down, the one that is replaced may be waiting for the other.
      if (by === 'restart' && (!this.#isJoined(member) || this.#lackedQuorum(member.ensemble))) continue
      this.#watch.break('S7', `${by} of ${name} beside the replacement of member ${other.id}`)
    }
    if (by === 'restart') this.#restarted.set(member, at)
    this.#healed.set(member, at)
  }

  /** Why the quorum can't do without it; undefined when it can, by any list that may have been known. */
  #chargeOf(member: Member, ms: number, withLeavers = false): string | undefined {
    const { ensemble } = member
    if (!this.#watch.tagsAreRight() || this.#isTakenDown(ensemble, ms)) return undefined
    if (this.#lackedQuorum(ensemble)) return undefined
    const charges = this.#voting.lists(ensemble, ms).map((list) => this.#chargeBy(list, member, ms, withLeavers))
    return charges.includes(undefined) ? undefined : charges[0]
  }

  /** Whoever has just been told that there is none is right not to wait for it: that it comes back then is nobody's fault. */
  #lackedQuorum(ensemble: string): boolean {
    return this.#watch.now() - (this.#withoutQuorumAt.get(ensemble) ?? Number.NEGATIVE_INFINITY) <= toldMs
  }

  #chargeBy(list: readonly number[], member: Member, ms: number, withLeavers: boolean): string | undefined {
    const { ensemble, id } = member
    // One or two have no quorum to spare, and who has no vote is no part of it.
    if (list.length <= 2 || !list.includes(id)) return undefined
    const quorum = Math.floor(list.length / 2) + 1
    const others = this.#othersOf(member).filter((other) => list.includes(other.id))
    const left = others.filter((other) => this.#counts(other, ms, withLeavers))
    if (left.length >= quorum) return undefined
    return `member ${id} of ${ensemble}: ${left.length} others are in the quorum of ${quorum}`
  }

  #isTakenDown(ensemble: string, ms: number): boolean {
    return this.#watch.now() - (this.#takenDownAt.get(ensemble) ?? Number.NEGATIVE_INFINITY) < ms
  }

  #counts(member: Member, ms: number, withLeavers: boolean): boolean {
    const joinedAt = this.#joinedAt.get(member) ?? Number.NEGATIVE_INFINITY
    const ended = this.#ended.get(member)
    const isLeaver = ended !== undefined && !ended.down
    const isThere = ended === undefined || isWaiting(ended) || (withLeavers && isLeaver)
    return isThere && this.#watch.now() - joinedAt <= ms
  }

  #isJoined(member: Member): boolean {
    const holder = this.#watch.holder(member)
    const role = holder === undefined ? undefined : this.#watch.hosts.role(holder)
    return role === 'leader' || role === 'follower'
  }

  #memberOf({ Ensemble, Member: Id }: Running['parameters']): Member | undefined {
    if (this.#ensembles.size === 0) this.#know()
    return this.#ensembles.get(Ensemble?.[0] ?? '')?.find(({ id }) => String(id) === Id?.[0])
  }

  #membersOf(ensemble: string): readonly Member[] {
    if (this.#ensembles.size === 0) this.#know()
    return this.#ensembles.get(ensemble) ?? []
  }

  #othersOf(member: Member): Member[] {
    return this.#membersOf(member.ensemble).filter((one) => one !== member)
  }

  #know(): void {
    for (const member of this.#watch.byInterface.values()) {
      const there = this.#ensembles.get(member.ensemble) ?? []
      if (!there.includes(member)) this.#ensembles.set(member.ensemble, [...there, member])
    }
  }

  #noteWanted(ensemble: string | undefined): void {
    if (ensemble === undefined) return
    const groups = this.#watch.cloud.autoscaling.groups.all()
    const own = groups.filter(({ name }) => this.#watch.ensembleOfGroup.get(name) === ensemble)
    const wanted = own.reduce((sum, { desiredCapacity }) => sum + desiredCapacity, 0)
    const before = this.#takenDownAt.get(ensemble)
    if (wanted === 0) this.#takenDownAt.set(ensemble, Number.POSITIVE_INFINITY)
    else if (before === Number.POSITIVE_INFINITY) this.#takenDownAt.set(ensemble, this.#watch.now())
  }
}

const isWaiting = ({ handsOver, down }: Ended): boolean => !handsOver && !down
