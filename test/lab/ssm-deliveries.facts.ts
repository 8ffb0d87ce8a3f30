import { expect } from 'vitest'
import {
  captured,
  command,
  create,
  expectExpiry,
  expirySeconds,
  type Fact,
  get,
  nodes,
  send,
  userGuide,
} from './ssm-facts.scene.ts'
import { i1 } from './ssm.scene.ts'

const byId = (...Values: string[]) => ({ Filters: [{ Key: 'InstanceIds', Values }] })

const deliveries: Fact[] = [
  {
    fact: 'a tag that no node has ends the command in Success, NoInstancesInTag',
    grade: 'A',
    source: `${captured}/managed_execution_current.json: send-missing-tag, missing-tag-terminal-1`,
    async holds(scene) {
      create(scene)
      const sent = send(scene, { InstanceIds: [], Targets: [{ Key: 'tag:suite', Values: ['missing'] }] })
      expect(sent).toMatchObject({ Status: 'Pending', TargetCount: 0, InstanceIds: [] })
      await scene.pass(3000)
      expect(command(scene, sent.CommandId!)).toMatchObject({
        Status: 'Success',
        StatusDetails: 'NoInstancesInTag',
        TargetCount: 0,
        CompletedCount: 0,
      })
    },
  },
  {
    fact: 'with its agent stopped a node is told Online; its command goes InProgress, Delayed, DeliveryTimedOut',
    grade: 'A',
    source: `${captured}/managed_execution_timeouts_current.json: running-node-offline-*, offline-agent-fleet-*`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      scene.ssm.stopAgent(i1)
      const { CommandId } = send(scene)
      await scene.pass(600)
      expect(get(scene, CommandId!)).toMatchObject({ Status: 'InProgress', ResponseCode: -1 })
      await scene.pass(2600)
      expect(get(scene, CommandId!)).toMatchObject({ Status: 'Pending', StatusDetails: 'Delayed' })
      // 12 seconds after ExpiresAfter it was still Delayed, 15 seconds after it was not.
      await scene.pass(43_700)
      expect(get(scene, CommandId!)).toMatchObject({ Status: 'Pending', StatusDetails: 'Delayed' })
      await scene.pass(3100)
      expect(get(scene, CommandId!)).toMatchObject({
        Status: 'TimedOut',
        StatusDetails: 'DeliveryTimedOut',
        ResponseCode: -1,
      })
      expect(command(scene, CommandId!)).toMatchObject({
        Status: 'TimedOut',
        StatusDetails: 'DeliveryTimedOut',
        CompletedCount: 1,
        ErrorCount: 0,
        DeliveryTimedOutCount: 1,
      })
      expect(nodes(scene, byId(i1))[0]!.PingStatus).toBe('Online')
      expect(scene.runs).toEqual([])
    },
  },
  {
    fact: 'an invocation does not exist right after SendCommand, and the list is empty',
    grade: 'A',
    source: `${captured}/managed_execution_current.json: custom-$LATEST-invocation-0; boto/boto3#2701`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      const { CommandId } = send(scene)
      expect(scene.refusal('GetCommandInvocation', { CommandId, InstanceId: i1 })).toBe(
        `InvocationDoesNotExist: Invocation not found for ${CommandId}, ${i1}`,
      )
      expect(scene.call('ListCommandInvocations', { CommandId })).toEqual({ CommandInvocations: [] })
      await scene.pass(1000)
      expect(get(scene, CommandId!).Status).toBe('InProgress')
    },
  },
  {
    fact: 'the first answer has all these members, empty ones included',
    grade: 'A',
    source: `${captured}/managed_execution_timeouts_current.json: timeout-minimum-five`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      const { CommandId, ExpiresAfter, RequestedDateTime, ...rest } = send(scene)
      expect([CommandId, ExpiresAfter, RequestedDateTime]).not.toContain(undefined)
      expect(rest).toEqual({
        DocumentName: 'doc',
        DocumentVersion: '$DEFAULT',
        Comment: '',
        Parameters: {},
        InstanceIds: [i1],
        Targets: [],
        Status: 'Pending',
        StatusDetails: 'Pending',
        OutputS3Region: 'eu-central-1',
        OutputS3BucketName: '',
        OutputS3KeyPrefix: '',
        MaxConcurrency: '50',
        MaxErrors: '0',
        TargetCount: 1,
        CompletedCount: 0,
        ErrorCount: 0,
        DeliveryTimedOutCount: 0,
        ServiceRole: '',
        NotificationConfig: { NotificationArn: '', NotificationEvents: [], NotificationType: '' },
        CloudWatchOutputConfig: { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false },
        TimeoutSeconds: 30,
        AlarmConfiguration: { IgnorePollAlarmFailure: false, Alarms: [] },
        TriggeredAlarms: [],
      })
    },
  },
]

const announcements: Fact[] = [
  {
    fact: 'a change of an invocation is an event of aws.ssm about the instance',
    grade: 'D',
    source: `${userGuide}, "EventBridge event patterns and types: EC2 Command Invocation Status-change Notification"`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      const { CommandId, RequestedDateTime } = send(scene)
      await scene.pass(5000)
      expect(scene.events.filter((event) => event['detail-type'].includes('Invocation')).at(-1)).toEqual({
        'detail-type': 'EC2 Command Invocation Status-change Notification',
        source: 'aws.ssm',
        resources: [`arn:aws:ec2:eu-central-1:123456789012:instance/${i1}`],
        detail: {
          'command-id': CommandId,
          'document-name': 'doc',
          'instance-id': i1,
          'requested-date-time': RequestedDateTime!.toISOString(),
          status: 'Success',
        },
      })
    },
  },
  {
    fact: 'a change of a command is an event that tells its parameters and its expiry',
    grade: 'D',
    source: `${userGuide}, "EventBridge event patterns and types: EC2 Command Status-change Notification"`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      const { CommandId, RequestedDateTime, ExpiresAfter } = send(scene)
      await scene.pass(5000)
      expect(scene.events.at(-1)).toMatchObject({
        'detail-type': 'EC2 Command Status-change Notification',
        detail: {
          'command-id': CommandId,
          'document-name': 'doc',
          'expire-after': ExpiresAfter!.toISOString(),
          parameters: {},
          'requested-date-time': RequestedDateTime!.toISOString(),
          status: 'Success',
        },
      })
    },
  },
  {
    fact: 'without TimeoutSeconds a command may wait for an hour, and the step for another',
    grade: 'D',
    source: `${userGuide}, "Understanding command timeout values"`,
    async holds(scene) {
      create(scene, {})
      await scene.online(i1)
      const sent = send(scene, { TimeoutSeconds: undefined })
      expect([sent.TimeoutSeconds, expirySeconds(sent)]).toEqual([3600, 7200])
    },
  },
]

const expiries: readonly (readonly [string, object, object, object, number])[] = [
  ['a fixed timeout of 5', { timeoutSeconds: '5' }, {}, {}, 35],
  [
    'a parameter left out, whatever its default',
    { timeoutSeconds: '{{ t }}' },
    { t: { type: 'String', default: '5' } },
    {},
    3630,
  ],
  ['a parameter sent', { timeoutSeconds: '{{ t }}' }, { t: { type: 'String', default: '5' } }, { t: ['7'] }, 37],
  ['no timeout at all', {}, {}, {}, 3630],
]

export const deliveryFacts: Fact[] = [
  ...deliveries,
  ...announcements,
  ...expiries.map(([what, inputs, parameters, Parameters, seconds]): Fact => ({
    fact: `ExpiresAfter counts ${what}`,
    grade: 'A',
    source: `${captured}/managed_execution_document_expiry.json`,
    async holds(scene) {
      create(scene, inputs, parameters)
      await scene.online(i1)
      expectExpiry(send(scene, { Parameters }), seconds)
    },
  })),
]
