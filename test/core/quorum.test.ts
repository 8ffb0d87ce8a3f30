import { describe, expect, test } from 'vitest'
import { scale } from '../../lab/stack/ensemble.ts'
import { cloudSend, inProcess } from '../../lab/stack/in-process.ts'
import { limits } from '../../shared/model/limits.ts'
import type { Send } from '../../shared/aws/operations.ts'
import { stoppingAt } from './stopping.ts'
import { createWorld, minutes, type TestWorld, type WorldOptions } from './world.ts'

const all = [1, 2, 3]

/** The members that serve, whatever Auto Scaling makes of their instances, but for the one on `instance`. */
const inSync = (world: TestWorld, instance?: string): number[] =>
  world.hosts
    .servers('zookeeper')
    .filter(({ role, instanceId }) => ['leader', 'follower'].includes(role) && instanceId !== instance)
    .map(({ member }) => member)
    .toSorted((a, b) => a - b)

const isHandOver = (operation: string, input: object): boolean =>
  operation === 'ssm.SendCommand' && (input as { DocumentName?: string }).DocumentName?.endsWith('hand-over') === true

/**
 * Three members that serve, and of each instance who was in sync besides when it was first told to hand over. Two
 * invocations may both tell it, and the second finds the others electing.
 */
async function formed(options: WorldOptions = {}): Promise<{ world: TestWorld; beside: number[][] }> {
  const world = createWorld({ size: 3, ...options })
  const beside: number[][] = []
  const told = new Set<string>()
  world.cloud.onCall(({ operation, input }) => {
    if (!isHandOver(operation, input)) return
    const [instance = ''] = (input as { InstanceIds?: readonly string[] }).InstanceIds ?? []
    if (told.has(instance)) return
    told.add(instance)
    beside.push(inSync(world, instance))
  })
  await world.settled(all)
  await world.clock.run(() => inSync(world).length === 3, 5 * minutes)
  expect(beside).toEqual([])
  return { world, beside }
}

/** Auto Scaling is told to replace these members' instances, all at the same moment. */
function replace(world: TestWorld, ids: readonly number[]): string[] {
  return ids.map((id) => {
    const InstanceId = world.instanceOf(id)!
    const input = { InstanceId, ShouldDecrementDesiredCapacity: false }
    world.cloud.call('autoscaling.TerminateInstanceInAutoScalingGroup', input)
    return InstanceId
  })
}

async function replaced(world: TestWorld, ids: readonly number[], before: readonly string[], limit = 60 * minutes) {
  const isDone = () =>
    inSync(world).length === 3 && ids.every((id, place) => ![undefined, before[place]].includes(world.instanceOf(id)))
  expect(await world.clock.run(isDone, limit)).toBe(true)
}

describe('instances that end at the same moment', () => {
  test.each([[[1]], [[1, 2]], [[2, 3]], [[1, 2, 3]]])('of members %j hand over one after the other', async (ids) => {
    const { world, beside } = await formed()
    const before = replace(world, ids)
    await replaced(world, ids, before)
    expect(beside).toHaveLength(ids.length)
    expect(beside.filter((others) => others.length < 2)).toEqual([])
    expect(world.hosts.harms).toEqual([])
  })

  test('do so in each of ten schedules, with reads of the past and events that come twice or not at all', async () => {
    const spent: string[] = []
    for (let seed = 1; seed <= 10; seed++) {
      const settings = { staleReads: 0.3, eventDuplicate: 0.3, eventLoss: 0.3 }
      const { world, beside } = await formed({ seed, settings })
      const before = replace(world, all)
      await replaced(world, all, before, 120 * minutes)
      for (const others of beside) if (others.length < 2) spent.push(`seed ${seed}: only ${others.join()} in sync`)
      expect(world.hosts.harms).toEqual([])
    }
    expect(spent).toEqual([])
  })
})

test('of two that end at once the one that does not serve goes, though the other one comes first', async () => {
  const { world, beside } = await formed()
  const before = replace(world, [1, 2])
  world.hosts.killService(before[1]!)
  await replaced(world, [1, 2], before)
  expect(beside[0]).toEqual([1, 3])
  expect(beside.filter((others) => others.length < 2)).toEqual([])
})

describe('while another member is out', () => {
  test('an instance waits to hand over, with an alarm after ten minutes, and goes once the other is back', async () => {
    const { world, beside } = await formed()
    // It died, and there is no room for another one: its group wants it all the same, so it keeps its vote.
    const AutoScalingGroupName = world.members[2]!.groupName
    world.cloud.call('autoscaling.SuspendProcesses', { AutoScalingGroupName, ScalingProcesses: ['Launch'] })
    world.cloud.ec2.fail(world.instanceOf(3)!)
    await world.clock.run(() => world.cloud.autoscaling.members.all().length === 2, 20 * minutes)
    const before = replace(world, [1])
    await world.clock.pass(limits.guardAlarmAfter + 2 * minutes)
    expect(beside).toEqual([])
    expect(inSync(world)).toEqual([1, 2])
    const alarms = world.app.lines.filter(
      ({ level, because }) => level === 'alarm' && because.includes('a quorum is 2'),
    )
    expect(alarms[0]?.because).toContain('member 3: no instance holds it')

    world.cloud.call('autoscaling.ResumeProcesses', { AutoScalingGroupName })
    await replaced(world, [1], before)
    expect(beside).toEqual([[2, 3]])
  })

  test('a dead instance is let go all the same', async () => {
    const { world, beside } = await formed()
    await world.settled([1, 2])
    const dead = world.instanceOf(1)!
    world.cloud.ec2.fail(dead)
    scale(world.cloud, world.members[2]!, 1)
    await replaced(world, [1], [dead])
    expect(beside).toHaveLength(1)
    expect(world.hosts.harms).toEqual([])
  })

  test('an ensemble that is taken down is not held up', async () => {
    const { world, beside } = await formed()
    await world.settled([1, 2])
    await world.settled([], 30 * minutes)
    expect(beside).toHaveLength(3)
    expect(inSync(world)).toEqual([])
  })
})

test('a function that is stopped anywhere in a guarded hand-over costs no quorum, and the sweep finishes it', async () => {
  const run = async (at: number, moment: 'before' | 'after') => {
    let struck = false
    let made = () => 0
    const { world, beside } = await formed({
      intercept(name, event, { cloud, environment }) {
        if (name !== 'terminate' || struck) return undefined
        struck = true
        const port = stoppingAt(cloudSend(cloud), at, moment)
        made = port.made
        return inProcess(cloud, environment, port.send).invoke(name, event)
      },
    })
    const before = replace(world, [1, 2])
    await replaced(world, [1, 2], before)
    expect(beside.filter((others) => others.length < 2)).toEqual([])
    return made()
  }
  const count = await run(Number.POSITIVE_INFINITY, 'before')
  expect(count).toBeGreaterThan(40)
  for (let at = 1; at <= count; at += 27) await run(at, at % 2 === 0 ? 'before' : 'after')
})

test('a hand-over that lands a minute late finds no other gone: whoever may have been told does not stand back', async () => {
  /** The function that drives the second member stops with its request under way, at any point of the sweep's minute. */
  const run = async (offset: number) => {
    let land: (() => void) | undefined
    const { world, beside } = await formed({
      intercept(name, event, { cloud, environment }) {
        if (name !== 'terminate' || land) return undefined
        const send = cloudSend(cloud)
        const losing: Send = (operation, input) => {
          if (!isHandOver(operation, input)) return send(operation, input)
          // Its instance may be gone by then.
          land = () => void send(operation, input).catch(() => {})
          return new Promise(() => {})
        }
        return inProcess(cloud, environment, losing).invoke(name, event)
      },
    })
    await world.clock.pass(offset)
    const [second] = replace(world, [2])
    expect(await world.clock.run(() => land !== undefined, 5 * minutes)).toBe(true)
    const isTold = new Promise<void>((resolve) => {
      world.cloud.onCall(({ operation, input }) => {
        if (isHandOver(operation, input)) world.cloud.kernel.clock.after(5000, resolve)
      })
    })
    const [first] = replace(world, [1])
    // It lands as soon as anybody else was told, or just before it would be too late to begin.
    world.cloud.kernel.clock.after(limits.commandNotAfter - 10_000, () => land?.())
    void isTold.then(() => land?.())
    await replaced(world, [1, 2], [first!, second!])
    return beside.filter((others) => others.length < 2)
  }
  for (let offset = 0; offset < minutes; offset += 7000) expect(await run(offset)).toEqual([])
})
