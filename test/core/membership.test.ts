import { describe, expect, test } from 'vitest'
import { scale } from '../../lab/stack/ensemble.ts'
import { parseTemplate, type Template } from '../../lab/stack/template/template.ts'
import { readDocuments } from '../../lab/stack/documents.ts'
import { names } from '../../lab/stack/environment.ts'
import { limits } from '../../shared/model/limits.ts'
import { createWorld, minutes, template, type TestWorld } from './world.ts'

const all = [1, 2, 3, 4, 5]

/** The template with two members more, as it would be with `members: 5`. */
function ofFive(): Template {
  const copies = [1, 2].flatMap((id) => {
    const own = Object.entries(template.resources).filter(([name]) => name.startsWith(`Member${id}`))
    return own.map(([name, { type, properties, dependsOn }]) => {
      const Resource = { Type: type, Properties: properties, DependsOn: dependsOn }
      const text = JSON.stringify({ [name]: Resource })
        .replaceAll(`Member${id}`, `Member${id + 3}`)
        .replaceAll(`zookeeper-${id}"`, `zookeeper-${id + 3}"`)
        .replaceAll(`"Value":"${id}"`, `"Value":"${id + 3}"`)
        .replaceAll(`10.0.${id}.10`, `10.0.${id}.11`)
      return JSON.parse(text) as Record<string, unknown>
    })
  })
  const more = parseTemplate({ Resources: Object.assign({}, ...copies) as Record<string, unknown> })
  return { resources: { ...template.resources, ...more.resources } }
}

interface Writes {
  readonly acknowledged: string[]
  /** Milliseconds between two acknowledgements, at the most. */
  longest(): number
  stop(): Promise<void>
}

/** A client that writes one after the other, every second, and notes what was acknowledged. */
function startWriting(world: TestWorld): Writes {
  const acknowledged: string[] = []
  const client = world.hosts.client('zookeeper')
  const writer = { isStopped: false }
  let last = world.clock.now()
  let longest = 0
  const note = () => {
    longest = Math.max(longest, world.clock.now() - last)
    last = world.clock.now()
  }
  const pause = () => new Promise<void>((resolve) => world.clock.after(1000, resolve))
  const writing = (async () => {
    for (let count = 0; !writer.isStopped; count++) {
      const key = `/entry-${count}`
      await client.write(key, 'value').then(
        () => (note(), acknowledged.push(key)),
        () => undefined,
      )
      await pause()
    }
  })()
  return {
    acknowledged,
    longest: () => longest,
    async stop() {
      writer.isStopped = true
      await world.clock.pass(5000)
      await writing
    },
  }
}

const serving = (world: TestWorld): number[] =>
  world.hosts
    .servers('zookeeper')
    .filter(({ role }) => role === 'leader' || role === 'follower')
    .map(({ member }) => member)
    .toSorted((a, b) => a - b)

/** Who votes by the list on each of these members' volumes. */
const lists = (world: TestWorld, ids: readonly number[]): (readonly number[] | undefined)[] =>
  ids.map((id) => {
    const content = world.hosts.volumeContent(world.members.find((one) => one.id === id)!.volumeIds[0]!)
    return content.kind === 'formatted' ? content.data?.list?.voters : undefined
  })

const everybody = (world: TestWorld, ids: readonly number[], voters: readonly number[]): boolean =>
  JSON.stringify(lists(world, ids)) === JSON.stringify(ids.map(() => voters))

const leader = (world: TestWorld): number =>
  world.hosts.servers('zookeeper').find(({ role }) => role === 'leader')!.member

/** What the lists were told to become, in order. */
const changes = (world: TestWorld): string[] =>
  world.calls.flatMap(({ operation, input, failed }) => {
    const { DocumentName, Parameters } = input as { DocumentName?: string; Parameters?: Record<string, string[]> }
    const isChange = operation === 'ssm.SendCommand' && !failed && DocumentName?.endsWith('reconfigure')
    return isChange ? [Parameters!['Change']![0]!] : []
  })

/** Three of five in service, and two whose votes nobody missed. */
async function ofThree(seed = 1): Promise<TestWorld> {
  const world = createWorld({ size: 5, seed, from: ofFive() })
  await world.settled([1, 2, 3])
  await world.clock.run(() => everybody(world, [1, 2, 3], [1, 2, 3]), 10 * minutes)
  expect(changes(world)).toEqual(['remove:4', 'remove:5'])
  world.calls.splice(0)
  return world
}

describe('an ensemble grows and shrinks while a client writes', () => {
  test('3 -> 5 -> 3: one vote at a time, a quorum all the way, every acknowledged write there', async () => {
    const world = await ofThree()
    const writes = startWriting(world)
    await world.settled(all)
    expect(await world.clock.run(() => everybody(world, all, all), 10 * minutes)).toBe(true)
    expect(changes(world).toSorted()).toEqual(['add:4=10.0.1.11', 'add:5=10.0.2.11'])

    // The leader is one of those that are to go.
    const going = [leader(world), [5, 4, 3].find((id) => id !== leader(world))!]
    const staying = all.filter((id) => !going.includes(id))
    await world.settled(staying)
    expect(everybody(world, staying, staying)).toBe(true)
    expect(changes(world).slice(2).toSorted()).toEqual(going.map((id) => `remove:${id}`).toSorted())
    expect(serving(world)).toEqual(staying)
    await writes.stop()
    // An election among the others takes its time, and nothing else does.
    expect(writes.longest()).toBeLessThan(10_000)
    const keys = world.hosts.client('zookeeper').keys()
    await world.clock.pass(minutes)
    expect(new Set(await keys)).toEqual(new Set([...(await keys), ...writes.acknowledged]))
    expect(writes.acknowledged.length).toBeGreaterThan(100)
    expect(world.hosts.harms).toEqual([])
  })

  test('one that was let go comes back with its data and its old list, and gets its vote again', async () => {
    const world = createWorld({ size: 3 })
    await world.settled([1, 2, 3])
    await world.settled([1, 2])
    expect(everybody(world, [1, 2], [1, 2])).toBe(true)
    await world.settled([1, 2, 3])
    expect(await world.clock.run(() => everybody(world, [1, 2, 3], [1, 2, 3]), 10 * minutes)).toBe(true)
    expect(changes(world)).toEqual(['remove:3', 'add:3=10.0.3.10'])
  })

  test('an instance that is replaced keeps its vote', async () => {
    const world = await ofThree()
    const old = world.instanceOf(2)!
    const InstanceId = old
    world.cloud.call('autoscaling.TerminateInstanceInAutoScalingGroup', {
      InstanceId,
      ShouldDecrementDesiredCapacity: false,
    })
    await world.clock.run(() => world.instanceOf(2) !== undefined && world.instanceOf(2) !== old, 20 * minutes)
    await world.clock.pass(5 * minutes)
    expect(changes(world)).toEqual([])
    expect(lists(world, [1, 2, 3])).toEqual([1, 2, 3].map(() => [1, 2, 3]))
  })

  test('a vote is not taken while the others would be no quorum, and a person is told', async () => {
    const world = await ofThree()
    const stays = [1, 2, 3].find((id) => id !== leader(world))!
    world.hosts.hangService(world.instanceOf(stays)!, true)
    const goes = world.members.find((one) => one.id !== stays && one.id !== leader(world) && one.id <= 3)!
    world.cloud.ssm.stopAgent(world.instanceOf(stays)!)
    scale(world.cloud, goes, 0)
    await world.clock.pass(limits.guardAlarmAfter + 2 * minutes)
    expect(changes(world)).toEqual([])
    expect(serving(world)).toContain(goes.id)
    expect(world.app.lines.filter((line) => line.level === 'alarm').map((line) => line.because)).toContainEqual(
      expect.stringContaining(`without member ${goes.id} 1 would be in sync, and a quorum is 2`),
    )
  })

  test('all that are to go at once are let go: the ensemble is being taken down', async () => {
    const world = await ofThree()
    await world.settled([])
    expect(serving(world)).toEqual([])
    expect(changes(world)).toEqual([])
    await world.settled([1, 2, 3])
    expect(lists(world, [1, 2, 3])).toEqual([1, 2, 3].map(() => [1, 2, 3]))
  })

  test('three become one, and three again', async () => {
    const world = createWorld({ size: 3 })
    await world.settled([1, 2, 3])
    await world.settled([1])
    expect(everybody(world, [1], [1])).toBe(true)
    await world.settled([1, 2, 3])
    expect(await world.clock.run(() => everybody(world, [1, 2, 3], [1, 2, 3]), 10 * minutes)).toBe(true)
    expect(world.hosts.harms).toEqual([])
  })

  test('a server that takes no change keeps its instance waiting, with an alarm after ten minutes', async () => {
    const world = await ofThree()
    const content = readDocuments().get(names.reconfigure)!
    // What a host answers that can't do as it is told.
    world.cloud.ssm.putDocument(world.environment['STAYPUT_RECONFIGURE_DOCUMENT']!, {
      ...content,
      mainSteps: content.mainSteps.map((step) => ({ ...step, name: 'reach' })),
    })
    const goes = [1, 2, 3].find((id) => id !== leader(world))!
    scale(world.cloud, world.members[goes - 1]!, 0)
    await world.clock.pass(limits.guardAlarmAfter + 3 * minutes)
    expect(lists(world, [goes])).toEqual([[1, 2, 3]])
    expect(serving(world)).toEqual([1, 2, 3])
    expect(world.app.lines.filter((line) => line.level === 'alarm').map((line) => line.because)).toContainEqual(
      expect.stringContaining(`member ${goes} is to lose its vote first: `),
    )
  })
})
