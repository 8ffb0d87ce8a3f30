import type { EventBridge } from '../eventbridge/eventbridge.ts'
import type { Kernel } from '../kernel.ts'
import type { OperationTable } from '../operation.ts'
import type { Table } from '../table.ts'
import { Actions, type OpenAction } from './actions.ts'
import { createActivities } from './activities.ts'
import { attachingOperations } from './attaching.ts'
import { createBackoff } from './backoff.ts'
import { ByHand } from './by-hand.ts'
import { Capacity } from './capacity.ts'
import { groupOperations, removeDeletedGroup } from './groups.ts'
import { createHealth } from './health.ts'
import { hookOperations } from './hooks.ts'
import { createJournal } from './journal.ts'
import { Launching } from './launching.ts'
import { Lifecycle } from './lifecycle.ts'
import { limitLifetime } from './lifetime.ts'
import { memberOperations } from './members.ts'
import { processOperations } from './processes.ts'
import type { Activity, Group, GroupInstance, Hook } from './records.ts'
import { driveRefresh, refreshOperations } from './refresh.ts'
import { standbyOperations } from './standby.ts'
import { createStore, type Machines } from './store.ts'
import { tagOperations } from './tags.ts'
import { tendWarmPool, warmPoolOperations } from './warm-pool.ts'

export type { OpenAction } from './actions.ts'
export type { Group, GroupInstance } from './records.ts'

/** Auto Scaling of the local cloud: its operations, and what tests and the other parts of the lab may see past them. */
export interface AutoScaling {
  readonly operations: OperationTable
  /** Keyed by name. */
  readonly groups: Table<Group>
  /** Keyed by instance id; an instance is here from its launch until it is terminated or detached. */
  readonly members: Table<GroupInstance>
  readonly hooks: Table<Hook>
  readonly activities: Table<Activity>
  /** The lifecycle actions that wait for somebody to complete them. */
  readonly openActions: () => readonly OpenAction[]
  /** Told whenever a member enters a state, `Terminated` and `Detached` included, after the table has it. */
  onLifecycleState(listener: (instance: GroupInstance) => void): void
}

export function createAutoScaling(kernel: Kernel, ec2: Machines, events: EventBridge): AutoScaling {
  const store = createStore(kernel, ec2, events)
  const activities = createActivities(store)
  // The parts call each other in a circle, through these arrows: what an instance does changes the group, and the
  // group moves instances.
  const schedule = (groupName: string): void => capacity.schedule(groupName)
  const backoff = createBackoff(kernel, schedule)
  const actions: Actions = new Actions(store, (...settled) => lifecycle.settled(...settled))
  const lifecycle = new Lifecycle(store, createJournal(store, activities), {
    actions,
    changed: schedule,
    launchSucceeded: (member) => backoff.succeeded(member.groupName, member.zone),
    launchFailed: (groupName) => backoff.failed(groupName),
  })
  const launching = new Launching(store, activities, lifecycle, backoff)
  const capacity: Capacity = new Capacity(store, activities, lifecycle, launching, [
    tendWarmPool(store, launching, lifecycle),
    driveRefresh(store, lifecycle),
    removeDeletedGroup(store),
  ])
  const health = createHealth(store, lifecycle)
  const byHand = new ByHand(store, activities, lifecycle)

  ec2.onInstanceState(({ instanceId, state }) => {
    const member = store.members.get(instanceId)
    if (!member) return
    if (state === 'running' || state === 'stopped' || state === 'terminated') lifecycle.instanceIs(member, state)
    health.observe(instanceId)
  })
  lifecycle.onMove((member) => {
    if (member.lifecycleState !== 'InService') return
    health.observe(member.instanceId)
    limitLifetime(store, lifecycle, member)
  })

  return {
    operations: {
      ...groupOperations(store, capacity, lifecycle),
      ...memberOperations(store, capacity, lifecycle),
      ...attachingOperations(store, lifecycle, byHand),
      ...standbyOperations(store, lifecycle, byHand),
      ...hookOperations(store, (hook) => actions.hookDeleted(hook)),
      ...actions.operations(),
      ...activities.operations,
      ...health.operations,
      ...processOperations(store, health, schedule),
      ...tagOperations(store),
      ...warmPoolOperations(store, capacity),
      ...refreshOperations(store, capacity),
    },
    groups: store.groups,
    members: store.members,
    hooks: store.hooks,
    activities: store.activities,
    openActions: () => actions.open(),
    onLifecycleState: (listener) => lifecycle.onMove(listener),
  }
}
