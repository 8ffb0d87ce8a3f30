import { describe, expect, it } from 'vitest'
import {
  address,
  card,
  common,
  createLab,
  document,
  failure,
  type Lab,
  last,
  listed,
  peers,
  plugged,
  volume,
} from './modelled-hosts.scene.ts'

describe('a take-over', () => {
  const refusals: readonly (readonly [
    string,
    (lab: Lab) => Promise<void> | void,
    Record<string, string>,
    number,
    string,
  ])[] = [
    ['a parameter is missing', () => {}, { Address: '' }, 64, 'bad-parameter'],
    ['the peers do not name the member', () => {}, { Peers: '1=10.0.9.9' }, 64, 'bad-parameter'],
    ['it comes too late', () => {}, { NotAfter: '1' }, 10, 'too-late'],
    ['the card is missing', (lab) => lab.hosts.unplugInterface('i-1', card(1)), {}, 20, 'interface-missing'],
    ['the card has another address', () => {}, { Address: '10.0.1.11', Peers: '1=10.0.1.11' }, 21, 'routes-failed'],
    ['the routes fail', (lab) => lab.hosts.breakNext('i-1', 'routes'), {}, 21, 'routes-failed'],
    ['the volume is missing', (lab) => lab.hosts.unplugVolume('i-1', volume(1)), {}, 30, 'volume-missing'],
    ['a blank volume has no permit', () => {}, { Format: 'none' }, 31, 'volume-unfit'],
    [
      'the volume is somebody else’s',
      (lab) => lab.hosts.setVolumeContent(volume(1), { kind: 'foreign' }),
      {},
      31,
      'volume-unfit',
    ],
    [
      'the volume cannot be read',
      (lab) => lab.hosts.setVolumeContent(volume(1), { kind: 'unreadable' }),
      {},
      31,
      'volume-unfit',
    ],
    [
      'the volume is another member’s',
      (lab) =>
        lab.hosts.setVolumeContent(volume(1), {
          kind: 'formatted',
          ensemble: 'zoo',
          member: 2,
          volume: volume(1),
          data: undefined,
          initialize: false,
        }),
      {},
      31,
      'volume-unfit',
    ],
    [
      'the volume has the file system of another one of the member',
      (lab) =>
        lab.hosts.setVolumeContent(volume(1), {
          kind: 'formatted',
          ensemble: 'zoo',
          member: 1,
          volume: volume(2),
          data: undefined,
          initialize: false,
        }),
      {},
      31,
      'volume-unfit',
    ],
    [
      'the file system is corrupt',
      (lab) => lab.hosts.setVolumeContent(volume(1), { kind: 'corrupt' }),
      {},
      32,
      'mount-failed',
    ],
    ['the mount fails', (lab) => lab.hosts.breakNext('i-1', 'mount'), {}, 32, 'mount-failed'],
    ['the service fails', (lab) => lab.hosts.breakNext('i-1', 'service'), {}, 40, 'service-failed'],
  ]

  it('neither formats nor mounts a disk that has become another one since it was looked at', async () => {
    const words = new Set<string | undefined>()
    for (let ms = 0; ms <= 1000; ms += 50) {
      const lab = createLab()
      await lab.machine('i-1', 1)
      const taken = lab.takeOver('i-1', 1)
      lab.clock.after(ms, () => {
        if (!lab.hosts.inUse('i-1', volume(1))) lab.hosts.setVolumeContent(volume(1), { kind: 'unreadable' })
      })
      const { stdout } = await lab.wait(taken)
      const word = /"failed":"([a-z-]+)"/.exec(stdout)?.[1]
      const isMounted = lab.hosts.inUse('i-1', volume(1))
      expect(lab.hosts.volumeContent(volume(1)).kind).toBe(isMounted ? 'formatted' : 'unreadable')
      words.add(isMounted ? 'mounted' : word)
    }
    expect(words).toEqual(new Set(['volume-unfit', 'mount-failed', 'mounted']))
  })

  it('formats no disk that has become blank since it was looked at', async () => {
    const second = volume(9)
    const run = async (ms: number) => {
      const lab = createLab()
      await lab.machine('i-1', 1)
      await lab.hosts.plugVolume('i-1', { volumeId: second, device: '/dev/sdg', sizeGiB: 8 })
      const ours = { ensemble: 'zoo', member: 1, data: undefined, initialize: false }
      for (const one of [volume(1), second]) {
        lab.hosts.setVolumeContent(one, { kind: 'formatted', volume: one, ...ours })
      }
      const volumes = `${volume(1)}=/var/lib/zookeeper,${second}=/var/lib/zookeeper-log`
      const taken = lab.takeOver('i-1', 1, { Volumes: volumes, Format: 'none' })
      let became = 'formatted'
      lab.clock.after(ms, () => {
        if (lab.hosts.inUse('i-1', second)) return
        became = 'blank'
        lab.hosts.setVolumeContent(second, { kind: 'blank' })
      })
      await lab.wait(taken)
      expect(lab.hosts.volumeContent(second).kind).toBe(became)
      return became
    }
    const ends = await Promise.all(Array.from({ length: 21 }, (_, index) => run(index * 50)))
    expect(new Set(ends)).toEqual(new Set(['formatted', 'blank']))
  })

  it.each(refusals)('fails when %s', async (_what, prepare, more, code, word) => {
    const lab = createLab()
    await lab.machine('i-1', 1)
    await prepare(lab)
    const before = lab.hosts.volumeContent(volume(1))
    const result = await lab.wait(lab.takeOver('i-1', 1, more))
    expect(failure(result)).toEqual([code, word])
    expect(last(result)).toEqual({ attempt: 'a-1', failed: word, because: expect.any(String) })
    const after = lab.hosts.volumeContent(volume(1))
    expect(after).toEqual(code < 32 ? before : after)
  })

  it('run a second time finds everything already so', async () => {
    const lab = createLab()
    await lab.bootstrap()
    const start = lab.clock.now()
    const result = await lab.wait(lab.takeOver('i-2', 2, { Format: 'none', Attempt: 'again' }))
    expect(last(result)).toMatchObject({ attempt: 'again', volumes: [{ formatted: false }] })
    expect(lab.clock.now() - start).toBeLessThan(100)
    expect(lab.hosts.servers('zoo')).toHaveLength(3)
  })

  it('of a second member on the same instance is refused', async () => {
    const lab = createLab()
    await lab.bootstrap()
    await lab.hosts.plugInterface('i-1', plugged('eni-x', '02:00:00:00:00:0f', '10.0.1.11', 2))
    const more = { Address: '10.0.1.11', MacAddress: '02:00:00:00:00:0f', Peers: '4=10.0.1.11' }
    expect(failure(await lab.wait(lab.takeOver('i-1', 4, more)))).toEqual([40, 'service-failed'])
  })

  it('is refused while another one runs', async () => {
    const lab = createLab()
    await lab.machine('i-1', 1)
    const first = lab.takeOver('i-1', 1, { Peers: '1=10.0.1.10' })
    await lab.clock.pass(100)
    expect(failure(await lab.wait(lab.takeOver('i-1', 1)))).toEqual([12, 'busy'])
    expect((await lab.wait(first)).exitCode).toBe(0)
  })

  it('cut short by power-off never ends normally, and harms no volume at any moment', async () => {
    for (let ms = 0; ms < 4000; ms += 37) {
      const lab = createLab()
      await lab.machine('i-1', 1)
      const only = { Peers: '1=10.0.1.10' }
      const run = lab.takeOver('i-1', 1, only).then(
        () => 'ended normally',
        (error: Error) => error.message,
      )
      await lab.clock.pass(ms)
      const served = lab.hosts.role('i-1') === 'leader'
      await lab.hosts.powerOff('i-1')
      const outcome = await lab.wait(run)
      expect(['ended normally', 'the document was killed: powered off']).toContain(outcome)
      expect(outcome === 'ended normally' && !served).toBe(false)
      expect(['blank', 'formatted']).toContain(lab.hosts.volumeContent(volume(1)).kind)
      expect(lab.hosts.inUse('i-1', volume(1))).toBe(false)
      await lab.move(1, 'i-1', 'i-9')
      expect((await lab.wait(lab.takeOver('i-9', 1, only))).exitCode).toBe(0)
      expect(lab.hosts.harms).toEqual([])
    }
  })

  it('that takes longer than its document may is killed with 137 and gives the lock back', async () => {
    const lab = createLab()
    await lab.machine('i-1', 1)
    const run = lab.hosts.run('i-1', {
      ...document('takeOver'),
      parameters: listed({
        ...common(lab.clock, 1),
        SubnetCidr: '10.0.1.0/24',
        Peers: peers,
        Format: volume(1),
        Bootstrap: 'permitted',
        Service: 'keep',
      }),
      timeoutMs: 5000,
    })
    const start = lab.clock.now()
    expect(await lab.wait(run)).toMatchObject({ exitCode: 137, stderr: '' })
    expect(lab.clock.now() - start).toBe(5000)
    expect((await lab.wait(lab.handOver('i-1', 1))).exitCode).toBe(0)
  })

  it('that is cancelled is killed with 137', async () => {
    const lab = createLab()
    await lab.machine('i-1', 1)
    const abort = new AbortController()
    const run = lab.hosts.run('i-1', {
      ...document('takeOver'),
      parameters: listed({
        ...common(lab.clock, 1),
        SubnetCidr: '10.0.1.0/24',
        Peers: peers,
        Format: 'none',
        Bootstrap: 'denied',
        Service: 'keep',
      }),
      timeoutMs: 60_000,
      abort: abort.signal,
    })
    abort.abort()
    expect((await lab.wait(run)).exitCode).toBe(137)
  })

  it('takes a tenth of the time in a lab that is ten times as fast', async () => {
    const durations: number[] = []
    for (const speed of [1, 10]) {
      const lab = createLab(speed)
      await lab.machine('i-1', 1)
      const start = lab.clock.now()
      await lab.wait(lab.takeOver('i-1', 1, { Peers: '1=10.0.1.10' }))
      durations.push(lab.clock.now() - start)
    }
    expect(durations[0]! / durations[1]!).toBeCloseTo(10, 5)
  })
})

describe('a hand-over', () => {
  it('stops the service, unmounts, removes the routes and leaves a tombstone', async () => {
    const lab = createLab()
    await lab.bootstrap()
    expect(lab.hosts.inUse('i-1', volume(1))).toBe(true)
    const result = await lab.wait(lab.handOver('i-1', 1, { Attempt: 'bye' }))
    expect(last(result)).toEqual({
      attempt: 'bye',
      service: 'stopped',
      unmounted: ['vol-00000001'],
      routes: 'removed',
      tombstone: true,
    })
    expect(lab.hosts.inUse('i-1', volume(1))).toBe(false)
    expect(lab.hosts.role('i-1')).toBeUndefined()
    expect(failure(await lab.wait(lab.reach('i-2', address(1))))).toEqual([60, 'unreachable'])
  })

  it('is final: no take-over comes after it, not even after a reboot', async () => {
    const lab = createLab()
    await lab.bootstrap()
    await lab.wait(lab.handOver('i-1', 1))
    expect(failure(await lab.wait(lab.takeOver('i-1', 1)))).toEqual([11, 'handed-over'])
    await lab.hosts.powerOff('i-1')
    await lab.machine('i-1', 1)
    expect(failure(await lab.wait(lab.takeOver('i-1', 1)))).toEqual([11, 'handed-over'])
  })

  it('that fails half-way leaves the tombstone, and a second one finishes', async () => {
    const lab = createLab()
    await lab.bootstrap()
    lab.hosts.breakNext('i-1', 'unmount')
    expect(failure(await lab.wait(lab.handOver('i-1', 1)))).toEqual([50, 'still-mounted'])
    expect(failure(await lab.wait(lab.takeOver('i-1', 1)))).toEqual([11, 'handed-over'])
    expect((await lab.wait(lab.handOver('i-1', 1))).exitCode).toBe(0)
    expect((await lab.wait(lab.handOver('i-1', 1))).exitCode).toBe(0)
  })

  it('gives the successor everything while the old machine still runs', async () => {
    const lab = createLab()
    await lab.bootstrap()
    await lab.wait(lab.hosts.client('zoo').write('a', '1'))
    await lab.wait(lab.handOver('i-1', 1))
    await lab.move(1, 'i-1', 'i-9')
    expect((await lab.wait(lab.takeOver('i-9', 1, { Format: 'none' }))).exitCode).toBe(0)
    expect(lab.hosts.harms).toEqual([])
    expect(await lab.wait(lab.hosts.client('zoo').read('a'))).toBe('1')
  })

  it('is refused too late and while a take-over runs', async () => {
    const lab = createLab()
    await lab.machine('i-1', 1)
    expect(failure(await lab.wait(lab.handOver('i-1', 1, { NotAfter: '1' })))).toEqual([10, 'too-late'])
    const run = lab.takeOver('i-1', 1, { Peers: '1=10.0.1.10' })
    await lab.clock.pass(100)
    expect(failure(await lab.wait(lab.handOver('i-1', 1)))).toEqual([12, 'busy'])
    expect((await lab.wait(run)).exitCode).toBe(0)
  })
})

describe('reach', () => {
  it('proves that a peer answers at its static address', async () => {
    const lab = createLab()
    await lab.bootstrap()
    const result = await lab.wait(lab.reach('i-2', address(1)))
    expect([result.exitCode, last(result)]).toEqual([0, { attempt: null, reached: true }])
    expect(failure(await lab.wait(lab.reach('i-2', '10.0.1.99')))).toEqual([60, 'unreachable'])
    expect(failure(await lab.wait(lab.reach('i-2', address(1), '22')))).toEqual([60, 'unreachable'])
  })

  it('fails while the network is cut on either side, or the card is out', async () => {
    const lab = createLab()
    await lab.bootstrap()
    lab.hosts.cutNetwork('i-1', true)
    expect(failure(await lab.wait(lab.reach('i-2', address(1))))).toEqual([60, 'unreachable'])
    lab.hosts.cutNetwork('i-1', false)
    lab.hosts.cutNetwork('i-2', true)
    expect(failure(await lab.wait(lab.reach('i-2', address(1))))).toEqual([41, 'no-quorum'])
    lab.hosts.cutNetwork('i-2', false)
    await lab.clock.pass(10_000)
    await lab.hosts.unplugInterface('i-1', card(1))
    expect(failure(await lab.wait(lab.reach('i-2', address(1))))).toEqual([60, 'unreachable'])
  })
})
