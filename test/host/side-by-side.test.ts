import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, bootMember, takeOver, volumeOf, volumesDirectory } from './ensemble.ts'
import { type Instance, missing, type Network, openNetwork } from './instance.ts'

const reason = await missing()

describe.skipIf(reason)(
  `a take-over prepares routes and volumes side by side${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let network: Network
    let host: Instance

    beforeAll(async () => {
      network = await openNetwork('stayput-beside')
      host = await bootMember(network, 1)
    })
    afterAll(() => network.close())

    /** A first take-over with these functions in the place of its own. */
    const takeOverWith = (functions: string): Promise<Answer> =>
      takeOver(network, host, 1, {
        parameters: { Bootstrap: 'permitted' },
        change: ['take_over() {', `${functions}\ntake_over() {`],
      })
    const written = () => readdirSync(join(volumesDirectory(network), volumeOf(1)))

    test('without routes no server is configured, and none may begin: a peer that serves would seem absent', async () => {
      const { exitCode, facts } = await takeOverWith("routes_apply() { fail 20 interface-missing 'no such card'; }")
      expect(exitCode).toBe(20)
      expect(facts).toEqual({ attempt: 'attempt-1', failed: 'interface-missing', because: 'no such card' })
      expect(written()).toEqual([])
    })

    test('routes that end without a word are told as what they are', async () => {
      const { exitCode, facts } = await takeOverWith('routes_apply() { false; }')
      expect(exitCode).toBe(1)
      expect(facts).toMatchObject({ attempt: 'attempt-1', failed: 'unexpected' })
      expect(written()).toEqual([])
    })

    test('volumes that fail first are told once, after the routes have ended and the lock is free', async () => {
      const { exitCode, facts } = await takeOverWith(`
        volumes_mount() { : >/run/failed; fail 30 volume-missing 'no such disk'; }
        routes_apply() { until [[ -e /run/failed ]]; do :; done; : >/run/ended; fail 21 routes-failed 'not told'; }`)
      expect(exitCode).toBe(30)
      expect(facts).toEqual({ attempt: 'attempt-1', failed: 'volume-missing', because: 'no such disk' })
      expect(await host.run('[[ -e /run/ended ]] && flock --nonblock /run/stayput.lock true')).toMatchObject({
        exitCode: 0,
      })
    })
  },
)
