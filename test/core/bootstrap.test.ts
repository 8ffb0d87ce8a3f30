import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../lab/cloud/random.ts'
import { cloudSend, inProcess } from '../../lab/stack/in-process.ts'
import { createWorld, minutes, type TestWorld } from './world.ts'
import { stoppingAt } from './stopping.ts'

const seeds = 50
/** More calls than one launch makes, so that some invocations are not stopped at all. */
const callsMax = 120

/** Three first launches at once; the function of one of them, by seed, is stopped around one of its calls. */
function firstLaunches(seed: number): TestWorld {
  const random = seededRandom(seed)
  const victim = random.below(3)
  const at = 1 + random.below(callsMax)
  const moment = random.chance(0.5) ? 'before' : 'after'
  let launches = 0
  return createWorld({
    size: 3,
    seed,
    settings: { staleReads: 0.2, eventDuplicate: 0.1, eventLoss: 0.05 },
    intercept(name, event, { cloud, environment }) {
      if (name !== 'launch' || launches++ !== victim) return undefined
      return inProcess(cloud, environment, stoppingAt(cloudSend(cloud), at, moment).send).invoke(name, event)
    },
  })
}

/** Which disks were begun from nothing and have followed no leader yet, and whether any disk has data. */
function disks({ members, hosts }: TestWorld) {
  const journals = members.flatMap((member) =>
    member.volumeIds.map((id) => {
      const content = hosts.volumeContent(id)
      return content.kind === 'formatted' ? content.data : undefined
    }),
  )
  return {
    begun: journals.map((journal) => journal?.epoch === 0),
    written: journals.some((journal) => (journal?.entries.length ?? 0) > 0),
  }
}

describe('the first bootstrap', () => {
  test(`forms the ensemble in each of ${seeds} schedules, and leaves no permit behind`, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const world = firstLaunches(seed)
      await world.settled([1, 2, 3], 90 * minutes)
      const tags = world.members.flatMap((member) =>
        member.volumeIds.map((id) => world.cloud.ec2.volumes.get(id)?.tags),
      )
      for (const tag of tags) {
        expect(tag).not.toHaveProperty('stayput:bootstrap')
        expect(tag).not.toHaveProperty('stayput:format')
      }
      expect(world.hosts.harms).toEqual([])
    }
  })

  test('never begins a disk from nothing once data exists, whichever member writes first', async () => {
    const late: string[] = []
    for (let seed = 1; seed <= seeds; seed++) {
      const world = firstLaunches(seed)
      const settled = world.settled([1, 2, 3], 90 * minutes)
      const client = world.hosts.client('zookeeper')
      let { begun } = disks(world)
      const watch = (): void => {
        void client.write('/first', 'yes').catch(() => {})
        const now = disks(world)
        const fresh = now.begun.filter((begins, index) => begins && !begun[index])
        if (now.written && fresh.length > 0) late.push(`seed ${seed}`)
        begun = now.begun
        world.clock.after(50, watch)
      }
      world.clock.after(50, watch)
      await settled
      expect(disks(world).written).toBe(true)
    }
    expect(late).toEqual([])
  })
})
