import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createLinuxHosts, sweepLeftovers } from '../../lab/hosts/linux/linux.ts'
import { projectFile } from '../../lab/stack/project.ts'
import { card, disk, document, labName, type Name, reason, sh, skipped, traces } from './linux-hosts.scene.ts'

/** A lab of another test, which opens at this moment, may be the one that sweeps; then it is not done yet. */
const sweepLimit = { timeout: 20_000, interval: 50 }

/** A lab as it is used: machines, an interface, a mounted disk, a running process, a client. */
const life = `
import { createLinuxHosts } from './lab/hosts/linux/linux.ts'
const { name, cards, disk, script } = JSON.parse(process.argv[2])
const hosts = await createLinuxHosts(name)
await Promise.all(cards.slice(0, 2).map((primary, index) => hosts.boot({ instanceId: 'i-' + index, zone: 'a', primary })))
await Promise.all([hosts.plugInterface('i-0', cards[2]), hosts.plugVolume('i-0', disk)])
await hosts.run('i-0', script)
await hosts.client([cards[2].address])
process.stdout.write('alive\\n')
setInterval(() => {}, 1000)
`

const busy = 'mkfs.ext4 -q /dev/nvme1n1; mkdir -p /data; mount /dev/nvme1n1 /data; setsid sleep 5555 >/data/out 2>&1 &'

describe.skipIf(reason !== undefined)(`what a lab of real Linux machines leaves behind${skipped}`, () => {
  const driver = projectFile(`dist/linux-hosts-driver-${process.pid}.mjs`)

  const startDriver = (name: Name) => {
    const scene = { name, cards: [card(1, 11), card(2, 11), card(1, 50, 1)], disk: disk(0xe1), script: document(busy) }
    return spawn(process.execPath, [driver, JSON.stringify(scene)], { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  beforeAll(async () => {
    await build({
      stdin: { contents: life, resolveDir: projectFile('.'), loader: 'ts' },
      outfile: driver,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      logLevel: 'error',
    })
  })
  afterAll(async () => {
    await rm(driver, { force: true })
    await sweepLeftovers()
  })

  test('nothing after it was closed', async () => {
    const name = labName()
    const hosts = await createLinuxHosts(name)
    await hosts.boot({ instanceId: 'i-0', zone: 'a', primary: card(1, 11) })
    await Promise.all([hosts.plugInterface('i-0', card(1, 50, 1)), hosts.plugVolume('i-0', disk(0xe2))])
    await sh(hosts, 'i-0', busy)
    await hosts.client(['10.60.1.50'])
    expect(traces(name).length).toBeGreaterThan(5)
    await hosts.close()
    expect(traces(name)).toEqual([])
  })

  test('nothing runs any more when its process is killed, and the next lab removes the rest', async () => {
    const name = labName()
    const child = startDriver(name)
    await once(createInterface({ input: child.stdout }), 'line')
    expect(traces(name).length).toBeGreaterThan(5)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const next = await createLinuxHosts(labName())
    await vi.waitFor(() => expect(traces(name)).toEqual([]), sweepLimit)
    await next.close()
  })

  test.each([20, 60, 120, 200, 300])('nothing when it is killed after %d ms, whatever it was doing', async (ms) => {
    const name = labName()
    const child = startDriver(name)
    while (!existsSync(join('/run/stayput-lab', `${name.id}.json`))) await pause(2)
    await pause(ms)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await vi.waitFor(async () => {
      await sweepLeftovers()
      expect(traces(name)).toEqual([])
    }, sweepLimit)
  })

  test('a lab that lives is not swept, and its name is not given twice', async () => {
    const name = labName()
    const hosts = await createLinuxHosts(name)
    expect(await sweepLeftovers()).not.toContain(name.id)
    await expect(createLinuxHosts({ ...name, directory: `${name.directory}-2` })).rejects.toThrow('is running')
    await hosts.boot({ instanceId: 'i-0', zone: 'a', primary: card(1, 11) })
    expect(await sh(hosts, 'i-0', 'echo alive')).toBe('alive\n')
    await hosts.close()
    await rm(`${name.directory}-2`, { recursive: true, force: true })
  })

  test('a folder with something in it is refused, and left as it is', async () => {
    const name = labName()
    await mkdir(name.directory)
    await writeFile(join(name.directory, 'precious'), '')
    await expect(createLinuxHosts(name)).rejects.toThrow('is not empty')
    expect(readdirSync(name.directory)).toEqual(['precious'])
    await rm(name.directory, { recursive: true })
  })
})

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
