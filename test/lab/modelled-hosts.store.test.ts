import { describe, expect, it } from 'vitest'
import { createLab, failure, last, members, volume } from './modelled-hosts.scene.ts'

describe('a first bootstrap', () => {
  it('ends with one leader, followers, and the result that the documents promise', async () => {
    const lab = createLab()
    for (const member of members) await lab.machine(`i-${member}`, member)
    const results = await lab.wait(Promise.all(members.map((member) => lab.takeOver(`i-${member}`, member))))
    expect(last(results[0]!)).toEqual({
      attempt: 'a-1',
      member: 1,
      address: '10.0.1.10',
      routes: 'verified',
      volumes: [{ volume: 'vol-00000001', mount: '/var/lib/zookeeper', formatted: true }],
      service: { role: expect.stringMatching(/^(leader|follower)$/), version: 'modelled zookeeper' },
    })
    expect(
      lab.hosts
        .servers('zoo')
        .map((server) => server.role)
        .toSorted(),
    ).toEqual(['follower', 'follower', 'leader'])
    expect(lab.hosts.harms).toEqual([])
  })

  it('of a single member is led by it', async () => {
    const lab = createLab()
    await lab.machine('i-1', 1)
    const result = await lab.wait(lab.takeOver('i-1', 1, { Peers: '1=10.0.1.10' }))
    expect(last(result)['service']).toMatchObject({ role: 'leader' })
    await lab.wait(lab.hosts.client('zoo').write('a', '1'))
    expect(await lab.wait(lab.hosts.client('zoo').read('a'))).toBe('1')
  })

  it('of a minority runs the service without a role, and says so after a minute', async () => {
    const lab = createLab()
    await lab.machine('i-1', 1)
    const start = lab.clock.now()
    expect(failure(await lab.wait(lab.takeOver('i-1', 1)))).toEqual([41, 'no-quorum'])
    expect(lab.clock.now() - start).toBeGreaterThan(60_000)
    expect(lab.hosts.role('i-1')).toBe('looking')
  })

  it('goes on where a killed one stopped, also between formatting and starting', async () => {
    const lab = createLab()
    await lab.machine('i-1', 1)
    lab.hosts.breakNext('i-1', 'service')
    const only = { Peers: '1=10.0.1.10' }
    expect(failure(await lab.wait(lab.takeOver('i-1', 1, only)))).toEqual([40, 'service-failed'])
    const again = await lab.wait(lab.takeOver('i-1', 1, only))
    expect(last(again)).toMatchObject({ volumes: [{ formatted: false }], service: { role: 'leader' } })
  })
})

describe('the replicated store', () => {
  it('serves what was written, and lists it', async () => {
    const lab = createLab()
    await lab.bootstrap()
    const client = lab.hosts.client('zoo')
    await lab.wait(Promise.all(['a', 'b', 'c'].map((key) => client.write(key, key.toUpperCase()))))
    expect(await lab.wait(client.read('b'))).toBe('B')
    expect(await lab.wait(client.read('x'))).toBeUndefined()
    expect(await lab.wait(client.keys())).toEqual(['a', 'b', 'c'])
  })

  it('refuses writes and reads without a quorum', async () => {
    const lab = createLab()
    await lab.bootstrap()
    await lab.hosts.powerOff('i-1')
    await lab.hosts.powerOff('i-2')
    await expect(lab.wait(lab.hosts.client('zoo').write('a', '1'))).rejects.toThrow('no quorum')
    await expect(lab.wait(lab.hosts.client('zoo').read('a'))).rejects.toThrow('no quorum')
    await expect(lab.wait(lab.hosts.client('unknown').keys())).rejects.toThrow('no quorum')
  })

  it('keeps every acknowledged write over the loss of any one machine, the leader included', async () => {
    for (const member of members) {
      const lab = createLab()
      await lab.bootstrap()
      await lab.wait(lab.hosts.client('zoo').write('a', '1'))
      await lab.hosts.powerOff(`i-${member}`)
      await lab.clock.pass(3000)
      expect(await lab.wait(lab.hosts.client('zoo').read('a'))).toBe('1')
      await lab.wait(lab.hosts.client('zoo').write('b', '2'))
      await lab.move(member, `i-${member}`, 'i-9')
      const result = await lab.wait(lab.takeOver('i-9', member, { Format: 'none' }))
      expect(last(result)).toMatchObject({ volumes: [{ formatted: false }], service: { role: 'follower' } })
      expect(lab.hosts.volumeContent(volume(member))).toMatchObject({
        data: { entries: [{ key: 'a' }, { key: 'b' }] },
      })
    }
  })

  it('truncates a tail that only a leader had that lost its majority', async () => {
    const lab = createLab()
    await lab.bootstrap()
    const leader = lab.hosts.servers('zoo').find((server) => server.role === 'leader')!
    const others = lab.hosts
      .servers('zoo')
      .filter((server) => server !== leader && server.instanceId !== leader.instanceId)
    const lost = lab.hosts.client('zoo').write('lost', 'x')
    lost.catch(() => {})
    await lab.clock.pass(3)
    for (const { instanceId } of others) lab.hosts.cutNetwork(instanceId, true)
    await expect(lab.wait(lost)).rejects.toThrow('no quorum')
    expect(lab.hosts.volumeContent(volume(leader.member))).toMatchObject({ data: { entries: [{ key: 'lost' }] } })
    lab.hosts.cutNetwork(leader.instanceId, true)
    for (const { instanceId } of others) lab.hosts.cutNetwork(instanceId, false)
    await lab.clock.pass(5000)
    await lab.wait(lab.hosts.client('zoo').write('kept', 'y'))
    lab.hosts.cutNetwork(leader.instanceId, false)
    await lab.clock.pass(5000)
    expect(lab.hosts.role(leader.instanceId)).toBe('follower')
    expect(lab.hosts.volumeContent(volume(leader.member))).toMatchObject({ data: { entries: [{ key: 'kept' }] } })
  })

  const emptied = [
    ['without the mark of a first bootstrap, started first', false, ['i-8', 'i-9']],
    ['with that mark by mistake, started after one that has data', true, ['i-9', 'i-8']],
  ] as const

  it.each(emptied)('gives an empty disk no vote: %s', async (_what, initialize, order) => {
    const lab = createLab()
    await lab.bootstrap()
    await lab.hosts.powerOff('i-3')
    await lab.clock.pass(3000)
    await lab.wait(lab.hosts.client('zoo').write('a', '1'))
    await lab.hosts.powerOff('i-1')
    await lab.hosts.powerOff('i-2')
    // Only member 1 still has the acknowledged write: member 3 missed it, and member 2's disk is emptied.
    lab.hosts.setVolumeContent(volume(2), {
      kind: 'formatted',
      ensemble: 'zoo',
      member: 2,
      volume: volume(2),
      data: undefined,
      initialize,
    })
    await lab.move(2, 'i-2', 'i-8')
    await lab.move(3, 'i-3', 'i-9')
    const runs = []
    for (const instanceId of order) {
      runs.push(lab.takeOver(instanceId, instanceId === 'i-8' ? 2 : 3, { Bootstrap: 'denied' }))
      await lab.clock.pass(5000)
    }
    for (const run of runs) expect(failure(await lab.wait(run))).toEqual([41, 'no-quorum'])
    await lab.move(1, 'i-1', 'i-7')
    expect((await lab.wait(lab.takeOver('i-7', 1))).exitCode).toBe(0)
    await lab.clock.pass(5000)
    expect(await lab.wait(lab.hosts.client('zoo').read('a'))).toBe('1')
    expect(
      lab.hosts
        .servers('zoo')
        .map((server) => server.role)
        .toSorted(),
    ).toEqual(['follower', 'follower', 'leader'])
  })

  it('lets a member whose blank volume was formatted join as a learner while peers have data', async () => {
    const lab = createLab()
    await lab.bootstrap()
    await lab.wait(lab.hosts.client('zoo').write('a', '1'))
    await lab.hosts.powerOff('i-2')
    lab.hosts.setVolumeContent(volume(2), { kind: 'blank' })
    await lab.move(2, 'i-2', 'i-9')
    const result = await lab.wait(lab.takeOver('i-9', 2))
    expect(last(result)).toMatchObject({ volumes: [{ formatted: true }], service: { role: 'follower' } })
    expect(lab.hosts.volumeContent(volume(2))).toMatchObject({ data: { entries: [{ key: 'a' }] }, initialize: false })
  })

  it('may let a restarted server stall for 20 seconds on a stale vote', async () => {
    const lab = createLab(1, 1)
    for (const member of members) await lab.machine(`i-${member}`, member)
    const start = lab.clock.now()
    const results = await lab.wait(Promise.all(members.map((member) => lab.takeOver(`i-${member}`, member))))
    expect(results.map((result) => result.exitCode)).toEqual([0, 0, 0])
    expect(lab.clock.now() - start).toBeGreaterThan(20_000)
  })
})

describe('a seed', () => {
  it('replays exactly', async () => {
    const traces: string[] = []
    for (let round = 0; round < 2; round++) {
      const lab = createLab(1, 0.07)
      await lab.bootstrap()
      traces.push(JSON.stringify([lab.clock.now(), lab.hosts.servers('zoo')]))
    }
    expect(traces[0]).toBe(traces[1])
  })
})
