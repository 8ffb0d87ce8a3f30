import type { Activities } from './activities.ts'
import type { Launching } from './launching.ts'
import type { Lifecycle } from './lifecycle.ts'
import { launchesFirst, mostInstances } from './maintenance.ts'
import { startRebalancing, stopRebalancing } from './rebalancing.ts'
import type { Group, GroupInstance } from './records.ts'
import { chooseVictims } from './selection.ts'
import { counts } from './states.ts'
import { isSuspended, membersOf, stamp, type Store } from './store.ts'

/** What else is looked after whenever the group is looked at. */
export type Chore = (group: Group) => void

/** Compares what a group has with what it should have, and launches or terminates the difference. */
export class Capacity {
  readonly #store: Store
  readonly #activities: Activities
  readonly #lifecycle: Lifecycle
  readonly #launching: Launching
  readonly #chores: readonly Chore[]
  readonly #scheduled = new Set<string>()
  /** By group: the requests that led here, in sentences. */
  readonly #causes = new Map<string, readonly string[]>()

  constructor(
    store: Store,
    activities: Activities,
    lifecycle: Lifecycle,
    launching: Launching,
    chores: readonly Chore[],
  ) {
    this.#store = store
    this.#activities = activities
    this.#lifecycle = lifecycle
    this.#launching = launching
    this.#chores = chores
  }

  /** Looks at the group a moment from now; asking again before then changes nothing. */
  schedule(groupName: string): void {
    if (this.#scheduled.has(groupName)) return
    this.#scheduled.add(groupName)
    this.#store.kernel.later('scaling', () => {
      this.#scheduled.delete(groupName)
      const group = this.#store.groups.get(groupName)
      if (group) this.#reconcile(group)
    })
  }

  /** Remembers why the capacity was changed: the beginning of the next activities' cause. */
  because(groupName: string, sentence: string): void {
    const causes = this.#causes.get(groupName) ?? []
    this.#causes.set(groupName, [...causes, `At ${stamp(this.#store)} ${sentence}`])
  }

  #reconcile(group: Group): void {
    const replaced = this.#replace(group)
    const active = membersOf(this.#store, group.name).filter(counts)
    const waiting = active.filter((member) => member.replaceBecause !== undefined && this.#mayReplace(group))
    const staying = active.filter((member) => !waiting.includes(member))
    const missing = group.desiredCapacity - staying.length
    if (missing > 0 && !isSuspended(group, 'Launch')) this.#scaleOut(group, active, waiting, missing, replaced)
    if (missing < 0 && !isSuspended(group, 'Terminate')) this.#scaleIn(group, staying, -missing)
    this.#causes.delete(group.name)
    const cause = startRebalancing(this.#store, this.#lifecycle, this.#launching, group)
    if (cause !== undefined) this.#causes.set(group.name, [cause])
    for (const chore of this.#chores) chore(group)
  }

  #mayReplace(group: Group): boolean {
    return !isSuspended(group, 'Terminate') && !isSuspended(group, 'ReplaceUnhealthy')
  }

  /** Terminates those that have to be replaced and may go now. Answers how many were unhealthy and went first. */
  #replace(group: Group): number {
    if (!this.#mayReplace(group)) return 0
    const inService = membersOf(this.#store, group.name).filter((member) => member.lifecycleState === 'InService')
    const leaving = inService.filter((member) => member.replaceBecause !== undefined)
    const patient = leaving.filter((member) => launchesFirst(group, member))
    const hasty = leaving.filter((member) => !launchesFirst(group, member))
    const spare = Math.max(0, inService.length - hasty.length - group.desiredCapacity)
    for (const member of [...hasty, ...patient.slice(0, spare)]) {
      const sentence = `an instance was taken out of service in response to ${member.replaceBecause}.`
      this.#lifecycle.depart(member, `At ${stamp(this.#store)} ${sentence}`)
    }
    return hasty.filter(isUnhealthy).length
  }

  #scaleOut(
    group: Group,
    active: readonly GroupInstance[],
    waiting: readonly GroupInstance[],
    missing: number,
    replaced: number,
  ): void {
    const replacing = replaced + waiting.filter(isUnhealthy).length
    const room = mostInstances(group, waiting.length) - active.length
    const number = Math.min(missing, Math.max(0, room))
    const growth = `increasing the capacity from ${active.length} to ${active.length + number}.`
    for (let index = 0; index < number; index++) {
      const sentence =
        index < replacing
          ? 'an instance was launched in response to an unhealthy instance needing to be replaced.'
          : `an instance was started in response to a difference between desired and actual capacity, ${growth}`
      if (this.#launching.take(group, this.#explain(group, sentence))) continue
      stopRebalancing(this.#store, this.#lifecycle, group)
      return
    }
  }

  #scaleIn(group: Group, staying: readonly GroupInstance[], surplus: number): void {
    const victims = chooseVictims(group, staying, surplus)
    const shrinking =
      'an instance was taken out of service in response to a difference between desired and actual capacity, ' +
      `shrinking the capacity from ${staying.length} to ${staying.length - victims.length}.`
    for (const victim of victims) {
      const selected = `At ${stamp(this.#store)} instance ${victim.instanceId} was selected for termination.`
      const destination = group.warmPool?.reuseOnScaleIn ? 'WarmPool' : 'EC2'
      this.#lifecycle.depart(victim, `${this.#explain(group, shrinking)}  ${selected}`, destination)
    }
    // Said once for each request, not at every look.
    if (victims.length < surplus && this.#causes.has(group.name)) this.#cancelScaleIn(group)
  }

  #cancelScaleIn(group: Group): void {
    const { activityId } = this.#activities.start(group, {
      description: 'Could not scale to desired capacity because all remaining instances are protected from scale-in.',
      cause: this.#explain(group, 'group reached equilibrium.'),
      statusCode: 'InProgress',
      progress: 0,
      details: {},
    })
    this.#activities.end(activityId, 'Cancelled')
  }

  /** The requests that led here, then this sentence; AWS puts two spaces between the sentences of a cause. */
  #explain(group: Group, sentence: string): string {
    return [...(this.#causes.get(group.name) ?? []), `At ${stamp(this.#store)} ${sentence}`].join('  ')
  }
}

function isUnhealthy(member: GroupInstance): boolean {
  return member.healthStatus === 'Unhealthy'
}
