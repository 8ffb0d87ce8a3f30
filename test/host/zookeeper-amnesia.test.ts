import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { amnesia, withoutGuard } from './amnesia.ts'
import { missing, type Network, openNetwork } from './instance.ts'

const reason = await missing()

describe.skipIf(reason)(`a voter without its data${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let network: Network

  beforeAll(async () => {
    network = await openNetwork('stayput-amnesia')
  })

  afterAll(() => network.close())

  test.each([1, 2])('no acknowledged write is lost when a voter returns with an empty disk (run %i)', async () => {
    expect(await amnesia(network)).toEqual({ servedWithout: false, lostOn: [] })
  })

  test("with ZooKeeper's defaults the same write is lost", async () => {
    const { servedWithout, lostOn } = await amnesia(network, withoutGuard)
    expect(servedWithout).toBe(true)
    expect(lostOn).toContain(2)
  })
})
