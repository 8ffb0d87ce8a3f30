import type { Clock } from '../../cloud/clock.ts'
import type { Random } from '../../cloud/random.ts'
import type { Disk, DocumentRun, Hosts, Machine, NetworkCard, RunResult } from '../host.ts'
import type { Filling, VolumeContent } from './disk.ts'
import type { EnsembleClient } from './ensemble.ts'
import { type Breakable, Host } from './machine.ts'
import { Killed, Process } from './process.ts'
import type { Role } from './server.ts'
import { runVerb, serviceVersion } from './verbs.ts'
import { type Harm, World } from './world.ts'

/** One server process, seen from above. */
export interface ServerView {
  readonly member: number
  readonly instanceId: string
  readonly address: string
  readonly role: Role
}

export interface ModelledHosts extends Hosts {
  readonly serviceVersion: string
  /** What a client of the ensemble's service can do. */
  client(ensemble: string): EnsembleClient
  /** The role of the service on this instance; undefined while none runs there. A process that hangs plays none. */
  role(instanceId: string): Role | undefined
  servers(ensemble: string): ServerView[]
  volumeContent(volumeId: string): VolumeContent
  /** Sets a scene. */
  setVolumeContent(volumeId: string, content: VolumeContent): void
  /** Sets a scene: the machine runs on, but nobody reaches it or is reached by it, or is again. */
  cutNetwork(instanceId: string, cut: boolean): void
  /** Sets a scene: connections to the machine's static address end nowhere, or arrive again. */
  hideAddress(instanceId: string, hidden: boolean): void
  /** Sets a scene: the service's process is stopped (SIGSTOP), or goes on. */
  hangService(instanceId: string, hung: boolean): void
  /** Sets a scene: the service's process is gone. */
  killService(instanceId: string): void
  /** Sets a scene: somebody deletes the static address's routes. */
  loseRoutes(instanceId: string, address: string): void
  /** Sets a scene: somebody unmounts a path lazily, while the service goes on with its files. */
  loseMount(instanceId: string, mount: string): void
  /** Sets a scene: no room is left on a volume, and a service on it ends. */
  fillDisk(volumeId: string, filling: Filling): void
  /** Sets a scene: somebody makes a volume larger, and its file system with it. */
  growDisk(volumeId: string): void
  /** Sets a scene: what fails when it is tried the next time. */
  breakNext(instanceId: string, what: Breakable): void
  /** What must never happen and did: a disk pulled while mounted, two mounts of a volume, two servers of a member. */
  readonly harms: readonly Harm[]
}

export interface ModelledOptions {
  /** How often a server that starts stalls for 20 seconds on a stale vote, as a share of the starts. */
  readonly staleVote?: number
  /** Told of each change of what is on a volume. */
  readonly contentChanged?: (volumeId: string, content: VolumeContent) => void
  /** Sets a scene: the hosts leave no tombstone when they hand over. */
  readonly forgetful?: boolean
}

/** As it was measured with ZooKeeper 3.8.0. */
const measuredStaleVote = 11 / 156

/** Milliseconds at speed 1. */
const bootMs = 100
const haltMs = 600
/** The kernel kills what outlives its limit. */
const killed = 137

/**
 * Hosts in memory: every duration is divided by `speed`, every chance drawn from `random`, so that a seed replays. The
 * volumes' content is kept apart from the hosts and outlives them.
 */
export function createModelledHosts(
  clock: Clock,
  random: Random,
  speed: number,
  options: ModelledOptions = {},
): ModelledHosts {
  const pace = { clock, random, speed, staleVote: options.staleVote ?? measuredStaleVote }
  const world = new World(pace, options.contentChanged)
  return {
    ...power(world, options.forgetful === true),
    ...plugs(world),
    ...views(world),
    ...sickness(world),
    run: (instanceId, run) => runDocument(world, instanceId, run),
  }
}

function find(world: World, instanceId: string): Host {
  const host = world.hosts.get(instanceId)
  if (!host) throw new Error(`there is no host ${instanceId}`)
  return host
}

function power(world: World, forgetful: boolean): Pick<Hosts, 'boot' | 'shutDown' | 'powerOff'> {
  return {
    async boot(machine: Machine) {
      const host = world.hosts.get(machine.instanceId) ?? new Host(machine, forgetful)
      world.hosts.set(machine.instanceId, host)
      if (host.state !== 'off') return
      host.state = 'booting'
      await world.pause(bootMs)
      // It may have been powered off while it booted.
      if (isBooting(host)) host.state = 'on'
      world.networkChanged()
    },
    async shutDown(instanceId) {
      const host = world.hosts.get(instanceId)
      if (host?.state !== 'on') return
      host.killAll('powered off')
      world.stopServer(host)
      await world.pause(haltMs)
      host.mounts.clear()
      halt(world, host)
    },
    async powerOff(instanceId) {
      const host = world.hosts.get(instanceId)
      if (host) halt(world, host)
      await Promise.resolve()
    },
  }
}

function isBooting(host: Host): boolean {
  return host.state === 'booting'
}

/** Power is gone. What is acknowledged is on disk; routes, mounts and processes are not there after the next boot. */
function halt(world: World, host: Host): void {
  host.state = 'off'
  host.killAll('powered off')
  world.stopServer(host)
  host.mounts.clear()
  host.routes.clear()
  world.networkChanged()
}

type Plugs = Pick<Hosts, 'plugInterface' | 'unplugInterface' | 'plugVolume' | 'unplugVolume' | 'inUse'>

function plugs(world: World): Plugs {
  return {
    async plugInterface(instanceId: string, card: NetworkCard) {
      find(world, instanceId).cards.set(card.networkInterfaceId, card)
      world.networkChanged()
      await Promise.resolve()
    },
    async unplugInterface(instanceId, networkInterfaceId) {
      const host = world.hosts.get(instanceId)
      const card = host?.cards.get(networkInterfaceId)
      if (!host || !card) return
      host.cards.delete(networkInterfaceId)
      host.routes.delete(card.address)
      world.networkChanged()
      await Promise.resolve()
    },
    async plugVolume(instanceId: string, disk: Disk) {
      find(world, instanceId).disks.set(disk.volumeId, disk)
      await Promise.resolve()
    },
    async unplugVolume(instanceId, volumeId) {
      const host = world.hosts.get(instanceId)
      if (!host?.disks.delete(volumeId)) return
      const path = host.mountOf(volumeId)
      if (path === undefined) return
      world.harm('pulled-disk', `${volumeId} was pulled from ${instanceId} while it was mounted at ${path}`)
      host.mounts.delete(path)
      world.stopServer(host)
      await Promise.resolve()
    },
    inUse: (instanceId, volumeId) => world.hosts.get(instanceId)?.holds(volumeId) ?? false,
  }
}

type Views = Omit<ModelledHosts, keyof Hosts | keyof Sickness>

function views(world: World): Views {
  return {
    serviceVersion,
    harms: world.harms,
    client: (ensemble) => world.ensemble(ensemble),
    role(instanceId) {
      const server = world.hosts.get(instanceId)?.server
      return server?.hung ? 'looking' : server?.role
    },
    servers: (ensemble) =>
      world.ensemble(ensemble).servers.map(({ options: { member, instanceId, address }, role }) => ({
        member,
        instanceId,
        address,
        role,
      })),
    volumeContent: (volumeId) => world.disks.content(volumeId),
    setVolumeContent: (volumeId, content) => world.disks.set(volumeId, content),
    cutNetwork(instanceId, cut) {
      find(world, instanceId).cut = cut
      world.networkChanged()
    },
    hideAddress(instanceId, hidden) {
      find(world, instanceId).hidden = hidden
    },
    breakNext: (instanceId, what) => void find(world, instanceId).broken.add(what),
  }
}

type Sickness = Pick<
  ModelledHosts,
  'hangService' | 'killService' | 'loseRoutes' | 'loseMount' | 'fillDisk' | 'growDisk'
>

function sickness(world: World): Sickness {
  return {
    hangService(instanceId, hung) {
      const { server } = find(world, instanceId)
      if (server) server.hung = hung
      world.networkChanged()
    },
    killService: (instanceId) => world.stopServer(find(world, instanceId)),
    loseRoutes(instanceId, address) {
      find(world, instanceId).routes.delete(address)
      world.networkChanged()
    },
    loseMount: (instanceId, mount) => void find(world, instanceId).mounts.delete(mount),
    growDisk: (volumeId) => world.disks.grow(volumeId),
    fillDisk(volumeId, filling) {
      world.disks.fill(volumeId, filling)
      for (const host of world.hosts.values()) if (host.mountOf(volumeId) !== undefined) world.stopServer(host)
    },
  }
}

/** Rejects when the machine dies under the document; answers with exit code 137 when the document had to be killed. */
async function runDocument(world: World, instanceId: string, run: DocumentRun): Promise<RunResult> {
  const host = find(world, instanceId)
  if (host.state !== 'on') throw new Error(`${instanceId} is ${host.state}`)
  const { clock, speed } = world.pace
  const process = new Process(clock, speed)
  const cancel = () => process.kill('cancelled')
  // The timeout is a promise of Systems Manager and so is not divided by the speed.
  const disarm = clock.after(run.timeoutMs, () => process.kill('timed out'))
  run.abort?.addEventListener('abort', cancel)
  if (run.abort?.aborted) cancel()
  host.processes.add(process)
  try {
    return await runVerb(world, host, process, run)
  } catch (error) {
    if (!(error instanceof Killed) || error.reason === 'powered off') throw error
    return { exitCode: killed, stdout: process.output, stderr: '' }
  } finally {
    disarm()
    run.abort?.removeEventListener('abort', cancel)
    host.processes.delete(process)
  }
}
