import { describe, expect, test } from 'vitest'
import { type Physical, resolve } from '../../../lab/stack/template/resolve.ts'
import { bookkeepingTags, identityTags } from '../../../shared/model/tags.ts'
import { template } from '../../core/world.ts'
import { resourcesFor } from './evidence.ts'
import { actionsLike } from './reference.ts'
import { readRoles } from './roles.ts'

/** The longest ids and ARNs that there are. */
const longest: Physical = {
  ref: (id) =>
    ({ 'AWS::Partition': 'aws-us-gov', 'AWS::Region': 'ap-southeast-7', 'AWS::AccountId': '123456789012' })[id] ??
    'vol-0123456789abcdef0',
  getAtt: (id) => `arn:aws-us-gov:service:ap-southeast-7:123456789012:${'x'.repeat(64)}/${id}`,
}

const largest = {
  ensemble: 'e'.repeat(32),
  region: 'eu-central-1',
  vpc: 'vpc-0123456789abcdef0',
  subnets: { 'eu-central-1a': 'subnet-0123456789abcdef0' },
  members: 7,
  image: 'amazon-linux-2023',
  instanceType: 'm7g.large',
  volume: { size: 20, key: `arn:aws:kms:eu-central-1:123456789012:key/${'0'.repeat(36)}` },
  logVolume: { size: 10, key: `arn:aws:kms:eu-central-1:123456789012:key/${'1'.repeat(36)}` },
}

describe('the policies', () => {
  const roles = Object.entries(readRoles(template.resources, longest))

  test.each(roles)('of %s speak of everything only where AWS knows no resources', (_name, statements) => {
    const grants = statements.filter(({ effect }) => effect === 'Allow')
    expect(grants.filter(({ resources }) => resources.includes('*')).map(({ sid }) => sid)).toEqual(['Look'])
    expect(grants.filter(({ actions }) => actions.some((action) => action.includes('*')))).toEqual([])
  })

  test.each(roles)('of %s name actions that there are', async (_name, statements) => {
    const actions = statements.flatMap((statement) => statement.actions)
    const found = await Promise.all(actions.map(async (one) => ({ one, count: (await actionsLike(one)).length })))
    expect(found.filter(({ count }) => count === 0)).toEqual([])
  })

  test('speak of the tags that the model knows', () => {
    const { launch } = readRoles(template.resources, longest)
    const conditions = launch.flatMap((statement) => statement.conditions)
    const keys = conditions.filter(({ key, operator }) => key === 'aws:tagkeys' && operator !== 'Null')
    expect(new Set(keys.flatMap(({ values }) => values))).toEqual(new Set(Object.values(bookkeepingTags)))
    const tags = conditions.filter(({ key }) => key.includes('tag/')).map(({ key }) => key.replace(/^.*tag\//, ''))
    expect(new Set(tags)).toEqual(new Set([identityTags.ensemble]))
  })

  // IAM User Guide, "IAM and AWS STS quotas": the inline policies of a role together, white space not counted.
  test.each(['LaunchRole', 'TerminateRole', 'SweepRole'])(
    'of %s stay below 10,240 characters with seven members of two volumes each',
    (id) => {
      const policies = resolve(resourcesFor(largest)[id]?.properties['Policies'], longest)
      const { length } = JSON.stringify(policies).replaceAll(/\s/g, '')
      expect(length).toBeLessThan(10_240)
      expect(length).toBeGreaterThan(3000)
    },
  )

  test('that are attached stay below 6,144 characters', () => {
    const { PolicyDocument } = resourcesFor(largest)['FunctionDenials']!.properties
    const { length } = JSON.stringify(resolve(PolicyDocument, longest)).replaceAll(/\s/g, '')
    expect(length).toBeLessThan(6144)
    expect(length).toBeGreaterThan(1000)
  })
})

test('with keys of their own the volumes may be attached: EC2 gets a grant, nobody else', () => {
  const { launch, terminate, sweep } = readRoles(resourcesFor(largest), longest)
  const about = launch.filter(({ actions }) => actions.some((action) => action.startsWith('kms:')))
  expect(about.map(({ sid }) => sid)).toEqual(['LendKeys', 'UseKeys'])
  for (const { resources, conditions } of about) {
    expect(resources).toEqual([largest.volume.key, largest.logVolume.key])
    expect(conditions).toContainEqual(expect.objectContaining({ key: 'kms:viaservice' }))
  }
  expect(sweep.filter(({ sid }) => sid.endsWith('Keys'))).toEqual(about)
  expect(terminate.filter(({ sid }) => sid.endsWith('Keys'))).toEqual([])
})

test('the instances have the policy of the agent, and are denied what could move a member', () => {
  const properties = resolve(template.resources['InstanceRole']?.properties, longest)
  const denied = expect.arrayContaining(['autoscaling:*', 'ec2:*', 'lambda:*', 'ssm:SendCommand'])
  expect(properties).toEqual({
    AssumeRolePolicyDocument: expect.objectContaining({
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    }),
    ManagedPolicyArns: ['arn:aws-us-gov:iam::aws:policy/AmazonSSMManagedEC2InstanceDefaultPolicy'],
    Policies: [
      {
        PolicyName: 'stayput',
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Sid: 'NeverActOnAws', Effect: 'Deny', Action: denied, Resource: '*' }],
        },
      },
    ],
  })
})
