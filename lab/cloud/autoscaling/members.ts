import type {
  DescribeAutoScalingInstancesCommandInput,
  DescribeAutoScalingInstancesCommandOutput,
  SetInstanceProtectionCommandInput,
  TerminateInstanceInAutoScalingGroupCommandInput,
} from '@aws-sdk/client-auto-scaling'
import type { Answer, OperationTable } from '../operation.ts'
import { answer } from './activities.ts'
import { detailsAnswer } from './answers.ts'
import { membersIn } from './by-hand.ts'
import type { Capacity } from './capacity.ts'
import type { Lifecycle } from './lifecycle.ts'
import { page } from './page.ts'
import { groupNamed, invalid, memberOf, stamp, type Store } from './store.ts'

const defaultPage = 50
const protectable: readonly string[] = ['InService', 'EnteringStandby', 'Standby']

/** The operations on single members. */
export function memberOperations(store: Store, capacity: Capacity, lifecycle: Lifecycle): OperationTable {
  const { kernel, groups, members } = store
  return {
    TerminateInstanceInAutoScalingGroup(input: TerminateInstanceInAutoScalingGroupCommandInput) {
      const member = memberOf(store, input.InstanceId)
      const group = groupNamed(store, member.groupName)
      const decrement = input.ShouldDecrementDesiredCapacity === true
      if (decrement && group.desiredCapacity <= group.minSize) throw atMinimum(group.minSize)
      const after = group.desiredCapacity - 1
      if (decrement) groups.change(group.name, { desiredCapacity: after })
      const shrinking = decrement ? `, shrinking the capacity from ${group.desiredCapacity} to ${after}` : ''
      const sentence = `instance ${member.instanceId} was taken out of service in response to a user request`
      const begun = lifecycle.depart(member, `At ${stamp(store)} ${sentence}${shrinking}.`)
      const activity = store.activities.get(begun ?? member.activityId)
      return { Activity: activity && answer(store, activity) }
    },
    SetInstanceProtection(input: SetInstanceProtectionCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const chosen = membersIn(store, group, input.InstanceIds)
      const odd = chosen.find((member) => !protectable.includes(member.lifecycleState))
      if (odd) throw invalid(`The instance ${odd.instanceId} is not in InService or EnteringStandby or Standby`)
      const protectedFromScaleIn = input.ProtectedFromScaleIn === true
      for (const { instanceId } of chosen) members.change(instanceId, { protectedFromScaleIn })
      capacity.schedule(group.name)
      return {}
    },
    DescribeAutoScalingInstances(
      input: DescribeAutoScalingInstancesCommandInput,
    ): Answer<DescribeAutoScalingInstancesCommandOutput> {
      const chosen = members
        .past(kernel.lag())
        .filter((member) => !input.InstanceIds?.length || input.InstanceIds.includes(member.instanceId))
      const { items, nextToken } = page(chosen, input.NextToken, input.MaxRecords ?? defaultPage)
      return { AutoScalingInstances: items.map(detailsAnswer), NextToken: nextToken }
    },
  }
}

function atMinimum(minSize: number): Error {
  return invalid(
    `Currently, desiredSize equals minSize (${minSize}). Terminating instance without replacement will violate ` +
      "group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.",
  )
}
