import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { addressOf, bootMember, bootstrap, memberIds, serve, takeOver, volumeOf, volumesDirectory } from './ensemble.ts'
import { ask, missing, type Network, openNetwork } from './instance.ts'

const reason = await missing()

describe.skipIf(reason)(`the data of a member${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let network: Network

  beforeEach(async () => {
    network = await openNetwork('stayput-data')
  })

  afterAll(() => network.close())

  const volume = (member: number, ...path: string[]) => join(volumesDirectory(network), volumeOf(member), ...path)
  const alone = { Peers: `1=${addressOf(1)}` }

  test('data that cannot be loaded are set aside and learnt anew, if all others are in sync', async () => {
    const hosts = await bootstrap(network)
    expect(await ask(hosts[2], 'create', '/kept', 'yes')).toEqual({ done: true })
    await hosts[1].kill()
    // A snapshot of no bytes beside entries in the log is what a power cut leaves.
    for (const file of readdirSync(volume(1, 'version-2'))) {
      if (file.startsWith('snapshot.')) writeFileSync(volume(1, 'version-2', file), '')
    }
    hosts[1] = await bootMember(network, 1)
    const { stderr } = await serve(network, hosts[1], 1)
    expect(stderr).toContain('set aside as version-2.corrupt.')
    expect(await ask(hosts[1], 'get', '/kept')).toEqual({ value: 'yes' })
    expect(readdirSync(volume(1)).filter((name) => name.startsWith('version-2.corrupt.'))).toHaveLength(1)

    await Promise.all([hosts[1].kill(), hosts[3].kill()])
    for (const file of readdirSync(volume(1, 'version-2'))) {
      if (file.startsWith('snapshot.')) writeFileSync(volume(1, 'version-2', file), '')
    }
    hosts[1] = await bootMember(network, 1)
    const refused = await takeOver(network, hosts[1], 1)
    expect(refused.exitCode).toBe(40)
    expect(refused.facts['because']).toContain('the other members are not all in sync')
    expect(readdirSync(volume(1)).filter((name) => name.startsWith('version-2.corrupt.'))).toHaveLength(1)
  })

  test('with two volumes the log goes to the one named after logs, and the first vote is found there', async () => {
    const Volumes = (id: number) => `${volumeOf(id)}=/var/lib/zookeeper,vol-1111111${id}=/var/lib/zookeeper-log`
    const hosts = await Promise.all(memberIds.map((id) => bootMember(network, id)))
    await Promise.all(
      hosts.map((host, index) => {
        mkdirSync(join(volumesDirectory(network), `vol-1111111${index + 1}`), { recursive: true })
        const parameters = { Volumes: Volumes(index + 1), Bootstrap: 'permitted' }
        return serve(network, host, index + 1, { parameters })
      }),
    )
    expect(await ask(hosts[0]!, 'create', '/somewhere')).toEqual({ done: true })
    const files = (await hosts[0]!.run('cd /var/lib; ls -d zookeeper*/version-2/{snapshot,log}.*')).stdout
    expect(files).toMatch(/^(zookeeper-log\/version-2\/log\.\w+\n)+(zookeeper\/version-2\/snapshot\.\w+\n)+$/)
  })

  test('the only member begins only where that is permitted', async () => {
    const host = await bootMember(network, 1)
    const refused = await takeOver(network, host, 1, { parameters: alone })
    expect(refused.facts).toMatchObject({ failed: 'service-failed', because: expect.stringContaining('no data') })
    const { facts } = await serve(network, host, 1, { parameters: { ...alone, Bootstrap: 'permitted' } })
    expect(facts['service']).toMatchObject({ role: 'leader' })
  })

  test("another member's volume is refused, and an id that a power cut emptied is written again", async () => {
    const host = await bootMember(network, 1)
    writeFileSync(volume(1, 'myid'), '2\n')
    const refused = await takeOver(network, host, 1, { parameters: { ...alone, Bootstrap: 'permitted' } })
    expect(refused.facts['because']).toBe('/var/lib/zookeeper/myid says "2", and this is member 1')
    writeFileSync(volume(1, 'myid'), '')
    await serve(network, host, 1, { parameters: { ...alone, Bootstrap: 'permitted' } })
    expect((await host.run('cat /var/lib/zookeeper/myid')).stdout).toBe('1\n')
  })

  test.each([
    ['data that were set aside', 'version-2.corrupt.1700000000/log.1'],
    ['an epoch that was accepted', 'version-2/acceptedEpoch'],
  ])('%s deny the first vote, and take away the mark for it', async (_, file) => {
    const host = await bootMember(network, 1)
    mkdirSync(volume(1, file, '..'), { recursive: true })
    writeFileSync(volume(1, file), '5')
    writeFileSync(volume(1, 'initialize'), '')
    const refused = await takeOver(network, host, 1, { parameters: { ...alone, Bootstrap: 'permitted' } })
    expect(refused.exitCode).toBe(40)
    expect(readdirSync(volume(1))).not.toContain('initialize')
  })

  test('a volume that is not mounted is never served from', async () => {
    const host = await bootMember(network, 1)
    const parameters = { ...alone, Bootstrap: 'permitted' }
    const refused = await takeOver(network, host, 1, { parameters, change: ['mount --bind', ': mount --bind'] })
    expect(refused.facts['because']).toContain('/var/lib/zookeeper is not mounted')
    await serve(network, host, 1, { parameters })
    await host.run(
      'kill $(cat /proc/[0-9]*/task/[0-9]*/children | tr " " "\\n" | sort -u | while read -r p; do grep -qs java /proc/$p/comm && echo $p; done); sleep 1; umount /var/lib/zookeeper',
    )
    await host.run('bash /usr/local/lib/stayput/zookeeper-run')
    expect((await host.run('tail -n 1 /var/log/stayput/zookeeper.log')).stdout).toContain('is not mounted')
    rmSync(volumesDirectory(network), { recursive: true, force: true })
  })
})
