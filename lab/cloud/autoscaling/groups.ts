import type {
  CreateAutoScalingGroupCommandInput,
  DeleteAutoScalingGroupCommandInput,
  DescribeAutoScalingGroupsCommandInput,
  DescribeAutoScalingGroupsCommandOutput,
  Filter,
  SetDesiredCapacityCommandInput,
  UpdateAutoScalingGroupCommandInput,
} from '@aws-sdk/client-auto-scaling'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import { groupAnswer } from './answers.ts'
import type { Capacity, Chore } from './capacity.ts'
import { readHook } from './hooks.ts'
import type { Lifecycle } from './lifecycle.ts'
import { page } from './page.ts'
import type { Group } from './records.ts'
import { readSettings } from './settings.ts'
import { groupNamed, hookKey, hooksOf, invalid, membersOf, stamp, type Store } from './store.ts'
import { mergeTags } from './tags.ts'

const defaultPage = 50

export function groupOperations(store: Store, capacity: Capacity, lifecycle: Lifecycle): OperationTable {
  const { groups } = store
  return {
    CreateAutoScalingGroup(input: CreateAutoScalingGroupCommandInput) {
      const group = createGroup(store, input)
      if (group.desiredCapacity > 0) {
        capacity.because(
          group.name,
          `a user request created an AutoScalingGroup changing the desired capacity from 0 to ${group.desiredCapacity}.`,
        )
      }
      capacity.schedule(group.name)
      return {}
    },
    UpdateAutoScalingGroup(input: UpdateAutoScalingGroupCommandInput) {
      const before = groups.get(input.AutoScalingGroupName ?? '')
      if (!before) throw invalid('AutoScalingGroup name not found - null')
      const group = groups.change(before.name, readSettings(store, input, before))
      if (group.desiredCapacity !== before.desiredCapacity) {
        const bounds = `min: ${group.minSize}, max: ${group.maxSize}, desired: ${group.desiredCapacity}`
        capacity.because(
          group.name,
          `a user request update of AutoScalingGroup constraints to ${bounds} ${changing(before, group)}`,
        )
      }
      capacity.schedule(group.name)
      return {}
    },
    SetDesiredCapacity(input: SetDesiredCapacityCommandInput) {
      const before = groupNamed(store, input.AutoScalingGroupName)
      const group = groups.change(before.name, { desiredCapacity: readDesired(before, input.DesiredCapacity ?? 0) })
      if (group.desiredCapacity !== before.desiredCapacity) {
        capacity.because(group.name, `a user request explicitly set group desired capacity ${changing(before, group)}`)
      }
      capacity.schedule(group.name)
      return {}
    },
    DeleteAutoScalingGroup(input: DeleteAutoScalingGroupCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      deleteGroup(store, lifecycle, group, input.ForceDelete === true)
      capacity.schedule(group.name)
      return {}
    },
    DescribeAutoScalingGroups(
      input: DescribeAutoScalingGroupsCommandInput,
    ): Answer<DescribeAutoScalingGroupsCommandOutput> {
      const lag = store.kernel.lag()
      const names = input.AutoScalingGroupNames
      const chosen = groups
        .past(lag)
        .filter(
          (group) =>
            (!names?.length || names.includes(group.name)) &&
            (input.Filters ?? []).every((filter) => holds(filter, group)),
        )
      const { items, nextToken } = page(chosen, input.NextToken, input.MaxRecords ?? defaultPage)
      const members = store.members.past(lag)
      return { AutoScalingGroups: items.map((group) => groupAnswer(store, group, members)), NextToken: nextToken }
    },
  }
}

/** A group that was deleted goes once its last instance has; its hooks go with it. */
export function removeDeletedGroup(store: Store): Chore {
  return ({ name }) => {
    const isOver = (): boolean => store.groups.get(name)?.status !== undefined && membersOf(store, name).length === 0
    if (!isOver()) return
    store.kernel.later('scaling', () => {
      if (!isOver()) return
      for (const hook of hooksOf(store, name)) store.hooks.remove(hookKey(name, hook.name))
      store.groups.remove(name)
    })
  }
}

function createGroup(store: Store, input: CreateAutoScalingGroupCommandInput): Group {
  const { kernel, groups, hooks } = store
  const name = input.AutoScalingGroupName ?? ''
  if (groups.get(name)) {
    throw new AwsError(
      'AlreadyExists',
      `AutoScalingGroup by this name already exists - A group with the name ${name} already exists`,
    )
  }
  const settings = readSettings(store, input, undefined)
  // Hooks given here are there before the first instance is; a hook that is put later misses it.
  const specified = (input.LifecycleHookSpecificationList ?? []).map((hook) => readHook(name, hook, undefined))
  const { region, accountId } = kernel.settings
  const group = groups.put(name, {
    ...settings,
    name,
    arn: `arn:aws:autoscaling:${region}:${accountId}:autoScalingGroup:${kernel.random.uuid()}:autoScalingGroupName/${name}`,
    createdTime: kernel.clock.now(),
    tags: mergeTags([], input.Tags ?? []),
    suspended: [],
  })
  for (const hook of specified) hooks.put(hookKey(name, hook.name), hook)
  return group
}

function changing(before: Group, after: Group): string {
  return `changing the desired capacity from ${before.desiredCapacity} to ${after.desiredCapacity}.`
}

function readDesired(group: Group, desired: number): number {
  const refused = (problem: string): AwsError => invalid(`New SetDesiredCapacity value ${desired} is ${problem}.`)
  if (desired < 0) throw refused('negative')
  if (desired > group.maxSize) throw refused(`above max value ${group.maxSize} for the AutoScalingGroup`)
  if (desired < group.minSize) throw refused(`below min value ${group.minSize} for the AutoScalingGroup`)
  return desired
}

/** With ForceDelete the instances go as well, but through the termination hooks all the same, protected or not. */
function deleteGroup(store: Store, lifecycle: Lifecycle, group: Group, force: boolean): void {
  const members = membersOf(store, group.name)
  const protection = group.deletionProtection
  if (protection === 'prevent-all-deletion' || (force && protection === 'prevent-force-deletion')) {
    throw new AwsError(
      'ResourceInUse',
      `You cannot delete AutoScalingGroup ${group.name}: it has deletion protection ${protection}.`,
    )
  }
  if (members.length > 0 && !force) {
    throw new AwsError(
      'ResourceInUse',
      'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.',
    )
  }
  const warmPool = group.warmPool ? ({ ...group.warmPool, minSize: 0, status: 'PendingDelete' } as const) : undefined
  const status = 'Delete in progress'
  store.groups.change(group.name, { status, minSize: 0, maxSize: 0, desiredCapacity: 0, warmPool })
  for (const member of members) {
    const forced = `At ${stamp(store)} a user request force deleted AutoScalingGroup ${changing(group, { ...group, desiredCapacity: 0 })}`
    lifecycle.depart(
      member,
      `${forced}  At ${stamp(store)} instance ${member.instanceId} was selected for termination.`,
    )
  }
}

function holds(filter: Filter, group: Group): boolean {
  const values = filter.Values ?? []
  const name = filter.Name ?? ''
  if (name === 'tag-key') return group.tags.some((tag) => values.includes(tag.key))
  if (name === 'tag-value') return group.tags.some((tag) => values.includes(tag.value))
  if (name.startsWith('tag:')) {
    return group.tags.some((tag) => `tag:${tag.key}` === name && values.includes(tag.value))
  }
  throw invalid(`Filter type ${name} is not correct. Allowed Filter types are: tag-key tag-value tag:<key>`)
}
