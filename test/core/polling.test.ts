import { describe, expect, test } from 'vitest'
import { throttlingError } from '../../lab/cloud/faults.ts'
import { cloudSend, inProcess } from '../../lab/stack/in-process.ts'
import type { Send } from '../../shared/aws/operations.ts'
import { createWorld, minutes, type TestWorld } from './world.ts'

/** A world whose functions call through a port that counts, and that refuses what it is told to. */
function counting(refuse: (operation: string) => boolean): { world: TestWorld; counts: Map<string, number> } {
  const counts = new Map<string, number>()
  const world = createWorld({
    intercept(name, event, { cloud, environment }) {
      const through = cloudSend(cloud)
      const send: Send = (operation, input) => {
        counts.set(operation, (counts.get(operation) ?? 0) + 1)
        return refuse(operation) ? Promise.reject(throttlingError(operation)) : through(operation, input)
      }
      return inProcess(cloud, environment, send).invoke(name, event)
    },
  })
  return { world, counts }
}

describe('what took too long to be read', () => {
  test('is not acted upon: CONTINUE never rests on a proof that grew old while a read hung', async () => {
    let hung = false
    const at: Record<string, number> = {}
    const world = createWorld({
      intercept(name, event, { cloud, clock, environment }) {
        // The sweep would prove and complete beside the function that hangs.
        if (name === 'sweep') return Promise.resolve()
        const through = cloudSend(cloud)
        const send: Send = async (operation, input) => {
          const answer = await through(operation, input)
          at[operation] = clock.now()
          if (operation !== 'ec2.DescribeVolumes' || hung || at['ec2.DeleteTags'] === undefined) return answer
          hung = true
          return new Promise((resolve) => clock.after(3 * minutes, () => resolve(answer)))
        }
        return inProcess(cloud, environment, send).invoke(name, event)
      },
    })
    await world.settled([1])
    expect(hung).toBe(true)
    expect(at['autoscaling.CompleteLifecycleAction']! - at['ssm.SendCommand']!).toBeLessThan(80_000)
  })
})

describe('how often is looked', () => {
  test('a throttled core slows down, whichever of its reads is refused first', async () => {
    let turn = 0
    const { world, counts } = counting((operation) => operation.startsWith('ec2.Describe') && turn++ % 3 > 0)
    await world.settled([1]).catch(() => {})
    const looks = counts.get('autoscaling.DescribeAutoScalingGroups') ?? 0
    const ms = world.clock.now() - Date.UTC(2026, 0, 1)
    // The function and the sweep beside it, each at most once in three seconds but for the first few times.
    expect(looks).toBeLessThan((2.5 * ms) / 3000)
  })

  test('what an ended command has printed is asked for once, not in every pass', async () => {
    const { world, counts } = counting(() => false)
    await world.settled([1])
    world.hosts.breakNext(world.instanceOf(1)!, 'unmount')
    world.cloud.call('autoscaling.SetDesiredCapacity', { AutoScalingGroupName: 'zookeeper-1', DesiredCapacity: 0 })
    counts.clear()
    await world.clock.pass(2 * minutes)
    const commands = world.calls.length >= 0 ? world.cloud.ssm.commands.all().length : 0
    expect(counts.get('ssm.GetCommandInvocation')).toBeLessThanOrEqual(3 * commands)
  })
})
