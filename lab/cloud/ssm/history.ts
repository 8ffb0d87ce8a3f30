import type {
  CancelCommandRequest,
  CommandFilter,
  GetCommandInvocationRequest,
  GetCommandInvocationResult,
  ListCommandInvocationsRequest,
  ListCommandInvocationsResult,
  ListCommandsRequest,
  ListCommandsResult,
} from '@aws-sdk/client-ssm'
import { AwsError } from '../error.ts'
import type { Kernel } from '../kernel.ts'
import type { Answer, OperationTable } from '../operation.ts'
import type { Command, Commands } from './commands.ts'
import { Constraints, requireCommandId, requireInstanceId, requirePageSize } from './constraint.ts'
import type { Delivery } from './deliver.ts'
import { computerName } from './fleet.ts'
import { nextToken, page } from './page.ts'
import type { Instances } from './targets.ts'
import { listInvocation, pluginNames, tellCommand, tellInvocation } from './tell.ts'

const usualPage = 50

/** The operations on commands that were sent. */
export function createHistory(kernel: Kernel, ec2: Instances, commands: Commands, delivery: Delivery): OperationTable {
  const { region } = kernel.settings

  return {
    GetCommandInvocation(input: GetCommandInvocationRequest): Answer<GetCommandInvocationResult> {
      const { CommandId: commandId = '', InstanceId: instanceId = '', PluginName: plugin } = input
      checkIds(commandId, instanceId)
      const command = commands.table.get(commandId)
      const lagMs = kernel.lag()
      const invocation =
        lagMs === 0
          ? commands.invocation(commandId, instanceId)
          : commands.invocations
              .past(lagMs)
              .find((each) => each.commandId === commandId && each.instanceId === instanceId)
      if (!command || !invocation) {
        throw new AwsError('InvocationDoesNotExist', `Invocation not found for ${commandId}, ${instanceId}`)
      }
      const names = pluginNames(command)
      if (plugin !== undefined && !names.includes(plugin)) {
        throw new AwsError(
          'InvalidPluginName',
          `Plugin ${plugin} not found for invocation with command id ${commandId} and instance id ${instanceId}`,
        )
      }
      return tellInvocation(command, invocation, plugin ?? names[0] ?? '')
    },
    ListCommands(input: ListCommandsRequest): ListCommandsResult {
      const { CommandId: commandId, InstanceId: instanceId, Filters: filters = [] } = input
      checkList(commandId, instanceId, input.MaxResults)
      const told = commands.table
        .past(kernel.lag())
        .filter((command) => commandId === undefined || command.commandId === commandId)
        .filter((command) => instanceId === undefined || isSentTo(commands, command, instanceId))
        .filter((command) => passes(filters, command, command.status, command.requestedAt))
        .map((command) => tellCommand(command, region))
      const { rows, nextToken: token } = page(told.toReversed(), input.MaxResults ?? usualPage, input.NextToken)
      return { Commands: [...rows], ...nextToken(token) }
    },
    ListCommandInvocations(input: ListCommandInvocationsRequest): ListCommandInvocationsResult {
      const { CommandId: commandId, InstanceId: instanceId, Filters: filters = [], Details: details = false } = input
      checkList(commandId, instanceId, input.MaxResults)
      const told = commands.invocations
        .past(kernel.lag())
        .filter((each) => commandId === undefined || each.commandId === commandId)
        .filter((each) => instanceId === undefined || each.instanceId === instanceId)
        .flatMap((each) => {
          const command = commands.table.get(each.commandId)
          if (!command || !passes(filters, command, each.state.status, each.requestedAt)) return []
          const node = { name: computerName(ec2.instances.get(each.instanceId), region), region }
          return [listInvocation(command, each, node, details)]
        })
      const { rows, nextToken: token } = page(told.toReversed(), input.MaxResults ?? usualPage, input.NextToken)
      return { CommandInvocations: [...rows], ...nextToken(token) }
    },
    CancelCommand(input: CancelCommandRequest): object {
      const { CommandId: commandId = '', InstanceIds: instanceIds = [] } = input
      checkIds(commandId, undefined)
      const command = commands.table.get(commandId)
      if (!command) throw new AwsError('InvalidCommandId', `Command id ${commandId} does not exist.`)
      delivery.cancel(command, instanceIds)
      return {}
    },
  }
}

function isSentTo(commands: Commands, command: Command, instanceId: string): boolean {
  return command.instanceIds.includes(instanceId) || commands.invocation(command.commandId, instanceId) !== undefined
}

function checkIds(commandId: string, instanceId: string | undefined): void {
  const constraints = new Constraints()
  requireCommandId(constraints, commandId)
  if (instanceId !== undefined) requireInstanceId(constraints, instanceId)
  constraints.enforce()
}

function checkList(commandId: string | undefined, instanceId: string | undefined, size: number | undefined): void {
  const constraints = new Constraints()
  if (commandId !== undefined) requireCommandId(constraints, commandId)
  if (instanceId !== undefined) requireInstanceId(constraints, instanceId)
  requirePageSize(constraints, size, 1)
  constraints.enforce()
}

function passes(filters: readonly CommandFilter[], command: Command, status: string, requestedAt: number): boolean {
  return filters.every(({ key, value = '' }) => {
    switch (key) {
      case 'InvokedAfter':
        return requestedAt >= moment(value)
      case 'InvokedBefore':
        return requestedAt < moment(value)
      case 'Status':
        return status === value
      case 'DocumentName':
        return command.documentName === value
      case 'ExecutionStage':
        return (status === 'Pending' || status === 'InProgress') === (value === 'Executing')
      case undefined:
      default:
        throw new AwsError('InvalidFilterKey', "The specified key isn't valid.")
    }
  })
}

function moment(value: string): number {
  const ms = Date.parse(value)
  if (Number.isNaN(ms)) throw new AwsError('ValidationException', `Invalid filter value: ${value}`)
  return ms
}
