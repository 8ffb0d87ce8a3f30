import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { calm } from '../../lab/cloud/settings.ts'
import { functionEnvironment } from '../../lab/stack/environment.ts'
import { readConfig } from '../../shared/config.ts'
import { BadEvent, parse } from '../../shared/parse.ts'

const config = readConfig(functionEnvironment('zookeeper', calm))
const folder = new URL('../events/', import.meta.url)
const event = (name: string): unknown => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))
const names = readdirSync(folder)
  .map((file) => file.replace(/\.json$/, ''))
  .toSorted()
const parsed = (name: string) => parse(event(name), config)

describe('lifecycle events lead to their action', () => {
  test.each(names.filter((name) => name.startsWith('launch')))('%s', (name) => {
    expect(parsed(name)).toEqual({
      action: {
        instanceId: 'i-1234567890abcdef0',
        groupName: 'zookeeper-a',
        transition: 'launching',
        hookName: 'stayput-launch',
        token: '87654321-4321-4321-8321-210987654321',
      },
    })
  })

  test.each(names.filter((name) => name.startsWith('terminate')))('%s', (name) => {
    expect(parsed(name)).toMatchObject({ action: { transition: 'terminating', hookName: 'stayput-terminate' } })
  })
})

describe('foreign events are ignored with a reason', () => {
  const reasons: Record<string, string> = {
    'foreign-hook': 'hook drain-connections is not ours (stayput-launch)',
    'foreign-account': 'account 210987654321 is not ours (123456789012)',
    'foreign-region': 'region us-west-2 is not ours (eu-central-1)',
    'foreign-source': 'source com.example.autoscaling is not aws.autoscaling',
    'foreign-detail-type': 'detail-type EC2 Instance Launch Successful is no lifecycle action',
    'foreign-replay': 'a replay of the archive yesterday',
    'test-notification': 'a test notification of Auto Scaling',
  }

  test.each(Object.entries(reasons))('%s: %s', (name, ignored) => {
    expect(parsed(name)).toEqual({ ignored })
  })

  test('every foreign file has its reason here', () => {
    expect(names.filter((name) => name.startsWith('foreign'))).toEqual(
      Object.keys(reasons)
        .filter((name) => name.startsWith('foreign'))
        .toSorted(),
    )
  })
})

describe('malformed events are refused by the name of the field', () => {
  const faults: Record<string, string | RegExp> = {
    'malformed-null': 'an EventBridge event must be a JSON object; it is null',
    'malformed-text': 'an EventBridge event must be a JSON object; it is "launch"',
    'malformed-list': /source/,
    'malformed-empty': /source.*detail-type.*account.*region.*detail/,
    'malformed-no-source': /source.*missing/,
    'malformed-no-detail': 'detail is missing',
    'malformed-detail-is-text': 'detail must be an object; it is "{',
    'malformed-no-instance': 'detail.EC2InstanceId is missing',
    'malformed-instance-id':
      'detail.EC2InstanceId must be an instance id like i-0123456789abcdef0; it is "i-123; reboot"',
    'malformed-no-token': 'detail.LifecycleActionToken is missing',
    'malformed-token': 'detail.LifecycleActionToken must be a UUID of 36 characters; it is "87654321"',
    'malformed-no-group': 'detail.AutoScalingGroupName is missing',
    'malformed-empty-group': 'detail.AutoScalingGroupName must not be empty; it is ""',
    'malformed-no-hook': 'detail.LifecycleHookName is missing',
    'malformed-transition': /detail.LifecycleTransition must be one of .*; it is "autoscaling:EC2_INSTANCE_REBOOTING"/,
    'malformed-contradiction': /contradicts detail-type EC2 Instance-launch Lifecycle Action/,
    'malformed-account-is-number': 'account must be a text; it is 123456789012',
    'malformed-two-fields': /detail.LifecycleActionToken is missing; detail.EC2InstanceId must be a text; it is 7/,
  }

  test.each(Object.entries(faults))('%s: %s', (name, fault) => {
    expect(() => parsed(name)).toThrow(BadEvent)
    expect(() => parsed(name)).toThrow(fault)
  })

  test('every malformed file has its fault here', () => {
    expect(names.filter((name) => name.startsWith('malformed'))).toEqual(Object.keys(faults).toSorted())
  })
})
