import type { AttachInstancesCommandInput, DetachInstancesCommandInput } from '@aws-sdk/client-auto-scaling'
import type { OperationTable } from '../operation.ts'
import { answer } from './activities.ts'
import { type ByHand, membersIn, refuseBeyondBounds, refuseWhileSuspended } from './by-hand.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Activity, Group, GroupInstance } from './records.ts'
import { groupNamed, invalid, type Store } from './store.ts'

/** AttachInstances and DetachInstances. */
export function attachingOperations(store: Store, lifecycle: Lifecycle, byHand: ByHand): OperationTable {
  const detach = (group: Group, member: GroupInstance, decrement: boolean): Activity => {
    const { instanceId } = member
    return byHand.outOfService(group, member, {
      verb: 'Detaching EC2 instance',
      what: `instance ${instanceId} was detached`,
      passing: 'Detaching',
      decrement,
      arrive() {
        lifecycle.move(instanceId, 'Detached')
        store.members.remove(instanceId)
      },
    })
  }
  return {
    AttachInstances(input: AttachInstancesCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const ids = input.InstanceIds ?? []
      refuseWhileSuspended(group, `Cannot attach instances to AutoScalingGroup ${group.name}`)
      refuseBeyondBounds(group, 'attach', ids.length)
      for (const instanceId of ids) checkAttachable(store, instanceId)
      for (const instanceId of ids) {
        store.members.put(instanceId, attached(store, group, instanceId))
        byHand.intoService(group, instanceId, 'Attaching an existing EC2 instance', 'an instance was attached')
      }
      return {}
    },
    DetachInstances(input: DetachInstancesCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const leaving = membersIn(store, group, input.InstanceIds)
      const decrement = input.ShouldDecrementDesiredCapacity === true
      if (decrement) refuseBeyondBounds(group, 'detach', -leaving.length)
      return { Activities: leaving.map((member) => answer(store, detach(group, member, decrement))) }
    },
  }
}

function checkAttachable(store: Store, instanceId: string): void {
  const state = store.ec2.instances.get(instanceId)?.state
  if (state === undefined) throw invalid(`Instance [${instanceId}] is invalid.`)
  if (state !== 'running') {
    throw invalid(`Instance ${instanceId} is not in correct state. Instance(s) must be in 'running' state.`)
  }
  const member = store.members.get(instanceId)
  if (member) throw invalid(`Instance ${instanceId} is already part of AutoScalingGroup:${member.groupName}`)
}

function attached(store: Store, group: Group, instanceId: string): GroupInstance {
  const instance = store.ec2.instances.get(instanceId)
  return {
    instanceId,
    groupName: group.name,
    instanceType: instance?.instanceType ?? '',
    imageId: instance?.imageId ?? '',
    zone: instance?.zone ?? '',
    zoneId: instance?.zoneId ?? '',
    lifecycleState: 'Pending',
    healthStatus: 'Healthy',
    launchTemplate: group.launchTemplate,
    protectedFromScaleIn: false,
    launchedAt: instance?.launchTime ?? 0,
    activityId: '',
    origin: 'AutoScalingGroup',
    destination: 'AutoScalingGroup',
  }
}
