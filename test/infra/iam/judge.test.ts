import { describe, expect, test } from 'vitest'
import type { RecordLine } from '../../../lab/stack/record-file.ts'
import { judge } from './judge.ts'

const tags = { 'stayput:ensemble': 'zookeeper', 'stayput:member': '1', 'stayput:mount': '/var/lib/zookeeper' }
const arn = (resource: string): string => `arn:aws:ec2:eu-central-1:123456789012:${resource}`
const profile = 'arn:aws:iam::123456789012:instance-profile/stayput-InstanceProfile'

/** As a process of the test suite writes it. */
const attach: RecordLine = {
  ensemble: 'zookeeper',
  from: 'template',
  caller: 'launch',
  action: 'ec2:AttachVolume',
  resources: [
    { type: 'volume', arn: arn('volume/zookeeper.1/var/lib/zookeeper'), tags },
    { type: 'instance', arn: arn('instance/i-any'), tags, profile },
  ],
}
const [volume, instance] = attach.resources

describe('the judgement at the end of the test suite', () => {
  test('finds nothing in what the template allows, nor in what an adoption does', async () => {
    expect(await judge([attach])).toEqual([])
    const bare = { type: 'instance', arn: arn('instance/i-any'), tags } as const
    expect(await judge([{ ...attach, ensemble: 'zookeeper', from: 'hand', resources: [volume!, bare] }])).toEqual([])
  })

  test.each<[string, Partial<RecordLine>]>([
    ['made by another function', { caller: 'terminate' }],
    ["on another ensemble's volume", { resources: [{ ...volume!, tags: { 'stayput:ensemble': 'b' } }, instance!] }],
    [
      'on the volume of a member that there is not',
      { resources: [{ ...volume!, arn: arn('volume/x.9/') }, instance!] },
    ],
    ['on an instance of another profile', { resources: [volume!, { ...instance!, profile: `${profile}s` }] }],
    ['for another ensemble', { ensemble: 'other', from: 'hand' }],
  ])('finds a call %s', async (_what, change) => {
    const found = await judge([{ ...attach, ...change }])
    expect(found.length).toBeGreaterThan(0)
    expect(found.every((line) => line.includes('ec2:AttachVolume'))).toBe(true)
  })
})
