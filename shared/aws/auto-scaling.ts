import type * as sdk from '@aws-sdk/client-auto-scaling'
import type { LifecycleAction, Verdict } from '../model/action.ts'
import { type InstanceId, instanceId, memberId } from '../model/ids.ts'
import type { Group, Hook } from '../model/observation.ts'
import { identityTags } from '../model/tags.ts'
import { type Answer, look, mutate, pages, release } from './failure.ts'
import type { Send } from './operations.ts'

/** Auto Scaling as the core needs it. */
export interface AutoScaling {
  /**
   * Every group that carries the ensemble's tag: one call tells which groups are ours and in which state their
   * instances are.
   * @throws {CallFailure} when it can't be read.
   */
  groups(ensemble: string): Promise<readonly Group[]>
  /** @throws {CallFailure} when they can't be read. */
  hooks(groupName: string): Promise<readonly Hook[]>
  /** An action that is over counts as completed: our duty has ended either way. */
  complete(action: LifecycleAction, result: Exclude<Verdict, 'WAIT'>): Promise<Answer>
  /** Restarts the hook's heartbeat clock; the hook's global time-out stays. */
  heartbeat(action: LifecycleAction): Promise<Answer>
  /** Auto Scaling then replaces the instance at once; its hand-over runs through the hook as ever. */
  markUnhealthy(instance: InstanceId): Promise<Answer>
}

export function autoScalingPort(send: Send): AutoScaling {
  return {
    async groups(ensemble) {
      const Filters = [{ Name: `tag:${identityTags.ensemble}`, Values: [ensemble] }]
      const groups = await look('listing the groups of the ensemble', () =>
        pages(
          (NextToken) => send('autoscaling.DescribeAutoScalingGroups', { Filters, NextToken }),
          (page) => page.AutoScalingGroups,
          (page) => page.NextToken,
        ),
      )
      return groups.map((group) => ({
        name: group.AutoScalingGroupName ?? '',
        wanted: group.DesiredCapacity ?? 0,
        ...readMember(group),
        ...(group.LaunchTemplate?.LaunchTemplateId && { template: group.LaunchTemplate.LaunchTemplateId }),
        zones: group.AvailabilityZones ?? [],
        suspended: (group.SuspendedProcesses ?? []).map((process) => process.ProcessName ?? ''),
        ...readMinHealthy(group),
        instances: (group.Instances ?? []).map((instance) => ({
          instanceId: instanceId(instance.InstanceId),
          groupName: group.AutoScalingGroupName ?? '',
          zone: instance.AvailabilityZone ?? '',
          lifecycleState: instance.LifecycleState ?? 'unknown',
        })),
      }))
    },
    async hooks(groupName) {
      const answer = await look(`listing the hooks of ${groupName}`, () =>
        send('autoscaling.DescribeLifecycleHooks', { AutoScalingGroupName: groupName }),
      )
      return (answer.LifecycleHooks ?? []).map((hook) => ({
        name: hook.LifecycleHookName ?? '',
        transition: hook.LifecycleTransition?.endsWith('LAUNCHING') ? 'launching' : 'terminating',
        byDefault: hook.DefaultResult ?? '',
      }))
    },
    complete: (action, result) =>
      release(`completing the lifecycle action of ${action.instanceId} with ${result}`, () =>
        send('autoscaling.CompleteLifecycleAction', { ...address(action), LifecycleActionResult: result }),
      ),
    heartbeat: (action) =>
      release(`extending the lifecycle action of ${action.instanceId}`, () =>
        send('autoscaling.RecordLifecycleActionHeartbeat', address(action)),
      ),
    markUnhealthy: (instance) =>
      mutate(`marking ${instance} unhealthy`, async () => {
        await send('autoscaling.SetInstanceHealth', {
          InstanceId: instance,
          HealthStatus: 'Unhealthy',
          // The grace period is for instances that still start; this one was looked at.
          ShouldRespectGracePeriod: false,
        })
      }),
  }
}

/** -1 is Auto Scaling's word for none. */
function readMinHealthy({ InstanceMaintenancePolicy: policy }: sdk.AutoScalingGroup): Pick<Group, 'minHealthy'> {
  const share = policy?.MinHealthyPercentage ?? -1
  return share >= 0 ? { minHealthy: share } : {}
}

/** The tag on a group that has one. */
function readMember({ Tags = [] }: sdk.AutoScalingGroup): Pick<Group, 'member'> {
  const tag = Tags.find(({ Key }) => Key === identityTags.member)
  const member = memberId(tag?.Value ?? '')
  return member === undefined ? {} : { member }
}

/** By token where there is one: it names this very action, the instance id only the one that is open now. */
function address(action: LifecycleAction) {
  return {
    AutoScalingGroupName: action.groupName,
    LifecycleHookName: action.hookName,
    InstanceId: action.instanceId,
    ...(action.token !== undefined && { LifecycleActionToken: action.token }),
  }
}
