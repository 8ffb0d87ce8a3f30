import type { ResumeProcessesCommandInput, SuspendProcessesCommandInput } from '@aws-sdk/client-auto-scaling'
import type { OperationTable } from '../operation.ts'
import type { Health } from './health.ts'
import { groupNamed, invalid, stamp, type Store } from './store.ts'

/** In the order in which DescribeScalingProcessTypes lists them. */
const processNames = [
  'AZRebalance',
  'AddToLoadBalancer',
  'AlarmNotification',
  'HealthCheck',
  'InstanceRefresh',
  'Launch',
  'ReplaceUnhealthy',
  'ScheduledActions',
  'Terminate',
] as const

export function processOperations(store: Store, health: Health, schedule: (groupName: string) => void): OperationTable {
  return {
    SuspendProcesses(input: SuspendProcessesCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const names = asked(input.ScalingProcesses)
      const already = group.suspended.filter((process) => names.includes(process.processName))
      const fresh = names
        .filter((name) => !already.some((process) => process.processName === name))
        .map((processName) => ({ processName, reason: `User suspended at ${stamp(store)}` }))
      store.groups.change(group.name, { suspended: [...group.suspended, ...fresh] })
      return {}
    },
    ResumeProcesses(input: ResumeProcessesCommandInput) {
      const group = groupNamed(store, input.AutoScalingGroupName)
      const names = asked(input.ScalingProcesses)
      const suspended = group.suspended.filter((process) => !names.includes(process.processName))
      store.groups.change(group.name, { suspended })
      // What was not seen while health checks were suspended is seen by the next ones.
      if (names.includes('HealthCheck')) health.observeAll(group.name)
      schedule(group.name)
      return {}
    },
    DescribeScalingProcessTypes: () => ({ Processes: processNames.map((ProcessName) => ({ ProcessName })) }),
  }
}

/** Without any, every process is meant. */
function asked(names: readonly string[] | undefined): readonly string[] {
  if (!names?.length) return processNames
  const unknown = names.find((name) => !processNames.some((known) => known === name))
  if (unknown !== undefined) throw invalid(`${unknown} is not a recognized Auto Scaling process type`)
  return names
}
