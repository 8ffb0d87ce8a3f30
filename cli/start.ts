import type { ServiceHosts } from '../lab/hosts/service.ts'
import { inService, type LabMember } from '../lab/stack/ensemble.ts'
import { type Lab, openLab } from '../lab/stack/lab.ts'
import { playAside } from './aside.ts'
import { chooseHosts, readHosts } from './hosts.ts'
import { type Check, prove } from './proof.ts'
import { launchAll, lose, replace, scaleInAndOut, type Scene } from './scenes.ts'
import { openPage } from './timeline.ts'
import { readNumber, readOptions } from './usage.ts'
import { createWatcher, type TakeOver, type Watcher } from './watch.ts'

/** Real hosts take their own time for what they do, so only AWS's share is quickened, and by more. */
const defaultSpeeds: Readonly<Record<ServiceHosts['kind'], number>> = { modelled: 20, linux: 100 }
const speedMax = 1000

const usage = `usage: npm start -- [--json] [--hosts modelled|linux] [--speed N]

Brings up a three-member ensemble in a local cloud, with the functions as they are deployed, writes data, kills an
instance without warning, and proves that its replacement is the same member.

  --json           one JSON object as the last line of the standard output
  --hosts KIND     linux: namespaces, loop devices and the real ZooKeeper (root on Linux; missing Debian packages are
                   installed); modelled: in memory. Without it linux where it may be, else modelled
  --speed N        how many times faster than on AWS what AWS takes its time for; 1 is real time
                   (default ${defaultSpeeds.modelled} with modelled hosts, ${defaultSpeeds.linux} with linux)
`

const ensemble = 'zookeeper'
const size = 3
/** At speed 1; a launch takes a minute or two, with bad luck some more. */
const patienceMs = 15 * 60_000
/** Never less than this, however fast: functions and real hosts do not run faster. */
const patienceLeastMs = 45_000

/** The main job on an embedded default. Answers 0 only if the proof holds. */
export async function start(args: readonly string[]): Promise<number> {
  const options = { json: { type: 'boolean' }, hosts: { type: 'string' }, speed: { type: 'string' } } as const
  const read = readOptions(args, options, usage)
  if (!read) return 0
  const json = read.values.json === true
  const wanted = readHosts(read.values.hosts, usage)
  const speedWanted = read.values.speed && readNumber('speed', read.values.speed, 1, speedMax, usage)

  const page = openPage(json ? process.stderr : process.stdout)
  const hosts = await chooseHosts(wanted, (line) => page.line(line))
  const speed = speedWanted || defaultSpeeds[hosts]
  let watcher: Watcher | undefined
  const onLine = (line: string): void => watcher?.line(line)
  const lab = await openLab({ hosts, ensemble, members: size, port: 0, speed, seed: Date.now() % 2 ** 31, onLine })
  watcher = createWatcher(lab, (seconds, text) => page.moment(seconds, text))
  page.line(`${hosts} hosts, ${lab.hosts.version}; AWS endpoints at ${lab.url}; AWS is ${speed} times as fast as it is`)
  try {
    const { members } = lab
    const patience = Math.max(patienceMs / speed, patienceLeastMs)
    const { ok, ...rest } = await perform({ lab, members, page, watcher, patienceMs: patience })
    if (json) process.stdout.write(`${JSON.stringify({ ok, hosts, speed, ...rest })}\n`)
    return ok ? 0 : 1
  } finally {
    await lab.close()
  }
}

async function perform(scene: Scene) {
  const { lab, members, page } = scene
  await launchAll(scene)
  const proof = await prove(scene, ensemble)
  const takeovers = await befall(scene)
  page.heading('Proof')
  const checks: Check[] = [...takeovers.map((one): Check => sameMember(members, one)), ...(await proof.conclude())]
  for (const { holds, what } of checks) page.check(holds, what)
  const result = {
    ok: checks.every((check) => check.holds),
    service: lab.hosts.version,
    members: await Promise.all(members.map((member) => describe(lab, member))),
    takeovers,
    ...proof.figures(),
  }
  return lab.hosts.kind === 'linux' ? { ...result, aside: await playAside(scene, ensemble) } : result
}

/** What befalls the members, by kind of host: real ones are worth more losses, modelled ones show the scale-in. */
async function befall(scene: Scene): Promise<TakeOver[]> {
  if (scene.lab.hosts.kind === 'modelled') return [await lose(scene, 'follower'), await scaleInAndOut(scene)]
  return [await lose(scene, 'follower'), await lose(scene, 'leader'), await replace(scene)]
}

function sameMember(members: readonly LabMember[], { member: id, from, to, kept }: TakeOver): Check {
  const member = members.find((one) => one.id === id)
  return {
    holds: kept,
    what: `member ${id}: ${from} -> ${to}, ${member?.address} and ${member?.volumeIds.join(', ')} moved along`,
  }
}

async function describe(lab: Lab, member: LabMember) {
  const instance = inService(lab.cloud, member)
  return {
    id: member.id,
    zone: member.zone,
    address: member.address,
    volumes: member.volumeIds,
    instance: instance ?? null,
    role: (instance !== undefined && (await lab.hosts.role(instance))) || null,
  }
}
