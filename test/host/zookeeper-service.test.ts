import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  addressOf,
  bootMember,
  bootstrap,
  dataMount,
  type MemberId,
  memberIds,
  parametersOf,
  runDocument,
  serve,
  takeOver,
  volumesDirectory,
} from './ensemble.ts'
import { ask, type Instance, missing, type Network, openNetwork } from './instance.ts'
import { takeOverOnStaleVote } from './stale-vote.ts'

const reason = await missing()

const serverId =
  "grep -lzxs -e 'org[.]apache[.]zookeeper[.]server[.]quorum[.]QuorumPeerMain' /proc/[0-9]*/cmdline || true"

describe.skipIf(reason)(
  `ZooKeeper as the service of a member${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let network: Network
    let hosts: Record<MemberId, Instance>

    beforeAll(async () => {
      network = await openNetwork('stayput-service')
      hosts = await bootstrap(network)
    }, 60_000)

    afterAll(() => network.close())

    test('three new members at once form an ensemble with one leader', async () => {
      const roles = await Promise.all(
        memberIds.map(async (id) => (await serve(network, hosts[id], id)).facts['service']),
      )
      expect(roles.map((service) => (service as { role: string }).role).toSorted()).toEqual([
        'follower',
        'follower',
        'leader',
      ])
      expect(await ask(hosts[1], 'create', '/first', 'kept')).toEqual({ done: true })
      expect(await ask(hosts[3], 'get', '/first')).toEqual({ value: 'kept' })
    })

    test('the facts say what was proved, and nothing else is on standard output', async () => {
      const { facts } = await serve(network, hosts[1], 1, { parameters: { Attempt: 'attempt-2' } })
      expect(facts).toEqual({
        attempt: 'attempt-2',
        member: 1,
        address: addressOf(1),
        routes: 'verified',
        volumes: [{ volume: 'vol-00000001', mount: dataMount, formatted: false }],
        service: { role: expect.stringMatching(/^(leader|follower)$/), version: 'zookeeper 3.8.0' },
      })
    })

    test('a second take-over restarts nothing', async () => {
      const before = (await hosts[2].run(serverId)).stdout
      await serve(network, hosts[2], 2)
      expect(before).toMatch(/^\/proc\/\d+\/cmdline\n$/)
      expect((await hosts[2].run(serverId)).stdout).toBe(before)
    })

    test('the server holds neither the lock nor the parameters of the command that started it', async () => {
      const look = `pid=$(${serverId}); pid=\${pid%/cmdline}; ls -l $pid/fd; tr '\\0' '\\n' <$pid/environ; grep ^Uid $pid/status`
      const { stdout } = await hosts[1].run(look)
      expect(stdout).not.toContain('stayput.lock')
      expect(stdout).not.toContain('SSM_')
      expect(stdout).not.toMatch(/^Uid:\s+0/m)
    })

    test('the mark of the first vote is gone once there are data', async () => {
      for (const id of memberIds)
        expect((await hosts[id].run(`ls ${dataMount}`)).stdout).toBe('configuration\nmyid\nversion-2\n')
    })

    test('another configuration restarts the server', async () => {
      const before = (await hosts[1].run(serverId)).stdout
      await hosts[1].run('echo maxClientCnxns=50 >>/etc/zookeeper/conf/zoo.cfg')
      await serve(network, hosts[1], 1)
      const between = (await hosts[1].run(serverId)).stdout
      await serve(network, hosts[1], 1)
      expect(between).not.toBe(before)
      expect((await hosts[1].run(serverId)).stdout).toBe(between)
    })

    test('a host that is one member refuses to become another', async () => {
      const parameters = { Member: '1', Address: addressOf(1) }
      const refused = await takeOver(network, hosts[2], 2, { parameters })
      expect(refused.exitCode).toBe(40)
      expect(refused.facts['because']).toBe('this host is member 2 of orders, not member 1 of orders')
      expect((await runDocument(network, hosts[2], 'hand-over', parametersOf(1))).exitCode).toBe(40)
      expect((await serve(network, hosts[2], 2)).facts['member']).toBe(2)
    })

    test('two commands never work on a host at once', async () => {
      const holder = hosts[2].run('exec 9>/run/stayput.lock; flock 9; touch /run/held; sleep 2')
      await hosts[2].run('until [[ -e /run/held ]]; do sleep 0.05; done')
      expect((await takeOver(network, hosts[2], 2)).facts).toMatchObject({ failed: 'busy' })
      await holder
    })

    test('a replacement with the old volume has the data, under the same id', async () => {
      await hosts[3].kill()
      hosts[3] = await bootMember(network, 3)
      await serve(network, hosts[3], 3)
      expect(await ask(hosts[3], 'get', '/first')).toEqual({ value: 'kept' })
      expect((await hosts[3].run(`cat ${dataMount}/myid`)).stdout).toBe('3\n')
    })

    test('a replacement with an empty volume learns everything and has no vote of its own', async () => {
      await hosts[2].kill()
      rmSync(join(volumesDirectory(network), 'vol-00000002'), { recursive: true })
      hosts[2] = await bootMember(network, 2)
      // Even a permit does not help it: its peers serve, so this is not the beginning.
      const { facts, stderr } = await serve(network, hosts[2], 2, { parameters: { Bootstrap: 'permitted' } })
      expect(facts['service']).toMatchObject({ role: 'follower' })
      expect(await ask(hosts[2], 'get', '/first')).toEqual({ value: 'kept' })
      expect(stderr).not.toContain('may vote without')
    })

    test('a server that leads alone on a stale vote is restarted, and follows', async () => {
      await hosts[2].kill()
      hosts[2] = await bootMember(network, 2)
      const { exitCode, stderr, facts } = await takeOverOnStaleVote(network, hosts[2], 2)
      expect(stderr).toContain('leads alone on a stale vote')
      expect(exitCode).toBe(0)
      expect(facts['service']).toMatchObject({ role: 'follower' })
    })

    test('a hand-over stops the server, gives the volume back and is final', async () => {
      const handedOver = await runDocument(network, hosts[1], 'hand-over', parametersOf(1, { Attempt: 'end-1' }))
      expect(handedOver.facts).toEqual({
        attempt: 'end-1',
        service: 'stopped',
        unmounted: ['vol-00000001'],
        routes: 'removed',
        tombstone: true,
      })
      expect((await hosts[1].run(serverId)).stdout).toBe('')
      expect((await hosts[1].run(`grep -c ' ${dataMount} ' /proc/self/mountinfo`)).stdout).toBe('0\n')
      const refused = await takeOver(network, hosts[1], 1)
      expect(refused.exitCode).toBe(11)
      expect(refused.facts['because']).toContain('end-1')
      const again = await runDocument(network, hosts[1], 'hand-over', parametersOf(1, { Attempt: 'end-2' }))
      expect(again.exitCode).toBe(0)
      expect((await hosts[1].run('cat /var/lib/stayput/handed-over')).stdout).toMatch(/^end-1 /)
    })

    test('not even the launcher starts a server beside a tombstone', async () => {
      const { exitCode } = await hosts[1].run('bash /usr/local/lib/stayput/zookeeper-run')
      expect(exitCode).not.toBe(0)
      expect((await hosts[1].run('tail -n 1 /var/log/stayput/zookeeper.log')).stdout).toBe(
        'this host has handed over\n',
      )
    })

    test('a peer is reached at its election port only while its server runs', async () => {
      const reach = (member: number) =>
        runDocument(network, hosts[3], 'reach', {
          Address: addressOf(member),
          Own: addressOf(3),
          Port: '3888',
          NotAfter: parametersOf(1)['NotAfter']!,
        })
      const [up, down] = await Promise.all([reach(2), reach(1)])
      expect(up.facts).toEqual({ attempt: null, reached: true })
      expect(down).toMatchObject({ exitCode: 60, facts: { failed: 'unreachable' } })
    })
  },
)

describe.skipIf(reason)(
  `a hand-over before any take-over${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let network: Network | undefined
    afterEach(() => network?.close())

    test('leaves the tombstone all the same', async () => {
      network = await openNetwork('stayput-early')
      const host = await bootMember(network, 1)
      expect((await runDocument(network, host, 'hand-over', parametersOf(1))).facts).toMatchObject({ tombstone: true })
      expect((await takeOver(network, host, 1)).exitCode).toBe(11)
    })
  },
)
