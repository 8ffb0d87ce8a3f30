import type {
  Activity as SdkActivity,
  DescribeScalingActivitiesCommandInput,
  DescribeScalingActivitiesCommandOutput,
} from '@aws-sdk/client-auto-scaling'
import type { Answer, OperationTable } from '../operation.ts'
import { page } from './page.ts'
import type { Activity, ActivityStatus, Group } from './records.ts'
import { groupNamed, type Store } from './store.ts'

/** The log of what the group did and why, which is also where the status events take their details from. */
export interface Activities {
  readonly operations: OperationTable
  start(group: Group, entry: NewActivity): Activity
  /** Moves a running activity on; one that has ended stays as it is. */
  progress(activityId: string, statusCode: ActivityStatus, percent: number): void
  /** Ends it, and appends the message to its description as AWS does. */
  end(
    activityId: string,
    statusCode: 'Successful' | 'Failed' | 'Cancelled',
    statusMessage?: string,
  ): Activity | undefined
}

interface NewActivity {
  readonly description: string
  readonly cause: string
  readonly statusCode: ActivityStatus
  readonly progress: number
  readonly details: Readonly<Record<string, string>>
}

const largestPage = 100

export function createActivities(store: Store): Activities {
  const { kernel, activities } = store
  return {
    start(group, entry) {
      const activityId = kernel.random.uuid()
      return activities.put(activityId, {
        ...entry,
        activityId,
        groupName: group.name,
        groupArn: group.arn,
        startTime: kernel.clock.now(),
      })
    },
    progress(activityId, statusCode, percent) {
      const activity = activities.get(activityId)
      if (activity && activity.endTime === undefined) activities.change(activityId, { statusCode, progress: percent })
    },
    end(activityId, statusCode, statusMessage) {
      const activity = activities.get(activityId)
      if (!activity || activity.endTime !== undefined) return undefined
      return activities.change(activityId, {
        description:
          statusMessage === undefined
            ? activity.description
            : `${activity.description}.  Status Reason: ${statusMessage}`,
        statusCode,
        statusMessage,
        progress: 100,
        endTime: kernel.clock.now(),
      })
    },
    operations: { DescribeScalingActivities: (input: never) => describe(store, input) },
  }
}

function describe(
  store: Store,
  input: DescribeScalingActivitiesCommandInput,
): Answer<DescribeScalingActivitiesCommandOutput> {
  const name = input.AutoScalingGroupName
  if (name !== undefined && !input.IncludeDeletedGroups) groupNamed(store, name)
  const bounds = input.Filters?.map(compileFilter) ?? []
  const chosen = store.activities
    .past(store.kernel.lag())
    .filter(
      (activity) =>
        (name === undefined || activity.groupName === name) &&
        (input.ActivityIds === undefined || input.ActivityIds.includes(activity.activityId)) &&
        (input.IncludeDeletedGroups === true || store.groups.get(activity.groupName)?.arn === activity.groupArn) &&
        bounds.every((holds) => holds(activity)),
    )
    .toReversed()
  const { items, nextToken } = page(chosen, input.NextToken, input.MaxRecords ?? largestPage)
  return { Activities: items.map((activity) => answer(store, activity)), NextToken: nextToken }
}

function compileFilter(filter: {
  Name?: string | undefined
  Values?: string[] | undefined
}): (activity: Activity) => boolean {
  const values = filter.Values ?? []
  const moment = Date.parse(values[0] ?? '')
  switch (filter.Name) {
    case 'StartTimeLowerBound':
      return (activity) => activity.startTime >= moment
    case 'StartTimeUpperBound':
      return (activity) => activity.startTime <= moment
    case 'Status':
      return (activity) => values.includes(activity.statusCode)
    default:
      return () => true
  }
}

/** An activity as the API shows it; its details are JSON in a string. */
export function answer(store: Store, activity: Activity): SdkActivity {
  const alive = store.groups.get(activity.groupName)?.arn === activity.groupArn
  return {
    ActivityId: activity.activityId,
    AutoScalingGroupName: activity.groupName,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.startTime),
    ...(activity.endTime === undefined ? {} : { EndTime: new Date(wholeSeconds(activity.endTime)) }),
    // The SDK's enumeration lacks MidTerminatingLifecycleAction, which AWS sends nevertheless.
    StatusCode: activity.statusCode as SdkActivity['StatusCode'],
    ...(activity.statusMessage === undefined ? {} : { StatusMessage: activity.statusMessage }),
    Progress: activity.progress,
    Details: JSON.stringify(activity.details),
    AutoScalingGroupState: alive ? 'InService' : 'Deleted',
    AutoScalingGroupARN: activity.groupArn,
  }
}

/** AWS gives the end of an activity in whole seconds, though not its start. */
function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000
}
