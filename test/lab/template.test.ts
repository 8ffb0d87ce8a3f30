import { describe, expect, test } from 'vitest'
import { createCloud } from '../../lab/cloud/cloud.ts'
import { VirtualClock } from '../../lab/cloud/clock.ts'
import { seededRandom } from '../../lab/cloud/random.ts'
import { createModelledHosts } from '../../lab/hosts/modelled/modelled.ts'
import { runtimeEnvironment } from '../../lab/stack/environment.ts'
import { deployTemplate } from '../../lab/stack/template/deploy.ts'
import { kinds, unsimulated } from '../../lab/stack/template/kinds.ts'
import { orchestratorProperties } from '../../lab/stack/template/orchestrator.ts'
import { type Physical, resolve } from '../../lab/stack/template/resolve.ts'
import { parseTemplate, type Template, withMembers } from '../../lab/stack/template/template.ts'
import { readConfig } from '../../shared/config.ts'
import { createWorld, minutes, template } from '../core/world.ts'

const physical: Physical = { ref: (id) => `<${id}>`, getAtt: (id, attribute) => `<${id}.${attribute}>` }

describe('intrinsic functions', () => {
  test.each([
    [{ Ref: 'Volume' }, '<Volume>'],
    [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, '<Queue.Arn>'],
    [{ 'Fn::GetAtt': 'Queue.Arn' }, '<Queue.Arn>'],
    [
      { 'Fn::Sub': 'a ${Volume} ${Queue.Arn} ${!Shell} ${AWS::Region}' },
      'a <Volume> <Queue.Arn> ${Shell} <AWS::Region>',
    ],
    [{ 'Fn::Sub': ['${x}-${Volume}', { x: { Ref: 'Given' } }] }, '<Given>-<Volume>'],
    [{ 'Fn::Join': ['/', ['a', { Ref: 'b' }, 3]] }, 'a/<b>/3'],
    [{ 'Fn::Base64': { Ref: 'a' } }, Buffer.from('<a>').toString('base64')],
    [{ kept: [1, { Ref: 'AWS::NoValue' }], gone: { Ref: 'AWS::NoValue' } }, { kept: [1] }],
  ])('%j is resolved', (value, resolved) => {
    expect(resolve(value, physical)).toEqual(resolved)
  })

  test('one that is not known is an error that names it', () => {
    expect(() => resolve({ a: [{ 'Fn::ImportValue': 'x' }] }, physical)).toThrow('Fn::ImportValue is not known here')
  })
})

function deploy(given: Template) {
  const clock = new VirtualClock()
  const cloud = createCloud(clock, createModelledHosts(clock, seededRandom(1), 1), 1)
  return { cloud, ...deployTemplate(cloud, given, { invoke: () => Promise.resolve() }) }
}

/** The template with something else in one of its resources. */
const altered = (id: string, change: object): Template => ({
  resources: { ...template.resources, [id]: { ...template.resources[id]!, ...change } },
})

describe('what the local cloud can not carry out is an error, not left out', () => {
  test('all unknown types and properties are named at once', () => {
    const { properties } = template.resources['Member1Volume']!
    const volume = altered('Member1Volume', { properties: { ...properties, MultiAttachEnabled: true } })
    const both = {
      resources: { ...volume.resources, Table: { type: 'AWS::DynamoDB::Table', properties: {}, dependsOn: [] } },
    }
    expect(() => deploy(both)).toThrow(
      /Member1Volume: .* has MultiAttachEnabled.*\nTable: AWS::DynamoDB::Table is not known/,
    )
  })

  test('parameters, conditions, a circle, a reference into nowhere', () => {
    expect(() => parseTemplate({ Resources: {}, Parameters: {} })).toThrow('the template has Parameters')
    expect(() => parseTemplate({ Resources: { A: { Type: 'x', Condition: 'c' } } })).toThrow('A has a Condition')
    expect(() => deploy(altered('LaunchTemplate', { dependsOn: ['Member1Group'] }))).toThrow('needs itself')
    expect(() => deploy(altered('LaunchTemplate', { dependsOn: ['Nothing'] }))).toThrow(
      'LaunchTemplate refers to Nothing, which there is not',
    )
  })

  test('a schedule in other words', () => {
    const { properties } = template.resources['SweepRule']!
    const cron = altered('SweepRule', { properties: { ...properties, ScheduleExpression: 'cron(0 * * * ? *)' } })
    expect(() => deploy(cron)).toThrow('cron(0 * * * ? *) is not known here')
  })

  test('every type of the template is carried out or has its reason, and no reason is left over', () => {
    const types = new Set(Object.values(template.resources).map(({ type }) => type))
    const known = [...Object.keys(kinds), ...Object.keys(orchestratorProperties), ...Object.keys(unsimulated)]
    // Hooks are resources of their own only for groups that were there before.
    expect(new Set(known.filter((type) => type !== 'AWS::AutoScaling::LifecycleHook'))).toEqual(types)
  })
})

describe('the template in the local cloud', () => {
  test('is what the functions look for: groups with their hooks, tags, encrypted volumes, names of documents', () => {
    const { cloud, members, environment, functions } = deploy(template)
    expect(members.map(({ id, zone, address }) => [id, zone, address])).toEqual([
      [1, 'eu-central-1a', '10.0.1.10'],
      [2, 'eu-central-1b', '10.0.2.10'],
      [3, 'eu-central-1c', '10.0.3.10'],
    ])
    for (const { groupName, volumeIds } of members) {
      expect(cloud.autoscaling.groups.get(groupName)).toMatchObject({ minSize: 0, maxSize: 1, desiredCapacity: 0 })
      expect(cloud.ec2.volumes.get(volumeIds[0]!)).toMatchObject({ encrypted: true, volumeType: 'gp3' })
    }
    expect(cloud.autoscaling.hooks.all()).toHaveLength(6)
    const config = readConfig({ ...environment, ...runtimeEnvironment(cloud.kernel.settings) })
    const documents = Object.values(config.documents).map((Name) => cloud.call('ssm.DescribeDocument', { Name }))
    expect(documents).toHaveLength(5)
    expect([...functions.values()].map(({ name, timeoutMs }) => [name, timeoutMs])).toEqual(
      expect.arrayContaining([
        ['launch', 900_000],
        ['sweep', 60_000],
      ]),
    )
  })

  test('a part of it has the members that are wanted, and what they share', () => {
    const { members } = deploy(withMembers(template, (id) => id === 2))
    expect(members.map(({ id }) => id)).toEqual([2])
  })

  test('comes up by real events; an instance that is lost comes back as the same member', async () => {
    const world = createWorld({ size: 3 })
    await world.settled([1, 2, 3])
    const before = world.instanceOf(2)!
    world.cloud.ec2.fail(before)
    await world.clock.run(() => world.instanceOf(2) !== before, 30 * minutes)
    await world.settled([1, 2, 3])
    const after = world.instanceOf(2)!
    expect(after).not.toBe(before)
    const { networkInterfaceId, volumeIds } = world.members[1]!
    const { instances, networkInterfaces, volumes } = world.cloud.ec2
    expect(networkInterfaces.get(networkInterfaceId)?.attachment?.instanceId).toBe(after)
    expect(volumes.get(volumeIds[0]!)?.attachment?.instanceId).toBe(after)
    expect(instances.get(after)).toMatchObject({
      iamInstanceProfile: world.physical.getAtt('InstanceProfile', 'Arn'),
      tags: { 'stayput:ensemble': 'zookeeper' },
    })
    expect(world.hosts.harms).toEqual([])
  })
})
