import { expect } from 'vitest'
import { VirtualClock } from '../../lab/cloud/clock.ts'
import { seededRandom } from '../../lab/cloud/random.ts'
import type { DocumentRun, RunResult } from '../../lab/hosts/host.ts'
import { createModelledHosts, type ModelledHosts } from '../../lab/hosts/modelled/modelled.ts'

export const members = [1, 2, 3] as const
export const address = (member: number) => `10.0.${member}.10`
export const mac = (member: number) => `02:00:00:00:00:0${member}`
export const volume = (member: number) => `vol-0000000${member}`
export const card = (member: number) => `eni-member-${member}`
export const peers = members.map((member) => `${member}=${address(member)}`).join(',')

export interface Lab {
  readonly clock: VirtualClock
  readonly hosts: ModelledHosts
  /** Boots a machine and plugs in the member's card and volume. */
  machine(instanceId: string, member: number): Promise<void>
  takeOver(instanceId: string, member: number, more?: Record<string, string>): Promise<RunResult>
  handOver(instanceId: string, member: number, more?: Record<string, string>): Promise<RunResult>
  reach(instanceId: string, target: string, port?: string): Promise<RunResult>
  health(instanceId: string, parameters: Record<string, string>): Promise<RunResult>
  /** Runs the clock until the promise has settled. */
  wait<T>(promise: Promise<T>, maxMs?: number): Promise<T>
  /** The whole ensemble, each member on the instance i-<member>. */
  bootstrap(): Promise<void>
  /** Unplugs everything of a member whose machine is off, and plugs it into another. */
  move(member: number, from: string, to: string): Promise<void>
}

export function createLab(speed = 1, staleVote = 0): Lab {
  const clock = new VirtualClock()
  const hosts = createModelledHosts(clock, seededRandom(11), speed, { staleVote })

  const wait: Lab['wait'] = async (promise, maxMs = 600_000) => {
    let settled = false
    const marked = promise.finally(() => {
      settled = true
    })
    marked.catch(() => {})
    if (!(await clock.run(() => settled, maxMs))) throw new Error('it did not settle')
    return marked
  }

  const run = (instanceId: string, verb: string, parameters: Record<string, string>, more: Partial<DocumentRun> = {}) =>
    hosts.run(instanceId, { ...document(verb), parameters: listed(parameters), timeoutMs: 120_000, ...more })

  const lab: Lab = {
    clock,
    hosts,
    wait,
    async machine(instanceId, member) {
      await wait(
        hosts.boot({
          instanceId,
          zone: 'eu-central-1a',
          primary: plugged(`eni-${instanceId}`, `0a:${instanceId}`, `10.0.${member}.200`, 0),
        }),
      )
      await hosts.plugInterface(instanceId, plugged(card(member), mac(member), address(member), 1))
      await hosts.plugVolume(instanceId, { volumeId: volume(member), device: '/dev/sdf', sizeGiB: 8 })
    },
    takeOver: (instanceId, member, more = {}) =>
      run(instanceId, 'takeOver', {
        ...common(clock, member),
        SubnetCidr: `10.0.${member}.0/24`,
        Peers: peers,
        Format: volume(member),
        Bootstrap: 'permitted',
        Service: 'keep',
        ...more,
      }),
    handOver: (instanceId, member, more = {}) => run(instanceId, 'handOver', { ...common(clock, member), ...more }),
    reach: (instanceId, target, port = '3888') => {
      const own = address(Number(instanceId.slice('i-'.length)))
      return run(instanceId, 'reach', { Address: target, Own: own, Port: port, NotAfter: notAfter(clock) })
    },
    health: (instanceId, parameters) => run(instanceId, 'health', { Ensemble: 'zoo', ...parameters }),
    async bootstrap() {
      for (const member of members) await lab.machine(`i-${member}`, member)
      const results = await wait(Promise.all(members.map((member) => lab.takeOver(`i-${member}`, member))))
      expect(results.map((result) => result.exitCode)).toEqual([0, 0, 0])
    },
    async move(member, from, to) {
      await hosts.unplugInterface(from, card(member))
      await hosts.unplugVolume(from, volume(member))
      await lab.machine(to, member)
    },
  }
  return lab
}

export function plugged(networkInterfaceId: string, macAddress: string, at: string, deviceIndex: number) {
  return { networkInterfaceId, macAddress, address: at, subnetCidr: at.replace(/\d+$/, '0/24'), deviceIndex }
}

export function notAfter(clock: VirtualClock, seconds = 60): string {
  return String(Math.floor(clock.now() / 1000) + seconds)
}

export function common(clock: VirtualClock, member: number): Record<string, string> {
  return {
    Ensemble: 'zoo',
    Member: String(member),
    Attempt: `a-${member}`,
    NotAfter: notAfter(clock),
    MacAddress: mac(member),
    Address: address(member),
    Volumes: `${volume(member)}=/var/lib/zookeeper`,
  }
}

export function last(result: RunResult): Record<string, unknown> {
  return JSON.parse(result.stdout.trimEnd().split('\n').at(-1)!) as Record<string, unknown>
}

export function failure(result: RunResult): [number, unknown] {
  return [result.exitCode, last(result)['failed']]
}

export function document(verb: string) {
  const mainSteps = [{ action: 'aws:runShellScript', name: verb, inputs: { runCommand: [] } }]
  return { document: `stayput-${verb}`, content: { schemaVersion: '2.2', mainSteps } }
}

export function listed(parameters: Record<string, string>) {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]]))
}
