import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectFile } from '../../lab/stack/project.ts'
import { readConfig } from '../../shared/config.ts'
import { identityTags } from '../../shared/model/tags.ts'
import { type Clone, clone, type Resources } from './packaging.ts'
import { adopting, checked, needs, ofType, resourcesOf, sample } from './scene.ts'

let here: Clone
let template: Resources
beforeAll(async () => {
  here = await clone()
  template = await here.packaged()
})
afterAll(() => here.remove())

const get = (id: string) => {
  const found = template[id]
  if (!found) throw new Error(`the template has no ${id}`)
  return found
}
describe('an instance', () => {
  test('user data is the script that installs ZooKeeper, and fits', () => {
    const script = readFileSync(projectFile('infra/install-zookeeper.sh'), 'utf8')
    expect(get('LaunchTemplate').Properties['LaunchTemplateData']).toMatchObject({ UserData: { 'Fn::Base64': script } })
    // "User data is limited to 16 KB, in raw form" (EC2 User Guide).
    expect(Buffer.byteLength(script)).toBeLessThan(16 * 1024)
  })
})

describe('the groups', () => {
  const groups = (all: Resources) => ofType(all, 'AWS::AutoScaling::AutoScalingGroup')

  test('are one a member, in the zone of its volume, with room for one instance', () => {
    const { members } = checked(sample())
    expect(groups(template)).toHaveLength(3)
    for (const [id, { Properties }] of groups(template)) {
      const member = members.find((one) => `Member${one.id}Group` === id)
      expect(Properties).toMatchObject({
        AutoScalingGroupName: `orders-${member?.id}`,
        VPCZoneIdentifier: [member?.subnet],
        MaxSize: '1',
        DesiredCapacity: '1',
        HealthCheckType: 'EC2',
      })
      expect(template[`Member${member?.id}Volume`]?.Properties['AvailabilityZone']).toBe(member?.zone)
    }
  })

  test('have their hooks from the very beginning, and an instance that nobody vouches for goes', () => {
    for (const [, { Properties }] of groups(template)) {
      expect(Properties['LifecycleHookSpecificationList']).toEqual([
        hook('stayput-launch', 'autoscaling:EC2_INSTANCE_LAUNCHING'),
        hook('stayput-terminate', 'autoscaling:EC2_INSTANCE_TERMINATING'),
      ])
    }
  })

  const hook = (LifecycleHookName: string, LifecycleTransition: string) => ({
    LifecycleHookName,
    LifecycleTransition,
    HeartbeatTimeout: 900,
    DefaultResult: 'ABANDON',
  })

  test('let the predecessor leave first, whatever the account’s default', () => {
    for (const [, { Properties }] of groups(template)) {
      expect(Properties['InstanceMaintenancePolicy']).toEqual({ MinHealthyPercentage: 0, MaxHealthyPercentage: 100 })
    }
  })

  test('tag their instances as the ensemble’s', () => {
    for (const [, { Properties }] of groups(template)) {
      expect(Properties['Tags']).toContainEqual({
        Key: identityTags.ensemble,
        Value: 'orders',
        PropagateAtLaunch: true,
      })
    }
  })

  test('come after all that answers a first launch and all that it takes', () => {
    const functions = ['Launch', 'Terminate', 'Sweep']
    const parts = ['LambdaFunction', 'Rule', 'RulePermission', 'LambdaEvConf', 'LogGroup', 'Role']
    const wanted = [
      ...functions.flatMap((name) => parts.map((part) => `${name}${part}`)),
      ...['TakeOver', 'HandOver', 'Reach', 'Health'].map((verb) => `${verb}Document`),
      ...['Quorum', 'Election', 'Client'].map((port) => `Member${port}Ingress`),
      ...[1, 2, 3].flatMap((id) => [`Member${id}NetworkInterface`, `Member${id}Volume`]),
      'DeadLetterQueue',
      'DeadLetterQueuePolicy',
      'InstanceProfile',
      'InstanceRole',
    ]
    for (const [id] of groups(template)) expect(needs(template, id)).toEqual(expect.arrayContaining(wanted))
  })

  test('don’t wait for each other, because the first quorum takes several of them', () => {
    for (const [id] of groups(template))
      expect(needs(template, id).filter((one) => /^Member\dGroup$/.test(one))).toEqual([])
  })

  test('everything else is there without them, so that nothing needs itself', () => {
    for (const [id] of Object.entries(template)) expect(needs(template, id)).not.toContain(id)
  })
})

describe('the functions', () => {
  const seconds = { Launch: 900, Terminate: 900, Sweep: 60 }

  test.each(Object.entries(seconds))('%s runs as agreed', (name, Timeout) => {
    const { Properties } = get(`${name}LambdaFunction`)
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout,
      ReservedConcurrentExecutions: name === 'Sweep' ? 1 : 14,
      Role: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] },
      Handler: `dist/functions/${name.toLowerCase()}.handler`,
    })
    expect(get(`${name}LogGroup`).Properties['RetentionInDays']).toBe(90)
  })

  test.each(Object.keys(seconds))('%s leaves what it could not handle in the dead-letter queue, and may', (name) => {
    const queue = { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] }
    expect(get(`${name}LambdaEvConf`).Properties['DestinationConfig']).toEqual({ OnFailure: { Destination: queue } })
    expect(needs(template, `${name}Role`)).toContain('DeadLetterQueue')
    expect(JSON.stringify(get(`${name}Role`).Properties)).toContain('sqs:SendMessage')
  })

  test('get an environment that they accept', () => {
    const { Environment } = get('LaunchLambdaFunction').Properties as {
      readonly Environment: { readonly Variables: Record<string, unknown> }
    }
    const physical: Readonly<Record<string, string>> = { 'AWS::AccountId': '123456789012' }
    const variables = Object.entries(Environment.Variables).map(([name, value]) => {
      const ref = typeof value === 'object' && value !== null && 'Ref' in value ? String(value.Ref) : undefined
      return [name, ref === undefined ? String(value) : (physical[ref] ?? String(get(ref).Properties['Name']))]
    })
    expect(readConfig({ ...Object.fromEntries(variables), AWS_REGION: 'eu-central-1' })).toMatchObject({
      ensemble: 'orders',
      documents: { takeOver: 'stayput-orders-take-over' },
      hooks: { launching: 'stayput-launch', terminating: 'stayput-terminate' },
    })
  })
})

describe('what tells a person', () => {
  const rules = ['LaunchRule', 'TerminateRule', 'SweepRule']

  test('events that reach no function are kept, and the queue takes them from these rules only', () => {
    const queue = { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] }
    for (const id of rules) expect(get(id).Properties['Targets']).toMatchObject([{ DeadLetterConfig: { Arn: queue } }])
    expect(get('DeadLetterQueuePolicy').Properties).toMatchObject({
      Queues: [{ Ref: 'DeadLetterQueue' }],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Condition: { ArnEquals: { 'aws:SourceArn': rules.map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] })) } },
          },
          { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        ],
      },
    })
  })

  test('every function’s alarm lines are counted into the metric that the alarm watches', () => {
    const { Namespace, MetricName } = get('AlarmLinesAlarm').Properties
    for (const name of ['Launch', 'Terminate', 'Sweep']) {
      expect(get(`${name}AlarmLines`).Properties).toMatchObject({
        LogGroupName: { Ref: `${name}LogGroup` },
        FilterPattern: '{ $.level = "alarm" }',
        MetricTransformations: [{ MetricNamespace: Namespace, MetricName }],
      })
    }
  })

  test('errors of each function, throttles, dead letters and a sweep that does not come raise an alarm', () => {
    expect(needs(template, 'ErrorsAlarm')).toEqual(
      expect.arrayContaining(['LaunchLambdaFunction', 'TerminateLambdaFunction', 'SweepLambdaFunction']),
    )
    expect(needs(template, 'ThrottlesAlarm')).toEqual(
      expect.arrayContaining(['LaunchLambdaFunction', 'TerminateLambdaFunction']),
    )
    expect(needs(template, 'DeadLettersAlarm')).toContain('DeadLetterQueue')
    expect(get('SweepAlarm').Properties).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    })
  })
})

describe('adopting', () => {
  const adopted = resourcesOf(adopting)

  test('creates roles with their denials and hooks, and nothing that holds data or runs', () => {
    const types = new Set(Object.values(adopted).map(({ Type }) => Type))
    expect([...types].toSorted()).toEqual([
      'AWS::AutoScaling::LifecycleHook',
      'AWS::IAM::ManagedPolicy',
      'AWS::IAM::Role',
    ])
  })

  test('puts the same hooks on each group, once the functions can answer them', () => {
    const [, own] = ofType(template, 'AWS::AutoScaling::AutoScalingGroup')[0]!
    const hooks = ofType(adopted, 'AWS::AutoScaling::LifecycleHook').map(([, { Properties }]) => Properties)
    const wanted = own.Properties['LifecycleHookSpecificationList'] as readonly object[]
    expect(hooks).toEqual(
      ['zookeeper-a', 'zookeeper-b'].flatMap((group) => wanted.map((one) => ({ AutoScalingGroupName: group, ...one }))),
    )
    for (const [, { DependsOn }] of ofType(adopted, 'AWS::AutoScaling::LifecycleHook')) {
      expect(DependsOn).toEqual(
        expect.arrayContaining(['LaunchRulePermission', 'TerminateRulePermission', 'TakeOverDocument']),
      )
    }
  })
})
