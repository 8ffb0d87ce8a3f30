import type { TakeOverArguments } from './arguments.ts'
import type { Journal } from './disk.ts'
import type { Host } from './machine.ts'
import type { Process } from './process.ts'
import { Failure } from './reply.ts'
import type { Role, Server, ServerOptions } from './server.ts'
import type { World } from './world.ts'

/** Milliseconds at speed 1. */
const startMs = { least: 1000, most: 3000 }
const stopMs = { least: 200, most: 600 }
const pollMs = 250
/** A server may stall for 20 seconds on a stale vote before it joins; this leaves room for that and a margin. */
const readyWithinMs = 60_000

/** Starts the service unless it runs, and waits until it has a role in its ensemble. */
export async function serve(world: World, host: Host, process: Process, wanted: TakeOverArguments): Promise<Role> {
  if (wanted.restart && host.restarted !== wanted.attempt && !hasRole(host)) {
    await stopService(world, host, process)
    host.restarted = wanted.attempt
  }
  if (!host.server) await start(world, host, process, wanted)
  for (let waited = 0; waited < readyWithinMs; waited += pollMs) {
    const role = host.server?.role
    if (role === undefined) throw new Failure('service-failed', 'The service ended before it was ready.')
    if (role !== 'looking') return role
    await process.sleep(pollMs)
  }
  throw new Failure('no-quorum', `The service found no role within ${readyWithinMs / 1000} seconds.`)
}

function hasRole({ server }: Host): boolean {
  return server !== undefined && !server.hung && server.role !== 'looking'
}

/** An instance takes over at most one member, for good. */
export function refuseOtherMember({ claim }: Host, wanted: { ensemble: string; member: number }): void {
  if (!claim || (claim.ensemble === wanted.ensemble && claim.member === wanted.member)) return
  throw new Failure('service-failed', `This instance is member ${claim.member} of ${claim.ensemble}.`)
}

/** A service goes on with files of a mount that was taken away lazily; it must not, beside the mount that comes back. */
export async function releaseLostMounts(
  world: World,
  host: Host,
  process: Process,
  { volumes }: TakeOverArguments,
): Promise<void> {
  if (volumes.some(({ volume, mount }) => host.mounts.get(mount) !== volume)) await stopService(world, host, process)
}

async function start(world: World, host: Host, process: Process, wanted: TakeOverArguments): Promise<void> {
  const { random } = world.pace
  await process.sleep(startMs.least + random.below(startMs.most - startMs.least))
  if (host.breaks('service')) throw new Failure('service-failed', 'The service exited while it started.')
  if (!host.answersAt(wanted.address)) throw new Failure('service-failed', `Nothing answers at ${wanted.address}.`)
  const volume = dataVolume(wanted)
  if (host.mountOf(volume) === undefined) throw new Failure('service-failed', `${volume} is not mounted.`)
  if (!world.disks.purge(volume)) throw new Failure('service-failed', `${volume} is full: make it larger.`)
  const options: Omit<ServerOptions, 'journal'> = {
    ensemble: wanted.ensemble,
    member: wanted.member,
    address: wanted.address,
    peers: wanted.peers,
    instanceId: host.instanceId,
    reachable: () => host.answersAt(wanted.address),
    begin: () => world.disks.begin(volume),
  }
  const journal = openJournal(world, volume, options, wanted.bootstrap)
  if (!journal && wanted.peers.size === 1) throw new Failure('service-failed', 'The only member has no data.')
  const ensemble = world.ensemble(wanted.ensemble)
  if (ensemble.servers.some((server) => server.member === wanted.member)) {
    world.harm('two-servers', `member ${wanted.member} of ${wanted.ensemble} was started on ${host.instanceId}`)
  }
  host.server = ensemble.start({ ...options, journal })
  host.serverVolume = volume
}

/**
 * A server without data may vote only at the first bootstrap of the whole ensemble: that is permitted, or was when its
 * disk was marked, and no peer that it can reach has served. Else an acknowledged write could be outvoted by an empty disk
 * (ZooKeeper 3.8.0 with its defaults: lost in 5 of 5 runs; with this guard: in 0 of 5).
 */
function openJournal(
  world: World,
  volume: string,
  options: Omit<ServerOptions, 'journal'>,
  bootstrap: boolean,
): Journal | undefined {
  const content = world.disks.formatted(volume)
  if (!content || content.data || !(content.initialize || bootstrap)) return content?.data
  const reaches = (server: Server) =>
    options.peers.get(server.member) === server.options.address && server.options.reachable()
  const peers = world.ensemble(options.ensemble).servers
  return peers.some((server) => reaches(server) && served(server)) ? undefined : options.begin()
}

function served({ journal }: Server): boolean {
  return journal !== undefined && journal.epoch > 0
}

/** Of several volumes, the one that is mounted first in path order carries the journal. */
function dataVolume({ volumes }: TakeOverArguments): string {
  const first = volumes.toSorted((a, b) => (a.mount < b.mount ? -1 : 1))[0]
  if (!first) throw new Failure('bad-parameter', 'Volumes names no volume.')
  return first.volume
}

export async function stopService(world: World, host: Host, process: Process): Promise<void> {
  if (!host.server) return
  await process.sleep(stopMs.least + world.pace.random.below(stopMs.most - stopMs.least))
  world.stopServer(host)
}
