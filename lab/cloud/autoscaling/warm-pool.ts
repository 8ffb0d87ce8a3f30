import type {
  DeleteWarmPoolCommandInput,
  DescribeWarmPoolCommandInput,
  DescribeWarmPoolCommandOutput,
  PutWarmPoolCommandInput,
} from '@aws-sdk/client-auto-scaling'
import type { Answer, OperationTable } from '../operation.ts'
import { memberAnswer, warmPoolConfiguration } from './answers.ts'
import type { Capacity, Chore } from './capacity.ts'
import { choose } from './choose.ts'
import type { Launching } from './launching.ts'
import type { Lifecycle } from './lifecycle.ts'
import { page } from './page.ts'
import type { Group, GroupInstance, WarmPool } from './records.ts'
import { counts, isLeaving, isReady, isWarm } from './states.ts'
import { groupNamed, invalid, membersOf, stamp, type Store } from './store.ts'

const largestPage = 50

/** How many prepared instances the pool should hold besides the group. */
function poolSize(group: Group): number {
  const { warmPool } = group
  if (!warmPool || warmPool.status === 'PendingDelete') return 0
  const prepared = (warmPool.maxGroupPreparedCapacity ?? group.maxSize) - group.desiredCapacity
  return Math.max(warmPool.minSize, prepared, 0)
}

function poolMembers(store: Store, groupName: string): GroupInstance[] {
  return membersOf(store, groupName).filter((member) => isWarm(member.lifecycleState) && !isLeaving(member))
}

/** Fills the pool up, takes the surplus out of it, and removes a pool that was deleted once it is empty. */
export function tendWarmPool(store: Store, launching: Launching, lifecycle: Lifecycle): Chore {
  return ({ name }) => {
    const group = store.groups.get(name)
    if (!group?.warmPool) return
    const pool = poolMembers(store, name)
    const wanted = poolSize(group)
    // The group comes first: while it is short of instances, none is launched for the pool.
    const served = membersOf(store, name).filter(counts).length >= group.desiredCapacity
    if (served) fill(store, launching, group, pool.length, wanted)
    for (const member of pool.filter(isReady).slice(0, Math.max(0, pool.length - wanted))) {
      const shrinking = `shrinking the capacity from ${pool.length} to ${wanted}.`
      lifecycle.depart(member, `At ${stamp(store)} an instance was taken out of service ${difference}, ${shrinking}`)
    }
    const isEmpty = !membersOf(store, name).some((member) => isWarm(member.lifecycleState))
    if (group.warmPool.status !== undefined && isEmpty) store.groups.change(name, { warmPool: undefined })
  }
}

const difference = 'in response to a difference between desired and actual capacity'

function fill(store: Store, launching: Launching, group: Group, have: number, wanted: number): void {
  const growth = `increasing the capacity from ${have} to ${wanted}.`
  const cause = `At ${stamp(store)} an instance was started ${difference}, ${growth}`
  for (let missing = wanted - have; missing > 0; missing--) {
    if (!launching.launch(group, cause, 'WarmPool')) return
  }
}

export function warmPoolOperations(store: Store, capacity: Capacity): OperationTable {
  const { groups } = store
  return {
    PutWarmPool(input: PutWarmPoolCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      if (group.warmPool?.status === 'PendingDelete')
        throw invalid('You cannot update a warm pool while it is deleting.')
      const warmPool = readWarmPool(input, group.warmPool)
      groups.change(group.name, { warmPool })
      capacity.schedule(group.name)
      return {}
    },
    DescribeWarmPool(input: DescribeWarmPoolCommandInput): Answer<DescribeWarmPoolCommandOutput> {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const members = store.members
        .past(store.kernel.lag())
        .filter((member) => member.groupName === group.name && isWarm(member.lifecycleState))
      const { items, nextToken } = page(members, input.NextToken, input.MaxRecords ?? largestPage)
      return {
        ...(group.warmPool ? { WarmPoolConfiguration: warmPoolConfiguration(group.warmPool) } : {}),
        Instances: items.map(memberAnswer),
        NextToken: nextToken,
      }
    },
    DeleteWarmPool(input: DeleteWarmPoolCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      if (!group.warmPool) throw invalid(`No warm pool found for the specified Auto Scaling group ${group.name}.`)
      const warmPool: WarmPool = { ...group.warmPool, minSize: 0, maxGroupPreparedCapacity: 0, status: 'PendingDelete' }
      groups.change(group.name, { warmPool })
      capacity.schedule(group.name)
      return {}
    },
  }
}

function readWarmPool(input: PutWarmPoolCommandInput, existing: WarmPool | undefined): WarmPool {
  const before: Partial<WarmPool> = existing ?? {}
  // Minus one takes the limit away again.
  const limit = input.MaxGroupPreparedCapacity ?? before.maxGroupPreparedCapacity
  return {
    minSize: choose(input.MinSize, before.minSize, 0),
    maxGroupPreparedCapacity: limit === -1 ? undefined : limit,
    poolState: choose(input.PoolState, before.poolState, 'Stopped'),
    reuseOnScaleIn: choose(input.InstanceReusePolicy?.ReuseOnScaleIn, before.reuseOnScaleIn, false),
  }
}
