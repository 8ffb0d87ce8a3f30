import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { HealthFacts } from '../../shared/model/facts.ts'
import { healthParameters, instanceOf, openWard, serverProcesses, type Ward } from './healing.scene.ts'
import { reason, skipped } from './linux-hosts.scene.ts'
import { type Member, mount, order } from './linux-members.ts'

const data = `${mount}/version-2`
const settleSeconds = 30
const silent = { role: 'none', zxid: '', connections: 0, latency: 0, synced: null, voters: null } as const

/** Fills the member's disk to the last byte, and makes these files so long for it. */
const fill = (...names: string[]): string => `
cd ${mount}
left() { df --output=avail --block-size=1 . | tail -n 1; }
for name in ${names.join(' ')}; do
  fallocate --offset $(stat -c %s $name 2>/dev/null || echo 0) --length $(($(left) / 2)) $name
done
while (($(left) > 1 << 20)); do
  fallocate --offset $(stat -c %s $name) --length $(($(left) * 3 / 4)) $name
done
for bytes in 4096 1; do
  dd if=/dev/zero of=$name bs=$bytes count=300000 oflag=append conv=notrunc status=none 2>/dev/null || true
done`

/** Of a listing, the oldest of each kind: all names are equally long, but for the very first snapshot's. */
const oldestOf = (listing: string): string[] =>
  ['snapshot.', 'log.'].flatMap((kind) => listing.split('\n').filter((name) => name.startsWith(kind))[0] ?? [])

/** A look at a host takes a second when its server does not answer. */
const patience = { timeout: 20_000, interval: 50 }

describe.skipIf(reason !== undefined)(`a member that is not well${skipped}`, () => {
  let ward: Ward
  let follower: Member
  let other: Member
  let leader: Member

  beforeAll(async () => {
    ward = await openWard()
  })
  afterAll(async () => await ward.close())
  beforeEach(async () => {
    ;[leader, follower, other] = await ward.roles()
  })

  const volume = (member: Member, used: unknown = expect.any(Number)) => ({
    volume: member.disk.volumeId,
    mount,
    mounted: used !== null,
    used,
  })

  const serving = (role: string) => ({
    running: true,
    role,
    zxid: expect.stringMatching(/^0x[1-9a-f][0-9a-f]{8}$/),
    connections: expect.any(Number),
    latency: expect.any(Number),
    synced: role === 'leader' ? 2 : null,
    voters: [1, 2, 3],
  })

  const peersOf = (member: Member, roles: Readonly<Record<number, string>> = {}) =>
    Object.fromEntries(
      ward.members
        .filter((one) => one !== member)
        .map((one) => [String(one.id), roles[one.id] ?? (one === leader ? 'leader' : 'follower')]),
    )

  const factsOf = (member: Member, changes: Partial<Record<keyof HealthFacts, unknown>> = {}) => ({
    member: member.id,
    busy: false,
    handedOver: false,
    routes: 'verified',
    volumes: [volume(member)],
    service: serving(member === leader ? 'leader' : 'follower'),
    peers: peersOf(member),
    settleSeconds,
    ...changes,
  })

  /** Applies the step, then once more, which must find nothing to do; answers whether the server was started anew. */
  const heals = async (member: Member, service: 'keep' | 'restart' = 'keep'): Promise<{ restarted: boolean }> => {
    const before = await ward.server(member)
    const step = { Service: service, Attempt: `step-${member.id}-${before.replaceAll(' ', '.')}` }
    const facts = { service: { role: expect.stringMatching(/^(leader|follower)$/) }, routes: 'verified' }
    expect(await ward.apply(member, step)).toMatchObject(facts)
    const after = await ward.server(member)
    expect(await ward.apply(member, step)).toMatchObject(facts)
    expect(await ward.server(member)).toBe(after)
    await findsWhatWasWritten(member)
    return { restarted: after !== before }
  }

  /** Asks the healed member itself. What it writes itself comes after all that was acknowledged before. */
  const findsWhatWasWritten = async (member: Member): Promise<void> => {
    const last = await ward.acknowledged()
    const alone = await ward.hosts.client([member.card.address])
    await alone.write(`/after-${member.id}`, 'yes')
    const found = Number(await alone.read('/writer'))
    await alone.close()
    expect(last).toBeGreaterThanOrEqual(0)
    expect(found).toBeGreaterThanOrEqual(last)
  }

  test('each host of an ensemble that is well tells the same ensemble', async () => {
    const told = await Promise.all(ward.members.map((member) => ward.health(member)))
    expect(told).toEqual(ward.members.map((member) => factsOf(member)))
  })

  test('a host that has taken nothing over is nobody, and sees the others', async () => {
    const hosts = ward.hosts
    const primary = { ...leader.card, networkInterfaceId: 'eni-new', macAddress: '02:00:00:00:99:01', deviceIndex: 0 }
    await hosts.boot({
      instanceId: 'i-9',
      zone: 'z1',
      primary: { ...primary, address: '10.60.1.99', subnetCidr: '10.60.1.0/24' },
    })
    const { stdout } = await hosts.run('i-9', order('stayput-health', healthParameters(ward.members)))
    expect(JSON.parse(stdout)).toEqual({
      member: null,
      busy: false,
      handedOver: false,
      routes: 'this host has taken nothing over',
      volumes: [],
      service: { running: false, ...silent },
      peers: { ...peersOf(follower), [follower.id]: 'follower' },
      settleSeconds,
    })
    await hosts.powerOff('i-9')
  })

  test('a server that is stopped (SIGSTOP) runs and answers nobody; a restart heals it, and the host is busy meanwhile', async () => {
    await ward.client.startWriter('/writer')
    const stopped = leader
    await ward.on(stopped, `kill -STOP ${await ward.server(stopped)}`)
    expect(await ward.health(stopped)).toMatchObject({
      busy: false,
      service: { running: true, ...silent, role: 'unknown' },
    })
    expect(await ward.health(follower)).toMatchObject({ peers: { [stopped.id]: 'unknown' } })
    const healed = heals(stopped, 'restart')
    // The take-over holds the host's lock until the server serves.
    await expect.poll(async () => (await ward.health(stopped)).busy, patience).toBe(true)
    expect(await healed).toEqual({ restarted: true })
    expect(await ward.health(stopped)).toMatchObject({ busy: false, service: { running: true } })
  })

  test('a restart that comes when the server has its role again leaves it alone', async () => {
    await ward.client.startWriter('/writer')
    expect(await heals(follower, 'restart')).toEqual({ restarted: false })
  })

  test('a route that was deleted is put back, and the server runs on', async () => {
    await ward.client.startWriter('/writer')
    await ward.on(follower, 'ip -4 rule del priority 7829')
    const routes = 'the rules that lead to table 7829 are not the ones that should'
    expect(await ward.health(follower)).toMatchObject({ member: follower.id, routes })
    expect(await heals(follower)).toEqual({ restarted: false })
    expect(await ward.health(follower)).toEqual(factsOf(follower))
  })

  test.each([1, 2])(
    'a volume that was unmounted under the server is mounted again, and the server restarted: %i',
    async (id) => {
      const member = ward.members[id - 1]!
      await ward.client.startWriter('/writer')
      await ward.on(member, `umount -l ${mount}`)
      expect(await ward.health(member)).toMatchObject({ volumes: [volume(member, null)], service: { running: true } })
      expect(await heals(member)).toEqual({ restarted: true })
      expect(await ward.health(member)).toMatchObject({ volumes: [volume(member)], service: { running: true } })
    },
  )

  test('a server that was killed is started again', async () => {
    await ward.client.startWriter('/writer')
    await ward.on(other, `kill -KILL ${await ward.server(other)}`)
    expect(await ward.health(other)).toEqual(factsOf(other, { service: { running: false, ...silent } }))
    expect(await ward.health(leader)).toMatchObject({ peers: peersOf(leader, { [other.id]: 'absent' }) })
    expect(await heals(other)).toEqual({ restarted: true })
  })

  test('a disk that old snapshots fill is cleared before the server is started anew', async () => {
    await ward.client.startWriter('/writer')
    await ward.on(follower, `cd ${data} && until (($(ls snapshot.* | wc -l) > 4)); do sleep 0.1; done`)
    const oldest = ['snapshot', 'log'].map((kind) => `$(cd ${mount} && ls version-2/${kind}.* | head -n 1)`)
    await ward.on(follower, fill(...oldest))
    // The server ends, or loses its role again and again, depending on which of its threads is refused a write.
    await expect.poll(async () => (await ward.health(follower)).service.role, patience).toBe('none')
    expect(await ward.health(follower)).toMatchObject({ routes: 'verified', volumes: [volume(follower, 100)] })
    const before = await ward.on(follower, `cd ${data} && ls snapshot.* log.*`)
    const { stderr } = await ward.apply(follower)
    expect(await heals(follower)).toEqual({ restarted: false })
    const after = (await ward.on(follower, `cd ${data} && ls snapshot.* log.*`)).split('\n')
    for (const name of oldestOf(before)) {
      expect(after).not.toContain(name)
      expect(stderr).toContain(`${data}/${name}`)
    }
    expect(after.filter((name) => name.startsWith('snapshot.')).length).toBeGreaterThanOrEqual(3)
    expect((await ward.health(follower)).volumes[0]?.used).toBeLessThan(50)
  })

  test('a disk that something else fills is left as it is, and the reason says what to do', async () => {
    await ward.client.startWriter('/writer')
    await ward.on(other, fill('theirs'))
    await expect.poll(async () => (await ward.health(other)).service.role, patience).toBe('none')
    const before = await ward.on(other, `ls -A ${mount}`)
    expect(await ward.apply(other)).toMatchObject({
      failed: 'service-failed',
      because: `${mount} has 0 MB left, and no old snapshots or logs to remove: make the volume larger, and its file system grows at the next take-over`,
    })
    expect(await ward.on(other, `ls -A ${mount}`)).toBe(before)
    await ward.on(other, `rm ${mount}/theirs`)
    expect(await heals(other)).toEqual({ restarted: true })
  })

  test.each([1, 2])('a file system that was shut down after an error counts as not mounted: %i', async (id) => {
    const member = ward.members[id - 1]!
    await ward.on(member, `xfs_io -x -c shutdown ${mount}`)
    expect(await ward.health(member)).toMatchObject({ routes: 'verified', volumes: [volume(member, null)] })
    expect(await ward.apply(member)).toMatchObject({ failed: 'mount-failed' })
    await ward.on(member, `kill -KILL $(${serverProcesses}) && until umount ${mount}; do sleep 0.05; done`)
    expect(await ward.apply(member)).toMatchObject({ routes: 'verified', volumes: [{ formatted: false }] })
  })

  test('a question that nothing answers in time is told as not so', async () => {
    const { content, ...rest } = order('stayput-health', healthParameters(ward.members))
    const [step] = content.mainSteps
    const script = step!.inputs.runCommand.join('\n')
    const stuck = script
      .replace('health_seconds=8', 'health_seconds=1')
      .replace(/health$/, 'volume_mounts() { sleep 60; }\nzk_ask() { sleep 60; }\nhealth')
    expect(stuck).toContain('sleep 60')
    const mainSteps = [{ ...step!, inputs: { runCommand: [stuck] } }]
    const { stdout } = await ward.hosts.run(instanceOf(other), { ...rest, content: { ...content, mainSteps } })
    const absent = Object.fromEntries(Object.keys(peersOf(other)).map((id) => [id, 'absent']))
    expect(JSON.parse(stdout)).toEqual(
      factsOf(other, { volumes: [volume(other, null)], service: { running: true, ...silent }, peers: absent }),
    )
  })
})
