import type { Activities } from './activities.ts'
import { placement } from './journal.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Activity, Group, GroupInstance, LifecycleState } from './records.ts'
import { groupNamed, invalid, isSuspended, memberOf, stamp, type Store } from './store.ts'

/** Moves that users make by hand: attaching, detaching, standby. None of them runs lifecycle hooks. */
export class ByHand {
  readonly #store: Store
  readonly #activities: Activities
  readonly #lifecycle: Lifecycle

  constructor(store: Store, activities: Activities, lifecycle: Lifecycle) {
    this.#store = store
    this.#activities = activities
    this.#lifecycle = lifecycle
  }

  /** Through `Pending` into service; the desired capacity grows by one. */
  intoService(group: Group, instanceId: string, verb: string, what: string): Activity {
    const { desiredCapacity } = this.#resize(group, 1)
    const growth = `increasing the capacity from ${desiredCapacity - 1} to ${desiredCapacity}`
    const activity = this.#record(group, instanceId, verb, `${what} in response to a user request, ${growth}.`)
    const { activityId } = activity
    const place = 'AutoScalingGroup'
    const pending = this.#lifecycle.move(instanceId, 'Pending', { activityId, origin: place, destination: place })
    this.#later(pending, () => {
      const protectedFromScaleIn = group.newInstancesProtectedFromScaleIn
      const inServiceAt = this.#store.kernel.clock.now()
      this.#lifecycle.move(instanceId, 'InService', { inServiceAt, protectedFromScaleIn })
    })
    return activity
  }

  /** Through `passing` to wherever `arrive` takes it; with `decrement` the desired capacity shrinks by one. */
  outOfService(
    group: Group,
    member: GroupInstance,
    move: {
      readonly verb: string
      readonly what: string
      readonly passing: LifecycleState
      readonly decrement: boolean
      readonly arrive: () => void
    },
  ): Activity {
    const from = groupNamed(this.#store, group.name).desiredCapacity
    const shrinking = move.decrement ? `, shrinking the capacity from ${from} to ${from - 1}` : ''
    if (move.decrement) this.#resize(group, -1)
    const sentence = `${move.what} in response to a user request${shrinking}.`
    const activity = this.#record(group, member.instanceId, move.verb, sentence)
    const { activityId } = activity
    this.#later(this.#lifecycle.move(member.instanceId, move.passing, { activityId }), move.arrive)
    return activity
  }

  #resize(group: Group, by: number): Group {
    const { name, desiredCapacity } = groupNamed(this.#store, group.name)
    return this.#store.groups.change(name, { desiredCapacity: desiredCapacity + by })
  }

  #record(group: Group, instanceId: string, verb: string, sentence: string): Activity {
    return this.#activities.start(group, {
      description: `${verb}: ${instanceId}`,
      cause: `At ${stamp(this.#store)} ${sentence}`,
      statusCode: 'InProgress',
      progress: 50,
      details: placement(this.#store, instanceId),
    })
  }

  /** Ends the activity a moment later, and arrives if the instance is then still on its way. */
  #later(member: GroupInstance, arrive: () => void): void {
    const { kernel, members } = this.#store
    kernel.later('scaling', () => {
      const now = members.get(member.instanceId)
      if (now?.lifecycleState === member.lifecycleState && now.activityId === member.activityId) arrive()
      this.#activities.end(member.activityId, 'Successful')
    })
  }
}

/** The members with these ids, or the refusal for the first that does not belong to the group. */
export function membersIn(store: Store, group: Group, ids: readonly string[] | undefined): GroupInstance[] {
  return (ids ?? []).map((instanceId) => {
    const member = memberOf(store, instanceId)
    if (member.groupName === group.name) return member
    throw invalid(`The instance ${instanceId} is not part of Auto Scaling group ${group.name}.`)
  })
}

export function refuseWhileSuspended(group: Group, what: string): void {
  if (isSuspended(group, 'Launch')) throw invalid(`${what} while the Launch process is suspended`)
}

/** Refuses a move of `change` instances, negative for out of the group, that would break the group's bounds. */
export function refuseBeyondBounds(group: Group, what: string, change: number): void {
  const after = group.desiredCapacity + change
  if (after >= group.minSize && after <= group.maxSize) return
  const sizes = `min-size=${group.minSize}, max-size=${group.maxSize}, and desired-size=${group.desiredCapacity}`
  const count = Math.abs(change)
  throw invalid(
    `AutoScalingGroup ${group.name} has ${sizes}. To ${what} ${count} ${count === 1 ? 'instance' : 'instances'}, ` +
      'please update the AutoScalingGroup sizes appropriately.',
  )
}
