import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LinuxClient } from '../../lab/hosts/linux/client.ts'
import { createLinuxHosts, type LinuxHosts } from '../../lab/hosts/linux/linux.ts'
import { launch, makeMembers, type Member, mount, order, takeOverParameters } from './linux-members.ts'
import { projectFile } from '../../lab/stack/project.ts'
import { document } from './linux-hosts.scene.ts'

/** All in seconds since the power was cut. */
export interface Downtime {
  readonly role: 'follower' | 'leader'
  /** Whose script took over: the product's, or the least that there can be. */
  readonly by: 'stayput' | 'bare'
  readonly member: number
  /** The next machine has booted, and the member's interface and volume are plugged in. */
  readonly plugged: number
  readonly votes: number
  /** The take-over command has ended. */
  readonly proved: number
  /** What the ensemble has sent to it by then. */
  readonly bytesSynced: number
}

const bareTakeOver = readFileSync(projectFile('test/host/bare-take-over.sh'), 'utf8')

const entries = 1000
const entryBytes = 100
const lookEveryMs = 20

/**
 * An ensemble on machines that nothing orchestrates, so that no cloud's latencies are in the figures: in each round four
 * followers, then the leader are lost as if their power had failed, and replaced at once. Every other follower is taken
 * over by a script that does the least that there is to do, so that machines of any speed can be compared.
 */
export async function loseSome(id: string): Promise<Downtime[]> {
  const hosts = await createLinuxHosts({ id, directory: join(tmpdir(), `stayput-${id}`) })
  try {
    const trio = new Trio(hosts)
    await trio.launchAll()
    const downtimes: Downtime[] = []
    for (const by of ['stayput', 'bare', 'stayput', 'bare'] as const) downtimes.push(await trio.replace('follower', by))
    downtimes.push(await trio.replace('leader', 'stayput'))
    return downtimes
  } finally {
    await hosts.close()
  }
}

class Trio {
  readonly #hosts: LinuxHosts
  readonly #members = makeMembers()
  /** The instance of each member, oldest first. */
  readonly #instances = new Map<Member, string>()
  #launched = 0
  #client: LinuxClient | undefined

  constructor(hosts: LinuxHosts) {
    this.#hosts = hosts
  }

  async launchAll(): Promise<void> {
    const instances = await Promise.all(this.#members.map((member) => this.#launch(member)))
    await Promise.all(this.#members.map((member, index) => this.#takeOver(member, instances[index] ?? '', true)))
    const client = await this.#hosts.client(this.#members.map((member) => member.card.address))
    const keys = Array.from({ length: entries }, (_, index) => `/entry-${index}`)
    await Promise.all(keys.map((key) => client.write(key, 'x'.repeat(entryBytes))))
    this.#client = client
  }

  async replace(role: Downtime['role'], by: Downtime['by']): Promise<Downtime> {
    // Servers that have nothing to say to each other notice a silent leader after syncLimit ticks only.
    if (role === 'leader') await this.#client?.startWriter('/writer')
    const [member, lost] = await this.#memberThatIs(role)
    const began = performance.now()
    const since = (): number => Math.round(performance.now() - began) / 1000
    await this.#hosts.powerOff(lost)
    const instance = await this.#launch(member)
    const plugged = since()
    const voting = this.#untilVotes(instance).then(async () => ({
      votes: since(),
      bytesSynced: await this.#hosts.bytesSynced(instance),
    }))
    await (by === 'bare' ? this.#takeOverBarely(member, instance) : this.#takeOver(member, instance, false))
    const proved = since()
    return { role, by, member: member.id, plugged, ...(await voting), proved }
  }

  async #launch(member: Member): Promise<string> {
    this.#launched += 1
    const instance = `i-${this.#launched}`
    await launch(this.#hosts, member, instance)
    this.#instances.delete(member)
    this.#instances.set(member, instance)
    return instance
  }

  async #takeOver(member: Member, instance: string, first: boolean): Promise<void> {
    const run = order('stayput-take-over', takeOverParameters(this.#members, member, first))
    const { exitCode, stdout, stderr } = await this.#hosts.run(instance, run)
    if (exitCode !== 0) throw new Error(`member ${member.id}: ${stdout}${stderr}`)
  }

  async #takeOverBarely({ card, disk }: Member, instance: string): Promise<void> {
    const [network = '', prefix = ''] = card.subnetCidr.split('/')
    const values = {
      MAC: card.macAddress,
      ADDRESS: card.address,
      PREFIX: prefix,
      GATEWAY: network.replace(/\d+$/, (last) => String(Number(last) + 1)),
      SERIAL: disk.volumeId.replace('-', ''),
      DIRECTORY: mount,
    }
    const exports = Object.entries(values).map(([name, value]) => `export ${name}='${value}'`)
    const { exitCode, stderr } = await this.#hosts.run(instance, document([...exports, bareTakeOver].join('\n')))
    if (exitCode !== 0) throw new Error(stderr)
  }

  /** Once all have a place: a server that is still looking for its own would be a second loss. */
  async #memberThatIs(wanted: Downtime['role']): Promise<readonly [Member, string]> {
    for (;;) {
      const all = [...this.#instances]
      const roles = await Promise.all(all.map(([, instance]) => this.#hosts.role(instance)))
      const found = all[roles.indexOf(wanted)]
      if (found && roles.every((role) => role === 'leader' || role === 'follower')) return found
      await pause()
    }
  }

  async #untilVotes(instance: string): Promise<void> {
    for (;;) {
      const role = await this.#hosts.role(instance)
      if (role === 'leader' || role === 'follower') return
      await pause()
    }
  }
}

async function pause(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, lookEveryMs)
  })
}
