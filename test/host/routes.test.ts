import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { whyNoFabric } from './fabric.ts'
import { address, card, createScene, farPeer, nearPeer, primary, stranger, type Scene } from './routes-scene.ts'

const reason = whyNoFabric()

describe.skipIf(reason)(`routes on real Linux${reason === undefined ? '' : ` (${reason})`}`, () => {
  let scene: Scene
  let plug: string

  beforeAll(async () => {
    scene = await createScene()
  })
  afterAll(() => scene.fabric.remove())
  beforeEach(async () => {
    await scene.renew()
    plug = scene.fabric.attach(scene.host, card)
  })

  test('an address without routes does not answer another subnet, with them it does, by its own interface', async () => {
    const { host, far, run } = scene
    host.shell(`ip link set eth1 up; ip addr add ${address}/24 dev eth1`)
    expect(far.ask(address)).toBeUndefined()
    expect(await run('apply')).toMatchObject({ code: 0, facts: { routes: 'apply' } })
    const before = { eth0: host.packets('eth0'), eth1: host.packets('eth1') }
    expect(far.ask(address)).toBe(farPeer)
    const after = { eth0: host.packets('eth0'), eth1: host.packets('eth1') }
    expect(after.eth0).toEqual(before.eth0)
    expect(after.eth1.received).toBeGreaterThan(before.eth1.received)
    expect(after.eth1.sent).toBeGreaterThan(before.eth1.sent)
  })

  test.each([0, 1, 2])('answers come back whether the reverse path filter is %i', async (mode) => {
    const { host, far, near, outsider, run } = scene
    host.shell(`for name in all default eth0 eth1; do echo ${mode} >/proc/sys/net/ipv4/conf/$name/rp_filter; done`)
    expect((await run('apply')).code).toBe(0)
    expect(host.shell('cat /proc/sys/net/ipv4/conf/eth1/rp_filter').trim()).toBe('2')
    expect([far.ask(address), near.ask(address), outsider.ask(address)]).toEqual([farPeer, nearPeer, stranger])
  })

  test('connections to members leave from the static address, all others as before', async () => {
    const { host, far, near, outsider, run } = scene
    expect((await run('apply')).code).toBe(0)
    expect([host.ask(farPeer), host.ask(nearPeer), host.ask(stranger)]).toEqual([address, address, primary])
    // What is bound to the primary address, and what comes to it, still goes by the primary interface.
    expect([host.ask(farPeer, primary), host.ask(nearPeer, primary)]).toEqual([primary, primary])
    expect([far.ask(primary), near.ask(primary), outsider.ask(primary)]).toEqual([farPeer, nearPeer, stranger])
  })

  test('the main table stays as it is', async () => {
    const { host, run } = scene
    const before = host.shell('ip route show table main')
    await run('apply')
    expect(host.shell('ip route show table main')).toBe(before)
  })

  test('a second and a third run change not one byte', async () => {
    const { host, run } = scene
    await run('apply')
    const first = host.state()
    expect(await run('apply')).toMatchObject({ code: 0, stderr: '' })
    expect(await run('apply')).toMatchObject({ code: 0, stderr: '' })
    expect(host.state()).toBe(first)
    expect(await run('check')).toMatchObject({ code: 0, stderr: '' })
    expect(host.state()).toBe(first)
  })

  test.each([
    ['a flushed table', 'ip route flush table 7829'],
    ['a lost rule', `ip rule del from ${address} lookup 7829`],
    ['a lost member', `ip rule del from 0.0.0.0 to ${farPeer} lookup 7829`],
    ['a lost address', `ip addr del ${address}/24 dev eth1`],
    ['a link that was down', 'ip link set eth1 down; ip link set eth1 up'],
    ['a link that is down', 'ip link set eth1 down'],
    ['stale rules', 'ip rule add from 10.60.1.11 lookup 7829; ip rule add to 10.60.4.4 lookup 7829 priority 7829'],
    ['the rule at another priority', `ip rule add from ${address} lookup 7829 priority 20000`],
    [
      'the rule of somebody',
      `ip rule del from ${address} lookup 7829; ip rule add from ${address} lookup 7829 priority 7829 protocol static`,
    ],
    [
      'stale routes',
      'ip route add 10.99.0.0/16 via 10.60.1.1 dev eth1 onlink table 7829; ip route add unreachable default metric 5 table 7829',
    ],
    ['a wrong gateway', 'ip route replace default via 10.60.1.9 dev eth1 onlink table 7829'],
    ['no way at all', 'ip route replace unreachable default table 7829'],
  ])('%s is repaired to the same bytes', async (_, damage) => {
    const { host, far, run } = scene
    await run('apply')
    const whole = host.state()
    host.shell(damage)
    const damaged = host.state()
    const checked = await run('check')
    expect(damaged).not.toBe(whole)
    expect(host.state()).toBe(damaged)
    expect(checked).toMatchObject({ code: 1, stderr: expect.stringContaining('routes: ') })
    expect(await run('apply')).toMatchObject({ code: 0 })
    expect(host.state()).toBe(whole)
    expect(far.ask(address)).toBe(farPeer)
  })

  test('the members may change', async () => {
    const { host, run } = scene
    await run('apply')
    const whole = host.state()
    expect((await run('apply', { Peers: `1=${address},2=10.60.2.11` })).code).toBe(0)
    expect(host.shell('ip rule show')).not.toContain(farPeer)
    expect((await run('apply', { Peers: `1=${address}` })).code).toBe(0)
    expect(host.shell('ip rule show')).not.toContain('from 0.0.0.0')
    await run('apply')
    expect(host.state()).toBe(whole)
  })

  test('removal leaves the host as it was, also the second time', async () => {
    const { host, far, run } = scene
    const before = host.state()
    await run('apply')
    await run('apply')
    expect(await run('remove')).toMatchObject({ code: 0, stderr: '' })
    expect(host.state()).toBe(before)
    expect(await run('remove')).toMatchObject({ code: 0, stderr: '' })
    expect(host.state()).toBe(before)
    expect([far.ask(primary), host.ask(farPeer)]).toEqual([farPeer, primary])
    expect((await run('apply')).code).toBe(0)
    expect(far.ask(address)).toBe(farPeer)
  })

  test('removal keeps what somebody else has configured on the interface', async () => {
    const { host, run } = scene
    host.shell(
      `ip addr add ${address}/24 dev eth1; ip link set eth1 up; echo 2 >/proc/sys/net/ipv4/conf/eth1/rp_filter`,
    )
    const before = host.state()
    await run('apply')
    await run('remove')
    expect(host.state()).toBe(before)
  })

  test('removal works when the interface has gone, and another one bears its name', async () => {
    const { fabric, host, far, run } = scene
    await run('apply')
    fabric.detach(plug)
    expect(host.shell('ip rule show')).toContain('7829')
    expect(await run('remove')).toMatchObject({ code: 0 })
    expect(host.shell('ip rule show; ip route show table all')).not.toContain('7829')
    await run('apply', { MacAddress: fabric.attach(host, card) ? card.mac : '' })
    expect(far.ask(address)).toBe(farPeer)
    await run('check')
  })

  test('an interface that comes back is configured anew, and left as it came', async () => {
    const { fabric, host, far, run } = scene
    await run('apply')
    fabric.detach(plug)
    fabric.attach(host, card)
    const bare = host.shell('ip -4 addr show dev eth1; cat /proc/sys/net/ipv4/conf/eth1/rp_filter')
    expect((await run('apply')).code).toBe(0)
    expect(far.ask(address)).toBe(farPeer)
    await run('remove')
    expect(host.shell('ip -4 addr show dev eth1; cat /proc/sys/net/ipv4/conf/eth1/rp_filter')).toBe(bare)
  })

  test('several runs at once end as one', async () => {
    const { host, far, run } = scene
    await run('apply')
    const whole = host.state()
    await run('remove')
    const ran = await Promise.all(['apply', 'apply', 'apply'].map(async () => await run('apply')))
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(host.state()).toBe(whole)
    expect(far.ask(address)).toBe(farPeer)
  })
})
