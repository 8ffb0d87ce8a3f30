import { describe, expect, test } from 'vitest'
import { act } from '../../shared/act/act.ts'
import type { LogLine } from '../../shared/log.ts'
import { limits } from '../../shared/model/limits.ts'
import type { VolumeId } from '../../shared/model/ids.ts'
import type { Step } from '../../shared/model/plan.ts'
import { emptyMemory } from '../../shared/observe.ts'
import { type Answers, config, refusal, rim } from './answers.ts'
import { id, launching, member, now, other, self, volume } from './scene.ts'

const CommandId = '00000000-0000-4000-8000-000000000001'
const card = member(1).networkInterface
const disk = volume(1)

/** Performs steps on a clock on which each call takes `takes` ms. */
async function perform(steps: readonly Step[], answers: Answers = {}, takes = 0) {
  const at = rim({ 'ssm.SendCommand': () => ({ Command: { CommandId } }), ...answers })
  const memory = emptyMemory()
  const lines: LogLine[] = []
  const log = (line: LogLine) => void lines.push(line)
  const done = await act(steps, {
    action: launching,
    ports: at.ports,
    config,
    memory,
    log,
    now: () => now + at.calls.length * takes,
  })
  return { ...at, done, memory, lines }
}

const hosted = {
  instanceId: self,
  member: id(1),
  macAddress: card.macAddress,
  address: card.address,
  volumes: [
    { id: disk.id, mount: '/data' },
    { id: volume(2).id, mount: '/log' },
  ],
}
const takeOver: Step = {
  kind: 'take-over',
  ...hosted,
  subnetCidr: '10.0.1.0/24',
  peers: [1, 2].map((number) => ({ id: id(number), address: `10.0.${number}.10` })),
  format: [disk.id, volume(2).id],
  bootstrap: true,
  restart: false,
}
const attach: Step = { kind: 'attach-volume', volumeId: disk.id, instanceId: self, device: '/dev/sdf' }
const claim: Step = { kind: 'attach-interface', networkInterfaceId: card.id, instanceId: self }
const ask: Step = { kind: 'ask-peer', peer: other, own: '10.0.1.11', address: card.address }

const release = (volumeIds: readonly VolumeId[]): Step => ({
  kind: 'detach-interface',
  networkInterfaceId: card.id,
  attachmentId: 'eni-attach-1',
  instanceId: self,
  volumeIds,
})

const steps: [Step, string, string[]][] = [
  [claim, card.id, ['ec2.AttachNetworkInterface']],
  [
    { kind: 'retain-interface', networkInterfaceId: card.id, attachmentId: 'eni-attach-1' },
    card.id,
    ['ec2.ModifyNetworkInterfaceAttribute'],
  ],
  [attach, disk.id, ['ec2.CreateTags', 'ec2.AttachVolume']],
  [
    { kind: 'retain-volume', volumeId: disk.id, instanceId: self, device: '/dev/sdf' },
    disk.id,
    ['ec2.ModifyInstanceAttribute'],
  ],
  [takeOver, 'member 1', ['ssm.SendCommand']],
  [ask, `${other}, ${card.address}`, ['ssm.SendCommand']],
  [{ kind: 'withdraw-permit', permit: 'format', volumeId: disk.id }, disk.id, ['ec2.DeleteTags']],
  [{ kind: 'hand-over', ...hosted }, 'member 1', ['ssm.SendCommand']],
  [{ kind: 'detach-volume', volumeId: disk.id, instanceId: self }, disk.id, ['ec2.DetachVolume']],
  [release([]), card.id, ['ec2.DetachNetworkInterface']],
]

describe('each step', () => {
  test.each(steps)('$kind is done by its own calls and told in one line', async (step, subject, operations) => {
    const { done, calls, lines } = await perform([step], {}, 7)
    expect(done).toBe(true)
    expect(calls.map(([operation]) => operation)).toEqual(operations)
    expect(lines).toEqual([
      {
        level: 'info',
        event: 'step',
        instance: self,
        transition: 'launching',
        step: step.kind,
        because: subject,
        ms: 7 * operations.length,
      },
    ])
  })

  test.each(steps)('$kind that AWS refuses is not done, and the reason is told', async (step, _, operations) => {
    const answers = Object.fromEntries(
      operations.map((operation) => [operation, () => refusal('Conflict', 409, 'busy')]),
    )
    const { done, lines } = await perform([step], answers)
    expect(done).toBe(false)
    expect(lines).toMatchObject([{ level: 'warn', because: expect.stringContaining('Conflict: busy') }])
  })
})

describe('the claim is given up', () => {
  const both = [disk.id, volume(2).id]
  const gone = refusal('IncorrectState', 400, `Volume '${disk.id}' is in the 'available' state.`)

  test('once EC2 has refused to detach each of the volumes, because it is free', async () => {
    const { done, calls } = await perform([release(both)], { 'ec2.DetachVolume': () => gone })
    expect(done).toBe(true)
    expect(calls).toEqual([
      ['ec2.DetachVolume', { VolumeId: both[0], InstanceId: self }],
      ['ec2.DetachVolume', { VolumeId: both[1], InstanceId: self }],
      ['ec2.DetachNetworkInterface', { AttachmentId: 'eni-attach-1' }],
    ])
  })

  test.each<[string, unknown]>([
    ['detaches', {}],
    ['can not tell', refusal('InternalError', 500)],
    ['refuses for another reason', refusal('RequestLimitExceeded', 503)],
  ])('and not where it still %s one of them: what was read was of the past', async (_, answer) => {
    const { done, calls, lines } = await perform([release(both)], {
      'ec2.DetachVolume': ({ VolumeId }) => (VolumeId === both[1] ? answer : gone),
    })
    expect(done).toBe(false)
    expect(calls.map(([operation]) => operation)).toEqual(['ec2.DetachVolume', 'ec2.DetachVolume'])
    expect(lines).toMatchObject([{ because: expect.stringContaining(`making sure that ${both[1]} has left ${self}`) }])
  })
})

describe('the steps of one pass', () => {
  test('are performed side by side: a refused one keeps no other back, but the pass is not done', async () => {
    const answers = { 'ec2.AttachNetworkInterface': () => refusal('InvalidParameterValue') }
    const { done, calls, lines } = await perform([claim, ask], answers)
    expect(done).toBe(false)
    expect(calls).toHaveLength(2)
    expect(Object.fromEntries(lines.map(({ step, level }) => [step, level]))).toEqual({
      'ask-peer': 'info',
      'attach-interface': 'warn',
    })
  })

  test('raise an alarm when a permission is missing: only a person can grant it', async () => {
    const { lines } = await perform([claim], {
      'ec2.AttachNetworkInterface': () => refusal('UnauthorizedOperation', 403),
    })
    expect(lines).toMatchObject([{ level: 'alarm' }])
  })

  test('make the claim this invocation’s own only if it was it that attached the interface', async () => {
    expect((await perform([claim])).memory.claimed).toBe(true)
    const refused = { 'ec2.AttachNetworkInterface': () => refusal('InvalidParameterValue') }
    expect((await perform([claim], refused)).memory.claimed).toBe(false)
    expect((await perform([attach])).memory.claimed).toBe(false)
  })
})

describe('what EC2 is asked for', () => {
  test.each([
    [
      steps[1]![0],
      'ec2.ModifyNetworkInterfaceAttribute',
      { NetworkInterfaceId: card.id, Attachment: { AttachmentId: 'eni-attach-1', DeleteOnTermination: false } },
    ],
    [attach, 'ec2.AttachVolume', { VolumeId: disk.id, InstanceId: self, Device: '/dev/sdf' }],
    [
      steps[3]![0],
      'ec2.ModifyInstanceAttribute',
      {
        InstanceId: self,
        BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { DeleteOnTermination: false } }],
      },
    ],
    [steps[9]![0], 'ec2.DetachNetworkInterface', { AttachmentId: 'eni-attach-1' }],
  ] as const)('for $kind is this and no more', async (step, operation, input) => {
    expect((await perform([step])).inputs(operation)).toEqual([input])
  })
})

describe('a command', () => {
  const common = {
    Ensemble: ['zookeeper'],
    Member: ['1'],
    MacAddress: ['02:00:00:00:00:01'],
    Address: ['10.0.1.10'],
    Volumes: [`${disk.id}=/data,${volume(2).id}=/log`],
    // Seconds, as a shell compares them: a minute and a half after it was sent.
    NotAfter: [String(now / 1000 + 90)],
    Attempt: [`${self}.${now}`],
  }

  test('to take over carries the member, its peers, its permits, and a time after which it must not run', async () => {
    const { inputs, memory } = await perform([takeOver], {}, 500)
    expect(inputs('ssm.SendCommand')).toEqual([
      {
        InstanceIds: [self],
        DocumentName: 'stayput-take-over',
        Comment: `stayput takeOver ${self}.${now}`,
        TimeoutSeconds: limits.commandDeliverySeconds,
        Parameters: {
          ...common,
          SubnetCidr: ['10.0.1.0/24'],
          Peers: ['1=10.0.1.10,2=10.0.2.10'],
          Format: [`${disk.id},${volume(2).id}`],
          FileSystem: [config.fileSystem],
          Bootstrap: ['permitted'],
          Service: ['keep'],
        },
      },
    ])
    // As old as the moment before it was sent, not as the answer.
    expect(memory.sent).toEqual([{ id: CommandId, verb: 'takeOver', sentAt: now }])
    expect(memory.asked).toEqual([])
  })

  test('without permits says so in words, because a parameter can not be an empty list', async () => {
    const { inputs } = await perform([{ ...takeOver, format: [], bootstrap: false }])
    expect(inputs('ssm.SendCommand')).toMatchObject([{ Parameters: { Format: ['none'], Bootstrap: ['denied'] } }])
  })

  test('to hand over carries the member and nothing else', async () => {
    const { inputs, memory } = await perform([{ kind: 'hand-over', ...hosted }])
    expect(inputs('ssm.SendCommand')).toMatchObject([
      { InstanceIds: [self], DocumentName: 'stayput-hand-over', Comment: `stayput handOver ${self}.${now}` },
    ])
    expect(inputs('ssm.SendCommand')[0]?.['Parameters']).toEqual(common)
    expect(memory.sent).toEqual([{ id: CommandId, verb: 'handOver', sentAt: now }])
  })

  test('to a peer carries the address that it is to reach', async () => {
    const { inputs, memory } = await perform([ask], {}, 500)
    expect(inputs('ssm.SendCommand')).toMatchObject([
      { InstanceIds: [other], DocumentName: 'stayput-reach', Comment: 'stayput reach 10.0.1.10' },
    ])
    expect(inputs('ssm.SendCommand')[0]?.['Parameters']).toEqual({
      Address: ['10.0.1.10'],
      Own: ['10.0.1.11'],
      NotAfter: common.NotAfter,
    })
    expect(memory.asked).toEqual([{ id: CommandId, peer: other, address: '10.0.1.10', sentAt: now }])
    expect(memory.sent).toEqual([])
  })

  test.each([takeOver, ask])('that was refused is not remembered as sent: $kind', async (step) => {
    const { memory } = await perform([step], { 'ssm.SendCommand': () => refusal('InvalidInstanceId') })
    expect([...memory.sent, ...memory.asked]).toEqual([])
  })
})

describe('attaching a volume', () => {
  test('announces it before the call, with the time, and remembers that', async () => {
    const { inputs, memory } = await perform([attach])
    const Value = `${self}@${new Date(now).toISOString()}`
    expect(inputs('ec2.CreateTags')).toEqual([{ Resources: [disk.id], Tags: [{ Key: 'stayput:holder', Value }] }])
    expect(memory.announced.get(disk.id)).toEqual({ instanceId: self, at: now })
    expect(memory.refusedAttaches).toEqual(new Set())
  })

  test('is not tried while it could not be announced', async () => {
    const { calls, memory } = await perform([attach], { 'ec2.CreateTags': () => refusal('Unavailable', 503) })
    expect(calls.map(([operation]) => operation)).toEqual(['ec2.CreateTags'])
    expect(memory.announced.size).toBe(0)
    expect(memory.refusedAttaches.size).toBe(0)
  })

  test('may be repeated by the one to whom EC2 has refused it, and by nobody when the answer was lost', async () => {
    const answered = async (error: Error) => {
      const { memory } = await perform([attach], { 'ec2.AttachVolume': () => error })
      return [...memory.refusedAttaches]
    }
    expect(await answered(refusal('VolumeInUse'))).toEqual([disk.id])
    expect(await answered(refusal('InternalError', 500))).toEqual([])
  })

  test('is over with the second try: what was refused before may not be repeated after it', async () => {
    const at = rim({})
    const memory = emptyMemory()
    memory.refusedAttaches.add(disk.id)
    await act([attach], { action: launching, ports: at.ports, config, memory, log: () => {}, now: () => now })
    expect(memory.refusedAttaches).toEqual(new Set())
  })

  test('is left, for good, when announcing it took so long that the reason for it is old', async () => {
    const slow = await perform([attach], {}, limits.observationAgeMax + 1)
    expect(slow.done).toBe(false)
    expect(slow.calls.map(([operation]) => operation)).toEqual(['ec2.CreateTags'])
    expect(slow.memory.refusedAttaches).toEqual(new Set())
    expect(slow.memory.announced.has(disk.id)).toBe(true)
    expect(slow.lines[0]?.because).toContain(`attaching ${disk.id} to ${self}: TooLate: announcing it took too long`)
    const justInTime = await perform([attach], {}, limits.observationAgeMax)
    expect(justInTime.inputs('ec2.AttachVolume')).toHaveLength(1)
  })
})
