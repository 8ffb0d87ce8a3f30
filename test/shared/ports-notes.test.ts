import { describe, expect, test } from 'vitest'
import { act } from '../../shared/act/act.ts'
import type { Operation } from '../../shared/aws/operations.ts'
import type { NetworkInterface } from '../../shared/model/member.ts'
import type { Note, Step } from '../../shared/model/plan.ts'
import { emptyMemory, type Ports } from '../../shared/observe.ts'
import { type Answers, config, refusal, rim } from './answers.ts'
import { id, launching, member, now, other, self, volume } from './scene.ts'

/** What is noted on the members' interfaces, and the calls of healing. */

const card = member(1).networkInterface.id
const at = '2026-06-01T12:00:00.000Z'
const notes: [Note, string, string][] = [
  [{ key: 'leaving', instanceId: self, at: now }, 'stayput:leaving', `${self}@${at}`],
  [{ key: 'handingOver', instanceId: self, at: now }, 'stayput:handing-over', `${self}@${at}`],
  [{ key: 'healing', step: 'restart', at: now }, 'stayput:healing', `restart@${at}`],
  [{ key: 'failures', count: 12, instanceId: self, at: now }, 'stayput:failures', `12@${self}@${at}`],
]

/** The notes of an interface with these tags. */
async function read(tags: Readonly<Record<string, string>>): Promise<Partial<NetworkInterface>> {
  const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  const one = { NetworkInterfaceId: card, SubnetId: member(1).networkInterface.subnetId, TagSet }
  const { ports } = rim({ 'ec2.DescribeNetworkInterfaces': () => ({ NetworkInterfaces: [one] }) })
  const [found] = await ports.ec2.networkInterfaces('zookeeper')
  const { leaving, handingOver, healing, failures } = found!.resource
  return {
    ...(leaving && { leaving }),
    ...(handingOver && { handingOver }),
    ...(healing && { healing }),
    ...(failures && { failures }),
  }
}

describe('a note', () => {
  test.each(notes)(
    '%o is written as one tag of the interface, and only itself is taken away',
    async (note, Key, Value) => {
      const { ports, calls } = rim({})
      expect(await ports.ec2.note(card, note)).toMatchObject({ done: 'yes' })
      expect(await ports.ec2.forget(card, note)).toMatchObject({ done: 'yes' })
      expect(calls).toEqual([
        ['ec2.CreateTags', { Resources: [card], Tags: [{ Key, Value }] }],
        ['ec2.DeleteTags', { Resources: [card], Tags: [{ Key, Value }] }],
      ])
    },
  )

  test.each(notes)('%o is read as it was written', async (note, Key, Value) => {
    const { key, ...rest } = note
    expect(await read({ [Key]: Value })).toEqual({ [key]: rest })
  })

  test.each(['noticed', 'apply', 'restart', 'replace'] as const)('knows the step of healing %s', async (step) => {
    expect(await read({ 'stayput:healing': `${step}@${at}` })).toEqual({ healing: { step, at: now } })
  })

  test.each([
    ['stayput:leaving', ''],
    ['stayput:leaving', self],
    ['stayput:leaving', `i-1@${at}`],
    ['stayput:leaving', `${self}@soon`],
    ['stayput:leaving', `${self}@${at.replace('.000Z', 'Z')}`],
    ['stayput:handing-over', `${self}@soon`],
    ['stayput:handing-over', `${self}@${at.replace('.000Z', 'Z')}`],
    ['stayput:healing', `restart@${at.replace('.000Z', 'Z')}`],
    ['stayput:failures', `2@${self}@${at.replace('.000Z', 'Z')}`],
    ['stayput:healing', `reboot@${at}`],
    ['stayput:healing', 'restart'],
    ['stayput:healing', 'restart@soon'],
    ['stayput:failures', `0@${self}@${at}`],
    ['stayput:failures', `-1@${self}@${at}`],
    ['stayput:failures', `1e3@${self}@${at}`],
    ['stayput:failures', `1000000@${self}@${at}`],
    ['stayput:failures', `2@${at}`],
    ['stayput:failures', `2@${self}`],
    ['stayput:failures', `2@i-1@${at}`],
  ])('%s=%s that is none of our writing is none', async (Key, Value) => {
    expect(await read({ [Key]: Value })).toEqual({})
  })
})

describe('Auto Scaling', () => {
  test('is told that an instance is unhealthy whatever its grace period', async () => {
    const { ports, calls } = rim({})
    expect(await ports.autoScaling.markUnhealthy(self)).toMatchObject({ done: 'yes' })
    const input = { InstanceId: self, HealthStatus: 'Unhealthy', ShouldRespectGracePeriod: false }
    expect(calls).toEqual([['autoscaling.SetInstanceHealth', input]])
  })

  test('tells of each group how many instances it wants', async () => {
    const AutoScalingGroups = [
      { AutoScalingGroupName: 'a', DesiredCapacity: 2, Instances: [{ InstanceId: self, LifecycleState: 'InService' }] },
      { AutoScalingGroupName: 'b', DesiredCapacity: 0, Instances: [] },
    ]
    const { ports } = rim({ 'autoscaling.DescribeAutoScalingGroups': () => ({ AutoScalingGroups }) })
    expect(await ports.autoScaling.groups('zookeeper')).toMatchObject([
      { name: 'a', wanted: 2, instances: [{ instanceId: self, groupName: 'a', lifecycleState: 'InService' }] },
      { name: 'b', wanted: 0, instances: [] },
    ])
  })
})

describe('a refusal says what was attempted', () => {
  const changes: [Operation, string, (ports: Ports) => Promise<unknown>][] = [
    ['ec2.CreateTags', `noting on ${card}: leaving`, ({ ec2 }) => ec2.note(card, notes[0]![0])],
    ['ec2.DeleteTags', `forgetting on ${card}: leaving`, ({ ec2 }) => ec2.forget(card, notes[0]![0])],
    [
      'autoscaling.SetInstanceHealth',
      `marking ${self} unhealthy`,
      ({ autoScaling }) => autoScaling.markUnhealthy(self),
    ],
    [
      'ssm.SendCommand',
      `sending a-document to ${self}, ${other}`,
      ({ ssm }) => ssm.send([self, other], 'a-document', '', {}),
    ],
  ]

  test.each(changes)('%s: %s', async (operation, words, change) => {
    const { ports } = rim({ [operation]: () => refusal('UnauthorizedOperation', 403) })
    const failure = { kind: 'denied', message: expect.stringContaining(words) }
    expect(await change(ports)).toMatchObject({ done: 'no', failure })
  })
})

describe('the steps', () => {
  const CommandId = '00000000-0000-4000-8000-000000000001'
  const hosted = (number: number, ...volumes: number[]) => ({
    member: id(number),
    macAddress: `02:00:00:00:00:0${number}`,
    address: `10.0.${number}.10`,
    subnetCidr: `10.0.${number}.0/24`,
    volumes: volumes.map((one) => ({ id: volume(one).id, mount: `/data/${one}` })),
  })
  const ask: Step = { kind: 'ask-health', instanceIds: [self, other], members: [hosted(1, 1, 2), hosted(2, 3)] }

  async function perform(step: Step, answers: Answers = { 'ssm.SendCommand': () => ({ Command: { CommandId } }) }) {
    const at = rim(answers)
    const memory = emptyMemory()
    const told: string[] = []
    const log = ({ because }: { because: string }) => void told.push(because)
    const done = await act([step], { action: launching, ports: at.ports, config, memory, log, now: () => now })
    return { ...at, memory, told, done }
  }

  test('one command asks all hosts, with a row for each member and the time after which it must not run', async () => {
    const { inputs, memory, told } = await perform(ask)
    const row = (number: number, disks: string) =>
      `${number}=02:00:00:00:00:0${number}=10.0.${number}.10=10.0.${number}.0/24=${disks}`
    const rows = [row(1, `${volume(1).id}:/data/1+${volume(2).id}:/data/2`), row(2, `${volume(3).id}:/data/3`)]
    expect(inputs('ssm.SendCommand')).toEqual([
      {
        InstanceIds: [self, other],
        DocumentName: 'stayput-health',
        Comment: 'stayput health',
        TimeoutSeconds: 60,
        Parameters: { Ensemble: ['zookeeper'], Members: [rows.join(',')], NotAfter: [String(now / 1000 + 90)] },
      },
    ])
    expect(memory.consulted).toEqual([self, other].map((instanceId) => ({ id: CommandId, instanceId, sentAt: now })))
    expect(memory.sent).toEqual([])
    expect(told).toEqual([`${self}, ${other}`])
  })

  test('a question that was refused is not waited for', async () => {
    const { done, memory } = await perform(ask, { 'ssm.SendCommand': () => refusal('InvalidInstanceId') })
    expect([done, memory.consulted]).toEqual([false, []])
  })

  test.each<[Step, Operation, string]>([
    [{ kind: 'write-note', networkInterfaceId: card, note: notes[0]![0] }, 'ec2.CreateTags', `${card}, leaving`],
    [{ kind: 'forget-note', networkInterfaceId: card, note: notes[0]![0] }, 'ec2.DeleteTags', `${card}, leaving`],
    [{ kind: 'mark-unhealthy', instanceId: self }, 'autoscaling.SetInstanceHealth', self],
  ])('$kind is one call, told in one line', async (step, operation, subject) => {
    const { calls, told, done } = await perform(step)
    expect([calls.map(([name]) => name), told, done]).toEqual([[operation], [subject], true])
  })
})
