import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LinuxHosts } from '../../lab/hosts/linux/linux.ts'
import { card, document, openHosts, reaches, reason, sh, skipped } from './linux-hosts.scene.ts'

describe.skipIf(reason !== undefined)(`a real Linux machine${skipped}`, () => {
  let hosts: LinuxHosts & { readonly id: string }
  const static1 = card(1, 50, 1)

  beforeAll(async () => {
    hosts = await openHosts()
    await Promise.all([
      hosts.boot({ instanceId: 'i-a', zone: 'a', primary: card(1, 11) }),
      hosts.boot({ instanceId: 'i-b', zone: 'b', primary: card(2, 11) }),
    ])
  })
  afterAll(async () => await hosts.close())

  describe('has a system of its own', () => {
    test('with a name, an address and processes that nobody else has', async () => {
      const told = await sh(hosts, 'i-a', 'hostname; hostname -I; cat /etc/resolv.conf; ls /proc | grep -c "^[0-9]"')
      const [name, address, processes] = told.trim().split(/\s+/)
      expect([name, address]).toEqual(['ip-10-60-1-11', '10.60.1.11'])
      expect(Number(processes)).toBeLessThan(10)
    })

    test('in which no systemd runs and nothing that the host mounts or plugs in shows', async () => {
      const told = await sh(hosts, 'i-a', 'ls /run /sys/block /tmp; ls /run/systemd/system 2>&1 || true')
      expect(told).toContain('No such file')
      expect(told).not.toContain('loop')
    })

    test('whose files are not the host’s', async () => {
      await sh(hosts, 'i-a', 'echo only-here >/etc/stayput-test')
      expect(existsSync('/etc/stayput-test')).toBe(false)
      expect(await sh(hosts, 'i-b', 'ls /etc/stayput-test 2>&1 || true')).toContain('No such file')
    })

    test('with a smaller Java than the host’s, whose own settings are as before', async () => {
      const file = '/etc/zookeeper/conf/environment'
      const small = (text: string): number => text.split('\n').filter((line) => line.includes('-Xmx256m')).length
      const [own, ofHost] = [await sh(hosts, 'i-a', `cat ${file}`), readFileSync(file, 'utf8')]
      expect(small(own)).toBe(small(ofHost) + 1)
    })

    test('and the host’s routes and settings are as before', () => {
      expect(execFileSync('ip', ['-brief', 'link'], { encoding: 'utf8' })).not.toContain('eni')
      expect(readFileSync('/proc/mounts', 'utf8')).not.toContain('stayput-root')
    })
  })

  describe('is in a network like a VPC', () => {
    test('machines in different subnets reach each other at their primary addresses', async () => {
      expect(await Promise.all([reaches(hosts, 'i-a', '10.60.2.11'), reaches(hosts, 'i-b', '10.60.1.11')])).toEqual([
        true,
        true,
      ])
    })

    test('a machine in the same subnet is reached too', async () => {
      await hosts.boot({ instanceId: 'i-c', zone: 'a', primary: card(1, 12) })
      expect(await reaches(hosts, 'i-a', '10.60.1.12')).toBe(true)
    })

    test('an interface that is plugged in arrives down, with its MAC address', async () => {
      await hosts.plugInterface('i-a', static1)
      const told = await sh(hosts, 'i-a', 'ip -brief link show dev eth1; ip -brief address show dev eth1')
      expect(told).toMatch(/^eth1@\S+\s+DOWN\s+/)
      expect(told).toContain(static1.macAddress)
      expect(told).not.toContain('10.60.')
    })

    test('an address without routes of its own does not answer: the fabric drops what leaves by the other card', async () => {
      await sh(hosts, 'i-a', 'ip link set eth1 up; ip addr add 10.60.1.50/24 dev eth1 noprefixroute')
      expect(await reaches(hosts, 'i-b', '10.60.1.50')).toBe(false)
      await sh(hosts, 'i-a', 'echo 2 >/proc/sys/net/ipv4/conf/eth1/rp_filter')
      expect(await reaches(hosts, 'i-b', '10.60.1.50')).toBe(false)
    })

    test('with routes of its own it answers', async () => {
      await sh(
        hosts,
        'i-a',
        'ip route add default via 10.60.1.1 dev eth1 onlink table 10001; ip rule add from 10.60.1.50 table 10001',
      )
      expect(await reaches(hosts, 'i-b', '10.60.1.50')).toBe(true)
    })

    test('it moves to another machine and answers there', async () => {
      await hosts.unplugInterface('i-a', static1.networkInterfaceId)
      expect(await reaches(hosts, 'i-b', '10.60.1.50')).toBe(false)
      await hosts.plugInterface('i-c', static1)
      await sh(hosts, 'i-c', 'ip link set eth1 up; ip addr add 10.60.1.50/24 dev eth1 noprefixroute')
      await sh(
        hosts,
        'i-c',
        'ip route add default via 10.60.1.1 dev eth1 onlink table 10001; ip rule add from 10.60.1.50 table 10001',
      )
      expect(await reaches(hosts, 'i-b', '10.60.1.50')).toBe(true)
    })

    test('a machine without power is silent, and boots again with what it is given', async () => {
      await hosts.powerOff('i-c')
      await hosts.powerOff('i-c')
      expect(await reaches(hosts, 'i-a', '10.60.1.12')).toBe(false)
      await expect(hosts.run('i-c', document('true'))).rejects.toThrow('no machine i-c with power')
      await hosts.boot({ instanceId: 'i-c', zone: 'a', primary: card(1, 12) })
      expect(await reaches(hosts, 'i-a', '10.60.1.12')).toBe(true)
    })
  })

  describe('runs documents', () => {
    test('as root, in bash, with parameters as environment variables and nothing else', async () => {
      const parameters = { Volumes: ['vol-1=/a b,vol-2=/c'], Attempt: ["'$(touch /injected)'"] }
      const run = document('[[ -n $BASH_VERSION ]]; id -u; env | grep ^SSM_; env | grep -c HOME= || true', {
        parameters,
      })
      expect(await hosts.run('i-a', run)).toEqual({
        exitCode: 0,
        stdout: "0\nSSM_Volumes=vol-1=/a b,vol-2=/c\nSSM_Attempt='$(touch /injected)'\n0\n",
        stderr: '',
      })
    })

    test('and tells their exit code and both outputs', async () => {
      const result = await hosts.run('i-a', document('echo out; echo err >&2; exit 41'))
      expect(result).toEqual({ exitCode: 41, stdout: 'out\n', stderr: 'err\n' })
    })

    test('also of one that a signal has ended', async () => {
      expect(await hosts.run('i-a', document('kill -SEGV $$'))).toMatchObject({ exitCode: 128 + 11 })
    })

    test('one that takes too long is told to end, and can', async () => {
      const script = 'trap "echo cleaned; exit 3" TERM; echo begun; sleep 60 & wait'
      const result = await hosts.run('i-a', document(script, { timeoutMs: 300 }))
      expect(result).toEqual({ exitCode: 137, stdout: 'begun\ncleaned\n', stderr: '' })
    })

    test('one that does not listen is killed with its children', async () => {
      const script = 'trap "" TERM; echo begun; while :; do sleep 7777; done'
      const result = await hosts.run('i-a', document(script, { timeoutMs: 300 }))
      expect(result).toMatchObject({ exitCode: 137, stdout: 'begun\n' })
      expect(await sh(hosts, 'i-a', 'grep -al "sleep.7777" /proc/[0-9]*/cmdline || true')).not.toMatch(/\/proc\/\d/)
    })

    test('one that is cancelled ends as at its timeout', async () => {
      const cancel = new AbortController()
      const running = hosts.run('i-a', document('sleep 60', { abort: cancel.signal }))
      cancel.abort()
      expect(await running).toMatchObject({ exitCode: 137 })
    })

    test('a child that stays with the output open keeps nobody waiting, and lives on', async () => {
      const run = document('setsid sh -c "sleep 1; echo late; exec sleep 6666" & echo $! >/run/child; echo done')
      expect(await hosts.run('i-a', run)).toMatchObject({ exitCode: 0, stdout: 'done\n' })
      await sh(hosts, 'i-a', 'sleep 1.3; kill -0 "$(cat /run/child)"; kill "$(cat /run/child)"')
    })

    test('more output than is kept does no harm', async () => {
      const { exitCode, stdout } = await hosts.run('i-a', document('head -c 3000000 /dev/zero | tr "\\0" x'))
      expect([exitCode, stdout.length]).toEqual([0, 2 ** 20])
    })

    test('many at the same time', async () => {
      const all = Array.from({ length: 12 }, (_, index) => hosts.run('i-b', document(`echo ${index}`)))
      expect((await Promise.all(all)).map(({ stdout }) => Number(stdout))).toEqual(all.map((_, index) => index))
    })

    test('one rejects when its machine dies', async () => {
      await hosts.boot({ instanceId: 'i-d', zone: 'b', primary: card(2, 13) })
      const running = hosts.run('i-d', document('sleep 60'))
      await Promise.all([expect(running).rejects.toThrow('lost its power'), hosts.powerOff('i-d')])
    })
  })
})
