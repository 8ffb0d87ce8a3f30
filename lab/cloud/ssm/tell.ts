import type {
  Command as CommandAnswer,
  CommandInvocation,
  CommandPlugin,
  GetCommandInvocationResult,
} from '@aws-sdk/client-ssm'
import type { Answer } from '../operation.ts'
import type { Command, Invocation } from './commands.ts'
import { pluginOutput, standardError, standardOutput } from './output.ts'

/*
 * The answers' shapes, empty members included, as they were captured (radkawar/stackd, managed_execution_current and
 * managed_execution_timeouts_current).
 */

const noNotification = () => ({ NotificationArn: '', NotificationEvents: [], NotificationType: '' as never })
const noLogs = () => ({ CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false })

export function tellCommand(command: Command, region: string): CommandAnswer {
  return {
    CommandId: command.commandId,
    DocumentName: command.documentName,
    DocumentVersion: command.documentVersion,
    Comment: command.comment,
    ExpiresAfter: new Date(command.expiresAt),
    Parameters: Object.fromEntries(Object.entries(command.given).map(([name, values]) => [name, [...values]])),
    InstanceIds: [...command.instanceIds],
    Targets: command.targets.map(({ key, values }) => ({ Key: key, Values: [...values] })),
    RequestedDateTime: new Date(command.requestedAt),
    Status: command.status,
    StatusDetails: command.statusDetails,
    OutputS3Region: region,
    OutputS3BucketName: command.outputS3BucketName,
    OutputS3KeyPrefix: command.outputS3KeyPrefix,
    MaxConcurrency: command.maxConcurrency,
    MaxErrors: command.maxErrors,
    TargetCount: command.targetCount,
    CompletedCount: command.completedCount,
    ErrorCount: command.errorCount,
    DeliveryTimedOutCount: command.deliveryTimedOutCount,
    ServiceRole: '',
    NotificationConfig: noNotification(),
    CloudWatchOutputConfig: noLogs(),
    TimeoutSeconds: command.timeoutSeconds,
    AlarmConfiguration: { IgnorePollAlarmFailure: false, Alarms: [] },
    TriggeredAlarms: [],
  }
}

export function tellInvocation(
  command: Command,
  invocation: Invocation,
  plugin: string,
): Answer<GetCommandInvocationResult> {
  const first = plugin === pluginNames(command)[0]
  return {
    CommandId: command.commandId,
    InstanceId: invocation.instanceId,
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: command.documentVersion,
    PluginName: plugin,
    ResponseCode: invocation.responseCode,
    ...execution(invocation),
    Status: invocation.state.status,
    StatusDetails: invocation.state.statusDetails,
    StandardOutputContent: first ? standardOutput(invocation.stdout) : '',
    StandardOutputUrl: '',
    StandardErrorContent: first ? standardError(invocation.stderr) : '',
    StandardErrorUrl: '',
    CloudWatchOutputConfig: noLogs(),
  }
}

/**
 * The end is told as the start plus whole seconds, while the elapsed time is exact: a run of 5.004 s from 39.108 ends at
 * 44.108 (captured: minimum-five-invocation-2).
 */
function execution({ startedAt, finishedAt }: Invocation): {
  ExecutionStartDateTime?: string
  ExecutionElapsedTime?: string
  ExecutionEndDateTime: string
} {
  if (startedAt === undefined || finishedAt === undefined) return { ExecutionEndDateTime: '' }
  const elapsedMs = Math.round(finishedAt - startedAt)
  return {
    ExecutionStartDateTime: new Date(startedAt).toISOString(),
    ExecutionElapsedTime: `PT${elapsedMs / 1000}S`,
    ExecutionEndDateTime: new Date(startedAt + Math.floor(elapsedMs / 1000) * 1000).toISOString(),
  }
}

export function listInvocation(
  command: Command,
  invocation: Invocation,
  node: { readonly name: string; readonly region: string },
  details: boolean,
): CommandInvocation {
  return {
    CommandId: command.commandId,
    InstanceId: invocation.instanceId,
    InstanceName: node.name,
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: command.documentVersion,
    RequestedDateTime: new Date(invocation.requestedAt),
    Status: invocation.state.status,
    StatusDetails: invocation.state.statusDetails,
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    CommandPlugins: details
      ? pluginNames(command).map((name, index) => tellPlugin(command, invocation, name, index === 0, node.region))
      : [],
    ServiceRole: '',
    NotificationConfig: noNotification(),
    CloudWatchOutputConfig: noLogs(),
  }
}

function tellPlugin(
  command: Command,
  { state, responseCode, startedAt, finishedAt, stdout, stderr }: Invocation,
  name: string,
  first: boolean,
  region: string,
): CommandPlugin {
  return {
    Name: name,
    Status: state.status,
    StatusDetails: state.statusDetails,
    ResponseCode: responseCode,
    ...(startedAt === undefined ? {} : { ResponseStartDateTime: new Date(startedAt) }),
    ...(finishedAt === undefined ? {} : { ResponseFinishDateTime: new Date(finishedAt) }),
    Output: first ? pluginOutput(stdout, stderr) : '',
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    OutputS3Region: startedAt === undefined ? '' : region,
    OutputS3BucketName: command.outputS3BucketName,
    OutputS3KeyPrefix: command.outputS3KeyPrefix,
  }
}

/** Of a document of schema 2.2, a plugin is named after its step. */
export function pluginNames(command: Command): string[] {
  return command.content.mainSteps.map((step) => step.name)
}
