import { describe, expect, test } from 'vitest'
import { throttlingError } from '../../lab/cloud/faults.ts'
import { cloudSend, inProcess } from '../../lab/stack/in-process.ts'
import type { Operation, Send } from '../../shared/aws/operations.ts'
import { createWorld, minutes, type TestWorld } from './world.ts'

/** A world whose launch functions alone are at work, by a port that notes the calls and may change their answers. */
function launching(change: (operation: Operation, answer: object, world: TestWorld) => object | Promise<object>) {
  const calls: Operation[] = []
  const world = createWorld({
    intercept(name, event, here) {
      if (name === 'sweep') return Promise.resolve()
      const through = cloudSend(here.cloud)
      const send: Send = async (operation, input) => {
        calls.push(operation)
        return change(operation, await through(operation, input), here)
      }
      return inProcess(here.cloud, here.environment, send).invoke(name, event)
    },
  })
  const count = (operation: Operation): number => calls.filter((one) => one === operation).length
  return { world, calls, count }
}

describe('a read of the past', () => {
  test('does not make an invocation attach again what it has attached', async () => {
    let before: object | undefined
    let attached = false
    let stale = 0
    const { world, count } = launching((operation, answer) => {
      if (operation === 'ec2.AttachVolume') attached = true
      if (operation !== 'ec2.DescribeVolumes') return answer
      if (!attached) before = answer
      return attached && stale++ < 5 ? (before ?? answer) : answer
    })
    await world.settled([1])
    expect(stale).toBeGreaterThan(5)
    expect(count('ec2.AttachVolume')).toBe(1)
  })

  test('is what a volume was free in when its announcement took minutes: it is looked at again before it is attached', async () => {
    let hung = false
    const { world, calls } = launching((operation, answer, { clock }) => {
      if (operation !== 'ec2.CreateTags' || hung) return answer
      hung = true
      return new Promise((resolve) => clock.after(3 * minutes, () => resolve(answer)))
    })
    await world.settled([1])
    const attach = calls.indexOf('ec2.AttachVolume')
    expect(calls.lastIndexOf('ec2.DescribeVolumes', attach)).toBeGreaterThan(calls.indexOf('ec2.CreateTags'))
    expect(calls.filter((operation) => operation === 'ec2.AttachVolume')).toHaveLength(1)
  })
})

test('whoever could read nothing extends no action: it may be none of its ensemble', async () => {
  const calls: Operation[] = []
  const world = createWorld({
    intercept(name, event, { cloud, environment }) {
      if (name === 'sweep') return Promise.resolve()
      const send: Send = (operation) => {
        calls.push(operation)
        return Promise.reject(throttlingError(operation))
      }
      return inProcess(cloud, environment, send).invoke(name, event)
    },
  })
  await world.settled([1], 20 * minutes).catch(() => {})
  expect(calls.length).toBeGreaterThan(0)
  expect(calls).not.toContain('autoscaling.RecordLifecycleActionHeartbeat')
})

test('nor does who has seen that it is none of its ensemble, and then could read nothing any more', async () => {
  const calls: Operation[] = []
  const world = createWorld()
  await world.settled([1])
  const { cloud, environment } = world
  const event = cloud.events.history.find((one) => one.source === 'aws.autoscaling')!
  const foreign = { ...event, detail: { ...event.detail, EC2InstanceId: 'i-0123456789abcdef0' } }
  const through = cloudSend(cloud)
  const send: Send = (operation, input) => {
    calls.push(operation)
    const reads = calls.filter((one) => one === 'autoscaling.DescribeAutoScalingGroups').length
    return reads > 1 ? Promise.reject(throttlingError(operation)) : through(operation, input)
  }
  void inProcess(cloud, environment, send).invoke('launch', foreign)
  await world.clock.pass(20 * minutes)
  expect(calls.filter((one) => one === 'autoscaling.DescribeAutoScalingGroups').length).toBeGreaterThan(2)
  expect(calls).not.toContain('autoscaling.RecordLifecycleActionHeartbeat')
})

describe('the sweep', () => {
  test('looks rarely at what others drive, and as often as they do once it drives itself', async () => {
    const looks = { launch: 0, sweep: 0 }
    const world = createWorld({
      intercept(name, event, { cloud, environment }) {
        if (name === 'terminate') return undefined
        const through = cloudSend(cloud)
        const send: Send = (operation, input) => {
          // The sweep looks after the members in service as well, which this is no part of.
          if (operation === 'ssm.DescribeInstanceInformation') looks[name]++
          return through(operation, input)
        }
        return inProcess(cloud, environment, send).invoke(name, event)
      },
      settings: { agentNeverOnline: 1 },
    })
    await world.settled([1], 3 * minutes).catch(() => {})
    expect(looks.sweep).toBeGreaterThan(0)
    expect(looks.sweep).toBeLessThan(looks.launch / 3)
  })
})
