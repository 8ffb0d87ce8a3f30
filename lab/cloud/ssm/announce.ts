import type { EventBridge } from '../eventbridge/eventbridge.ts'
import type { Kernel } from '../kernel.ts'
import type { Command, Invocation } from './commands.ts'

/** Tells EventBridge of changes of status (AWS Systems Manager User Guide, "Monitoring Systems Manager events"). */
export interface Announcer {
  invocation(command: Command, invocation: Invocation): void
  command(command: Command, instanceIds: readonly string[]): void
}

export function createAnnouncer(kernel: Kernel, events: Pick<EventBridge, 'publish'>): Announcer {
  const { region, accountId } = kernel.settings
  const arn = (instanceId: string) => `arn:aws:ec2:${region}:${accountId}:instance/${instanceId}`
  return {
    invocation(command, { instanceId, state }) {
      events.publish({
        'detail-type': 'EC2 Command Invocation Status-change Notification',
        source: 'aws.ssm',
        resources: [arn(instanceId)],
        detail: {
          'command-id': command.commandId,
          'document-name': command.documentName,
          'instance-id': instanceId,
          'requested-date-time': iso(command.requestedAt),
          status: state.status,
        },
      })
    },
    command(command, instanceIds) {
      events.publish({
        'detail-type': 'EC2 Command Status-change Notification',
        source: 'aws.ssm',
        resources: instanceIds.map(arn),
        detail: {
          'command-id': command.commandId,
          'document-name': command.documentName,
          'expire-after': iso(command.expiresAt),
          parameters: command.given,
          'requested-date-time': iso(command.requestedAt),
          status: command.status,
        },
      })
    },
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
