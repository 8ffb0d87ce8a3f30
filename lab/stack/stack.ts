import type { Cloud } from '../cloud/cloud.ts'
import { createLambda, type Lambda } from '../cloud/eventbridge/lambda.ts'
import { names } from './environment.ts'
import type { FunctionName } from './functions.ts'

/** What the rules of infra/orchestrator.yml match: our hooks' lifecycle actions, whatever the group. */
const rules: readonly { readonly name: FunctionName; readonly detailType: string; readonly hook: string }[] = [
  { name: 'launch', detailType: 'EC2 Instance-launch Lifecycle Action', hook: names.launchHook },
  { name: 'terminate', detailType: 'EC2 Instance-terminate Lifecycle Action', hook: names.terminateHook },
]

/** The schedule of the sweep, in milliseconds of the wall clock whatever the speed: the functions live by that clock. */
const sweepEveryMs = 60_000

export type Invoke = (name: FunctionName, event: unknown) => Promise<unknown>

/**
 * Deploys Stayput into a local cloud: functions, rules, schedule. `invoke` runs a function: in a thread from
 * its bundle, or in this process. The returned function stops the schedule.
 */
export function deployStack(cloud: Cloud, invoke: Invoke): { readonly lambda: Lambda; readonly stop: () => void } {
  const lambda = createLambda(cloud.kernel)
  for (const { name, detailType, hook } of rules) {
    lambda.register(name, { handler: (event) => invoke(name, event) })
    cloud.events.rule({
      name: `stayput-${name}`,
      pattern: { source: ['aws.autoscaling'], 'detail-type': [detailType], detail: { LifecycleHookName: [hook] } },
      target: (event) => lambda.invokeAsync(name, event),
    })
  }
  lambda.register('sweep', {
    handler: (event) => invoke('sweep', event),
    maximumRetryAttempts: 0,
    reservedConcurrency: 1,
  })
  const { clock } = cloud.kernel
  let stopped = false
  const schedule = (): void => {
    clock.after(sweepEveryMs, () => {
      if (stopped) return
      void lambda.invokeAsync('sweep', { source: 'aws.scheduler' })
      schedule()
    })
  }
  schedule()
  return {
    lambda,
    stop: () => {
      stopped = true
    },
  }
}
