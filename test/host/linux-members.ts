/** Three members with the real documents, each on a real Linux machine that nothing orchestrates. */
import { expect } from 'vitest'
import type { Disk, DocumentRun, NetworkCard, RunResult } from '../../lab/hosts/host.ts'
import type { LinuxHosts } from '../../lab/hosts/linux/linux.ts'
import { readDocuments } from '../../lab/stack/documents.ts'
import { card, disk } from './linux-hosts.scene.ts'

export const mount = '/var/lib/zookeeper'

export interface Member {
  readonly id: number
  readonly card: NetworkCard
  readonly disk: Disk
}

export function makeMembers(ids: readonly number[] = [1, 2, 3]): readonly Member[] {
  return ids.map((id) => ({ id, card: card(id, 10, 1), disk: disk(0xd0 + id) }))
}

/** Boots a machine with the member's interface and volume. */
export async function launch(hosts: LinuxHosts, member: Member, instanceId: string): Promise<void> {
  await hosts.boot({ instanceId, zone: `z${member.id}`, primary: card(member.id, 100 + Number(instanceId.slice(2))) })
  await Promise.all([hosts.plugInterface(instanceId, member.card), hosts.plugVolume(instanceId, member.disk)])
}

/** The document as Run Command would carry it. */
export function order(name: string, parameters: Readonly<Record<string, string>>): DocumentRun {
  const content = readDocuments().get(name)
  if (!content) throw new Error(`there is no document ${name}`)
  const defaults = Object.entries(content.parameters ?? {}).flatMap(([key, value]) =>
    typeof value.default === 'string' ? [[key, [value.default]]] : [],
  )
  const given = Object.entries(parameters).map(([key, value]) => [key, [value]])
  return { document: name, content, parameters: Object.fromEntries([...defaults, ...given]), timeoutMs: 120_000 }
}

export const notAfter = (): string => String(Math.ceil(Date.now() / 1000) + 300)

/** What a take-over and a hand-over are both told. */
export function common(member: Member) {
  return {
    Ensemble: 'zookeeper',
    Member: String(member.id),
    Attempt: `test-${member.id}`,
    NotAfter: notAfter(),
    MacAddress: member.card.macAddress,
    Address: member.card.address,
    Volumes: `${member.disk.volumeId}=${mount}`,
  }
}

const firstTime = (member: Member) => ({ Format: member.disk.volumeId, Bootstrap: 'permitted' })

/** What a take-over is told, the first one of all or a later one. */
export function takeOverParameters(members: readonly Member[], member: Member, first: boolean) {
  return {
    ...common(member),
    SubnetCidr: member.card.subnetCidr,
    Peers: members.map(({ id, card: { address } }) => `${id}=${address}`).join(','),
    FileSystem: 'any',
    Service: 'keep',
    ...(first ? firstTime(member) : { Format: 'none', Bootstrap: 'denied' }),
  }
}

/** The last line of the output, with what was said beside it if that is a failure. */
export function told({ stdout, stderr }: RunResult): Readonly<Record<string, unknown>> {
  const facts = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>
  return 'failed' in facts ? { ...facts, stderr } : facts
}

/** The facts of a take-over that has succeeded. */
export const takenOver = (member: Member, formatted: boolean, version: string) => ({
  attempt: `test-${member.id}`,
  member: member.id,
  address: member.card.address,
  routes: 'verified',
  volumes: [{ volume: member.disk.volumeId, mount, formatted }],
  service: { role: expect.stringMatching(/^(leader|follower)$/), version },
})
