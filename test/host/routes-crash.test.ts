import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { whyNoFabric } from './fabric.ts'
import { address, card, createScene, farPeer, type Scene, type Verb } from './routes-scene.ts'

const reason = whyNoFabric()

describe.skipIf(reason)(`routes and crashes${reason === undefined ? '' : ` (${reason})`}`, () => {
  let scene: Scene

  beforeAll(async () => {
    scene = await createScene()
  })
  afterAll(() => scene.fabric.remove())
  beforeEach(async () => {
    await scene.renew()
    scene.fabric.attach(scene.host, card)
  })

  /** Runs a verb that is killed there; answers whether it came so far. */
  const dies = async (verb: Verb, where: string) => {
    rmSync(join(scene.host.directory, 'run/changes'), { force: true })
    const { code, facts } = await scene.runAndCrash(verb, { Crash: where })
    if (code === 0) expect(facts).toEqual({ routes: verb })
    return code !== 0
  }

  test.each(['before', 'after'])(
    'a run that dies %s any of its changes is completed, and can be taken back',
    async (side) => {
      const { host, far, run } = scene
      const bare = host.state()
      await run('apply')
      const whole = host.state()
      await run('remove')
      let changes = 0
      while (await dies('apply', `${side} ${changes + 1}`)) {
        changes += 1
        expect((await run('apply')).code).toBe(0)
        expect(host.state()).toBe(whole)
        await run('remove')
        expect(host.state()).toBe(bare)
        expect(await dies('apply', `${side} ${changes}`)).toBe(true)
        expect((await run('remove')).code).toBe(0)
        expect(host.state()).toBe(bare)
      }
      // The link, its address, two routes, three rules.
      expect(changes).toBe(7)
      expect(far.ask(address)).toBe(farPeer)
    },
  )

  test.each(['before', 'after'])('a removal that dies %s any of its changes is completed', async (side) => {
    const { host, run } = scene
    const bare = host.state()
    await run('apply')
    let changes = 0
    while (await dies('remove', `${side} ${changes + 1}`)) {
      changes += 1
      expect((await run('remove')).code).toBe(0)
      expect(host.state()).toBe(bare)
      await run('apply')
    }
    expect(changes).toBe(6)
    expect(host.state()).toBe(bare)
  })
})
