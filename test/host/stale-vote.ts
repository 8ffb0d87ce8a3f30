import { rmSync } from 'node:fs'
import { projectFile } from '../../lab/stack/project.ts'
import {
  addressOf,
  type Answer,
  bootMember,
  bootstrap,
  type Change,
  type MemberId,
  memberIds,
  takeOver,
  volumesDirectory,
} from './ensemble.ts'
import { command, type Instance, type Network } from './instance.ts'

export interface Replacement {
  readonly member: MemberId
  /** Whether the stale vote was handed to it, or it had to come by itself. */
  readonly given: boolean
  readonly seconds: number
  readonly exitCode: number
  /** How often the server was restarted because it led alone. */
  readonly helps: number
}

/** Without the remedy, a stalled server waits until its time as a lonely leader is over. */
export const withoutHelp: Change = ['zk_most_helps=2', 'zk_most_helps=0']

/** A take-over whose server is cut off until another one's vote for it has made it lead. */
export async function takeOverOnStaleVote(
  network: Network,
  host: Instance,
  member: MemberId,
  change?: Change,
): Promise<Answer> {
  const voter = memberIds.find((id) => id > member) ?? 1
  await host.run('ip link set eth0 down')
  const answer = takeOver(network, host, member, change && { change })
  const inside = [`--net=/run/netns/${host.name}`, process.execPath, projectFile('test/host/stale-vote.mjs')]
  await command('nsenter', [...inside, addressOf(member), String(voter)])
  await host.run('ip link set eth0 up')
  return answer
}

/**
 * A fresh ensemble, of which one member after the other is lost as if its power had failed and replaced at once with
 * its own volume; at last 2 is replaced once more, and handed a stale vote.
 */
export async function replaceAll(network: Network, change?: Change): Promise<Replacement[]> {
  const hosts: Record<MemberId, Instance> = await bootstrap(network)
  const replacements: Replacement[] = []
  const order = [2, 3, 2, 1, 2] as const
  for (const [index, member] of order.entries()) {
    const given = index === order.length - 1
    // One loss at a time: a survivor that was still looking for its place would be a second one.
    await allServe(hosts)
    const begin = performance.now()
    await hosts[member].kill({ silently: !given })
    hosts[member] = await bootMember(network, member)
    const { exitCode, stderr } = given
      ? await takeOverOnStaleVote(network, hosts[member], member, change)
      : await takeOver(network, hosts[member], member, change && { change })
    const helps = stderr.split('leads alone').length - 1
    replacements.push({ member, given, exitCode, helps, seconds: (performance.now() - begin) / 1000 })
  }
  await Promise.all(memberIds.map((id) => hosts[id].kill()))
  rmSync(volumesDirectory(network), { recursive: true })
  return replacements
}

const serveWithinSeconds = 60

async function allServe(hosts: Readonly<Record<MemberId, Instance>>): Promise<void> {
  const all = memberIds.map(async (id) => {
    const asked = await hosts[id].run(
      `for ((i = 0; i < ${serveWithinSeconds * 5}; i++)); do
        { printf srvr >&3; grep -qE '^Mode: (leader|follower)' <&3; } 3<>/dev/tcp/${addressOf(id)}/2181 && exit
        sleep 0.2
      done 2>/dev/null
      exit 1`,
    )
    if (asked.exitCode !== 0) throw new Error(`member ${id} did not serve within ${serveWithinSeconds} seconds`)
  })
  await Promise.all(all)
}
