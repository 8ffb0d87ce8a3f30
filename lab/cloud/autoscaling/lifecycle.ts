import { AwsError } from '../error.ts'
import type { Actions } from './actions.ts'
import type { Journal, MoveKind } from './journal.ts'
import type { Group, GroupInstance, LifecycleState, Place, Transition } from './records.ts'
import { departureState, isLeaving, isWarm, proceedingState, retainedState, waitingState } from './states.ts'
import { stamp, type Store } from './store.ts'

/** What the life of an instance means to the group around it. */
export interface Surroundings {
  readonly actions: Pick<Actions, 'awaited' | 'begin' | 'discard'>
  changed(groupName: string): void
  launchSucceeded(member: GroupInstance): void
  launchFailed(groupName: string): void
}

/** A member before its launch has begun. */
export type Newcomer = Omit<GroupInstance, 'activityId' | 'lifecycleState'>

/**
 * The state machine of one instance in a group:
 *
 *     Pending -> Pending:Wait -> Pending:Proceed -> InService
 *     Terminating -> Terminating:Wait -> Terminating:Proceed -> Terminated, or Terminating:Retained
 *
 * and the same with `Warmed:` in front for the warm pool. The waiting states exist only where hooks do. A scaling
 * activity goes with each move; it also tells a step that was meant for this move from one that comes too late.
 */
export class Lifecycle {
  readonly #store: Store
  readonly #journal: Journal
  readonly #around: Surroundings
  readonly #listeners: ((member: GroupInstance) => void)[] = []

  constructor(store: Store, journal: Journal, around: Surroundings) {
    this.#store = store
    this.#journal = journal
    this.#around = around
  }

  /** Tells of every state that a member enters, after the table has it. */
  onMove(listener: (member: GroupInstance) => void): void {
    this.#listeners.push(listener)
  }

  move(instanceId: string, lifecycleState: LifecycleState, change: Partial<GroupInstance> = {}): GroupInstance {
    const member = this.#store.members.change(instanceId, { ...change, lifecycleState })
    for (const listener of this.#listeners) listener(member)
    this.#around.changed(member.groupName)
    return member
  }

  /** A launched instance becomes a member; it is `Pending` until EC2 says that it runs. */
  enter(group: Group, newcomer: Newcomer, cause: string): void {
    const warm = newcomer.destination === 'WarmPool'
    const lifecycleState = warm ? 'Warmed:Pending' : 'Pending'
    const verb = `Launching a new EC2 instance${warm ? ' into warm pool' : ''}`
    const member = this.#journal.begin(group, { ...newcomer, lifecycleState }, verb, cause)
    this.#store.members.put(member.instanceId, member)
    this.move(member.instanceId, lifecycleState)
  }

  /** A warmed instance is taken into service, through the launch hooks once more. */
  takeFromPool(group: Group, member: GroupInstance, cause: string): void {
    const { instanceId } = member
    const { activityId } = this.#journal.begin(group, member, 'Launching a new EC2 instance from warm pool', cause)
    const change = { activityId, origin: 'WarmPool', destination: 'AutoScalingGroup' } as const
    const pending = this.move(instanceId, 'Pending', change)
    if (this.#ec2State(instanceId) === 'running') this.#soon(pending, (still) => this.#launched(still))
    else this.#call('StartInstances', { InstanceIds: [instanceId] })
  }

  /**
   * A member leaves: to be terminated, or back into the warm pool. Answers the activity's id, or undefined for a
   * member that is leaving already.
   */
  depart(member: GroupInstance, cause: string, destination: 'EC2' | 'WarmPool' = 'EC2'): string | undefined {
    const group = this.#store.groups.get(member.groupName)
    if (!group || isLeaving(member)) return undefined
    this.#around.actions.discard(member.instanceId)
    const origin: Place = isWarm(member.lifecycleState) ? 'WarmPool' : 'AutoScalingGroup'
    const verb = `Terminating EC2 instance${destination === 'WarmPool' ? ' into warm pool' : ''}`
    const { activityId } = this.#journal.begin(group, member, verb, cause)
    const change = { activityId, origin, destination }
    const leaving = this.move(member.instanceId, departureState(member, destination), change)
    this.#soon(leaving, (still) => {
      if (this.#isProceeding(still)) this.#leave(still)
      else this.#waitOr(still, 'Terminate', (ready) => this.#leave(ready))
    })
    return activityId
  }

  /** A launch that failed before its hooks were through: its activity is cancelled, and the instance departs. */
  fail(member: GroupInstance, reason: string): void {
    this.#around.actions.discard(member.instanceId)
    this.#journal.end(member, 'Launch', reason)
    this.#around.launchFailed(member.groupName)
    const sentence = 'an instance was taken out of service in response to a launch failure.'
    this.depart(member, `At ${stamp(this.#store)} ${sentence}`)
  }

  /** EC2 says that the instance runs, has stopped, or is gone. */
  instanceIs(member: GroupInstance, state: 'running' | 'stopped' | 'terminated'): void {
    const { lifecycleState, origin } = member
    const entering = lifecycleState === 'Pending' || lifecycleState === 'Warmed:Pending'
    // Instances that come from the group itself, out of standby or back to the pool, wait for no boot.
    if (state === 'running' && entering && origin !== 'AutoScalingGroup') this.#launched(member)
    if (state === 'stopped' && /^Warmed:Pending(:Proceed)?$/.test(lifecycleState)) this.#arriveInPool(member)
    if (state === 'terminated' && this.#isProceeding(member)) this.#soon(member, (still) => this.#gone(still))
  }

  /** The hooks of a transition are through, or one was abandoned for this reason. */
  settled(instanceId: string, transition: Transition, abandonedBecause: string | undefined): void {
    const member = this.#store.members.get(instanceId)
    if (!member) return
    const reason = abandonedBecause && `Instance failed to complete user's Lifecycle Action: ${abandonedBecause}`
    if (transition === 'autoscaling:EC2_INSTANCE_TERMINATING') this.#departureSettled(member, reason)
    else if (reason !== undefined) this.fail(member, reason)
    else this.#soon(this.move(instanceId, proceedingState(member)), (still) => this.#arrive(still))
  }

  #departureSettled(member: GroupInstance, failure: string | undefined): void {
    const { instanceId, groupName, destination } = member
    if (failure !== undefined && destination === 'WarmPool') {
      // Nobody vouched for it, so it may not be used again: it is terminated instead of warmed.
      const rejected = this.move(instanceId, 'Warmed:Terminating:Proceed', { destination: 'EC2' })
      return this.#soon(rejected, (still) => this.#leave(still))
    }
    const retain = failure !== undefined && this.#store.groups.get(groupName)?.terminateHookAbandon === 'retain'
    this.#soon(this.move(instanceId, proceedingState(member)), (still) => {
      if (!retain) return this.#leave(still)
      this.#journal.end(this.move(instanceId, retainedState(still)), 'Terminate', failure)
    })
  }

  #launched(member: GroupInstance): void {
    this.#waitOr(member, 'Launch', (ready) => this.#arrive(ready))
  }

  #waitOr(member: GroupInstance, kind: MoveKind, proceed: (member: GroupInstance) => void): void {
    const transition: Transition =
      kind === 'Launch' ? 'autoscaling:EC2_INSTANCE_LAUNCHING' : 'autoscaling:EC2_INSTANCE_TERMINATING'
    if (!this.#around.actions.awaited(member.groupName, transition)) return proceed(member)
    this.#journal.waits(member, kind)
    this.#around.actions.begin(this.move(member.instanceId, waitingState(member)), transition)
  }

  #arrive(member: GroupInstance): void {
    if (member.destination === 'WarmPool') return this.#arriveInPool(member)
    const inService = this.move(member.instanceId, 'InService', {
      inServiceAt: this.#store.kernel.clock.now(),
      // Protection starts here: an instance that still waits for its hooks has none.
      protectedFromScaleIn: this.#store.groups.get(member.groupName)?.newInstancesProtectedFromScaleIn ?? false,
    })
    this.#journal.end(inService, 'Launch')
    this.#around.launchSucceeded(inService)
  }

  #arriveInPool(member: GroupInstance): void {
    const { instanceId, groupName, origin } = member
    const poolState = this.#store.groups.get(groupName)?.warmPool?.poolState ?? 'Running'
    if (poolState !== 'Running' && this.#ec2State(instanceId) === 'running') {
      return this.#call('StopInstances', { InstanceIds: [instanceId], Hibernate: poolState === 'Hibernated' })
    }
    const warmed = this.move(instanceId, `Warmed:${poolState}`, { inServiceAt: undefined })
    this.#journal.end(warmed, origin === 'AutoScalingGroup' ? 'Terminate' : 'Launch')
    this.#around.launchSucceeded(warmed)
  }

  #leave(member: GroupInstance): void {
    if (member.destination === 'WarmPool') return this.#arriveInPool(member)
    const state = this.#ec2State(member.instanceId)
    if (state === undefined || state === 'terminated') this.#soon(member, (still) => this.#gone(still))
    else this.#store.ec2.terminate(member.instanceId)
  }

  #gone(member: GroupInstance): void {
    const last = this.move(member.instanceId, isWarm(member.lifecycleState) ? 'Warmed:Terminated' : 'Terminated')
    this.#journal.end(last, 'Terminate')
    this.#store.members.remove(member.instanceId)
    this.#around.changed(member.groupName)
  }

  /** On its way out with nothing left to wait for but EC2. */
  #isProceeding({ lifecycleState, groupName }: GroupInstance): boolean {
    if (lifecycleState.endsWith('Terminating:Proceed')) return true
    const hooks = this.#around.actions.awaited(groupName, 'autoscaling:EC2_INSTANCE_TERMINATING')
    return lifecycleState.endsWith('Terminating') && !hooks
  }

  /** Runs `task` a moment later, if the instance is then still in this state of this activity. */
  #soon(member: GroupInstance, task: (member: GroupInstance) => void): void {
    this.#store.kernel.later('scaling', () => {
      const now = this.#store.members.get(member.instanceId)
      if (now?.lifecycleState === member.lifecycleState && now.activityId === member.activityId) task(now)
    })
  }

  #ec2State(instanceId: string): string | undefined {
    return this.#store.ec2.instances.get(instanceId)?.state
  }

  /** Auto Scaling stops and starts warmed instances by EC2's own operations. */
  #call(operation: 'StopInstances' | 'StartInstances', input: object): void {
    const handler = this.#store.ec2.operations[operation]
    if (!handler) throw new AwsError('NotImplemented', `ec2.${operation} is not simulated by the local cloud.`, 501)
    handler(input as never)
  }
}
