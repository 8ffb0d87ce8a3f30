import { describe, expect, test } from 'vitest'
import type { BridgeEvent } from '../../lab/cloud/eventbridge/eventbridge.ts'
import { scale } from '../../lab/stack/ensemble.ts'
import { cloudSend, inProcess } from '../../lab/stack/in-process.ts'
import type { LogLine } from '../../shared/log.ts'
import { createWorld, minutes, succeeded, type TestWorld } from './world.ts'

/** What belongs to a member, as EC2 has it. */
function attachments(world: TestWorld, id: number) {
  const member = world.members.find((one) => one.id === id)!
  const { ec2 } = world.cloud
  return [
    ec2.networkInterfaces.get(member.networkInterfaceId)?.attachment?.instanceId,
    ...member.volumeIds.map((volume) => ec2.volumes.get(volume)?.attachment?.instanceId),
  ]
}

const entries = 100

async function write(world: TestWorld): Promise<void> {
  const client = world.hosts.client('zookeeper')
  const writes = Array.from({ length: entries }, (_, index) => client.write(`/entry-${index}`, `value ${index}`))
  await world.clock.pass(minutes)
  await Promise.all(writes)
}

async function found(world: TestWorld): Promise<number> {
  const keys = world.hosts.client('zookeeper').keys()
  await world.clock.pass(minutes)
  return (await keys).length
}

describe('promise 1: CONTINUE means proved', () => {
  test('when the launch is continued, interface and volumes of one member are attached, and its service has a role', async () => {
    const world = createWorld({ size: 3 })
    const states: string[] = []
    world.cloud.autoscaling.onLifecycleState((instance) => {
      if (instance.lifecycleState !== 'Pending:Proceed') return
      const id = Number(instance.groupName.slice(-1))
      const same = attachments(world, id).every((holder) => holder === instance.instanceId)
      states.push(`${same} ${world.hosts.role(instance.instanceId)}`)
    })
    await world.settled([1, 2, 3])
    expect(states).toHaveLength(3)
    for (const state of states) expect(state).toMatch(/^true (leader|follower)$/)
  })

  test('a service that finds no quorum is never continued, nor given up while the hook allows', async () => {
    const world = createWorld({ size: 3 })
    scale(world.cloud, world.members[0]!, 1)
    await world.clock.pass(40 * minutes)
    const [instance] = world.cloud.autoscaling.members.all()
    expect(instance?.lifecycleState).toBe('Pending:Wait')
    await world.settled([1, 2, 3])
    expect(world.instanceOf(1)).toBe(instance?.instanceId)
  })
})

describe('promise 2: a volume with data is never formatted', () => {
  test('the permit is gone after the first mount, and the data outlives every instance', async () => {
    const world = createWorld({ size: 3 })
    await world.settled([1, 2, 3])
    const permits = world.members.flatMap((member) =>
      member.volumeIds.map((id) => world.cloud.ec2.volumes.get(id)?.tags['stayput:format']),
    )
    expect(permits).toEqual([undefined, undefined, undefined])
    await write(world)
    for (const id of [1, 2, 3]) {
      const before = world.instanceOf(id)
      world.cloud.ec2.fail(before!)
      await world.clock.run(() => world.instanceOf(id) !== undefined && world.instanceOf(id) !== before, 60 * minutes)
      expect(world.instanceOf(id)).not.toBe(before)
    }
    expect(await found(world)).toBe(entries)
    expect(world.hosts.harms).toEqual([])
  })

  test('a blank volume without a permit is not formatted: the launch is abandoned with that reason', async () => {
    const world = createWorld()
    const [volume] = world.members[0]!.volumeIds
    world.cloud.call('ec2.DeleteTags', { Resources: [volume], Tags: [{ Key: 'stayput:format' }] })
    scale(world.cloud, world.members[0]!, 1)
    await world.clock.pass(20 * minutes)
    expect(world.hosts.volumeContent(volume!).kind).toBe('blank')
    expect(world.instanceOf(1)).toBeUndefined()
    const verdict = world.app.lines.find((line) => line.verdict === 'ABANDON')
    expect(verdict).toMatchObject({ level: 'alarm', because: expect.stringContaining('volume-unfit') })
    world.cloud.call('ec2.CreateTags', { Resources: [volume], Tags: [{ Key: 'stayput:format', Value: 'permitted' }] })
    await world.settled([1], 60 * minutes)
  })
})

describe('a member that has had data never votes from an empty disk', () => {
  test('a member whose volume was swapped for a blank one does not start: its launch is abandoned with that reason', async () => {
    const world = createWorld({ size: 3 })
    await world.settled([1, 2, 3])
    await write(world)
    const [volume] = world.members[1]!.volumeIds
    await world.settled([1, 3])
    world.hosts.setVolumeContent(volume!, { kind: 'blank' })
    scale(world.cloud, world.members[1]!, 1)
    await world.clock.pass(10 * minutes)
    expect(world.instanceOf(2)).toBeUndefined()
    expect(world.hosts.volumeContent(volume!).kind).toBe('blank')
    const abandoned = world.app.lines.filter((line) => line.verdict === 'ABANDON').map((line) => line.because)
    expect(abandoned.some((because) => because.includes('volume-unfit'))).toBe(true)
    expect(await found(world)).toBe(entries)
  })
})

describe('promise 3: nothing is taken from an instance that may still be using it', () => {
  test('a newcomer waits while the holder lives, and has everything once it is gone', async () => {
    const world = createWorld({ size: 3 })
    await world.settled([1, 2, 3])
    const before = world.instanceOf(2)!
    world.cloud.call('autoscaling.TerminateInstanceInAutoScalingGroup', {
      InstanceId: before,
      ShouldDecrementDesiredCapacity: false,
    })
    await world.clock.run(() => world.instanceOf(2) !== undefined && world.instanceOf(2) !== before, 60 * minutes)
    const after = world.instanceOf(2)
    expect(after).not.toBe(before)
    expect(attachments(world, 2)).toEqual([after, after])
    expect(world.hosts.harms).toEqual([])
  })

  test('a host that can not unmount keeps its volume until it is terminated', async () => {
    const world = createWorld()
    await world.settled([1])
    const before = world.instanceOf(1)!
    world.cloud.ssm.stopAgent(before)
    await world.settled([])
    expect(succeeded(world, 'ec2.DetachVolume')).toEqual([])
    expect(world.hosts.harms).toEqual([])
    await world.settled([1])
    expect(attachments(world, 1)).toEqual([world.instanceOf(1), world.instanceOf(1)])
  })
})

describe('promise 4: one member, one holder', () => {
  test('two launches for one member: one becomes it, the other is abandoned, nothing is shared', async () => {
    const world = createWorld()
    const group = { AutoScalingGroupName: 'zookeeper-1' }
    world.cloud.call('autoscaling.UpdateAutoScalingGroup', { ...group, MaxSize: 2 })
    world.cloud.call('autoscaling.SetDesiredCapacity', { ...group, DesiredCapacity: 2 })
    await world.clock.pass(15 * minutes)
    const holder = world.instanceOf(1)
    expect(attachments(world, 1)).toEqual([holder, holder])
    const abandoned = succeeded(world, 'autoscaling.CompleteLifecycleAction').filter(
      (input) => 'LifecycleActionResult' in input && input.LifecycleActionResult === 'ABANDON',
    )
    expect(abandoned.length).toBeGreaterThan(0)
    expect(world.hosts.harms).toEqual([])
  })
})

describe('promise 6: every open action ends', () => {
  test('an agent that never comes online ends in ABANDON, and the next instance takes over', async () => {
    const world = createWorld({ settings: { agentNeverOnline: 1 } })
    world.cloud.ec2.onInstanceState((instance) => {
      if (instance.state === 'shutting-down') Object.assign(world.cloud.kernel.settings, { agentNeverOnline: 0 })
    })
    await world.settled([1], 60 * minutes)
    const reasons = world.app.lines
      .filter((line) => line.event === 'verdict')
      .map((line) => `${line.verdict} ${line.because}`)
    expect(reasons.some((reason) => reason.startsWith('ABANDON'))).toBe(true)
    expect(reasons.findLast((reason) => !reason.startsWith('NOTHING'))).toMatch(/^CONTINUE/)
  })

  test('a launch in a zone without a member ends in ABANDON with a reason', async () => {
    const world = createWorld()
    const [member] = world.members
    world.cloud.call('ec2.DeleteTags', { Resources: [member!.networkInterfaceId], Tags: [{ Key: 'stayput:member' }] })
    scale(world.cloud, member!, 1)
    await world.clock.pass(12 * minutes)
    const verdict = world.app.lines.find((line) => line.verdict === 'ABANDON')
    expect(verdict?.because).toContain('has no member')
    expect(verdict?.because).toContain('tag stayput:member is null')
  })

  test('while a member has lost its tags, no server is told of an ensemble without it', async () => {
    const world = createWorld({ size: 3 })
    await world.settled([1, 2, 3])
    const [first, second] = world.members
    const belongings = [second!.networkInterfaceId, ...second!.volumeIds]
    const tags = belongings.map(
      (id) => (world.cloud.ec2.networkInterfaces.get(id) ?? world.cloud.ec2.volumes.get(id))!.tags,
    )
    const ours = [{ Key: 'stayput:ensemble' }]
    world.cloud.call('ec2.DeleteTags', { Resources: belongings, Tags: ours })
    const told = () =>
      succeeded(world, 'ssm.SendCommand').filter((input) => JSON.stringify(input).includes('take-over')).length
    const before = told()
    world.cloud.ec2.fail(world.instanceOf(1)!)
    // Nor by healing, which has every reason to apply what is missing here.
    world.hosts.killService(world.instanceOf(2)!)
    await world.clock.pass(10 * minutes)
    expect(told()).toBe(before)
    const alarms = world.app.lines.filter((line) => line.level === 'alarm').map((line) => line.because)
    expect(alarms.some((because) => because.includes('and there are 3'))).toBe(true)
    expect(world.instanceOf(first!.id)).toBeUndefined()

    for (const [index, id] of belongings.entries()) {
      const Tags = [{ Key: 'stayput:ensemble', Value: tags[index]!['stayput:ensemble'] }]
      world.cloud.call('ec2.CreateTags', { Resources: [id], Tags })
    }
    await world.settled([1, 2, 3])
  })

  test('a lost event costs a minute, not the launch', async () => {
    const world = createWorld({ settings: { eventLoss: 1 } })
    await world.settled([1])
    await world.settled([])
    expect(attachments(world, 1)).toEqual([undefined, undefined])
  })

  test('a volume that sticks while attaching costs the instance its place, not the member', async () => {
    let stuck = true
    const world = createWorld({
      intercept(name, _event, { cloud }) {
        if (name === 'launch') Object.assign(cloud.kernel.settings, { volumeStuckAttaching: stuck ? 1 : 0 })
        stuck = false
        return undefined
      },
    })
    await world.settled([1], 60 * minutes)
    const attached = succeeded(world, 'ec2.AttachVolume').map((input) => JSON.stringify(input))
    expect(attached).toHaveLength(2)
    expect(new Set(attached).size).toBe(2)
  })
})

describe('promise 7: duplicate, late, reordered and foreign events harm nothing', () => {
  const lifecycleEvent = (world: TestWorld, kind: 'launch' | 'terminate'): BridgeEvent =>
    world.cloud.events.history.find((event) => event['detail-type'] === `EC2 Instance-${kind} Lifecycle Action`)!

  test('the same launch event delivered five times at once yields one take-over and one completion', async () => {
    const world = createWorld({
      intercept: (name, event, { app }) =>
        name === 'launch' ? Promise.all(Array.from({ length: 5 }, () => app.invoke(name, event))) : undefined,
    })
    await world.settled([1])
    expect(succeeded(world, 'ec2.AttachNetworkInterface')).toHaveLength(1)
    expect(succeeded(world, 'ec2.AttachVolume')).toHaveLength(1)
    expect(succeeded(world, 'ssm.SendCommand')).toHaveLength(1)
    expect(succeeded(world, 'autoscaling.CompleteLifecycleAction')).toHaveLength(1)
  })

  test('the same terminate event delivered five times at once yields one hand-over and one completion', async () => {
    const world = createWorld({
      intercept: (name, event, { app }) =>
        name === 'terminate' ? Promise.all(Array.from({ length: 5 }, () => app.invoke(name, event))) : undefined,
    })
    await world.settled([1])
    await world.settled([])
    const completions = succeeded(world, 'autoscaling.CompleteLifecycleAction')
    expect(completions).toHaveLength(2)
    expect(new Set(succeeded(world, 'ec2.DetachVolume').map((input) => JSON.stringify(input))).size).toBe(1)
    expect(world.hosts.harms).toEqual([])
  })

  test('a launch event that comes again after the instance is in service, or gone, changes nothing', async () => {
    const world = createWorld()
    await world.settled([1])
    const event = lifecycleEvent(world, 'launch')
    const again = async () => {
      const outcome = world.app.invoke('launch', event)
      await world.clock.pass(minutes)
      return outcome
    }
    expect(await again()).toMatchObject({ verdict: 'NOTHING' })
    await world.settled([])
    expect(await again()).toMatchObject({ verdict: 'NOTHING' })
    expect(attachments(world, 1)).toEqual([undefined, undefined])
  })

  test('a terminate event for an instance that is in service takes nothing from it', async () => {
    const world = createWorld()
    await world.settled([1])
    const { detail, ...envelope } = lifecycleEvent(world, 'launch')
    const forged = {
      ...envelope,
      'detail-type': 'EC2 Instance-terminate Lifecycle Action',
      detail: {
        ...detail,
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        LifecycleHookName: 'stayput-terminate',
      },
    }
    const outcome = world.app.invoke('terminate', forged)
    await world.clock.pass(minutes)
    expect(await outcome).toMatchObject({ verdict: 'NOTHING' })
    expect(attachments(world, 1)).toEqual([world.instanceOf(1), world.instanceOf(1)])
  })
})

describe('what AWS does on a bad day', () => {
  test.each(['throttled', 'request-lost', 'answer-lost', 'unavailable-though-done'] as const)(
    'a tenth of all calls %s: members launch, hand over, and launch again',
    async (kind) => {
      const world = createWorld({ size: 3, seed: 7, settings: { staleReads: 0.3 } })
      world.cloud.faults.add({ kind, when: () => true, probability: 0.1 })
      await world.settled([1, 2, 3], 180 * minutes)
      await world.settled([1, 3], 180 * minutes)
      await world.settled([1, 2, 3], 180 * minutes)
      expect(world.hosts.harms).toEqual([])
      for (const id of [1, 2, 3]) expect(attachments(world, id)).toEqual([world.instanceOf(id), world.instanceOf(id)])
    },
  )
})

describe('what belongs to a member outlives its instances', () => {
  test('DeleteOnTermination that somebody set is made false before the launch is continued', async () => {
    const world = createWorld()
    const [member] = world.members
    const { cloud } = world
    let set = false
    // Looks on at every call; at the first one with everything attached, an operator sets the flags.
    cloud.faults.add({
      kind: 'throttled',
      when: () => {
        const card = cloud.ec2.networkInterfaces.get(member!.networkInterfaceId)?.attachment
        const disk = cloud.ec2.volumes.get(member!.volumeIds[0]!)?.attachment
        if (set || card?.status !== 'attached' || disk?.state !== 'attached') return false
        set = true
        cloud.call('ec2.ModifyNetworkInterfaceAttribute', {
          NetworkInterfaceId: member!.networkInterfaceId,
          Attachment: { AttachmentId: card.attachmentId, DeleteOnTermination: true },
        })
        cloud.call('ec2.ModifyInstanceAttribute', {
          InstanceId: disk.instanceId,
          BlockDeviceMappings: [{ DeviceName: disk.device, Ebs: { DeleteOnTermination: true } }],
        })
        return false
      },
    })
    await world.settled([1])
    expect(set).toBe(true)
    expect(cloud.ec2.networkInterfaces.get(member!.networkInterfaceId)?.attachment?.deleteOnTermination).toBe(false)
    expect(cloud.ec2.volumes.get(member!.volumeIds[0]!)?.attachment?.deleteOnTermination).toBe(false)
  })
})

describe('a function without its permissions', () => {
  test('does nothing, and says so with an alarm', async () => {
    const world = createWorld({
      intercept: (name, event, { cloud, environment }) => {
        const denied = Object.assign(new Error('You are not authorized to perform this operation.'), {
          name: 'UnauthorizedOperation',
          status: 403,
        })
        const port = inProcess(cloud, environment, (operation, input) =>
          operation === 'ec2.DescribeVolumes' ? Promise.reject(denied) : cloudSend(cloud)(operation, input),
        )
        return port.invoke(name, event).finally(() => lines.push(...port.lines))
      },
    })
    const lines: LogLine[] = []
    scale(world.cloud, world.members[0]!, 1)
    await world.clock.pass(20 * minutes)
    expect(attachments(world, 1)).toEqual([undefined, undefined])
    expect(
      lines.filter((line) => line.level === 'alarm' && line.because.includes('UnauthorizedOperation')).length,
    ).toBeGreaterThan(0)
  })
})
