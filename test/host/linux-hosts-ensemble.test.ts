import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Disk, DocumentRun, NetworkCard } from '../../lab/hosts/host.ts'
import type { LinuxClient } from '../../lab/hosts/linux/client.ts'
import type { LinuxHosts } from '../../lab/hosts/linux/linux.ts'
import { readDocuments } from '../../lab/stack/documents.ts'
import { card, disk, openHosts, reason, skipped } from './linux-hosts.scene.ts'

interface Member {
  readonly id: number
  readonly card: NetworkCard
  readonly disk: Disk
}

const mount = '/var/lib/zookeeper'

describe.skipIf(reason !== undefined)(`the documents on three real Linux machines${skipped}`, () => {
  let hosts: LinuxHosts & { readonly id: string }
  let client: LinuxClient
  const members: Member[] = [1, 2, 3].map((id) => ({ id, card: card(id, 10, 1), disk: disk(0xd0 + id) }))
  const peers = members.map((member) => `${member.id}=${member.card.address}`).join(',')
  const entries = Array.from({ length: 100 }, (_, index) => `/entry-${index}`)

  const launch = async (member: Member, instanceId: string): Promise<void> => {
    await hosts.boot({ instanceId, zone: `z${member.id}`, primary: card(member.id, 100 + Number(instanceId.slice(2))) })
    await Promise.all([hosts.plugInterface(instanceId, member.card), hosts.plugVolume(instanceId, member.disk)])
  }

  const order = (name: string, parameters: Record<string, string>): DocumentRun => {
    const content = readDocuments().get(name)!
    const defaults = Object.entries(content.parameters ?? {}).flatMap(([key, value]) =>
      typeof value.default === 'string' ? [[key, [value.default]]] : [],
    )
    const given = Object.entries(parameters).map(([key, value]) => [key, [value]])
    return { document: name, content, parameters: Object.fromEntries([...defaults, ...given]), timeoutMs: 120_000 }
  }

  const common = (member: Member) => ({
    Ensemble: 'zookeeper',
    Member: String(member.id),
    Attempt: `test-${member.id}`,
    NotAfter: String(Math.ceil(Date.now() / 1000) + 300),
    MacAddress: member.card.macAddress,
    Address: member.card.address,
    Volumes: `${member.disk.volumeId}=${mount}`,
  })

  const takeOver = async (member: Member, instanceId: string, first: boolean) => {
    const permits = { Format: first ? member.disk.volumeId : 'none', Bootstrap: first ? 'permitted' : 'denied' }
    const network = { SubnetCidr: member.card.subnetCidr, Peers: peers }
    const parameters = { ...common(member), ...network, ...permits, FileSystem: 'any' }
    const { stdout, stderr } = await hosts.run(instanceId, order('stayput-take-over', parameters))
    const told = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as object
    return 'failed' in told ? { ...told, stderr } : told
  }

  const facts = (member: Member, formatted: boolean) => ({
    attempt: `test-${member.id}`,
    member: member.id,
    address: member.card.address,
    routes: 'verified',
    volumes: [{ volume: member.disk.volumeId, mount, formatted }],
    service: { role: expect.stringMatching(/^(leader|follower)$/), version: hosts.service.version },
  })

  beforeAll(async () => {
    hosts = await openHosts()
    await Promise.all(members.map((member) => launch(member, `i-${member.id}`)))
  })
  afterAll(async () => await hosts.close())

  test('all three take over at once, and there is a leader and two followers', async () => {
    const told = await Promise.all(members.map((member) => takeOver(member, `i-${member.id}`, true)))
    expect(told).toEqual(members.map((member) => facts(member, true)))
    const roles = await Promise.all(members.map((member) => hosts.role(`i-${member.id}`)))
    expect(roles.map(String).toSorted((a, b) => a.localeCompare(b))).toEqual(['follower', 'follower', 'leader'])
  })

  test('a client somewhere else in the network writes and reads', async () => {
    client = await hosts.client(members.map((member) => member.card.address))
    await Promise.all(entries.map((key, index) => client.write(key, `value ${index}`)))
    expect(await client.read('/entry-42')).toBe('value 42')
    expect(await client.read('/nothing')).toBeUndefined()
    expect((await client.keys()).toSorted()).toEqual(entries.toSorted())
    expect(client.events).toEqual(['SYNC_CONNECTED'])
  })

  test('one dies and another machine is the same member, while a writer goes on', async () => {
    await client.startWriter('/writer')
    const victim = members[1]!
    await hosts.powerOff('i-2')
    expect(await hosts.role('i-2')).toBeUndefined()
    await launch(victim, 'i-4')
    expect(await takeOver(victim, 'i-4', false)).toEqual(facts(victim, false))
    expect(await hosts.role('i-4')).toMatch(/^(leader|follower)$/)
    await client.write('/after', 'yes')
    const { written, errors, longestStallMs } = await client.stopWriter()
    expect(written).toBeGreaterThan(0)
    expect(longestStallMs).toBeGreaterThan(0)
    expect(errors.length).toBeLessThan(20)
    expect(client.events).not.toContain('EXPIRED')
  })

  test('everything that was written is found on the new machine itself', async () => {
    const alone = await hosts.client([members[1]!.card.address])
    const found = await Promise.all(entries.map((key) => alone.read(key)))
    expect(found).toEqual(entries.map((_, index) => `value ${index}`))
    await alone.close()
    expect(await hosts.bytesReceived('i-4')).toBeGreaterThan(1000)
  })

  test('one hands over: its service has stopped, and its disk and interface are free to go', async () => {
    const member = members[2]!
    const result = await hosts.run('i-3', order('stayput-hand-over', common(member)))
    expect(result).toMatchObject({ exitCode: 0 })
    expect(hosts.inUse('i-3', member.disk.volumeId)).toBe(false)
    await Promise.all([
      hosts.unplugVolume('i-3', member.disk.volumeId),
      hosts.unplugInterface('i-3', member.card.networkInterfaceId),
    ])
    await launch(member, 'i-5')
    expect(await takeOver(member, 'i-5', false)).toEqual(facts(member, false))
    const reach = { Address: member.card.address, NotAfter: common(member).NotAfter }
    expect(await hosts.run('i-1', order('stayput-reach', reach))).toMatchObject({ exitCode: 0 })
  })
})
