import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LinuxClient } from '../../lab/hosts/linux/client.ts'
import type { LinuxHosts } from '../../lab/hosts/linux/linux.ts'
import { type HealthFacts, readHealth } from '../../shared/model/facts.ts'
import { healthParameters } from './healing.scene.ts'
import { openHosts, reason, sh, skipped } from './linux-hosts.scene.ts'
import {
  common,
  launch,
  makeMembers,
  type Member,
  mount,
  notAfter,
  order,
  takeOverParameters,
  told,
} from './linux-members.ts'

const all = makeMembers([1, 2, 3, 4, 5])
const first = all.slice(0, 3)

describe.skipIf(reason !== undefined)(`an ensemble of three grows to five and shrinks again${skipped}`, () => {
  let hosts: LinuxHosts
  let client: LinuxClient
  let attempts = 0
  /** The machine of each member. */
  const machines = new Map<number, string>()

  const machineOf = ({ id }: Member): string => machines.get(id) ?? ''
  const memberOf = (id: number): Member => all.find((member) => member.id === id)!

  async function start(member: Member, machine: string, members: readonly Member[], parameters = {}) {
    await launch(hosts, member, machine)
    machines.set(member.id, machine)
    const known = { ...takeOverParameters(members, member, false), ...parameters }
    return told(await hosts.run(machine, order('stayput-take-over', known)))
  }

  async function health(member: Member): Promise<HealthFacts> {
    const { stdout, stderr } = await hosts.run(machineOf(member), order('stayput-health', healthParameters(all)))
    const facts = readHealth(stdout)
    if (!facts) throw new Error(`no facts: ${stdout}${stderr}`)
    return facts
  }

  async function leader(): Promise<Member> {
    for (;;) {
      const roles = await Promise.all(all.map(async (member) => [member, await hosts.role(machineOf(member))] as const))
      const leads = roles.find(([, role]) => role === 'leader')
      if (leads) return leads[0]
    }
  }

  function orderChange(member: Member, change: string) {
    attempts += 1
    const { Ensemble, Member, Address } = common(member)
    const parameters = { Ensemble, Member, Address, Attempt: `change-${attempts}`, NotAfter: notAfter() }
    return hosts.run(machineOf(member), order('stayput-reconfigure', { ...parameters, Change: change }))
  }
  const reconfigure = async (change: string) => told(await orderChange(await leader(), change))

  const addition = ({ id, card }: Member) => `add:${id}=${card.address}`
  const handOver = async (member: Member) =>
    told(await hosts.run(machineOf(member), order('stayput-hand-over', { ...common(member) })))
  const voters = async (member: Member) => (await health(member)).service.voters?.toSorted((a, b) => a - b)

  beforeAll(async () => {
    hosts = await openHosts()
    const firstTime = (member: Member) => ({ Format: member.disk.volumeId, Bootstrap: 'permitted' })
    const facts = await Promise.all(first.map((member) => start(member, `i-${member.id}`, first, firstTime(member))))
    if (facts.some(({ failed }) => failed !== undefined)) throw new Error(JSON.stringify(facts))
    client = await hosts.client(all.map((member) => member.card.address))
    await client.startWriter('/writer')
  }, 60_000)
  afterAll(async () => await hosts.close())

  test('two more join, with all data and without a vote', async () => {
    const joining = [4, 5].map(memberOf)
    const facts = await Promise.all(
      joining.map((member) => start(member, `i-${member.id}`, all, { Format: member.disk.volumeId })),
    )
    expect(facts).toMatchObject(joining.map(({ id }) => ({ member: id, service: { role: 'follower' } })))
    expect(await Promise.all(all.map(voters))).toEqual(all.map(() => [1, 2, 3]))
  })

  test('a member that does not lead changes nothing', async () => {
    const leading = await leader()
    const other = first.find((member) => member !== leading)!
    expect(told(await orderChange(other, addition(memberOf(4))))).toMatchObject({ failed: 'not-leader' })
  })

  test('one that has no vote yet is replaced, and comes back without', async () => {
    await hosts.powerOff('i-5')
    expect(await start(memberOf(5), 'i-15', all)).toMatchObject({ member: 5, service: { role: 'follower' } })
    expect(await voters(memberOf(5))).toEqual([1, 2, 3])
  })

  test('while a voter is away nobody gets a vote', async () => {
    const leading = await leader()
    const away = first.find((member) => member !== leading)!
    await hosts.powerOff(machineOf(away))
    expect(await reconfigure(addition(memberOf(4)))).toMatchObject({
      failed: 'not-in-sync',
      because: 'of the 4 that are to vote 3 serve, and 4 must',
    })
    expect(await start(away, `i-2${away.id}`, all)).toMatchObject({ member: away.id })
    expect(await voters(away)).toEqual([1, 2, 3])
  })

  test('why ZooKeeper refuses a change is told in its own words', async () => {
    const leading = await leader()
    const password = '/var/lib/stayput/zookeeper-super'
    await sh(hosts, machineOf(leading), `cp -p ${password} /run/right && echo wrong >${password}`)
    const refused = told(await orderChange(leading, addition(memberOf(4))))
    await sh(hosts, machineOf(leading), `cp -p /run/right ${password}`)
    expect(refused).toMatchObject({ failed: 'not-changed' })
    expect(refused['because']).toMatch(/^ZooKeeper said: .*(permission|auth)/i)
    expect(await voters(leading)).toEqual([1, 2, 3])
  })

  test('each gets its vote, one after the other, and once more is as good as once', async () => {
    expect(await reconfigure(addition(memberOf(4)))).toMatchObject({ voters: [1, 2, 3, 4] })
    const again = await reconfigure(addition(memberOf(4)))
    expect(again).toMatchObject({ voters: [1, 2, 3, 4] })
    const done = await reconfigure(addition(memberOf(5)))
    expect(done).toMatchObject({ voters: [1, 2, 3, 4, 5] })
    expect(done['version']).not.toBe(again['version'])
  })

  test('of two changes at once one is made after the other', async () => {
    const leading = await leader()
    const changes = await Promise.all([orderChange(leading, 'remove:4'), orderChange(leading, addition(memberOf(5)))])
    expect(changes.map((change) => change.exitCode)).toEqual([0, 0])
    expect(await reconfigure(addition(memberOf(4)))).toMatchObject({ voters: [1, 2, 3, 4, 5] })
  })

  test('a voter that is replaced with a list of three counts to five all the same', async () => {
    const leading = await leader()
    const replaced = first.find((member) => member !== leading)!
    await hosts.powerOff(machineOf(replaced))
    expect(await start(replaced, `i-3${replaced.id}`, first)).toMatchObject({ member: replaced.id })
    expect(await voters(replaced)).toEqual([1, 2, 3, 4, 5])
  })

  test('nobody reads the password of the super user, and nothing repeats it', async () => {
    const machine = machineOf(await leader())
    const file = '/var/lib/stayput/zookeeper-super'
    expect(await sh(hosts, machine, `cat ${file}`)).toMatch(/^[0-9a-f]{48}$/)
    expect(await sh(hosts, machine, `stat -c '%a %U' ${file}`)).toBe('600 root\n')
    const places = `${mount} /var/log/stayput /etc/stayput /usr/local/lib/stayput /proc/[0-9]*/cmdline`
    expect(await sh(hosts, machine, `grep -rlaF -f ${file} ${places} || true`)).toBe('')
  })

  test('a server that is killed in the middle of a change knows in the end what the others know', async () => {
    const leading = await leader()
    const killed = all.find((member) => member !== leading && member.id !== 5)!
    const kill = `for f in $(grep -lzx -- '-Dstayput[.]configuration=.*' /proc/[0-9]*/cmdline); do f=\${f#/proc/}; kill -KILL \${f%/*}; done`
    // As soon as it has the list that is to be agreed upon.
    const dying = sh(
      hosts,
      machineOf(killed),
      `for ((i = 0; i < 2000; i++)); do
        [[ ! -e ${mount}/configuration/zoo.cfg.dynamic.next ]] || break
        read -r -t 0.005 <><(:) || true
      done; ${kill}`,
    )
    expect(await reconfigure('remove:5')).toMatchObject({ voters: [1, 2, 3, 4] })
    await dying
    const facts = told(
      await hosts.run(machineOf(killed), order('stayput-take-over', takeOverParameters(all, killed, false))),
    )
    expect(facts).toMatchObject({ member: killed.id })
    expect(await voters(killed)).toEqual([1, 2, 3, 4])
  })

  test('who has lost its vote hands over, and its data and the others stay', async () => {
    expect(await handOver(memberOf(5))).toMatchObject({ service: 'stopped' })
    await hosts.powerOff(machineOf(memberOf(5)))
    machines.delete(5)
  })

  test('the leader itself loses its vote, and another one leads at once', async () => {
    const leading = await leader()
    const facts = await reconfigure(`remove:${leading.id}`)
    expect(facts['voters']).toEqual([1, 2, 3, 4].filter((id) => id !== leading.id))
    expect((await leader()).id).not.toBe(leading.id)
    expect(await handOver(leading)).toMatchObject({ service: 'stopped' })
    await hosts.powerOff(machineOf(leading))
    machines.delete(leading.id)
    // With its data of then, and a list in which it still may be.
    expect(await start(leading, `i-4${leading.id}`, all)).toMatchObject({ service: { role: 'follower' } })
    expect(await voters(leading)).toEqual(facts['voters'])
  })

  test('every acknowledged write is there', async () => {
    const { written } = await client.stopWriter()
    expect(written).toBeGreaterThan(100)
    expect(Number(await client.read('/writer'))).toBeGreaterThanOrEqual(written - 1)
  })
})
