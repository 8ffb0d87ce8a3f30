import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { whyNoFabric } from './fabric.ts'
import { address, card, createScene, farPeer, peers, type Scene } from './routes-scene.ts'

const reason = whyNoFabric()

describe.skipIf(reason)(`routes and their parameters${reason === undefined ? '' : ` (${reason})`}`, () => {
  let scene: Scene

  beforeAll(async () => {
    scene = await createScene()
  })
  afterAll(() => scene.fabric.remove())

  test.each([
    ['10.60.0.0/16', '10.60.200.9', '10.60.0.1'],
    ['10.60.16.0/20', '10.60.31.254', '10.60.16.1'],
    ['10.60.5.0/24', '10.60.5.2', '10.60.5.1'],
    ['10.60.6.64/26', '10.60.6.126', '10.60.6.65'],
    ['10.60.7.240/28', '10.60.7.244', '10.60.7.241'],
    ['10.60.7.9/29', '10.60.7.13', '10.60.7.9'],
    ['172.31.255.248/30', '172.31.255.250', '172.31.255.249'],
  ])('the router of %s, of which %s is part, is %s', async (subnet, own, gateway) => {
    const { fabric, host, run } = scene
    const plug = fabric.attach(host, { ...card, address: own, subnet: '10.61.0.0/16' })
    const parameters = { Address: own, SubnetCidr: subnet, Peers: `1=${own}` }
    const ran = await run('apply', parameters)
    const table = host.shell('ip route show table 7829')
    await run('remove', parameters)
    fabric.detach(plug)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(table).toContain(`default via ${gateway} dev eth1`)
  })

  test.each([
    { MacAddress: '02:60:AA:00:00:10' },
    { MacAddress: '' },
    { MacAddress: '02:60:aa:00:00' },
    { Address: '10.60.1' },
    { Address: '10.60.1.256' },
    { Address: '10.60.01.10' },
    { Address: '10.60.2.10' },
    { Address: '10.60.1.0' },
    { Address: '10.60.1.1' },
    { Address: '10.60.1.255' },
    { Address: '$(touch /run/harm)' },
    { SubnetCidr: '10.60.1.0' },
    { SubnetCidr: '10.60.1.0/0' },
    { SubnetCidr: '10.60.1.0/31' },
    { SubnetCidr: '10.60.1.0/024' },
    { SubnetCidr: '10.60.1.0/24/24' },
    { SubnetCidr: '10.60.1.0/x[$(touch /run/harm)]' },
    { Peers: '' },
    { Peers: `1=10.60.1.11,2=${farPeer}` },
    { Peers: `1=${address},256=${farPeer}` },
    { Peers: `1=${address},2=10.60.2.300` },
    { Peers: `1=${address},2=10.60.2.10; touch /run/harm` },
  ])('refuses %o and changes nothing', async (changes) => {
    const { host, run } = scene
    const before = host.state()
    expect(await run('apply', changes)).toMatchObject({ code: 64, facts: { failed: 'bad-parameter' } })
    expect(host.state()).toBe(before)
    expect(host.shell(`ls ${host.directory}/run`)).not.toMatch(/harm|stayput/)
  })

  test('waits for an interface that appears late', async () => {
    const { fabric, host, far, run } = scene
    const running = run('apply')
    await new Promise((resolve) => setTimeout(resolve, 600))
    const plug = fabric.attach(host, card)
    expect((await running).code).toBe(0)
    expect(far.ask(address)).toBe(farPeer)
    await run('remove')
    fabric.detach(plug)
  })

  test('an interface that does not appear is missing', async () => {
    const ran = await scene.runImpatiently('apply')
    expect(ran).toMatchObject({ code: 20, facts: { failed: 'interface-missing' } })
    expect(ran.facts['because']).toContain(card.mac)
  })

  test('what stays wrong fails with the reason', async () => {
    const { fabric, host, runImpatiently } = scene
    const plug = fabric.attach(host, card)
    host.shell(`ip rule add from all blackhole priority 500`)
    const ran = await runImpatiently('apply')
    host.shell('ip rule del from all blackhole priority 500')
    expect(ran).toMatchObject({ code: 21, facts: { failed: 'routes-failed' } })
    expect(ran.facts['because']).toContain(`a packet from ${address} would not leave by eth1`)
    await runImpatiently('remove')
    fabric.detach(plug)
  })

  test('the primary interface is not the one, whatever its MAC address', async () => {
    const { fabric, host, run, runImpatiently } = scene
    const primary = host.shell('ip -o link show dev eth0').match(/link\/ether (\S+)/)![1]!
    const plug = fabric.attach(host, { ...card, mac: primary })
    expect((await run('apply', { MacAddress: primary })).code).toBe(0)
    expect(host.shell('ip route show table 7829')).toContain('dev eth1')
    // Of two others the one that already has the address is it.
    const other = fabric.attach(host, { ...card, mac: primary, address: '10.60.1.77' }, 'eth2')
    expect((await run('apply', { MacAddress: primary })).code).toBe(0)
    host.shell(`ip addr del ${address}/24 dev eth1`)
    expect(await runImpatiently('apply', { MacAddress: primary })).toMatchObject({ code: 20 })
    await run('remove')
    fabric.detach(plug)
    fabric.detach(other)
  })

  test('a server that stands alone has no members to pin', async () => {
    const { fabric, host, run } = scene
    const plug = fabric.attach(host, card)
    expect(await run('apply', { Peers: peers.split(',')[0]! })).toMatchObject({ code: 0, stderr: '' })
    expect(host.shell('ip rule show').match(/lookup 7829/g)).toHaveLength(1)
    await run('remove')
    fabric.detach(plug)
  })
})
