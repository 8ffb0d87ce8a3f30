import { beforeAll, describe, expect, test } from 'vitest'
import type { Context } from './conditions.ts'
import { decide, type Request } from './evaluate.ts'
import { readReference, type Reference } from './reference.ts'
import { readPolicy } from './statement.ts'

const account = 'eu-central-1:123456789012'
const volume = (tags: Readonly<Record<string, string>> = {}, id = 'vol-1') => ({
  type: 'volume',
  arn: `arn:aws:ec2:${account}:volume/${id}`,
  context: tagged(tags),
})
const instance = (tags: Readonly<Record<string, string>> = {}) => ({
  type: 'instance',
  arn: `arn:aws:ec2:${account}:instance/i-1`,
  context: tagged(tags),
})

function tagged(
  tags: Readonly<Record<string, string>>,
  more: Readonly<Record<string, readonly string[]>> = {},
): Context {
  const entries = Object.entries(tags).map(([key, value]) => [`aws:resourcetag/${key}`, [value]] as const)
  return new Map<string, readonly string[]>([['aws:resourcetag/*', []], ...entries, ...Object.entries(more)])
}

const attach: Request = { action: 'ec2:AttachVolume', resources: [volume({ team: 'a' }), instance({ team: 'a' })] }
const look: Request = { action: 'ec2:DescribeVolumes', resources: [] }
const tag = (keys: readonly string[]): Request => ({
  action: 'ec2:CreateTags',
  resources: [{ ...volume(), context: tagged({}, { 'aws:tagkeys': keys }) }],
})

let reference: Reference
beforeAll(async () => {
  reference = await readReference(['ec2:AttachVolume', 'ec2:DescribeVolumes', 'ec2:CreateTags'])
})

const policy = (...Statement: object[]) =>
  readPolicy({ Version: '2012-10-17', Statement: Statement.map((one, index) => ({ Sid: `S${index}`, ...one })) })
const allow = (Action: string | string[], Resource: string | string[] = '*', Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
})
const deny = (...args: Parameters<typeof allow>) => ({ ...allow(...args), Effect: 'Deny' })
const allowed = (request: Request, ...statements: object[]): boolean =>
  decide(request, policy(...statements), reference).allowed

describe('a call is allowed', () => {
  test('by a statement that names its action, with wildcards and whatever the case', () => {
    expect(allowed(attach, allow('ec2:AttachVolume'))).toBe(true)
    expect(allowed(attach, allow('EC2:attach*'))).toBe(true)
    expect(allowed(attach, allow('ec2:AttachVolum?'))).toBe(true)
    expect(allowed(attach, allow('ec2:Attach'))).toBe(false)
    expect(allowed(attach, allow('ec2:DetachVolume'))).toBe(false)
  })

  test('only if each of its resources is', () => {
    const volumes = `arn:aws:ec2:${account}:volume/*`
    const instances = `arn:aws:ec2:${account}:instance/*`
    expect(allowed(attach, allow('ec2:AttachVolume', volumes))).toBe(false)
    expect(allowed(attach, allow('ec2:AttachVolume', instances))).toBe(false)
    expect(allowed(attach, allow('ec2:AttachVolume', [volumes, instances]))).toBe(true)
    expect(allowed(attach, allow('ec2:AttachVolume', volumes), allow('ec2:*', instances))).toBe(true)
  })

  test('on everything alone where AWS knows no resources for it', () => {
    expect(allowed(look, allow('ec2:DescribeVolumes'))).toBe(true)
    expect(allowed(look, allow('ec2:DescribeVolumes', 'arn:aws:ec2:*:*:volume/*'))).toBe(false)
  })

  test('unless a statement denies it on any resource', () => {
    const all = allow('*')
    expect(allowed(attach, all, deny('ec2:AttachVolume', 'arn:aws:ec2:*:*:volume/vol-2'))).toBe(true)
    expect(allowed(attach, all, deny('ec2:AttachVolume', 'arn:aws:ec2:*:*:volume/vol-1'))).toBe(false)
    expect(allowed(attach, all, { Effect: 'Deny', NotAction: 'ec2:Describe*', Resource: '*' })).toBe(false)
    expect(allowed(look, all, { Effect: 'Deny', NotAction: 'ec2:Describe*', Resource: '*' })).toBe(true)
  })
})

describe('conditions', () => {
  const team = (operator: string, value: string) => ({ [operator]: { 'aws:ResourceTag/Team': value } })

  test.each([
    ['StringEquals', 'a', true],
    ['StringEquals', 'b', false],
    ['StringNotEquals', 'a', false],
    ['StringNotEquals', 'b', true],
    ['StringLike', '?', true],
    ['StringEqualsIgnoreCase', 'A', true],
    ['Null', 'true', false],
    ['Null', 'false', true],
  ])('%s %s on a tag that is there is %s; the case of the key does not matter', (operator, value, holds) => {
    expect(allowed(attach, allow('ec2:AttachVolume', '*', team(operator, value)))).toBe(holds)
  })

  test.each([
    ['StringEquals', 'a', false],
    ['StringEqualsIfExists', 'a', true],
    ['StringNotEquals', 'a', true],
    ['Null', 'true', true],
  ])('%s %s on a tag that is absent is %s', (operator, value, holds) => {
    const bare = { action: 'ec2:AttachVolume', resources: [volume(), instance()] }
    expect(allowed(bare, allow('ec2:AttachVolume', '*', team(operator, value)))).toBe(holds)
  })

  test('must all hold; of the values of one any may', () => {
    const both = { StringEquals: { 'aws:ResourceTag/team': ['x', 'a'] }, Null: { 'aws:ResourceTag/owner': 'true' } }
    expect(allowed(attach, allow('ec2:AttachVolume', '*', both))).toBe(true)
    const neither = { ...both, Null: { 'aws:ResourceTag/owner': 'false' } }
    expect(allowed(attach, allow('ec2:AttachVolume', '*', neither))).toBe(false)
  })

  test('ForAllValues holds over nothing, ForAnyValue does not', () => {
    const all = allow('ec2:CreateTags', '*', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } })
    const any = allow('ec2:CreateTags', '*', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['a', 'b'] } })
    expect([['a'], ['a', 'b'], ['a', 'c'], ['c'], []].map((keys) => allowed(tag(keys), all))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ])
    expect([['a'], ['a', 'c'], ['c'], []].map((keys) => allowed(tag(keys), any))).toEqual([true, true, false, false])
  })

  test('ForAnyValue with a negated operator holds as soon as one value is none of them', () => {
    const other = deny('ec2:CreateTags', '*', { 'ForAnyValue:StringNotEquals': { 'aws:TagKeys': ['a'] } })
    expect([['a'], ['a', 'c'], ['c']].map((keys) => allowed(tag(keys), allow('*'), other))).toEqual([
      true,
      false,
      false,
    ])
  })
})

describe('what the evaluator does not know is an error, not a no', () => {
  const conditioned = (Condition: object) => () => allowed(attach, allow('ec2:AttachVolume', '*', Condition))

  test('an operator, a key, a key that AWS does not tell for this action', () => {
    expect(conditioned({ StringRoughly: { 'aws:ResourceTag/team': 'a' } })).toThrow('StringRoughly is not known')
    expect(conditioned({ StringEquals: { 'ec2:VolumeID': 'a' } })).toThrow(/does not tell ec2:volumeid/)
    expect(conditioned({ StringEquals: { 'aws:TagKeys': 'a' } })).toThrow(/AWS does not tell aws:tagkeys/)
    expect(conditioned({ Null: { 'aws:ResourceTag/team': 'perhaps' } })).toThrow('Null wants true or false')
  })

  test('an element, a version, a statement without a name', () => {
    expect(() => policy({ ...allow('*'), NotResource: '*' })).toThrow('unknown elements NotResource')
    expect(() => policy({ ...allow('*'), Effect: 'Maybe' })).toThrow('Effect "Maybe"')
    expect(() => policy({ ...allow('*'), NotAction: '*' })).toThrow('one of them')
    expect(() => policy({ ...allow('*'), Sid: undefined })).toThrow('is no Sid')
    expect(() => policy({ ...allow('*'), Resource: { Ref: 'Volume' } })).toThrow('Resource contains {"Ref":"Volume"}')
    expect(() => policy({ Effect: 'Allow', Action: [], Resource: '*' })).toThrow('Action is empty')
    expect(() => readPolicy({ Statement: [] })).toThrow('is not 2012-10-17')
  })

  test('a call of which a resource is missing or misnamed', () => {
    const all = allow('*')
    const of = (...resources: Request['resources']) => ({ action: 'ec2:AttachVolume', resources })
    expect(() => allowed(of(volume()), all)).toThrow('ec2:AttachVolume without any instance')
    expect(() => allowed(of(), all)).toThrow('is about no resource')
    expect(() => allowed(of(volume(), { ...instance(), type: 'subnet' }), all)).toThrow('without any instance')
    expect(() => allowed(of(volume(), { ...instance(), arn: 'i-1' }), all)).toThrow('i-1 is no ARN of a instance')
  })

  test('an action that there is not', async () => {
    await expect(readReference(['ec2:AttachVolumes'])).rejects.toThrow('there is no action ec2:AttachVolumes')
  })
})
