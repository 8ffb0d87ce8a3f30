import type { Activity, Group, GroupInstance, Hook } from './records.ts'
import { launching } from './records.ts'
import type { Store } from './store.ts'

/**
 * The event of a lifecycle action. Origin, Destination and Action come with every one of them: so they were captured in
 * 2026 from a group without a warm pool, though the event reference shows neither there. NotificationMetadata is absent
 * when the hook has none.
 */
export function publishLifecycleAction(store: Store, hook: Hook, member: GroupInstance, token: string): void {
  const group = store.groups.get(hook.groupName)
  if (!group) return
  const isLaunch = hook.transition === launching
  store.events.publish({
    'detail-type': `EC2 Instance-${isLaunch ? 'launch' : 'terminate'} Lifecycle Action`,
    source: 'aws.autoscaling',
    resources: [group.arn],
    detail: {
      LifecycleActionToken: token,
      AutoScalingGroupName: group.name,
      LifecycleHookName: hook.name,
      EC2InstanceId: member.instanceId,
      LifecycleTransition: hook.transition,
      ...(hook.notificationMetadata === undefined ? {} : { NotificationMetadata: hook.notificationMetadata }),
      Origin: member.origin,
      Destination: member.destination,
      Action: isLaunch ? 'Launch' : 'Terminate',
    },
  })
}

/** Its RequestId is the id of the activity. The status code is the last one before the end, never `Successful`. */
export function publishOutcome(
  store: Store,
  group: Group,
  outcome: {
    readonly activity: Activity
    readonly kind: 'Launch' | 'Terminate'
    readonly succeeded: boolean
    readonly statusCode: string
    readonly instance?: Pick<GroupInstance, 'instanceId' | 'origin' | 'destination'>
  },
): void {
  const { activity, kind, succeeded, instance } = outcome
  const { accountId, region } = store.kernel.settings
  const instanceArn = `arn:aws:ec2:${region}:${accountId}:instance/${instance?.instanceId}`
  store.events.publish({
    'detail-type': `EC2 Instance ${kind} ${succeeded ? 'Successful' : 'Unsuccessful'}`,
    source: 'aws.autoscaling',
    resources: instance ? [group.arn, instanceArn] : [group.arn],
    detail: {
      Origin: instance?.origin ?? 'EC2',
      Destination: instance?.destination ?? 'AutoScalingGroup',
      Action: kind,
      Description: activity.description,
      EndTime: iso(activity.endTime ?? store.kernel.clock.now()),
      RequestId: activity.activityId,
      ActivityId: activity.activityId,
      StartTime: iso(activity.startTime),
      EC2InstanceId: instance?.instanceId ?? '',
      StatusCode: outcome.statusCode,
      StatusMessage: activity.statusMessage ?? '',
      Details: activity.details,
      Cause: activity.cause,
      AutoScalingGroupName: group.name,
    },
  })
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
