import type * as sdk from '@aws-sdk/client-ssm'
import { type CommandId, commandId, type InstanceId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import { type Answer, CallFailure, look, mutate, pages } from './failure.ts'
import type { Operations, Send } from './operations.ts'

/** A command as SSM tells of it. */
export interface Invocation {
  readonly id: CommandId
  readonly document: string
  /** Milliseconds since the epoch; SSM's own clock. */
  readonly sentAt: number
  readonly status: 'running' | 'succeeded' | 'failed' | 'lost'
}

/** Systems Manager as the core needs it. Reads throw CallFailure; sending answers yes, no or unknown. */
export interface Ssm {
  /** Registered, and its last ping not known to be lost: it may be dead all the same, which only a command shows. */
  agentOnline(instance: InstanceId): Promise<boolean>
  /**
   * Those sent since `since` (ms), newest first; of one document, if it is named. Just-sent ones may be missing for a
   * second or two.
   */
  invocations(instance: InstanceId, since: number, document?: string): Promise<readonly Invocation[]>
  /** One invocation with what it printed; undefined while SSM does not know it yet. */
  invocation(id: CommandId, instance: InstanceId): Promise<(Invocation & { readonly output: string }) | undefined>
  /** One command, to each of the instances. */
  send(
    instances: readonly InstanceId[],
    document: string,
    comment: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<Answer<CommandId>>
}

export function ssmPort(send: Send): Ssm {
  return {
    async agentOnline(instance) {
      const Filters = [{ Key: 'InstanceIds', Values: [instance] }]
      const found = await look(`looking for the agent of ${instance}`, () =>
        pages(
          (NextToken) => send('ssm.DescribeInstanceInformation', { Filters, NextToken }),
          (page) => page.InstanceInformationList,
          (page) => page.NextToken,
        ),
      )
      return found.some((agent) => agent.InstanceId === instance && agent.PingStatus === 'Online')
    },
    async invocations(instance, since, document) {
      // SSM wants the time in whole seconds.
      const value = `${new Date(since).toISOString().slice(0, 19)}Z`
      const Filters: sdk.CommandFilter[] = [{ key: 'InvokedAfter', value }]
      if (document !== undefined) Filters.push({ key: 'DocumentName', value: document })
      const found = await look(`listing the commands of ${instance}`, () =>
        pages(
          (NextToken) => send('ssm.ListCommandInvocations', { InstanceId: instance, Filters, NextToken }),
          (page) => page.CommandInvocations,
          (page) => page.NextToken,
        ),
      )
      return found.map(readInvocation).toSorted((a, b) => b.sentAt - a.sentAt)
    },
    async invocation(id, instance) {
      try {
        const one = await look(`looking at command ${id}`, () =>
          send('ssm.GetCommandInvocation', { CommandId: id, InstanceId: instance }),
        )
        return { ...readResult(one, id), output: one.StandardOutputContent ?? '' }
      } catch (failure) {
        if (failure instanceof CallFailure && failure.kind === 'gone') return undefined
        throw failure
      }
    },
    send: (instances, document, comment, parameters) =>
      mutate(`sending ${document} to ${instances.join(', ')}`, async () => {
        const answer = await send('ssm.SendCommand', {
          InstanceIds: [...instances],
          DocumentName: document,
          Comment: comment,
          TimeoutSeconds: limits.commandDeliverySeconds,
          Parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]])),
        })
        return commandId(answer.Command?.CommandId)
      }),
  }
}

function readInvocation(one: sdk.CommandInvocation): Invocation {
  return {
    id: commandId(one.CommandId),
    document: one.DocumentName ?? '',
    sentAt: one.RequestedDateTime?.getTime() ?? 0,
    status: readStatus(one.Status, one.StatusDetails),
  }
}

/** A single invocation tells when it ran, not when it was sent: the caller knows that better. */
function readResult(one: Operations['ssm.GetCommandInvocation']['output'], id: CommandId): Invocation {
  return { id, document: one.DocumentName ?? '', sentAt: 0, status: readStatus(one.Status, one.StatusDetails) }
}

/**
 * SSM tells states in two words, with and without spaces in the second. What timed out or was never delivered may or
 * may not have run, so it is lost, not failed.
 */
function readStatus(status: string | undefined, details: string | undefined): Invocation['status'] {
  const detail = (details ?? '').replaceAll(' ', '')
  if (status === 'Success') return 'succeeded'
  if (status === 'Failed')
    return ['Undeliverable', 'Terminated', 'DeliveryTimedOut'].includes(detail) ? 'lost' : 'failed'
  if (status === 'TimedOut' || status === 'Cancelled') return 'lost'
  return 'running'
}
