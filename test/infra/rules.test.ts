import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { matchesPattern } from '../../lab/cloud/eventbridge/pattern.ts'
import { projectFile } from '../../lab/stack/project.ts'
import { type Clone, clone, type Resources } from './packaging.ts'

const account = '123456789012'
const region = 'eu-central-1'

let here: Clone
let template: Resources
beforeAll(async () => {
  here = await clone()
  // The group of the event files.
  await writeFile(
    join(here.folder, 'events.yml'),
    JSON.stringify({
      ensemble: 'orders',
      region,
      adopt: { groups: ['zookeeper-a', 'zookeeper-b'], members: 2, mounts: ['/data'] },
    }),
  )
  template = await here.packaged('--param=settings=events.yml')
})
afterAll(() => here.remove())

/** The pattern as it is once the stack is in an account. */
function pattern(rule: string): unknown {
  const physical: Readonly<Record<string, string>> = { 'AWS::AccountId': account, 'AWS::Region': region }
  return JSON.parse(JSON.stringify(template[rule]?.Properties['EventPattern']), (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'Ref' in value ? physical[String(value.Ref)] : value,
  )
}

const matching = (event: unknown): string[] =>
  ['LaunchRule', 'TerminateRule'].filter((rule) => matchesPattern(pattern(rule), event))

const read = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(projectFile(`test/events/${file}`), 'utf8')) as Record<string, unknown>
const files = readdirSync(projectFile('test/events'))
const named = (...starts: readonly string[]) => files.filter((file) => starts.some((start) => file.startsWith(start)))

describe('the rules take', () => {
  test('there are events to try', () => {
    expect(named('launch').length).toBeGreaterThan(5)
    expect(named('terminate').length).toBeGreaterThan(3)
    expect(named('foreign').length).toBeGreaterThan(5)
  })

  test.each(named('launch'))('%s to the launch function alone', (file) => {
    expect(matching(read(file))).toEqual(['LaunchRule'])
  })

  test.each(named('terminate'))('%s to the terminate function alone', (file) => {
    expect(matching(read(file))).toEqual(['TerminateRule'])
  })

  // EventBridge delivers a replay to the rules that whoever starts it names; the function then ignores it.
  test.each(named('foreign').filter((file) => file !== 'foreign-replay.json'))('%s nowhere', (file) => {
    expect(matching(read(file))).toEqual([])
  })

  test('a notification that is no event nowhere', () => {
    expect(matching(read('test-notification.json'))).toEqual([])
  })
})

describe('a near miss goes nowhere', () => {
  const launch = read('launch.json')
  const detail = launch['detail'] as Record<string, unknown>
  const near: readonly (readonly [string, object])[] = [
    ['another group', { detail: { ...detail, AutoScalingGroupName: 'zookeeper-ab' } }],
    ['a group of the same beginning', { detail: { ...detail, AutoScalingGroupName: 'zookeeper-' } }],
    ['a group in another case', { detail: { ...detail, AutoScalingGroupName: 'Zookeeper-a' } }],
    ['our terminate hook in a launch', { detail: { ...detail, LifecycleHookName: 'stayput-terminate' } }],
    ['a hook of a longer name', { detail: { ...detail, LifecycleHookName: 'stayput-launch-2' } }],
    ['no hook', { detail: { ...detail, LifecycleHookName: undefined } }],
    ['a successful launch', { 'detail-type': 'EC2 Instance Launch Successful' }],
    ['a source that only ends like Auto Scaling’s', { source: 'my.aws.autoscaling' }],
    ['another account', { account: '210987654321' }],
    ['another Region', { region: 'eu-central-2' }],
  ]

  test.each(near)('%s', (_, changed) => {
    expect(matching(launch)).toEqual(['LaunchRule'])
    expect(matching(JSON.parse(JSON.stringify({ ...launch, ...changed })))).toEqual([])
  })
})

describe('the functions may be called', () => {
  test.each(['Launch', 'Terminate', 'Sweep'])('%s by its rule in this account alone', (name) => {
    expect(template[`${name}RulePermission`]?.Properties).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': [`${name}LambdaFunction`, 'Arn'] },
      Principal: 'events.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
      SourceArn: { 'Fn::GetAtt': [`${name}Rule`, 'Arn'] },
    })
    expect(template[`${name}Rule`]?.Properties['Targets']).toMatchObject([
      { Arn: { 'Fn::GetAtt': [`${name}LambdaFunction`, 'Arn'] } },
    ])
  })

  test('no event waits longer for its function than its action for an answer', () => {
    for (const name of ['Launch', 'Terminate']) {
      expect(template[`${name}Rule`]?.Properties['Targets']).toMatchObject([
        { RetryPolicy: { MaximumEventAgeInSeconds: 900 } },
      ])
    }
    expect(template['SweepRule']?.Properties).toMatchObject({ ScheduleExpression: 'rate(1 minute)' })
  })
})
