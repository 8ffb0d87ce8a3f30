import type { EnterStandbyCommandInput, ExitStandbyCommandInput } from '@aws-sdk/client-auto-scaling'
import type { OperationTable } from '../operation.ts'
import { answer } from './activities.ts'
import { type ByHand, membersIn, refuseBeyondBounds, refuseWhileSuspended } from './by-hand.ts'
import type { Lifecycle } from './lifecycle.ts'
import { groupNamed, invalid, type Store } from './store.ts'

/** Standby: an instance stays in the group without serving and without being watched. */
export function standbyOperations(store: Store, lifecycle: Lifecycle, byHand: ByHand): OperationTable {
  return {
    EnterStandby(input: EnterStandbyCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const leaving = membersIn(store, group, input.InstanceIds)
      const odd = leaving.find((member) => member.lifecycleState !== 'InService')
      if (odd) throw invalid(`The instance ${odd.instanceId} is not in InService.`)
      const decrement = input.ShouldDecrementDesiredCapacity === true
      if (decrement) refuseBeyondBounds(group, 'place into standby', -leaving.length)
      const activities = leaving.map((member) =>
        byHand.outOfService(group, member, {
          verb: 'Moving EC2 instance to Standby',
          what: `instance ${member.instanceId} was moved to standby`,
          passing: 'EnteringStandby',
          decrement,
          arrive: () => void lifecycle.move(member.instanceId, 'Standby'),
        }),
      )
      return { Activities: activities.map((activity) => answer(store, activity)) }
    },
    ExitStandby(input: ExitStandbyCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      refuseWhileSuspended(group, `Cannot move instances out of Standby for AutoScalingGroup ${group.name}`)
      const returning = membersIn(store, group, input.InstanceIds)
      const odd = returning.find((member) => member.lifecycleState !== 'Standby')
      if (odd) throw invalid(`The instance ${odd.instanceId} is not in Standby.`)
      refuseBeyondBounds(group, 'move out of standby', returning.length)
      const activities = returning.map(({ instanceId }) => {
        const what = `instance ${instanceId} was moved out of standby`
        return byHand.intoService(group, instanceId, 'Moving EC2 instance out of Standby', what)
      })
      return { Activities: activities.map((activity) => answer(store, activity)) }
    },
  }
}
