import { expect, test } from 'vitest'
import { scale } from '../../lab/stack/ensemble.ts'
import { limits } from '../../shared/model/limits.ts'
import { bookkeepingTags, permitted } from '../../shared/model/tags.ts'
import { createWorld, minutes, type TestWorld } from './world.ts'

/** A member whose blank volume may not be formatted: no launch ever becomes it. */
function hopeless(): TestWorld {
  const world = createWorld()
  const [member] = world.members
  const Resources = member!.volumeIds
  world.cloud.call('ec2.DeleteTags', { Resources, Tags: [{ Key: bookkeepingTags.format }] })
  return world
}

const noteOf = (world: TestWorld): string | undefined =>
  world.cloud.ec2.networkInterfaces.get(world.members[0]!.networkInterfaceId)?.tags[bookkeepingTags.failures]

test('a member that can never start makes no launch storm: ever fewer launches, an alarm that names the reason', async () => {
  const world = hopeless()
  const launches: number[] = []
  const known = new Set<string>()
  world.cloud.autoscaling.onLifecycleState(({ instanceId, lifecycleState }) => {
    if (lifecycleState !== 'Pending:Wait' || known.has(instanceId)) return
    known.add(instanceId)
    launches.push(world.clock.now())
  })
  scale(world.cloud, world.members[0]!, 1)
  await world.clock.pass(180 * minutes)
  const gaps = launches.slice(1).map((at, place) => at - launches[place]!)
  const backoff = [2, 4, 8, 16, 30, 30].map((count) => count * minutes)
  // The launch after the second failure is the first one that waits.
  expect(gaps.slice(1, 6).map((gap, place) => gap >= backoff[place]!)).toEqual([true, true, true, true, true])
  const lastHours = launches.filter((at) => at > world.clock.now() - 120 * minutes)
  expect(lastHours.length).toBeLessThanOrEqual((120 * minutes) / limits.launchAgainMost)
  // The last of them may not have failed yet.
  expect(launches.length).toBeLessThanOrEqual(11)
  expect(launches.length - Number(noteOf(world)?.split('@')[0])).toBeLessThanOrEqual(1)
  const alarms = world.app.lines.filter(({ level, verdict }) => level === 'alarm' && verdict === 'WAIT')
  expect(alarms.at(-1)?.because).toMatch(
    /volume-unfit.*in a row: \d.*get-command-invocation --command-id \S+ --instance/,
  )
  expect(world.hosts.harms).toEqual([])
})

test('once its reason is gone the next launch becomes the member, and the failures are forgotten', async () => {
  const world = hopeless()
  scale(world.cloud, world.members[0]!, 1)
  await world.clock.run(() => noteOf(world)?.startsWith('4@') === true, 60 * minutes)
  const Resources = world.members[0]!.volumeIds
  world.cloud.call('ec2.CreateTags', { Resources, Tags: [{ Key: bookkeepingTags.format, Value: permitted }] })
  await world.settled([1], 60 * minutes)
  expect(noteOf(world)).toBeUndefined()
})

test('while an instance waits to end, its member is free', async () => {
  const world = hopeless()
  scale(world.cloud, world.members[0]!, 1)
  await world.clock.run(() => noteOf(world)?.startsWith('5@') === true, 90 * minutes)
  await world.clock.pass(2 * minutes)
  const waiting = world.cloud.autoscaling.members.all().map(({ lifecycleState }) => lifecycleState)
  expect(waiting).toEqual(['Pending:Wait'])
  expect(world.cloud.ec2.networkInterfaces.get(world.members[0]!.networkInterfaceId)?.attachment).toBeUndefined()
  expect(world.cloud.ec2.volumes.get(world.members[0]!.volumeIds[0]!)?.state).toBe('available')
})
