import type { Activities } from './activities.ts'
import { publishOutcome } from './notices.ts'
import type { Group, GroupInstance } from './records.ts'
import type { Store } from './store.ts'

/** The scaling activities of instances: each begins a move, and its end is published. */
export interface Journal {
  /** The instance with the activity that moves it now. */
  begin(group: Group, member: Omit<GroupInstance, 'activityId'>, verb: string, cause: string): GroupInstance
  /** The activity waits for hooks. */
  waits(member: GroupInstance, kind: MoveKind): void
  /** The activity has succeeded, or with a reason it was cancelled. */
  end(member: GroupInstance, kind: MoveKind, failure?: string): void
}

export type MoveKind = 'Launch' | 'Terminate'

export function createJournal(store: Store, activities: Activities): Journal {
  return {
    begin(group, member, verb, cause) {
      const isLaunch = verb.startsWith('Launching')
      const activity = activities.start(group, {
        description: `${verb}: ${member.instanceId}`,
        cause,
        statusCode: isLaunch ? 'PreInService' : 'InProgress',
        progress: isLaunch ? 30 : 0,
        details: placement(store, member.instanceId),
      })
      return { ...member, activityId: activity.activityId }
    },
    waits(member, kind) {
      if (kind === 'Launch') activities.progress(member.activityId, 'MidLifecycleAction', 40)
      else activities.progress(member.activityId, 'MidTerminatingLifecycleAction', 60)
    },
    end(member, kind, failure) {
      const before = store.activities.get(member.activityId)
      const succeeded = failure === undefined
      const activity = activities.end(member.activityId, succeeded ? 'Successful' : 'Cancelled', failure)
      const group = store.groups.get(member.groupName)
      if (!activity || !before || !group) return
      // The event shows the status before the end, so that of a launch without hooks is InProgress, as documented.
      const last = before.statusCode === 'PreInService' ? 'InProgress' : before.statusCode
      const statusCode = succeeded ? last : 'Failed'
      publishOutcome(store, group, { activity, kind, succeeded, statusCode, instance: member })
    },
  }
}

/** Where the instance is, in the form of an activity's details. */
export function placement(store: Store, instanceId: string): Record<string, string> {
  const instance = store.ec2.instances.get(instanceId)
  if (!instance) return {}
  return {
    'Availability Zone ID': instance.zoneId,
    'Subnet ID': instance.subnetId,
    'Availability Zone': instance.zone,
  }
}
