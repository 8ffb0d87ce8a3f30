import type { SetInstanceHealthCommandInput } from '@aws-sdk/client-auto-scaling'
import type { Instance } from '../ec2/ec2.ts'
import type { OperationTable } from '../operation.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { GroupInstance } from './records.ts'
import { invalid, isSuspended, memberOf, membersOf, stamp, type Store } from './store.ts'

/**
 * EC2 health: any state but `running` makes an instance in service unhealthy, but only when a health check comes round
 * to see it. An instance that is still being launched is watched as well; one in standby is not.
 */
export interface Health {
  readonly operations: OperationTable
  /** EC2 reports a state, or an instance came into service: a check will look at it. */
  observe(instanceId: string): void
  /** Everything is looked at again, after HealthCheck was suspended. */
  observeAll(groupName: string): void
}

const userCheck = 'a user health-check'
const ec2Check = 'an EC2 health check indicating it has been terminated or stopped'

export function createHealth(store: Store, lifecycle: Lifecycle): Health {
  const { kernel, ec2, members, groups } = store

  const observe = (instanceId: string): void => {
    if (isFine(ec2.instances.get(instanceId))) return
    kernel.later('healthCheck', () => check(instanceId))
  }

  const check = (instanceId: string): void => {
    const member = members.get(instanceId)
    const group = groups.get(member?.groupName ?? '')
    const instance = ec2.instances.get(instanceId)
    if (!member || !group || isSuspended(group, 'HealthCheck') || isFine(instance)) return
    if (member.lifecycleState === 'InService') return markUnhealthy(lifecycle, member, ec2Check)
    if (/^(Warmed:)?Pending(:Wait|:Proceed)?$/.test(member.lifecycleState)) return failLaunch(member, instance)
    if (/^Warmed:(Running|Stopped|Hibernated)$/.test(member.lifecycleState) && isGone(instance)) {
      lifecycle.depart(member, `At ${stamp(store)} an instance was taken out of service in response to ${ec2Check}.`)
    }
  }

  const failLaunch = (member: GroupInstance, instance: Instance | undefined): void => {
    // A warmed instance stops and starts on its way, so only one that is gone for good has failed.
    if (!isGone(instance) && (member.origin === 'WarmPool' || member.destination === 'WarmPool')) return
    const reason = instance?.stateReason?.message ?? 'Client.UserInitiatedShutdown: User initiated shutdown'
    const waiting = 'Instance became unhealthy while waiting for instance to be in InService state.'
    lifecycle.fail(member, `${waiting} Termination Reason: ${reason}`)
  }

  return {
    observe,
    observeAll(groupName) {
      for (const member of membersOf(store, groupName)) observe(member.instanceId)
    },
    operations: {
      SetInstanceHealth(input: SetInstanceHealthCommandInput) {
        const member = memberOf(store, input.InstanceId)
        if (input.HealthStatus !== 'Healthy' && input.HealthStatus !== 'Unhealthy') {
          throw invalid(`Valid instance health states are: [Healthy, Unhealthy].`)
        }
        if (input.HealthStatus === 'Healthy') {
          const cured = { healthStatus: 'Healthy', replaceBecause: undefined } as const
          lifecycle.move(member.instanceId, member.lifecycleState, cured)
        } else if (input.ShouldRespectGracePeriod === false || !inGracePeriod(store, member)) {
          markUnhealthy(lifecycle, member, userCheck)
        }
        return {}
      },
    },
  }
}

function markUnhealthy(lifecycle: Lifecycle, member: GroupInstance, replaceBecause: string): void {
  lifecycle.move(member.instanceId, member.lifecycleState, { healthStatus: 'Unhealthy', replaceBecause })
}

/** The grace period begins when the instance comes into service. It is a promise to users, so speed does not shorten it. */
function inGracePeriod(store: Store, member: GroupInstance): boolean {
  const seconds = store.groups.get(member.groupName)?.healthCheckGracePeriod ?? 0
  const since = member.inServiceAt
  return since === undefined ? seconds > 0 : store.kernel.clock.now() - since < seconds * 1000
}

function isFine(instance: Instance | undefined): boolean {
  return instance?.state === 'running' || instance?.state === 'pending'
}

function isGone(instance: Instance | undefined): boolean {
  return instance === undefined || instance.state === 'shutting-down' || instance.state === 'terminated'
}
