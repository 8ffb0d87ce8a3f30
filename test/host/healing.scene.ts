/** Three members that serve a client that writes, what each host tells of its health, and the steps that heal it. */
import { expect } from 'vitest'
import type { RunResult } from '../../lab/hosts/host.ts'
import type { LinuxClient } from '../../lab/hosts/linux/client.ts'
import type { LinuxHosts } from '../../lab/hosts/linux/linux.ts'
import { type HealthFacts, readHealth } from '../../shared/model/facts.ts'
import { openHosts, sh } from './linux-hosts.scene.ts'
import { launch, makeMembers, type Member, mount, notAfter, order, takeOverParameters, told } from './linux-members.ts'

/** One file system of each kind: they differ in what a lazy unmount leaves, and in what a full one still takes. */
const fileSystems = ['xfs', 'ext4', 'ext4'] as const

export interface Ward {
  readonly hosts: LinuxHosts
  readonly members: readonly Member[]
  readonly client: LinuxClient
  /** The leader, then the followers. */
  roles(): Promise<[leader: Member, follower: Member, other: Member]>
  run(member: Member, name: string, parameters: Readonly<Record<string, string>>): Promise<RunResult>
  /** What the member's host tells of it. */
  health(member: Member): Promise<HealthFacts>
  /** Sends the take-over again, as healing does: with a new attempt each time, unless told. */
  apply(member: Member, changes?: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>>
  /** Runs a script on the member's machine. */
  on(member: Member, script: string): Promise<string>
  /** The processes of the member's server. */
  server(member: Member): Promise<string>
  /** The value that the client has last been told to be written, at least. */
  acknowledged(): Promise<number>
  close(): Promise<void>
}

export const instanceOf = ({ id }: Member): string => `i-${id}`

/** The processes with our configuration among their arguments, the launcher's and the server's. */
export const serverProcesses = `grep -lzx '/etc/stayput/zookeeper/zoo[.]cfg\\|-Dstayput[.]configuration=.*' /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3 | sort -n || true`

export async function openWard(): Promise<Ward> {
  const hosts = await openHosts()
  const members = makeMembers()
  let attempts = 0

  const run: Ward['run'] = (member, name, parameters) => hosts.run(instanceOf(member), order(name, parameters))
  const health: Ward['health'] = async (member) => {
    const result = await run(member, 'stayput-health', healthParameters(members))
    const facts = readHealth(result.stdout)
    if (!facts) throw new Error(`no facts: ${result.stdout}${result.stderr}`)
    expect(result).toMatchObject({ exitCode: 0 })
    return facts
  }
  const apply: Ward['apply'] = async (member, changes = {}) => {
    attempts += 1
    const parameters = { ...takeOverParameters(members, member, false), Attempt: `heal-${attempts}`, ...changes }
    const result = await run(member, 'stayput-take-over', parameters)
    return { ...told(result), stderr: result.stderr }
  }
  try {
    await Promise.all(members.map((member) => launch(hosts, member, instanceOf(member))))
    // So many transactions make a snapshot: with fewer than usual, the disks soon look as they do after years.
    await Promise.all(
      members.map((member) => sh(hosts, instanceOf(member), 'echo snapCount=200 >>/etc/zookeeper/conf/zoo.cfg')),
    )
    const first = await Promise.all(
      members.map((member, index) => {
        const parameters = { ...takeOverParameters(members, member, true), FileSystem: fileSystems[index] ?? 'any' }
        return run(member, 'stayput-take-over', parameters)
      }),
    )
    for (const result of first) expect(result).toMatchObject({ exitCode: 0 })
    const client = await hosts.client(members.map((member) => member.card.address))
    const on: Ward['on'] = (member, script) => sh(hosts, instanceOf(member), script)
    return {
      hosts,
      members,
      client,
      run,
      health,
      apply,
      on,
      server: async (member) => (await on(member, serverProcesses)).trim().replaceAll('\n', ' '),
      roles: async () => rolesOf(hosts, members),
      acknowledged: async () => (await client.stopWriter()).written - 1,
      close: () => hosts.close(),
    }
  } catch (error) {
    await hosts.close()
    throw error
  }
}

export function healthParameters(members: readonly Member[]) {
  const rows = members.map(({ id, card: { macAddress, address, subnetCidr }, disk: { volumeId } }) =>
    [id, macAddress, address, subnetCidr, `${volumeId}:${mount}`].join('='),
  )
  return { Ensemble: 'zookeeper', Members: rows.join(','), NotAfter: notAfter() }
}

async function rolesOf(hosts: LinuxHosts, members: readonly Member[]): Promise<[Member, Member, Member]> {
  const roles = await Promise.all(members.map((member) => hosts.role(instanceOf(member))))
  const inRole = (role: string) => members.filter((_, index) => roles[index] === role)
  const [leader, follower, other] = [...inRole('leader'), ...inRole('follower')]
  if (!leader || !follower || !other) throw new Error(`not all serve: ${roles.join(', ')}`)
  return [leader, follower, other]
}
