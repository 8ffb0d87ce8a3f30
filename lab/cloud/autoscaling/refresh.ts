import type {
  CancelInstanceRefreshCommandInput,
  DescribeInstanceRefreshesCommandInput,
  DescribeInstanceRefreshesCommandOutput,
  InstanceRefresh,
  StartInstanceRefreshCommandInput,
} from '@aws-sdk/client-auto-scaling'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import type { Capacity, Chore } from './capacity.ts'
import type { Lifecycle } from './lifecycle.ts'
import { page } from './page.ts'
import type { Group, GroupInstance, Refresh } from './records.ts'
import { groupNamed, isSuspended, membersOf, type Store } from './store.ts'

/** An instance refresh: replaces the group's instances a few at a time, as its healthy percentages allow. */

const because = 'an instance refresh'
const defaultMinHealthy = 90
const defaultMaxHealthy = 100
const largestPage = 100

export function refreshOperations(store: Store, capacity: Capacity): OperationTable {
  const { kernel, refreshes } = store
  return {
    StartInstanceRefresh(input: StartInstanceRefreshCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      if (running(store, group.name)) {
        throw new AwsError(
          'InstanceRefreshInProgress',
          `An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.`,
        )
      }
      const refresh = newRefresh(store, group, input)
      refreshes.put(refresh.refreshId, refresh)
      announce(store, group, refresh, 'Started')
      capacity.schedule(group.name)
      return { InstanceRefreshId: refresh.refreshId }
    },
    CancelInstanceRefresh(input: CancelInstanceRefreshCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const refresh = running(store, group.name)
      if (!refresh) {
        throw new AwsError(
          'ActiveInstanceRefreshNotFound',
          'No in progress or pending Instance Refresh found for Auto Scaling group ' + group.name,
        )
      }
      finish(store, group, refresh, 'Cancelled')
      spareMarked(store, group.name)
      capacity.schedule(group.name)
      return { InstanceRefreshId: refresh.refreshId }
    },
    DescribeInstanceRefreshes(
      input: DescribeInstanceRefreshesCommandInput,
    ): Answer<DescribeInstanceRefreshesCommandOutput> {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const chosen = refreshes
        .past(kernel.lag())
        .filter((refresh) => refresh.groupName === group.name)
        .filter((refresh) => input.InstanceRefreshIds?.includes(refresh.refreshId) ?? true)
        .toReversed()
      const { items, nextToken } = page(chosen, input.NextToken, input.MaxRecords ?? largestPage)
      return { InstanceRefreshes: items.map((refresh) => answer(store, refresh)), NextToken: nextToken }
    },
  }
}

/** Marks the next instances for replacement once the ones before them are replaced. */
export function driveRefresh(store: Store, lifecycle: Lifecycle): Chore {
  return ({ name }) => {
    const group = store.groups.get(name)
    const refresh = running(store, name)
    if (!group || !refresh || isSuspended(group, 'InstanceRefresh')) return
    if (refresh.status === 'Pending') store.refreshes.change(refresh.refreshId, { status: 'InProgress' })
    const left = toReplace(store, refresh)
    const inService = membersOf(store, name).filter((member) => member.lifecycleState === 'InService')
    const settled = inService.length >= group.desiredCapacity && inService.every((member) => !member.replaceBecause)
    if (!settled) return
    if (left.length === 0) return finish(store, group, refresh, 'Successful')
    const spare = group.desiredCapacity - Math.ceil((group.desiredCapacity * refresh.minHealthyPercentage) / 100)
    // Even if the percentage leaves no room one instance at a time is replaced.
    for (const member of left.slice(0, Math.max(1, spare))) {
      lifecycle.move(member.instanceId, 'InService', {
        replaceBecause: because,
        launchFirst: refresh.minHealthyPercentage === 100,
      })
    }
  }
}

/** Whom a cancelled refresh has marked, and whose replacement is not in service yet, stays, unless it is unhealthy. */
function spareMarked(store: Store, groupName: string): void {
  for (const { instanceId, replaceBecause, lifecycleState } of membersOf(store, groupName)) {
    if (lifecycleState !== 'InService') continue
    const reason = replaceBecause === because ? undefined : replaceBecause
    store.members.change(instanceId, { replaceBecause: reason, launchFirst: undefined })
  }
}

function newRefresh(store: Store, group: Group, input: StartInstanceRefreshCommandInput): Refresh {
  const { Preferences: preferences } = input
  return {
    refreshId: store.kernel.random.uuid(),
    groupName: group.name,
    status: 'Pending',
    startTime: store.kernel.clock.now(),
    minHealthyPercentage:
      preferences?.MinHealthyPercentage ?? group.maintenance?.minHealthyPercentage ?? defaultMinHealthy,
    maxHealthyPercentage:
      preferences?.MaxHealthyPercentage ?? group.maintenance?.maxHealthyPercentage ?? defaultMaxHealthy,
    skipMatching: preferences?.SkipMatching === true,
    instanceIds: membersOf(store, group.name).map((member) => member.instanceId),
  }
}

function running(store: Store, groupName: string): Refresh | undefined {
  return store.refreshes
    .all()
    .find((refresh) => refresh.groupName === groupName && ['Pending', 'InProgress'].includes(refresh.status))
}

/** Those of the beginning that still serve; with SkipMatching only those of another template version. */
function toReplace(store: Store, refresh: Refresh): GroupInstance[] {
  const group = store.groups.get(refresh.groupName)
  if (!group) return []
  const { launchTemplateId, version } = group.launchTemplate
  const current = String(
    store.ec2.resolveLaunchTemplate({ LaunchTemplateId: launchTemplateId, Version: version }).version,
  )
  return membersOf(store, refresh.groupName).filter(
    (member) =>
      refresh.instanceIds.includes(member.instanceId) &&
      member.lifecycleState === 'InService' &&
      !(refresh.skipMatching && member.launchTemplate.version === current),
  )
}

function finish(store: Store, group: Group, refresh: Refresh, status: 'Successful' | 'Cancelled'): void {
  store.refreshes.change(refresh.refreshId, { status, endTime: store.kernel.clock.now() })
  announce(store, group, refresh, status === 'Successful' ? 'Succeeded' : 'Cancelled')
}

function announce(store: Store, group: Group, refresh: Refresh, what: 'Started' | 'Succeeded' | 'Cancelled'): void {
  store.events.publish({
    'detail-type': `EC2 Auto Scaling Instance Refresh ${what}`,
    source: 'aws.autoscaling',
    resources: [group.arn],
    detail: { InstanceRefreshId: refresh.refreshId, AutoScalingGroupName: group.name },
  })
}

function answer(store: Store, refresh: Refresh): InstanceRefresh {
  const left = refresh.status === 'Successful' ? 0 : toReplace(store, refresh).length
  const total = Math.max(1, refresh.instanceIds.length)
  return {
    InstanceRefreshId: refresh.refreshId,
    AutoScalingGroupName: refresh.groupName,
    Status: refresh.status,
    StartTime: new Date(refresh.startTime),
    ...(refresh.endTime === undefined ? {} : { EndTime: new Date(refresh.endTime) }),
    PercentageComplete: Math.floor((100 * (total - left)) / total),
    InstancesToUpdate: left,
    Preferences: {
      MinHealthyPercentage: refresh.minHealthyPercentage,
      MaxHealthyPercentage: refresh.maxHealthyPercentage,
      SkipMatching: refresh.skipMatching,
    },
  }
}
