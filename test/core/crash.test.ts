import { describe, expect, test } from 'vitest'
import { cloudSend, inProcess } from '../../lab/stack/in-process.ts'
import type { FunctionName } from '../../lab/stack/functions.ts'
import type { Send } from '../../shared/aws/operations.ts'
import { stoppingAt } from './stopping.ts'
import { createWorld, type TestWorld } from './world.ts'

/** Runs the first invocation of a function on a port of its own; all others, the sweep's too, are healthy. */
function worldWith(name: FunctionName, port: (send: Send) => Send): TestWorld {
  let struck = false
  return createWorld({
    settings: { staleReads: 0.2 },
    intercept(called, event, world) {
      if (called !== name || struck) return undefined
      struck = true
      return inProcess(world.cloud, world.environment, port(cloudSend(world.cloud))).invoke(called, event)
    },
  })
}

/** How many calls the undisturbed function makes. */
async function callsOf(name: FunctionName, run: (world: TestWorld) => Promise<void>): Promise<number> {
  let counted: () => number = () => 0
  const world = worldWith(name, (send) => {
    const counting = stoppingAt(send, Number.POSITIVE_INFINITY, 'before')
    counted = counting.made
    return counting.send
  })
  await run(world)
  return counted()
}

async function launched(world: TestWorld): Promise<void> {
  await world.settled([1])
  const [member] = world.members
  const instance = world.instanceOf(1)
  const card = world.cloud.ec2.networkInterfaces.get(member!.networkInterfaceId)
  const volume = world.cloud.ec2.volumes.get(member!.volumeIds[0]!)
  expect(card?.attachment).toMatchObject({ instanceId: instance, status: 'attached', deleteOnTermination: false })
  expect(volume?.attachment).toMatchObject({ instanceId: instance, state: 'attached', deleteOnTermination: false })
  expect(world.hosts.role(instance!)).toBe('leader')
  expect(world.hosts.harms).toEqual([])
}

async function terminated(world: TestWorld): Promise<void> {
  await world.settled([1])
  const written = world.hosts.client('zookeeper').write('/kept', 'yes')
  await world.clock.pass(1000)
  await written
  await world.settled([])
  await world.clock.pass(10 * 60_000)
  const [member] = world.members
  expect(world.cloud.ec2.networkInterfaces.get(member!.networkInterfaceId)?.attachment).toBeUndefined()
  expect(world.cloud.ec2.volumes.get(member!.volumeIds[0]!)?.state).toBe('available')
  expect(world.hosts.volumeContent(member!.volumeIds[0]!)).toMatchObject({ kind: 'formatted' })
  expect(JSON.stringify(world.hosts.volumeContent(member!.volumeIds[0]!))).toContain('/kept')
  expect(world.hosts.harms).toEqual([])
}

describe.each([
  ['launch', launched],
  ['terminate', terminated],
] as const)('%s', (name, run) => {
  test('stopped before or after any of its calls, the sweep brings it to the right end', async () => {
    const count = await callsOf(name, run)
    expect(count).toBeGreaterThan(20)
    const failures: string[] = []
    for (let at = 1; at <= count; at++) {
      for (const moment of ['before', 'after'] as const) {
        const world = worldWith(name, (send) => stoppingAt(send, at, moment).send)
        await run(world).catch((error: unknown) => failures.push(`${moment} call ${at}: ${String(error)}`))
      }
    }
    expect(failures).toEqual([])
  })
})
