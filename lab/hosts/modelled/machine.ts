import type { Disk, Machine, NetworkCard } from '../host.ts'
import type { KillReason, Process } from './process.ts'
import type { Server } from './server.ts'

export type Breakable = 'routes' | 'mount' | 'unmount' | 'service'

/** One modelled machine: what is plugged in, what is configured, what runs. */
export class Host {
  readonly instanceId: string
  state: 'booting' | 'on' | 'off' = 'off'
  /** By network interface id. */
  readonly cards = new Map<string, NetworkCard>()
  /** The static addresses for which routes are configured. */
  readonly routes = new Set<string>()
  /** By volume id. */
  readonly disks = new Map<string, Disk>()
  /** Volume id by mount path. */
  readonly mounts = new Map<string, string>()
  readonly #forgetful: boolean
  #tombstone: string | undefined
  /** Taken by a take-over or a hand-over for as long as it runs; the kernel frees it when the process is gone. */
  lock: Process | undefined
  readonly processes = new Set<Process>()
  server: Server | undefined
  /** Which member of which ensemble it has taken over, for good. It is on the root disk. */
  claim: { readonly ensemble: string; readonly member: number } | undefined
  /** The volume whose files its last server has opened. */
  serverVolume: string | undefined
  /** The last attempt that has started the service anew. */
  restarted: string | undefined
  /** Whether the network is cut: the machine runs, and nobody reaches it or is reached by it. */
  cut = false
  /** Whether connections to its static address end nowhere, although its own go out: a rule that somebody got wrong. */
  hidden = false
  /** What fails when it is tried the next time: a scene for tests. */
  readonly broken = new Set<Breakable>()

  constructor({ instanceId, primary }: Machine, forgetful = false) {
    this.instanceId = instanceId
    this.#forgetful = forgetful
    this.cards.set(primary.networkInterfaceId, primary)
  }

  /** The attempt that handed over. It is on the root disk: whoever handed over never takes over again. */
  get tombstone(): string | undefined {
    return this.#tombstone
  }

  set tombstone(attempt: string | undefined) {
    if (!this.#forgetful) this.#tombstone = attempt
  }

  card(macAddress: string): NetworkCard | undefined {
    return [...this.cards.values()].find((card) => card.macAddress.toLowerCase() === macAddress.toLowerCase())
  }

  /**
   * Whether this machine can be reached at the address: replies must leave by the card that has the address, so a
   * second card without its routes is dead (measured with source/dest check on: 0 of 3 pings).
   */
  answersAt(address: string): boolean {
    if (this.state !== 'on' || this.cut) return false
    return [...this.cards.values()].some(
      (card) => card.address === address && (card.deviceIndex === 0 || this.routes.has(address)),
    )
  }

  mountOf(volumeId: string): string | undefined {
    return [...this.mounts].find(([, mounted]) => mounted === volumeId)?.[0]
  }

  /** Whether a file system on it is mounted, or its files are open: a server that runs goes on with those of a lost mount. */
  holds(volumeId: string): boolean {
    return this.mountOf(volumeId) !== undefined || (this.server !== undefined && this.serverVolume === volumeId)
  }

  /** Whether what is tried now fails, once. */
  breaks(what: Breakable): boolean {
    return this.broken.delete(what)
  }

  killAll(reason: KillReason): void {
    for (const process of this.processes) process.kill(reason)
    this.processes.clear()
    this.lock = undefined
  }
}
