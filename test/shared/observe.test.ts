import { describe, expect, test } from 'vitest'
import { CallFailure } from '../../shared/aws/failure.ts'
import type { Observation } from '../../shared/model/observation.ts'
import { emptyMemory, type Memory, observe } from '../../shared/observe.ts'
import { answersOf, type Answers, config, refusal, rim } from './answers.ts'
import {
  attachedTo,
  command,
  heldBy,
  inGroup,
  instance,
  launching,
  member,
  now,
  other,
  seconds,
  seen,
  self,
  subnetCidrs,
  takenOver,
  third,
  volume,
} from './scene.ts'

const mine = heldBy(self, member(1))

/** Observes a world once; `change` replaces answers of it. */
async function look(world: Observation, memory: Memory = emptyMemory(), change: Answers = {}) {
  const at = rim({ ...answersOf(world), ...change })
  return { ...at, seen: await observe(launching, at.ports, config, memory, now) }
}

describe('what AWS shows', () => {
  test('is observed as it is', async () => {
    const announced = { intent: { instanceId: self, at: seconds(31) } }
    const world = seen({
      members: [
        heldBy(
          self,
          member(1, { volumes: [volume(1, { ...announced, formatPermitted: true, bootstrapPermitted: true })] }),
        ),
        heldBy(other, member(2), { status: 'detaching', deleteOnTermination: true, deviceIndex: 2 }),
        member(3, { volumes: [volume(3, { state: 'creating', intent: { instanceId: third, at: seconds(100) } })] }),
      ],
      groupInstances: [inGroup(self, 'Pending:Wait'), inGroup(other, 'Terminating:Wait')],
      instances: [
        instance(self, { devices: ['/dev/xvda', '/dev/sdf'] }),
        instance(other, { state: 'stopped', zone: 'eu-central-1b', devices: [], launchTime: seconds(9) }),
      ],
      commands: [takenOver(mine, seconds(20)), command('takeOver', 'failed', 'half a line', seconds(30))],
      subnetCidrs: new Map([...subnetCidrs].slice(0, 3)),
      groups: [
        { name: 'zookeeper', wanted: 1 },
        { name: 'zookeeper', wanted: 0 },
      ],
    })
    expect((await look(world)).seen).toEqual(world)
  })

  test('with tags in doubt is told as a fault, and its resource is no member', async () => {
    const Volumes = [{ VolumeId: volume(7).id, AvailabilityZone: 'eu-central-1a' }]
    const { seen: observed } = await look(seen(), emptyMemory(), { 'ec2.DescribeVolumes': () => ({ Volumes }) })
    expect(observed.members).toEqual([])
    expect(observed.tagFaults).toHaveLength(2)
  })

  test.each([
    'autoscaling.DescribeAutoScalingGroups',
    'ec2.DescribeNetworkInterfaces',
    'ec2.DescribeVolumes',
    'ec2.DescribeInstances',
    'ec2.DescribeSubnets',
    'ssm.DescribeInstanceInformation',
    'ssm.ListCommandInvocations',
    'ssm.GetCommandInvocation',
  ] as const)('is whole or nothing: without an answer to %s there is no observation', async (operation) => {
    const world = seen({ members: [mine], commands: [takenOver(mine)] })
    const throttled = { [operation]: () => refusal('Throttling') }
    await expect(look(world, emptyMemory(), throttled)).rejects.toThrow(CallFailure)
    await expect(look(world, emptyMemory(), throttled)).rejects.toMatchObject({ kind: 'throttled' })
  })

  test('is read of the ensemble, this instance, and each holder of an interface or a volume, once', async () => {
    const members = [heldBy(other, member(1)), member(2, { volumes: [volume(2, attachedTo(third))] })]
    const { inputs } = await look(seen({ members }))
    const ofEnsemble = [{ Name: 'tag:stayput:ensemble', Values: ['zookeeper'] }]
    expect(inputs('autoscaling.DescribeAutoScalingGroups')).toEqual([{ Filters: ofEnsemble }])
    expect(inputs('ec2.DescribeNetworkInterfaces')).toEqual([{ Filters: ofEnsemble }])
    expect(inputs('ec2.DescribeVolumes')).toEqual([{ Filters: ofEnsemble }])
    expect(inputs('ec2.DescribeInstances')).toEqual([
      { Filters: [{ Name: 'instance-id', Values: [self, other, third] }] },
    ])
    expect(inputs('ssm.DescribeInstanceInformation')).toEqual([{ Filters: [{ Key: 'InstanceIds', Values: [self] }] }])
    // No lifecycle action lives longer than 48 hours.
    const Filters = [{ key: 'InvokedAfter', value: '2026-05-30T12:00:00Z' }]
    expect(inputs('ssm.ListCommandInvocations')).toEqual([{ InstanceId: self, Filters }])
  })
})

describe('the ranges of the subnets', () => {
  const subnets = [1, 2].map((number) => member(number).networkInterface.subnetId)
  const ids = (Values: unknown) => ({ Filters: [{ Name: 'subnet-id', Values }] })

  test('are read of every member, whoever holds it, each once and all with one call', async () => {
    const same = { ...member(3), networkInterface: { ...member(3).networkInterface, subnetId: subnets[0]! } }
    const { inputs, seen: observed } = await look(seen({ members: [heldBy(other, member(1)), member(2), same] }))
    expect(inputs('ec2.DescribeSubnets')).toEqual([ids(subnets)])
    expect(observed.subnetCidrs).toEqual(new Map(subnets.map((id, place) => [id, `10.0.${place + 1}.0/24`])))
  })

  test('are asked for once, unless they were not shown', async () => {
    const memory = emptyMemory()
    const members = [member(1), member(2)]
    const first = await look(seen({ members, subnetCidrs: new Map([[subnets[0]!, '10.0.1.0/24']]) }), memory)
    expect(first.seen.subnetCidrs).toEqual(new Map([[subnets[0], '10.0.1.0/24']]))
    const second = await look(seen({ members }), memory)
    const third = await look(seen({ members }), memory)
    expect(second.inputs('ec2.DescribeSubnets')).toEqual([ids([subnets[1]])])
    expect(second.seen.subnetCidrs.get(subnets[1]!)).toBe('10.0.2.0/24')
    expect(third.inputs('ec2.DescribeSubnets')).toEqual([])
    expect(third.seen.subnetCidrs).toEqual(second.seen.subnetCidrs)
  })
})

describe('commands', () => {
  test('of other documents are none of ours', async () => {
    const { id } = command('takeOver', 'succeeded')
    const foreign = { CommandId: id, DocumentName: 'AWS-RunShellScript', Status: 'Success' }
    const answer = { 'ssm.ListCommandInvocations': () => ({ CommandInvocations: [foreign] }) }
    const { seen: observed, inputs } = await look(seen(), emptyMemory(), answer)
    expect(observed.commands).toEqual([])
    expect(inputs('ssm.GetCommandInvocation')).toEqual([])
  })

  test('of both verbs are told newest first, whether SSM lists them already or not', async () => {
    const memory = emptyMemory()
    const old = command('takeOver', 'running', '', seconds(90))
    const middle = command('handOver', 'running', '', seconds(60))
    const unlisted = command('takeOver', 'running', '', seconds(70))
    const newest = command('handOver', 'running', '', seconds(1))
    for (const { id, verb, sentAt } of [newest, unlisted]) memory.sent.push({ id, verb, sentAt })
    const { seen: observed } = await look(seen({ commands: [middle, old] }), memory)
    expect(observed.commands).toEqual([newest, middle, unlisted, old])
  })

  test('that were sent and are listed count once, as they are listed', async () => {
    const memory = emptyMemory()
    const ended = command('takeOver', 'succeeded', 'done', seconds(9))
    memory.sent.push({ id: ended.id, verb: 'takeOver', sentAt: seconds(9) })
    expect((await look(seen({ commands: [ended] }), memory)).seen.commands).toEqual([ended])
  })

  test('are asked for what they printed once they have ended, and never again', async () => {
    const memory = emptyMemory()
    const commands = [
      command('takeOver', 'running', '', seconds(1)),
      command('takeOver', 'lost', '', seconds(2)),
      command('takeOver', 'failed', 'why', seconds(3)),
      command('handOver', 'succeeded', 'facts', seconds(4)),
    ]
    const first = await look(seen({ commands }), memory)
    expect(first.seen.commands).toEqual(commands)
    expect(first.inputs('ssm.GetCommandInvocation')).toEqual(
      commands.slice(2).map((one) => ({ CommandId: one.id, InstanceId: self })),
    )
    const second = await look(seen({ commands }), memory)
    expect(second.seen.commands).toEqual(commands)
    expect(second.inputs('ssm.GetCommandInvocation')).toEqual([])
  })

  test.each([
    ['does not know it', refusal('InvocationDoesNotExist')],
    ['is older than the list', { Status: 'InProgress', StandardOutputContent: 'half' }],
  ])('are running as long as the single read %s, and are asked for again', async (_, answer) => {
    const memory = emptyMemory()
    const ended = command('takeOver', 'succeeded', 'facts', seconds(9))
    const early = await look(seen({ commands: [ended] }), memory, { 'ssm.GetCommandInvocation': () => answer })
    expect(early.seen.commands).toEqual([{ ...ended, status: 'running', output: '' }])
    expect((await look(seen({ commands: [ended] }), memory)).seen.commands).toEqual([ended])
  })
})

describe('the answer of a peer', () => {
  const asked = { id: command('takeOver', 'running').id, peer: other, address: '10.0.1.10', sentAt: seconds(5) }
  const { id: _, ...about } = asked

  test.each([
    ['Success', 'trying\n{"reached":true}\n', 'reached'],
    ['Success', '{"reached":false}', 'unreachable'],
    ['Success', undefined, 'unreachable'],
    ['Failed', '', 'unreachable'],
    ['Failed', '{"failed":"unreachable","because":"no connection"}', 'unreachable'],
    ['Failed', '{"failed":"no-quorum","because":"the server of this host has no role either"}', 'unasked'],
    ['TimedOut', '', 'unasked'],
  ])('%s %j is %s, for good', async (Status, StandardOutputContent, answer) => {
    const memory = emptyMemory()
    memory.asked.push(asked)
    const get = { 'ssm.GetCommandInvocation': () => ({ Status, StandardOutputContent }) }
    const first = await look(seen(), memory, get)
    expect(first.seen.reaches).toEqual([{ ...about, answer }])
    expect(first.inputs('ssm.GetCommandInvocation')).toEqual([{ CommandId: asked.id, InstanceId: other }])
    const second = await look(seen(), memory, get)
    expect(second.seen.reaches).toEqual([{ ...about, answer }])
    expect(second.inputs('ssm.GetCommandInvocation')).toEqual([])
  })

  test.each([['InProgress'], [undefined]])('%s is awaited, and asked for again', async (Status) => {
    const memory = emptyMemory()
    memory.asked.push(asked)
    const get = { 'ssm.GetCommandInvocation': () => (Status ? { Status } : refusal('InvocationDoesNotExist')) }
    expect((await look(seen(), memory, get)).seen.reaches).toEqual([{ ...about, answer: 'running' }])
    expect((await look(seen(), memory, get)).inputs('ssm.GetCommandInvocation')).toHaveLength(1)
  })
})

describe('what this invocation remembers', () => {
  const bare = { ...mine, volumes: [volume(1)] }
  const refused = volume(1).id

  test('a volume that was seen here stays announced, though a read of the past shows it untouched', async () => {
    const memory = emptyMemory()
    await look(seen({ members: [mine] }), memory)
    const { seen: observed } = await look(seen({ members: [bare] }), memory)
    expect(observed.members[0]?.volumes[0]?.intent).toEqual({ instanceId: self, at: now })
  })

  test('an announcement that was read once stays, though that of an instance before lands late, and on top of it', async () => {
    const memory = emptyMemory()
    const announced = (instanceId: typeof self, at: number) => ({
      ...mine,
      volumes: [volume(1, { intent: { instanceId, at } })],
    })
    await look(seen({ members: [announced(self, seconds(40))] }), memory)
    const { members } = (await look(seen({ members: [announced(third, seconds(300))] }), memory)).seen
    expect(members).toEqual([announced(self, seconds(40))])
  })

  test('a volume that is with another instance is not announced for this one', async () => {
    const memory = emptyMemory()
    const members = [{ ...mine, volumes: [volume(1, attachedTo(other))] }]
    expect((await look(seen({ members }), memory)).seen.members).toEqual(members)
    expect(memory.announced.size).toBe(0)
  })

  test('an announcement of its own is neither renewed by what is seen nor put before one that is read', async () => {
    const memory = emptyMemory()
    memory.announced.set(refused, { instanceId: self, at: seconds(50) })
    const unread = await look(seen({ members: [mine] }), memory)
    expect(unread.seen.members[0]?.volumes[0]?.intent?.at).toBe(seconds(50))
    const stale = { ...mine, volumes: [volume(1, { intent: { instanceId: other, at: seconds(3600) } })] }
    const announced = await look(seen({ members: [stale] }), memory)
    expect(announced.seen.members[0]?.volumes[0]?.intent).toEqual({ instanceId: self, at: seconds(50) })
    const read = { ...mine, volumes: [volume(1, { intent: { instanceId: self, at: seconds(40) } })] }
    expect((await look(seen({ members: [read] }), memory)).seen.members[0]?.volumes[0]?.intent?.at).toBe(seconds(40))
  })

  test('a refused attach may be repeated, until the volume is seen here after all', async () => {
    const memory = emptyMemory()
    memory.refusedAttaches.add(refused)
    expect((await look(seen({ members: [bare] }), memory)).seen.refusedAttaches).toEqual(new Set([refused]))
    expect((await look(seen({ members: [mine] }), memory)).seen.refusedAttaches).toEqual(new Set())
  })

  test('the reason for which a launch was given up is part of what is seen', async () => {
    const memory = { ...emptyMemory(), givenUp: 'it came too late' }
    expect((await look(seen(), memory)).seen.givenUp).toBe('it came too late')
    expect((await look(seen())).seen).not.toHaveProperty('givenUp')
  })
})
