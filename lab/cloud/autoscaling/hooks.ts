import type {
  DeleteLifecycleHookCommandInput,
  DescribeLifecycleHooksCommandInput,
  DescribeLifecycleHooksCommandOutput,
  LifecycleHook,
  PutLifecycleHookCommandInput,
} from '@aws-sdk/client-auto-scaling'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import { choose } from './choose.ts'
import {
  type Group,
  type Hook,
  type HookInput,
  launching,
  type LifecycleResult,
  terminating,
  type Transition,
} from './records.ts'
import { groupNamed, hookKey, hooksOf, invalid, type Store } from './store.ts'

/** Bounds of HeartbeatTimeout, in seconds, and its default (Auto Scaling API Reference, PutLifecycleHook). */
const shortestHeartbeat = 30
const longestHeartbeat = 7200
const defaultHeartbeat = 3600
/** However often it is extended, an action ends after this many seconds, or after 100 heartbeat timeouts. */
const longestAction = 172_800
const hooksPerGroup = 50

/** Seconds after which no heartbeat helps any more. */
export function globalTimeout(hook: Pick<Hook, 'heartbeatTimeout'>): number {
  return Math.min(longestAction, 100 * hook.heartbeatTimeout)
}

/** Checks a hook of a request and completes it with what the existing one says, or else with the defaults. */
export function readHook(groupName: string, input: HookInput, existing: Hook | undefined): Hook {
  const before: Partial<Hook> = existing ?? {}
  return {
    groupName,
    name: readName(input.LifecycleHookName),
    transition: readTransition(input.LifecycleTransition ?? before.transition),
    heartbeatTimeout: readHeartbeat(choose(input.HeartbeatTimeout, before.heartbeatTimeout, defaultHeartbeat)),
    defaultResult: readResult(choose(input.DefaultResult, before.defaultResult, 'ABANDON')),
    notificationMetadata: input.NotificationMetadata ?? before.notificationMetadata,
    notificationTargetARN: input.NotificationTargetARN ?? before.notificationTargetARN,
    roleARN: input.RoleARN ?? before.roleARN,
  }
}

function readName(name: string | undefined): string {
  if (name !== undefined && /^[A-Za-z0-9\-_/]{1,255}$/.test(name)) return name
  throw invalid(`1 validation error detected: Value '${name}' at 'lifecycleHookName' failed to satisfy constraint`)
}

function readTransition(transition: string | undefined): Transition {
  if (transition === launching || transition === terminating) return transition
  throw invalid(`Invalid Lifecycle Transition ${transition} specified`)
}

function readHeartbeat(seconds: number): number {
  if (seconds >= shortestHeartbeat && seconds <= longestHeartbeat) return seconds
  throw invalid(`Heartbeat timeout must be between ${shortestHeartbeat} and ${longestHeartbeat} seconds.`)
}

export function readResult(result: string | undefined): LifecycleResult {
  if (result === 'CONTINUE' || result === 'ABANDON') return result
  throw invalid(`Invalid lifecycle action result ${result} specified`)
}

export function hookOperations(store: Store, hookDeleted: (hook: Hook) => void): OperationTable {
  const find = (group: Group, name: string | undefined): Hook | undefined =>
    store.hooks.get(hookKey(group.name, name ?? ''))
  return {
    PutLifecycleHook(input: PutLifecycleHookCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const existing = find(group, input.LifecycleHookName)
      if (!existing && hooksOf(store, group.name).length >= hooksPerGroup) {
        throw new AwsError('LimitExceeded', `Limit of ${hooksPerGroup} lifecycle hooks per group has been reached.`)
      }
      const hook = readHook(group.name, input, existing)
      store.hooks.put(hookKey(group.name, hook.name), hook)
      return {}
    },
    DeleteLifecycleHook(input: DeleteLifecycleHookCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const hook = find(group, input.LifecycleHookName)
      if (!hook) throw invalid(`No Lifecycle Hook found with name ${input.LifecycleHookName}`)
      store.hooks.remove(hookKey(group.name, hook.name))
      hookDeleted(hook)
      return {}
    },
    DescribeLifecycleHooks(input: DescribeLifecycleHooksCommandInput): Answer<DescribeLifecycleHooksCommandOutput> {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const chosen = store.hooks
        .past(store.kernel.lag())
        .filter((hook) => hook.groupName === group.name)
        .filter((hook) => input.LifecycleHookNames?.includes(hook.name) ?? true)
      return { LifecycleHooks: chosen.map(answer) }
    },
  }
}

function answer(hook: Hook): LifecycleHook {
  return {
    LifecycleHookName: hook.name,
    AutoScalingGroupName: hook.groupName,
    LifecycleTransition: hook.transition,
    ...(hook.notificationTargetARN === undefined ? {} : { NotificationTargetARN: hook.notificationTargetARN }),
    ...(hook.roleARN === undefined ? {} : { RoleARN: hook.roleARN }),
    ...(hook.notificationMetadata === undefined ? {} : { NotificationMetadata: hook.notificationMetadata }),
    HeartbeatTimeout: hook.heartbeatTimeout,
    GlobalTimeout: globalTimeout(hook),
    DefaultResult: hook.defaultResult,
  }
}
