import { describe, expect, test } from 'vitest'
import type { LogLine } from '../../shared/log.ts'
import { limits } from '../../shared/model/limits.ts'
import { createWorld, minutes, succeeded, type TestWorld } from './world.ts'

const entries = 100

async function formed(options = {}): Promise<TestWorld> {
  const world = createWorld({ size: 3, ...options })
  await world.settled([1, 2, 3])
  const client = world.hosts.client('zookeeper')
  const writes = Array.from({ length: entries }, (_, index) => client.write(`/entry-${index}`, `value ${index}`))
  await world.clock.pass(minutes)
  await Promise.all(writes)
  world.calls.splice(0)
  return world
}

async function found(world: TestWorld): Promise<number> {
  const keys = world.hosts.client('zookeeper').keys()
  await world.clock.pass(minutes)
  return (await keys).length
}

const roleOf = (world: TestWorld, id: number) => world.hosts.role(world.instanceOf(id) ?? '')
const serves = (world: TestWorld, id: number) => ['leader', 'follower'].includes(roleOf(world, id) ?? '')

/** A member that follows, so that its illness is nobody else's. */
const follower = (world: TestWorld): number => [1, 2, 3].find((id) => roleOf(world, id) === 'follower')!

/** The steps of healing that were taken, in order, without the questions. */
const taken = (world: TestWorld): string[] =>
  world.calls.flatMap(({ operation, input, failed }) => {
    if (failed) return []
    if (operation === 'autoscaling.SetInstanceHealth') return ['replace']
    const { DocumentName, Parameters } = input as { DocumentName?: string; Parameters?: Record<string, string[]> }
    if (operation !== 'ssm.SendCommand' || !DocumentName?.endsWith('take-over')) return []
    return [Parameters?.['Service']?.[0] === 'restart' ? 'restart' : 'apply']
  })

const findings = (world: TestWorld): LogLine[] =>
  world.app.lines.filter((line) => line.event === 'health' && line.member !== undefined)

const addressOf = (world: TestWorld, id: number) => world.members.find((one) => one.id === id)!.address
const volumeOf = (world: TestWorld, id: number) => world.members.find((one) => one.id === id)!.volumeIds[0]!

describe('a member that is not well heals by the least disruptive step', () => {
  type Harm = (world: TestWorld, id: number, instance: string) => void
  test.each<[string, Harm, string[]]>([
    ['a deleted route', (world, id, instance) => world.hosts.loseRoutes(instance, addressOf(world, id)), ['apply']],
    ['an unmounted volume', (world, _, instance) => world.hosts.loseMount(instance, '/var/lib/zookeeper'), ['apply']],
    ['a service that was killed', (world, _, instance) => world.hosts.killService(instance), ['apply']],
    ['a disk that is full', (world, id) => world.hosts.fillDisk(volumeOf(world, id), 'snapshots'), ['apply']],
    ['a service that hangs', (world, _, instance) => world.hosts.hangService(instance, true), ['restart']],
  ])('%s', async (_, harm, steps) => {
    const world = await formed()
    const id = follower(world)
    const instance = world.instanceOf(id)!
    harm(world, id, instance)
    await world.clock.pass(6 * minutes)
    expect(taken(world)).toEqual(steps)
    expect([world.instanceOf(id), serves(world, id)]).toEqual([instance, true])
    expect(await found(world)).toBe(entries)
    expect(world.hosts.harms).toEqual([])
  })

  test('a service that is killed again and again: apply, restart, replace', async () => {
    const world = await formed()
    const id = follower(world)
    const instance = world.instanceOf(id)!
    for (let passed = 0; passed < 20 && world.instanceOf(id) === instance; passed++) {
      if (world.hosts.role(instance) !== undefined) world.hosts.killService(instance)
      await world.clock.pass(minutes)
    }
    await world.clock.run(() => world.instanceOf(id) !== undefined && world.instanceOf(id) !== instance, 20 * minutes)
    expect(taken(world).slice(0, 3)).toEqual(['apply', 'restart', 'replace'])
    await world.clock.pass(3 * minutes)
    expect([world.instanceOf(id) !== instance, serves(world, id)]).toEqual([true, true])
    expect(await found(world)).toBe(entries)
  })

  test('a host that nobody sees or hears: it is replaced, after minutes', async () => {
    const world = await formed()
    const id = follower(world)
    const instance = world.instanceOf(id)!
    world.hosts.cutNetwork(instance, true)
    world.cloud.ssm.stopAgent(instance)
    await world.clock.pass(limits.replaceAfter - minutes / 2)
    expect(taken(world)).toEqual([])
    await world.clock.run(() => world.instanceOf(id) !== undefined && world.instanceOf(id) !== instance, 30 * minutes)
    expect(succeeded(world, 'autoscaling.SetInstanceHealth')).toMatchObject([{ InstanceId: instance }])
    await world.clock.pass(2 * minutes)
    expect(serves(world, id)).toBe(true)
    expect(await found(world)).toBe(entries)
  })
})

describe("what is not a member's sickness", () => {
  test('an agent that is silent while the server serves: nothing is done, and a person is told', async () => {
    const world = await formed()
    const id = follower(world)
    world.cloud.ssm.stopAgent(world.instanceOf(id)!)
    await world.clock.pass(15 * minutes)
    expect(taken(world)).toEqual([])
    expect(findings(world).at(-1)).toMatchObject({
      level: 'alarm',
      member: id,
      because: expect.stringContaining('look after its SSM agent'),
    })
  })

  test('an ensemble without quorum: nobody is replaced, it says why, and it heals as soon as it may', async () => {
    const world = await formed()
    const [second, third] = [world.instanceOf(2)!, world.instanceOf(3)!]
    for (const instance of [second, third]) {
      world.hosts.cutNetwork(instance, true)
      world.cloud.ssm.stopAgent(instance)
    }
    await world.clock.pass(20 * minutes)
    expect(taken(world)).toEqual([])
    const because = findings(world).map((line) => line.because)
    expect(because).toContain('its server runs, and the ensemble has no quorum')
    expect(because).toContain(`${second} does not answer, and no server of a quorum can tell how it is`)
    world.hosts.cutNetwork(second, false)
    await world.clock.run(() => serves(world, 1) && serves(world, 2), 5 * minutes)
    await world.clock.run(() => world.instanceOf(3) !== undefined && world.instanceOf(3) !== third, 40 * minutes)
    expect(succeeded(world, 'autoscaling.SetInstanceHealth')).toMatchObject([{ InstanceId: third }])
    await world.clock.pass(2 * minutes)
    expect([1, 2, 3].map((id) => serves(world, id))).toEqual([true, true, true])
    expect(await found(world)).toBe(entries)
  })

  test('another group without our tags: no call names its instance', async () => {
    const world = await formed()
    const { subnetId } = world.cloud.ec2.networkInterfaces.get(world.members[0]!.networkInterfaceId)!
    const SubnetId = subnetId
    world.cloud.call('ec2.RunInstances', { ImageId: 'ami-00000000000000001', MinCount: 1, MaxCount: 1, SubnetId })
    const id = world.cloud.ec2.instances.all().at(-1)!.instanceId
    expect(id).toMatch(/^i-/)
    world.hosts.killService(world.instanceOf(2)!)
    await world.clock.pass(5 * minutes)
    expect(JSON.stringify(world.calls)).not.toContain(id)
  })
})

test('two that hang at once are restarted one after the other, and both serve again', async () => {
  const world = await formed()
  for (const id of [2, 3]) world.hosts.hangService(world.instanceOf(id)!, true)
  await world.clock.pass(12 * minutes)
  expect(taken(world)).toEqual(['restart', 'restart'])
  expect([1, 2, 3].map((id) => serves(world, id))).toEqual([true, true, true])
  expect(await found(world)).toBe(entries)
})

test('once all has been well for a while the notes are gone', async () => {
  const world = await formed()
  const id = follower(world)
  const card = world.members.find((one) => one.id === id)!.networkInterfaceId
  const note = () => world.cloud.ec2.networkInterfaces.get(card)?.tags['stayput:healing']
  world.hosts.killService(world.instanceOf(id)!)
  await world.clock.pass(3 * minutes)
  expect(note()).toMatch(/^apply@/)
  await world.clock.pass(limits.healedAfter)
  expect(note()).toBeUndefined()
})
