import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { projectFile } from '../../stack/project.ts'
import type { Disk, Machine, NetworkCard } from '../host.ts'
import { comesTrue, command } from './command.ts'
import { freeName, plugDisk, type PluggedDisk, unplugDisk, type Volumes } from './disks.ts'
import { type Fabric, gateway, prefixLength } from './fabric.ts'
import { detachLoop } from './loop.ts'

/** What the machines of a lab share. */
export interface Site {
  readonly fabric: Fabric
  readonly volumes: Volumes
  /** An empty folder, over which each machine mounts its own memory where only it sees it. */
  readonly scratch: string
}

/** Longer than a machine takes to stop its processes, and less than an operator's patience. */
const haltLimitMs = 15_000
const bootLimitMs = 15_000

const namespaces = ['--mount', '--uts', '--ipc', '--pid', '--propagation', 'private']
const launcher = ['unshare', ...namespaces, '--fork', '--kill-child', 'bash']

/**
 * A machine: a network namespace and, in it, mount, pid, uts and ipc namespaces that begin and end with one process. It
 * has its own root directory (the host's files below a layer in memory), its own /dev and its own block devices in /sys.
 */
export class Instance {
  readonly machine: Machine
  readonly #site: Site
  readonly #init: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #ended: Promise<boolean>
  readonly #cards = new Map<string, NetworkCard>()
  /** By volume; its value is undefined until the disk is all there, and its name is taken from the beginning. */
  readonly #disks = new Map<string, { readonly name: string; plugged?: PluggedDisk }>()
  #pid = 0
  #cut: Promise<void> | undefined
  #on = true

  private constructor(machine: Machine, site: Site) {
    this.machine = machine
    this.#site = site
    const { address, subnetCidr } = machine.primary
    const namespace = `--net=/run/netns/${site.fabric.namespace(machine.instanceId)}`
    const program = projectFile('lab/hosts/linux/instance.sh')
    const cidr = `${address}/${prefixLength(subnetCidr)}`
    this.#init = spawn(
      'nsenter',
      [namespace, ...launcher, program, hostName(address), cidr, gateway(subnetCidr), site.scratch],
      // In a session of its own, so that a Ctrl-C at the lab's terminal does not reach the machines.
      { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
    )
    this.#init.stdin.on('error', () => undefined)
    this.#ended = once(this.#init, 'exit')
      .catch(() => undefined)
      .then(() => (this.#on = false))
    this.#cards.set(machine.primary.networkInterfaceId, machine.primary)
  }

  /** Starts the machine; settles when its primary interface is up. */
  static async boot(machine: Machine, site: Site): Promise<Instance> {
    await site.fabric.addNamespace(machine.instanceId)
    await site.fabric.plug(machine.instanceId, machine.primary)
    const instance = new Instance(machine, site)
    try {
      instance.#pid = await instance.#booted()
      return instance
    } catch (error) {
      await instance.cutPower()
      throw error
    }
  }

  async #booted(): Promise<number> {
    const said = text(this.#init.stderr)
    const lines = createInterface({ input: this.#init.stdout })
    const line = await Promise.race([
      once(lines, 'line', { signal: AbortSignal.timeout(bootLimitMs) }) as Promise<string[]>,
      this.#ended.then(() => said),
    ])
    const pid = Number(line[0])
    if (!Array.isArray(line) || !Number.isInteger(pid)) {
      throw new Error(`${this.machine.instanceId} did not boot: ${String(line).trim()}`)
    }
    return pid
  }

  /** The first process of the machine, as the host counts. */
  get pid(): number {
    return this.#pid
  }

  hasPower(): boolean {
    return this.#on
  }

  get addresses(): string[] {
    return [...this.#cards.values()].map(({ address }) => address)
  }

  /** The machine's root directory, from outside. */
  get #root(): string {
    return `/proc/${this.#pid}/root`
  }

  async plugInterface(card: NetworkCard): Promise<void> {
    this.#requirePower()
    if (this.#cards.has(card.networkInterfaceId)) return
    this.#cards.set(card.networkInterfaceId, card)
    try {
      await this.#site.fabric.plug(this.machine.instanceId, card)
    } catch (error) {
      this.#cards.delete(card.networkInterfaceId)
      throw error
    }
  }

  async unplugInterface(networkInterfaceId: string): Promise<void> {
    if (!this.#on || !this.#cards.delete(networkInterfaceId)) return
    await this.#site.fabric.unplug([networkInterfaceId])
  }

  async plugVolume({ volumeId }: Disk): Promise<void> {
    this.#requirePower()
    if (this.#disks.has(volumeId)) return
    const name = freeName(new Set([...this.#disks.values()].map((disk) => disk.name)))
    const slot: { readonly name: string; plugged?: PluggedDisk } = { name }
    this.#disks.set(volumeId, slot)
    try {
      const loop = await this.#site.volumes.attach(volumeId)
      slot.plugged = { name, volumeId, loop }
      await plugDisk(this.#root, slot.plugged)
    } catch (error) {
      this.#disks.delete(volumeId)
      throw error
    }
  }

  /** A disk that is pulled out while it is mounted: nothing that is not on it by now will ever be. */
  async unplugVolume(volumeId: string): Promise<void> {
    const disk = this.#disks.get(volumeId)?.plugged
    if (!this.#on || !disk) return
    const paths = this.#mounts(disk)
    if (paths.length > 0) {
      await this.#shutDownFileSystems(paths)
      await this.#inside(['umount', '--lazy', ...paths])
    }
    await unplugDisk(this.#root, disk)
    this.#disks.delete(volumeId)
  }

  isMounted(volumeId: string): boolean {
    const disk = this.#disks.get(volumeId)?.plugged
    return this.#on && disk !== undefined && this.#mounts(disk).length > 0
  }

  /** Where file systems of this disk are mounted, read from the kernel at this moment. */
  #mounts({ loop }: PluggedDisk): string[] {
    return readMounts(this.#pid)
      .filter((mount) => mount.number === loop.number)
      .map((mount) => mount.path)
  }

  /** In good order: processes are asked to end and file systems are unmounted, as far as the machine still can. */
  async shutDown(): Promise<void> {
    if (this.#on && this.#cut === undefined) {
      this.#init.stdin.write('halt\n')
      await comesTrue(() => !this.#on || this.#cut !== undefined, haltLimitMs)
    }
    await this.cutPower()
  }

  /** Settles when nothing of the machine is left, and its disks can be plugged in elsewhere. */
  cutPower(): Promise<void> {
    this.#cut ??= this.#cutPower()
    return this.#cut
  }

  /**
   * The order is what makes it a power cut. The links go first, so that no peer hears a FIN or an RST; then the file
   * systems are stopped as they are on disk, because the kernel would unmount them cleanly when the namespace goes; only
   * then the processes are killed.
   */
  async #cutPower(): Promise<void> {
    const { fabric } = this.#site
    const faults: unknown[] = []
    const attempt = async (task: () => Promise<unknown>) => await task().catch((error: unknown) => faults.push(error))

    await attempt(() => fabric.unplug(this.#cards.keys()))
    const disks = [...this.#disks.values()].flatMap(({ plugged }) => plugged ?? [])
    const paths = this.#on ? disks.flatMap((disk) => this.#mounts(disk)) : []
    if (paths.length > 0) await attempt(() => this.#shutDownFileSystems(paths))
    this.#on = false
    this.#kill()
    await this.#ended
    await Promise.all([
      ...disks.map(({ loop }) => attempt(() => detachLoop(loop))),
      attempt(() => fabric.removeNamespace(this.machine.instanceId)),
    ])
    if (faults.length > 0) throw new AggregateError(faults, `${this.machine.instanceId} left something behind`)
  }

  #kill(): void {
    if (this.#init.exitCode !== null || this.#init.signalCode !== null) return
    try {
      // With the machine's first process all others die; its launcher ends when the last of them has.
      if (this.#pid > 0) process.kill(this.#pid, 'SIGKILL')
      else this.#init.kill('SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }

  /** Nothing that is not on the disk by now gets there. xfs_io's `shutdown` works for ext4 too. */
  async #shutDownFileSystems(paths: readonly string[]): Promise<void> {
    const script = 'for path; do xfs_io -x -c shutdown "$path" || exit; done'
    await this.#inside(['sh', '-c', script, 'sh', ...paths])
  }

  /** In the pid namespace too, or /proc/self would name nobody there. */
  async #inside(args: readonly string[]): Promise<void> {
    await command('nsenter', [`--target=${this.#pid}`, '--mount', '--pid', '--root', ...args])
  }

  /** Bytes that it has received over the connections that it has to these ports, or that others have to its own. */
  async bytesReceived(ports: readonly number[]): Promise<number> {
    const wanted = ports.flatMap((port) => [`sport = :${port}`, `dport = :${port}`]).join(' or ')
    const table = await command('nsenter', [`--target=${this.#pid}`, '--net', 'ss', '-tinH', `( ${wanted} )`])
    return [...table.matchAll(/\bbytes_received:(\d+)/g)].reduce((sum, [, bytes]) => sum + Number(bytes), 0)
  }

  #requirePower(): void {
    if (!this.#on) throw new Error(`${this.machine.instanceId} has no power`)
  }
}

interface Mount {
  /** Major and minor number of the device. */
  readonly number: string
  readonly path: string
}

/** Empty for a process that has ended. */
function readMounts(pid: number): Mount[] {
  let table
  try {
    table = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
  } catch {
    return []
  }
  return table
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([, , number, , path]) =>
      number !== undefined && path !== undefined ? { number, path: plain(path) } : [],
    )
}

/** The kernel writes white space and backslashes in paths as octal numbers. */
function plain(path: string): string {
  return path.replaceAll(/\\(\d{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)))
}

/** As EC2 names machines by their address. */
function hostName(address: string): string {
  return `ip-${address.replaceAll('.', '-')}`
}
