import type { Cloud } from '../lab/cloud/cloud.ts'
import { createEnsemble, inService, type LabMember, scale } from '../lab/stack/ensemble.ts'
import { type Lab, openLab } from '../lab/stack/lab.ts'
import { drawTakeOver, openPage, type Page } from './timeline.ts'
import { readHosts, readNumber, readOptions } from './usage.ts'
import { createWatcher, type TakeOver, type Watcher } from './watch.ts'

const defaultSpeed = 20
const speedMax = 1000

const usage = `usage: npm start -- [--json] [--hosts modelled] [--speed N]

Brings up a three-member ensemble in a local cloud, with the functions as they are deployed, writes data, kills an
instance without warning, and proves that its replacement is the same member; then a scale-in and a scale-out.

  --json           one JSON object as the last line of the standard output
  --hosts modelled what the instances are: modelled in memory
  --speed N        how many times faster than on AWS; 1 is real time (default ${defaultSpeed})
`

const ensemble = 'zookeeper'
const size = 3
const entries = 1000
/** At speed 1; a launch takes a minute or two, with bad luck some more. */
const patienceMs = 15 * 60_000
/** Never less than this, however fast: the functions themselves do not run faster. */
const patienceLeastMs = 40_000

interface Scene {
  readonly lab: Lab
  readonly members: readonly LabMember[]
  readonly page: Page
  readonly watcher: Watcher
  readonly patienceMs: number
}

/** The main job on an embedded default. Answers 0 only if the proof holds. */
export async function start(args: readonly string[]): Promise<number> {
  const options = { json: { type: 'boolean' }, hosts: { type: 'string' }, speed: { type: 'string' } } as const
  const read = readOptions(args, options, usage)
  if (!read) return 0
  const json = read.values.json === true
  const hosts = readHosts(read.values.hosts ?? 'modelled', usage)
  const speed = readNumber('speed', read.values.speed ?? String(defaultSpeed), 1, speedMax, usage)

  const page = openPage(json ? process.stderr : process.stdout)
  let watcher: Watcher | undefined
  const lab = await openLab({
    ensemble,
    port: 0,
    speed,
    seed: Date.now() % 2 ** 31,
    onLine: (line) => watcher?.line(line),
  })
  watcher = createWatcher(lab.cloud, (seconds, text) => page.moment(seconds, text))
  page.line(
    `${hosts} hosts; AWS endpoints at ${lab.url}; everything that AWS takes its time for runs ${speed} times as fast`,
  )
  const quorum = watchQuorum(lab)
  try {
    const members = createEnsemble(lab.cloud, ensemble, size)
    const patience = Math.max(patienceMs / speed, patienceLeastMs)
    const scene: Scene = { lab, members, page, watcher, patienceMs: patience }
    const result = await perform(scene, quorum)
    const { ok, ...rest } = result
    const report = { ok, hosts, speed, ...rest }
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`)
    return ok ? 0 : 1
  } finally {
    quorum.stop()
    await lab.close()
  }
}

async function perform(scene: Scene, quorum: QuorumWatch) {
  const { lab, members, page } = scene
  page.heading('Three members launch')
  const launches = members.map((member) => scene.watcher.begin(member, '', 'scale-out from nothing'))
  for (const member of members) scale(lab.cloud, member, 1)
  await until(scene, 'all members are in service', () => members.every((member) => inService(lab.cloud, member)))
  for (const launch of launches) launch.finish('')
  quorum.expect()
  await write(lab)
  page.good(`${size} members in service, ${entries} entries written`)

  const victim = required(members[1])
  page.heading(`The instance of member ${victim.id} dies without warning`)
  const first = await change(scene, victim, 'its instance died without warning', (instance) =>
    lab.cloud.ec2.fail(instance),
  )

  const scaled = required(members[2])
  page.heading(`Member ${scaled.id} is scaled in, and out again`)
  const second = await scaleInAndOut(scene, scaled)

  page.heading('Proof')
  const takeovers = [first, second]
  const found = await count(lab)
  const checks: readonly (readonly [boolean, string])[] = [
    ...takeovers.map((one) => sameMember(lab.cloud, required(members.find((member) => member.id === one.member)), one)),
    [found === entries, `${found} of ${entries} entries found`],
    [!quorum.lost(), 'the ensemble had its quorum all the time'],
  ]
  for (const [holds, what] of checks) {
    if (holds) page.good(what)
    else page.bad(what)
  }
  return {
    ok: checks.every(([holds]) => holds),
    service: lab.hosts.serviceVersion,
    members: members.map((member) => describe(lab, member)),
    takeovers,
    data: { written: entries, found },
    quorumLost: quorum.lost(),
  }
}

/** Lets something befall a member's instance and watches until another is in service. */
async function change(
  scene: Scene,
  member: LabMember,
  cause: string,
  strike: (instance: string) => void,
): Promise<TakeOver> {
  const { lab, page, watcher } = scene
  const from = required(inService(lab.cloud, member))
  const watch = watcher.begin(member, from, cause)
  strike(from)
  const to = await until(scene, `member ${member.id} is in service again`, () => {
    const instance = inService(lab.cloud, member)
    return instance === from ? undefined : instance
  })
  const takeover = watch.finish(to)
  drawTakeOver(page, takeover)
  return takeover
}

async function scaleInAndOut(scene: Scene, member: LabMember): Promise<TakeOver> {
  const { lab, page, watcher } = scene
  const from = required(inService(lab.cloud, member))
  const out = watcher.begin(member, from, 'scale-in')
  scale(lab.cloud, member, 0)
  await until(scene, `member ${member.id} is free`, () => lab.cloud.autoscaling.members.get(from) === undefined)
  const { steps } = out.finish('')
  page.good(
    `${from} has handed over (${steps
      .filter((step) => !step.name.startsWith('wait'))
      .map((step) => step.name)
      .join(', ')})`,
  )
  page.line()
  const watch = watcher.begin(member, from, 'scale-out')
  scale(lab.cloud, member, 1)
  const to = await until(scene, `member ${member.id} is in service again`, () => inService(lab.cloud, member))
  const takeover = watch.finish(to)
  drawTakeOver(page, takeover)
  return takeover
}

/** Whether the new instance holds the very interface, address and volumes of its member. */
function sameMember(cloud: Cloud, member: LabMember, { to, from }: TakeOver): readonly [boolean, string] {
  const card = cloud.ec2.networkInterfaces.get(member.networkInterfaceId)
  const address = card?.privateIpAddress === member.address && card.attachment?.instanceId === to
  const disks = member.volumeIds.every((id) => cloud.ec2.volumes.get(id)?.attachment?.instanceId === to)
  const what = `member ${member.id}: ${from} -> ${to}, ${member.address} and ${member.volumeIds.join(', ')} moved along`
  return [address && disks && from !== to, what]
}

function describe(lab: Lab, member: LabMember) {
  const instance = inService(lab.cloud, member) ?? null
  return {
    id: member.id,
    zone: member.zone,
    address: member.address,
    volumes: member.volumeIds,
    instance,
    role: instance === null ? null : (lab.hosts.role(instance) ?? null),
  }
}

const key = (index: number): string => `/entry-${index}`
const value = (index: number): string => `value ${index}`

async function write(lab: Lab): Promise<void> {
  const client = lab.hosts.client(ensemble)
  await Promise.all(Array.from({ length: entries }, (_, index) => client.write(key(index), value(index))))
}

async function count(lab: Lab): Promise<number> {
  const client = lab.hosts.client(ensemble)
  const read = await Promise.all(Array.from({ length: entries }, (_, index) => client.read(key(index))))
  return read.filter((text, index) => text === value(index)).length
}

interface QuorumWatch {
  /** From now on there must be a majority of servers. */
  expect(): void
  lost(): boolean
  stop(): void
}

function watchQuorum(lab: Lab): QuorumWatch {
  let expected = false
  let lost = false
  const timer = setInterval(() => {
    const alive = lab.hosts.servers(ensemble).length
    if (expected && alive <= size / 2) lost = true
  }, 50)
  return {
    expect: () => {
      expected = true
    },
    lost: () => lost,
    stop: () => clearInterval(timer),
  }
}

/** Looks until there is something, and gives up with what was awaited. */
async function until<Result>(scene: Scene, what: string, look: () => Result | undefined | false): Promise<Result> {
  const end = Date.now() + scene.patienceMs
  for (;;) {
    const result = look()
    if (result !== undefined && result !== false) return result
    if (Date.now() > end) throw new Error(`waited ${Math.round(scene.patienceMs / 1000)} s in vain until ${what}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}

function required<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error('a member without an instance')
  return thing
}
