import { describe, expect, test } from 'vitest'
import { readFailure, readHandOver, readHealth, readReach, readTakeOver } from '../../shared/model/facts.ts'

const tookOver = {
  attempt: 'a',
  member: 1,
  address: '10.0.1.10',
  routes: 'verified',
  volumes: [{ volume: 'vol-1', mount: '/data', formatted: false }],
  service: { role: 'leader', version: 'zookeeper 3.8.0' },
}
const gaveBack = { attempt: 'a', service: 'stopped', unmounted: ['vol-1'], routes: 'removed', tombstone: true }
const well = {
  member: 1,
  busy: false,
  handedOver: false,
  routes: 'verified',
  volumes: [{ volume: 'vol-1', mount: '/data', mounted: true, used: 12 }],
  service: {
    running: true,
    role: 'leader',
    zxid: '0x100000002',
    connections: 3,
    latency: 1,
    synced: 2,
    voters: [1, 2, 3],
  },
  peers: { 1: 'leader', 2: 'follower', 3: 'absent' },
  settleSeconds: 30,
}
const refused = { attempt: 'a', failed: 'busy', because: 'another command runs' }

describe('the last line of an output is the facts', () => {
  test('each kind is read from it whole', () => {
    const printed = (facts: object) => `mounting\n{"attempt":"before"}\n${JSON.stringify(facts)}\n\n  `
    expect(readTakeOver(printed(tookOver))).toEqual(tookOver)
    expect(readHandOver(printed(gaveBack))).toEqual(gaveBack)
    expect(readHealth(printed(well))).toEqual(well)
    expect(readFailure(printed(refused))).toEqual({ failed: 'busy', because: 'another command runs' })
    expect(readReach(printed({ reached: true }))).toBe(true)
  })

  test.each(['', '\n', 'done', '{"reached":true', 'null', '7', '[]', '"reached"', '{"reached":"true"}', '{}'])(
    '%j holds none',
    (output) => {
      for (const read of [readTakeOver, readHandOver, readHealth, readFailure]) expect(read(output)).toBeUndefined()
      expect(readReach(output)).toBe(false)
    },
  )

  test('what a line above it says does not count', () => {
    expect(readReach('{"reached":true}\nand then it failed')).toBe(false)
  })

  test.each(['leader', 'follower', 'standalone'])('a server that is %s has a role', (role) => {
    const service = { role, version: 'zookeeper 3.8.0' }
    expect(readTakeOver(JSON.stringify({ ...tookOver, service }))?.service.role).toBe(role)
  })
})

describe('facts are whole or none', () => {
  const without = (facts: object, field: string) =>
    JSON.stringify(Object.fromEntries(Object.entries(facts).filter(([name]) => name !== field)))

  test.each(Object.keys(tookOver))('a take-over without %s', (field) => {
    expect(readTakeOver(without(tookOver, field))).toBeUndefined()
  })

  test.each(Object.keys(gaveBack))('a hand-over without %s', (field) => {
    expect(readHandOver(without(gaveBack, field))).toBeUndefined()
  })

  test.each(Object.keys(well))('a state of health without %s', (field) => {
    expect(readHealth(without(well, field))).toBeUndefined()
  })

  test.each(Object.keys(well.service))('a service without %s', (field) => {
    const service = JSON.parse(without(well.service, field)) as object
    expect(readHealth(JSON.stringify({ ...well, service }))).toBeUndefined()
  })

  test.each(['failed', 'because'])('a failure without %s', (field) => {
    expect(readFailure(without(refused, field))).toBeUndefined()
  })

  test.each([
    ['a role that is none', { service: { role: 'looking', version: 'zookeeper 3.8.0' } }],
    ['a role of an unknown server', { service: { role: 'leader' } }],
    ['routes in doubt', { routes: 'missing' }],
    ['a volume without its mount', { volumes: [{ volume: 'vol-1', formatted: false }] }],
    ['a mount without its volume', { volumes: [{ mount: '/data', formatted: false }] }],
    ['a volume that may have been formatted', { volumes: [{ volume: 'vol-1', mount: '/data' }] }],
  ])('a take-over with %s', (_, change) => {
    expect(readTakeOver(JSON.stringify({ ...tookOver, ...change }))).toBeUndefined()
  })

  test.each([
    ['a service that runs', { service: 'running' }],
    ['routes that are still there', { routes: 'verified' }],
    ['no tombstone', { tombstone: false }],
  ])('a hand-over with %s', (_, change) => {
    expect(readHandOver(JSON.stringify({ ...gaveBack, ...change }))).toBeUndefined()
  })

  test.each([
    ['a role that is none', { service: { ...well.service, role: 'looking' } }],
    ['a process that may run', { service: { ...well.service, running: 'yes' } }],
    ['a peer of an unknown role', { peers: { 2: 'observer' } }],
    ['a volume that may be mounted', { volumes: [{ volume: 'vol-1', mount: '/data', used: 1 }] }],
    ['a volume used by words', { volumes: [{ ...well.volumes[0], used: '12 %' }] }],
    ['a member by name', { member: '1' }],
  ])('a state of health with %s', (_, change) => {
    expect(readHealth(JSON.stringify({ ...well, ...change }))).toBeUndefined()
  })

  test.each([
    ['of a host that has taken nothing over', { member: null }],
    ['of a volume that is not mounted', { volumes: [{ ...well.volumes[0], mounted: false, used: null }] }],
    [
      'of a server without a role',
      { service: { ...well.service, role: 'none', zxid: '', synced: null, voters: null } },
    ],
  ])('a state of health %s', (_, change) => {
    expect(readHealth(JSON.stringify({ ...well, ...change }))).toEqual({ ...well, ...change })
  })
})
