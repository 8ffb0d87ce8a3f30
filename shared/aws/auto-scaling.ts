import type { LifecycleAction, Verdict } from '../model/action.ts'
import { instanceId } from '../model/ids.ts'
import type { GroupInstance } from '../model/observation.ts'
import { identityTags } from '../model/tags.ts'
import { type Answer, look, pages, release } from './failure.ts'
import type { Send } from './operations.ts'

/** Auto Scaling as the core needs it. */
export interface AutoScaling {
  /**
   * Every instance of every group that carries the ensemble's tag: one call tells which groups are ours and in which
   * state their instances are.
   * @throws {CallFailure} when it can't be read.
   */
  instances(ensemble: string): Promise<readonly GroupInstance[]>
  /** An action that is over counts as completed: our duty has ended either way. */
  complete(action: LifecycleAction, result: Exclude<Verdict, 'WAIT'>): Promise<Answer>
  /** Restarts the hook's heartbeat clock; the hook's global time-out stays. */
  heartbeat(action: LifecycleAction): Promise<Answer>
}

export function autoScalingPort(send: Send): AutoScaling {
  return {
    async instances(ensemble) {
      const Filters = [{ Name: `tag:${identityTags.ensemble}`, Values: [ensemble] }]
      const groups = await look('listing the groups of the ensemble', () =>
        pages(
          (NextToken) => send('autoscaling.DescribeAutoScalingGroups', { Filters, NextToken }),
          (page) => page.AutoScalingGroups,
          (page) => page.NextToken,
        ),
      )
      return groups.flatMap((group) =>
        (group.Instances ?? []).map((instance) => ({
          instanceId: instanceId(instance.InstanceId),
          groupName: group.AutoScalingGroupName ?? '',
          lifecycleState: instance.LifecycleState ?? 'unknown',
        })),
      )
    },
    complete: (action, result) =>
      release(`completing the lifecycle action of ${action.instanceId} with ${result}`, () =>
        send('autoscaling.CompleteLifecycleAction', { ...address(action), LifecycleActionResult: result }),
      ),
    heartbeat: (action) =>
      release(`extending the lifecycle action of ${action.instanceId}`, () =>
        send('autoscaling.RecordLifecycleActionHeartbeat', address(action)),
      ),
  }
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
