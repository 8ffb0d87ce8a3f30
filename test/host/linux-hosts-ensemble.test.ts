import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LinuxClient } from '../../lab/hosts/linux/client.ts'
import type { LinuxHosts } from '../../lab/hosts/linux/linux.ts'
import { openHosts, reason, skipped } from './linux-hosts.scene.ts'
import {
  common,
  launch,
  makeMembers,
  type Member,
  notAfter,
  order,
  takenOver,
  takeOverParameters,
  told,
} from './linux-members.ts'

describe.skipIf(reason !== undefined)(`the documents on three real Linux machines${skipped}`, () => {
  let hosts: LinuxHosts & { readonly id: string }
  let client: LinuxClient
  const members = makeMembers()
  const entries = Array.from({ length: 100 }, (_, index) => `/entry-${index}`)

  const takeOver = async (member: Member, instanceId: string, first: boolean) =>
    told(await hosts.run(instanceId, order('stayput-take-over', takeOverParameters(members, member, first))))
  const facts = (member: Member, formatted: boolean) => takenOver(member, formatted, hosts.service.version)

  beforeAll(async () => {
    hosts = await openHosts()
    await Promise.all(members.map((member) => launch(hosts, member, `i-${member.id}`)))
  })
  afterAll(async () => await hosts.close())

  test('all three take over at once, and there is a leader and two followers', async () => {
    const answers = await Promise.all(members.map((member) => takeOver(member, `i-${member.id}`, true)))
    expect(answers).toEqual(members.map((member) => facts(member, true)))
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
    await launch(hosts, victim, 'i-4')
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
    expect(await hosts.bytesSynced('i-4')).toBeGreaterThan(1000)
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
    await launch(hosts, member, 'i-5')
    expect(await takeOver(member, 'i-5', false)).toEqual(facts(member, false))
    const reach = { Address: member.card.address, Own: members[0]!.card.address, NotAfter: notAfter() }
    expect(await hosts.run('i-1', order('stayput-reach', reach))).toMatchObject({ exitCode: 0 })
  })
})
