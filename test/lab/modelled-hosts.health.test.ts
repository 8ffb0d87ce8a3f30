import { describe, expect, it } from 'vitest'
import { readHealth } from '../../shared/model/facts.ts'
import {
  address,
  card,
  createLab,
  failure,
  type Lab,
  last,
  mac,
  members,
  notAfter,
  volume,
} from './modelled-hosts.scene.ts'

const mount = '/var/lib/zookeeper'
const silent = { role: 'none', zxid: '', connections: 0, latency: 0, synced: null, voters: null }

const rows = members.map((id) => `${id}=${mac(id)}=${address(id)}=10.0.${id}.0/24=${volume(id)}:${mount}`).join(',')

async function ask(lab: Lab, instanceId: string, more: Record<string, string> = {}) {
  return await lab.wait(lab.health(instanceId, { Members: rows, NotAfter: notAfter(lab.clock), ...more }))
}

/** The facts as the core reads them. */
async function health(lab: Lab, instanceId: string) {
  const facts = readHealth((await ask(lab, instanceId)).stdout)
  if (!facts) throw new Error(`${instanceId} tells nothing that the core can read`)
  return facts
}

async function formed(): Promise<Lab> {
  const lab = createLab()
  await lab.bootstrap()
  return lab
}

/** The member that leads and the two that follow. */
function roles(lab: Lab) {
  const servers = lab.hosts.servers('zoo')
  const leader = servers.find(({ role }) => role === 'leader')!.member
  const [follower, other] = members.filter((id) => id !== leader)
  return { leader, follower: follower!, other: other! }
}

describe('the health of a modelled host', () => {
  it('is told of each member of an ensemble that is well', async () => {
    const lab = await formed()
    await lab.wait(lab.hosts.client('zoo').write('/a', '1'))
    const { leader } = roles(lab)
    for (const id of members) {
      const others = members.filter((one) => one !== id)
      expect(await health(lab, `i-${id}`)).toEqual({
        member: id,
        busy: false,
        handedOver: false,
        routes: 'verified',
        volumes: [{ volume: volume(id), mount, mounted: true, used: 10 }],
        service: {
          running: true,
          role: id === leader ? 'leader' : 'follower',
          zxid: '0x100000001',
          connections: 1,
          latency: 0,
          synced: id === leader ? 2 : null,
          voters: [1, 2, 3],
        },
        peers: Object.fromEntries(others.map((one) => [one, one === leader ? 'leader' : 'follower'])),
        settleSeconds: 30,
      })
    }
  })

  it('of one that has taken nothing over is nobody’s, and tells how the others are', async () => {
    const lab = await formed()
    await lab.machine('i-9', 9)
    const { member, routes, volumes, service, peers } = await health(lab, 'i-9')
    expect({ member, routes, volumes }).toEqual({
      member: null,
      routes: 'this host has taken nothing over',
      volumes: [],
    })
    expect(service).toEqual({ running: false, ...silent })
    expect(Object.keys(peers)).toEqual(['1', '2', '3'])
  })

  it('of a member of another ensemble, or of one that nobody asks for, says so', async () => {
    const lab = await formed()
    const other = readHealth((await ask(lab, 'i-1', { Ensemble: 'park' })).stdout)
    expect(other).toMatchObject({ member: null })
    const unasked = readHealth((await ask(lab, 'i-1', { Members: rows.split(',').slice(1).join(',') })).stdout)
    expect(unasked).toMatchObject({ member: 1, routes: 'nobody asks for member 1', volumes: [] })
  })

  it('is refused too late and without parameters that it can read', async () => {
    const lab = await formed()
    expect(failure(await ask(lab, 'i-1', { NotAfter: '1' }))).toEqual([10, 'too-late'])
    expect(failure(await ask(lab, 'i-1', { Members: '1=here' }))).toEqual([64, 'bad-parameter'])
  })

  it('is busy while a take-over runs, and takes no lock itself', async () => {
    const lab = createLab()
    await lab.machine('i-1', 1)
    const run = lab.takeOver('i-1', 1, { Peers: `1=${address(1)}` })
    await lab.clock.pass(100)
    expect(await health(lab, 'i-1')).toMatchObject({ member: 1, busy: true })
    expect((await lab.wait(run)).exitCode).toBe(0)
    expect(await health(lab, 'i-1')).toMatchObject({ member: 1, busy: false, service: { role: 'leader' } })
  })

  it('after a hand-over says that nothing is here any more', async () => {
    const lab = await formed()
    await lab.wait(lab.handOver('i-1', 1))
    expect(await health(lab, 'i-1')).toMatchObject({
      member: 1,
      handedOver: true,
      routes: `the routes of ${address(1)} are not there`,
      volumes: [{ mounted: false, used: null }],
      service: { running: false, ...silent },
    })
  })

  it('misses the card that was unplugged', async () => {
    const lab = await formed()
    await lab.hosts.unplugInterface('i-1', card(1))
    expect((await health(lab, 'i-1')).routes).toContain(mac(1))
  })
})

describe('a member that is not well', () => {
  it('hangs: it runs, answers nobody, costs the others an election if it led, and is healed by a restart', async () => {
    const lab = await formed()
    const { leader, follower } = roles(lab)
    lab.hosts.hangService(`i-${leader}`, true)
    await lab.clock.pass(5000)
    expect(await health(lab, `i-${leader}`)).toMatchObject({ service: { running: true, ...silent, role: 'unknown' } })
    expect((await health(lab, `i-${follower}`)).peers[leader]).toBe('unknown')
    await lab.wait(lab.hosts.client('zoo').write('/b', '2'))
    const healed = await lab.wait(lab.takeOver(`i-${leader}`, leader, { Service: 'restart', Format: 'none' }))
    expect(last(healed)).toMatchObject({ service: { role: 'follower' } })
    expect(await lab.wait(lab.hosts.client('zoo').read('/b'))).toBe('2')
  })

  it('hangs, and goes on by itself', async () => {
    const lab = await formed()
    const { follower } = roles(lab)
    lab.hosts.hangService(`i-${follower}`, true)
    await lab.clock.pass(5000)
    lab.hosts.hangService(`i-${follower}`, false)
    await lab.clock.pass(5000)
    expect(await health(lab, `i-${follower}`)).toMatchObject({ service: { role: 'follower' } })
  })

  it('is restarted once an attempt, and only while it has no role', async () => {
    const lab = await formed()
    const { follower } = roles(lab)
    const restart = async (attempt: string, hangs: boolean) => {
      lab.hosts.hangService(`i-${follower}`, hangs)
      const start = lab.clock.now()
      const { exitCode } = await lab.wait(
        lab.takeOver(`i-${follower}`, follower, { Service: 'restart', Format: 'none', Attempt: attempt }),
      )
      return { exitCode, took: lab.clock.now() - start > 1000 }
    }
    expect(await restart('first', false)).toEqual({ exitCode: 0, took: false })
    expect(await restart('first', true)).toEqual({ exitCode: 0, took: true })
    // The same command once more leaves it as it is, and waits for it in vain.
    expect(await restart('first', true)).toEqual({ exitCode: 41, took: true })
    expect(await restart('second', true)).toEqual({ exitCode: 0, took: true })
  })

  it('was killed: nobody listens at its address, and a take-over starts it', async () => {
    const lab = await formed()
    const { follower, other } = roles(lab)
    lab.hosts.killService(`i-${follower}`)
    expect(await health(lab, `i-${follower}`)).toMatchObject({
      routes: 'verified',
      service: { running: false, ...silent },
    })
    expect((await health(lab, `i-${other}`)).peers[follower]).toBe('absent')
    expect((await lab.wait(lab.takeOver(`i-${follower}`, follower))).exitCode).toBe(0)
  })

  it('has lost its routes: nobody reaches it, and a take-over puts them back without a restart', async () => {
    const lab = await formed()
    const { follower, other } = roles(lab)
    lab.hosts.loseRoutes(`i-${follower}`, address(follower))
    await lab.clock.pass(5000)
    expect(await health(lab, `i-${follower}`)).toMatchObject({
      routes: `the routes of ${address(follower)} are not there`,
      service: { running: true, ...silent },
    })
    expect((await health(lab, `i-${other}`)).peers[follower]).toBe('unknown')
    const start = lab.clock.now()
    expect((await lab.wait(lab.takeOver(`i-${follower}`, follower))).exitCode).toBe(0)
    expect(lab.clock.now() - start).toBeLessThan(1500)
  })

  it('has lost its mount: a take-over mounts it again, and restarts the server that ran from it', async () => {
    const lab = await formed()
    const { follower } = roles(lab)
    lab.hosts.loseMount(`i-${follower}`, mount)
    // The server goes on with its files, so the volume is busy all the same.
    expect(lab.hosts.inUse(`i-${follower}`, volume(follower))).toBe(true)
    expect(await health(lab, `i-${follower}`)).toMatchObject({
      volumes: [{ mounted: false, used: null }],
      service: { running: true, role: 'follower' },
    })
    const start = lab.clock.now()
    expect((await lab.wait(lab.takeOver(`i-${follower}`, follower, { Format: 'none' }))).exitCode).toBe(0)
    expect(lab.clock.now() - start).toBeGreaterThan(1000)
    expect(await health(lab, `i-${follower}`)).toMatchObject({ volumes: [{ mounted: true }] })
    expect(lab.hosts.harms).toEqual([])
  })

  it('has a full disk: the service ends, and a take-over helps if old snapshots fill it', async () => {
    const lab = await formed()
    const { follower } = roles(lab)
    lab.hosts.fillDisk(volume(follower), 'data')
    const full = { volumes: [{ mounted: true, used: 100 }], service: { running: false } }
    expect(await health(lab, `i-${follower}`)).toMatchObject(full)
    expect(failure(await lab.wait(lab.takeOver(`i-${follower}`, follower)))).toEqual([40, 'service-failed'])
    lab.hosts.fillDisk(volume(follower), 'snapshots')
    expect((await lab.wait(lab.takeOver(`i-${follower}`, follower))).exitCode).toBe(0)
    expect(await health(lab, `i-${follower}`)).toMatchObject({ volumes: [{ used: 10 }], service: { running: true } })
  })

  it('is cut off: it sees nobody, and nobody sees it', async () => {
    const lab = await formed()
    const { follower, other } = roles(lab)
    lab.hosts.cutNetwork(`i-${follower}`, true)
    await lab.clock.pass(5000)
    const { service, peers } = await health(lab, `i-${follower}`)
    expect({ service, peers: Object.values(peers) }).toEqual({
      service: { running: true, ...silent },
      peers: ['unknown', 'unknown'],
    })
    expect((await health(lab, `i-${other}`)).peers[follower]).toBe('unknown')
  })
})
