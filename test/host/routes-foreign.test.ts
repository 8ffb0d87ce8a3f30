import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { whyNoFabric } from './fabric.ts'
import { address, card, createScene, farPeer, nearPeer, primary, stranger, type Scene } from './routes-scene.ts'

const reason = whyNoFabric()
const gateway = '10.60.1.1'

interface Agent {
  readonly name: string
  /** What the agent does to an interface that was plugged in. */
  readonly configure: string
  /** It removes what it has made, as when it starts over. */
  readonly flush: string
}

const dhcp = (metric: number) =>
  `ip link set eth1 up; ip addr replace ${address}/24 dev eth1 noprefixroute; ` +
  `ip route replace 10.60.1.0/24 dev eth1 proto kernel scope link src ${address} metric ${metric}; ` +
  `ip route replace default via ${gateway} dev eth1 proto dhcp src ${address} metric ${metric}; `

/** What each distribution's own agent makes of a second interface: tables, priorities, protocols and metrics are its own. */
const agents: readonly Agent[] = [
  {
    name: 'amazon-ec2-net-utils of Amazon Linux 2023',
    configure:
      dhcp(513) +
      `ip route replace default via ${gateway} dev eth1 table 10001 proto dhcp src ${address}; ` +
      'ip route replace 10.60.1.0/24 dev eth1 table 10001 proto static scope link; ' +
      `ip rule add from ${address} lookup 10001 priority 10001 protocol static`,
    flush: `ip rule del from ${address} lookup 10001 priority 10001; ip route flush table 10001`,
  },
  {
    name: 'ec2-net-utils of Amazon Linux 2',
    configure:
      dhcp(10001) +
      `ip route replace default via ${gateway} dev eth1 table 10001; ` +
      `ip route replace 10.60.1.0/24 dev eth1 proto kernel scope link src ${address} table 10001; ` +
      `ip rule add from ${address} lookup 10001 priority 32765`,
    flush: `ip rule del from ${address} lookup 10001; ip route flush table 10001`,
  },
  {
    name: 'cloud-init with netplan of Ubuntu',
    configure:
      dhcp(200) +
      `ip route replace default via ${gateway} dev eth1 table 101 proto static; ` +
      'ip route replace 10.60.1.0/24 dev eth1 table 101 proto static scope link; ' +
      // Without a priority the kernel puts the rule before the first that is there, ours included.
      `ip rule add from ${address} lookup 101 protocol static`,
    flush: `ip rule del from ${address} lookup 101; ip route flush table 101`,
  },
  {
    name: 'nm-cloud-setup of RHEL 9',
    configure:
      dhcp(101) +
      'ip route replace 10.60.1.0/24 dev eth1 table 30201 proto static scope link; ' +
      `ip route replace default via ${gateway} dev eth1 table 30401 proto static; ` +
      `ip rule add from ${address} lookup 30201 priority 30200 protocol static; ` +
      'ip rule add from all lookup main suppress_prefixlength 0 priority 30350 protocol static; ' +
      `ip rule add from ${address} lookup 30401 priority 30400 protocol static`,
    flush:
      'ip rule del priority 30200; ip rule del priority 30350; ip rule del priority 30400; ' +
      'ip route flush table 30201; ip route flush table 30401',
  },
  {
    name: 'dhclient of Debian 12',
    configure:
      `ip link set eth1 up; ip addr replace ${address}/24 brd + dev eth1; ` +
      // It can't add its default route where it finds the address without a way to the subnet, and goes on.
      `ip route replace default via ${gateway} dev eth1 metric 100 2>&- || true`,
    flush: `ip route del default dev eth1 metric 100 2>&- || true`,
  },
]

/** The lines of a state that others have made: ours bear our table's number or are that table's. */
const othersOf = (state: string) =>
  state
    .split('\n')
    .filter((line) => !line.includes(' 7829'))
    .join('\n')

describe.skipIf(reason)(`routes beside others${reason === undefined ? '' : ` (${reason})`}`, () => {
  let scene: Scene

  beforeAll(async () => {
    scene = await createScene()
  })
  afterAll(() => scene.fabric.remove())
  beforeEach(async () => {
    await scene.renew()
    scene.fabric.attach(scene.host, card)
  })

  const works = () => {
    const { host, far, near, outsider } = scene
    expect([far.ask(address), near.ask(address), outsider.ask(address)]).toEqual([farPeer, nearPeer, stranger])
    expect([host.ask(farPeer), host.ask(nearPeer), host.ask(stranger)]).toEqual([address, address, primary])
  }

  describe.each(agents)('$name', ({ configure, flush }) => {
    test('that came before keeps all its own, to the byte, also after the removal', async () => {
      const { host, run } = scene
      host.shell(configure)
      host.shell('echo 2 >/proc/sys/net/ipv4/conf/eth1/rp_filter')
      const before = host.state()
      expect(await run('apply')).toMatchObject({ code: 0, stderr: '' })
      const strict = othersOf(host.state()).replaceAll(/(arp_\w+|accept_ra_defrtr) \d/g, '$1')
      expect(strict).toBe(before.replaceAll(/(arp_\w+|accept_ra_defrtr) \d/g, '$1'))
      works()
      expect((await run('remove')).code).toBe(0)
      expect(host.state()).toBe(before)
    })

    test('that comes afterwards, and starts over, does not disturb ours', async () => {
      const { host, run } = scene
      await run('apply')
      host.shell(configure)
      expect(await run('check')).toMatchObject({ code: 0, stderr: '' })
      const both = host.state()
      expect(await run('apply')).toMatchObject({ code: 0, stderr: '' })
      expect(host.state()).toBe(both)
      host.shell(flush)
      expect(await run('check')).toMatchObject({ code: 0, stderr: '' })
      works()
    })
  })

  test.each([101, 10001, 30200])('a rule at %i that leads nowhere comes too late to harm', async (number) => {
    const { host, run } = scene
    host.shell(
      `ip route add unreachable default table ${number}; ip rule add from ${address} lookup ${number} priority ${number + 9900}`,
    )
    expect(await run('apply')).toMatchObject({ code: 0, stderr: '' })
    works()
  })

  test('systemd-networkd that restarts deletes what is not its own, and spares ours', async () => {
    const { host, run } = scene
    await run('apply')
    const ours = host.shell('ip rule show; ip route show table 7829')
    host.shell(`ip rule add from 10.9.9.9 lookup 99; ip route add 10.9.0.0/16 via ${gateway} dev eth1 onlink table 99`)
    // Every rule and route that does not bear the protocol `kernel`.
    host.shell(
      'for protocol in unspec boot static dhcp; do ip rule flush protocol $protocol; ' +
        'ip route flush table all proto $protocol dev eth1; done',
    )
    expect(host.shell('ip rule show')).not.toContain('10.9.9.9')
    host.shell(dhcp(1024))
    expect(host.shell('ip rule show; ip route show table 7829')).toBe(ours)
    expect(await run('check')).toMatchObject({ code: 0, stderr: '' })
    works()
  })

  test('an agent that is at work on the interface meanwhile is waited for', async () => {
    const { host, run } = scene
    host.shell('ip rule add from all blackhole priority 500')
    const running = run('apply')
    await new Promise((resolve) => setTimeout(resolve, 1200))
    host.shell('ip rule del priority 500; ip addr flush dev eth1; ip link set eth1 down')
    expect((await running).code).toBe(0)
    works()
  })
})
