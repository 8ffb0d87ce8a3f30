import { Disks, type VolumeContent } from './disk.ts'
import { Ensemble, type Pace } from './ensemble.ts'
import type { Host } from './machine.ts'
import { Failure } from './reply.ts'

/** Something happened that a correct orchestrator never lets happen. */
export interface Harm {
  readonly at: number
  readonly kind: 'pulled-disk' | 'two-mounts' | 'two-servers'
  readonly what: string
}

/** All modelled hosts and what connects them: the volumes' content, and the network of each ensemble. */
export class World {
  readonly pace: Pace
  readonly hosts = new Map<string, Host>()
  readonly disks: Disks
  readonly harms: Harm[] = []
  readonly #ensembles = new Map<string, Ensemble>()

  constructor(pace: Pace, contentChanged?: (volumeId: string, content: VolumeContent) => void) {
    this.pace = pace
    this.disks = new Disks(contentChanged)
  }

  ensemble(name: string): Ensemble {
    const ensemble = this.#ensembles.get(name) ?? new Ensemble(this.pace)
    this.#ensembles.set(name, ensemble)
    return ensemble
  }

  /** Somebody may now be reached, or no longer, who was not before. */
  networkChanged(): void {
    for (const ensemble of this.#ensembles.values()) ensemble.changed()
  }

  stopServer(host: Host): void {
    const { server } = host
    if (!server) return
    host.server = undefined
    this.ensemble(server.options.ensemble).stop(server)
  }

  harm(kind: Harm['kind'], what: string): void {
    this.harms.push({ at: this.pace.clock.now(), kind, what })
  }

  /** Lets `ms` milliseconds at speed 1 pass. */
  async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.pace.clock.after(ms / this.pace.speed, resolve)
    })
  }
}

export function refuseTooLate(world: World, notAfter: number): void {
  if (world.pace.clock.now() > notAfter) throw new Failure('too-late', 'The time until which this may begin is over.')
}
