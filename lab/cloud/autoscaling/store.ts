import type { Ec2 } from '../ec2/ec2.ts'
import { AwsError } from '../error.ts'
import type { EventBridge } from '../eventbridge/eventbridge.ts'
import type { Kernel } from '../kernel.ts'
import type { Table } from '../table.ts'
import type { Activity, Group, GroupInstance, Hook, Refresh } from './records.ts'

/** What Auto Scaling needs of EC2. */
export type Machines = Pick<
  Ec2,
  'instances' | 'subnets' | 'launch' | 'terminate' | 'onInstanceState' | 'resolveLaunchTemplate' | 'operations'
>

/** Everything that the parts of Auto Scaling share. */
export interface Store {
  readonly kernel: Kernel
  readonly ec2: Machines
  readonly events: EventBridge
  readonly groups: Table<Group>
  /** Keyed by instance id: an instance belongs to one group at most. */
  readonly members: Table<GroupInstance>
  /** Keyed by `hookKey`. */
  readonly hooks: Table<Hook>
  readonly activities: Table<Activity>
  readonly refreshes: Table<Refresh>
}

export function createStore(kernel: Kernel, ec2: Machines, events: EventBridge): Store {
  return {
    kernel,
    ec2,
    events,
    groups: kernel.table(),
    members: kernel.table(),
    hooks: kernel.table(),
    activities: kernel.table(),
    refreshes: kernel.table(),
  }
}

export function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message, 400)
}

/** The group of that name, or the refusal that AWS gives for an unknown one. */
export function groupNamed(store: Store, name: string | undefined): Group {
  const group = store.groups.get(name ?? '')
  if (!group) throw invalid(`AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`)
  return group
}

export function membersOf(store: Store, groupName: string): GroupInstance[] {
  return store.members.all().filter((member) => member.groupName === groupName)
}

/** The member with this id, or the refusal that AWS gives for an instance of no group. */
export function memberOf(store: Store, instanceId: string | undefined): GroupInstance {
  const member = store.members.get(instanceId ?? '')
  if (!member) throw invalid(`Instance Id not found - No managed instance found for instance ID: ${instanceId}`)
  return member
}

export function hookKey(groupName: string, hookName: string): string {
  return `${groupName}/${hookName}`
}

export function hooksOf(store: Store, groupName: string): Hook[] {
  return store.hooks.all().filter((hook) => hook.groupName === groupName)
}

export function isSuspended(group: Group, processName: string): boolean {
  return group.suspended.some((process) => process.processName === processName)
}

/** Seconds, with a Z: the form of every time inside the texts of Auto Scaling. */
export function stamp(store: Store): string {
  return `${new Date(store.kernel.clock.now()).toISOString().slice(0, 19)}Z`
}
