import type { Cloud } from '../../lab/cloud/cloud.ts'
import type { VolumeContent } from '../../lab/hosts/modelled/disk.ts'
import type { ModelledHosts } from '../../lab/hosts/modelled/modelled.ts'
import type { Ensemble } from './ensembles.ts'
import type { Life } from './port.ts'
import { Attaching } from './promises/attaching.ts'
import { Belonging } from './promises/belonging.ts'
import { Bounds } from './promises/bounds.ts'
import { Content } from './promises/content.ts'
import { Proving, type Ran } from './promises/proving.ts'
import { Quorum, type Running } from './promises/quorum.ts'
import { Releasing } from './promises/releasing.ts'
import { type Arrival, type Broken, type PromiseName, type Sending, Watch } from './promises/watch.ts'

/** Watches everything that the world does, each promise in a file of its own kind. */
export class Promises {
  readonly #watch: Watch
  readonly #attaching: Attaching
  readonly #releasing: Releasing
  readonly #proving: Proving
  readonly #content: Content
  readonly #belonging: Belonging
  readonly #bounds: Bounds
  readonly #quorum: Quorum
  #harmsSeen = 0

  constructor(cloud: Cloud, hosts: ModelledHosts) {
    const watch = new Watch(cloud, hosts)
    this.#watch = watch
    this.#attaching = new Attaching(watch)
    this.#releasing = new Releasing(watch)
    this.#proving = new Proving(watch)
    this.#content = new Content(watch)
    this.#belonging = new Belonging(watch)
    this.#bounds = new Bounds(watch)
    this.#quorum = new Quorum(watch)
  }

  get broken(): Broken | undefined {
    return this.#watch.broken
  }

  know(ensemble: Ensemble): void {
    this.#watch.know(ensemble)
  }

  /** Somebody else than Stayput has a hand in these: what was proved of them may be so no longer. */
  disturb(...things: readonly string[]): void {
    this.#watch.disturb(...things)
  }

  /** Whether every interface and volume says by its tags whose it is. */
  tagsAreRight(): boolean {
    return this.#watch.tagsAreRight()
  }

  byHand(change: () => void): void {
    this.#content.byHand(change)
  }

  /** Somebody else has put the volume where it does not belong, or has taken it back. */
  astray(volumeId: string, is: boolean): void {
    this.#attaching.astray(volumeId, is)
  }

  /** Nobody reaches the instance at its static address any more, or somebody does again. */
  hide(instanceId: string, hidden: boolean): void {
    this.#proving.hide(instanceId, hidden)
  }

  break(promise: PromiseName, what: string): void {
    this.#watch.break(promise, what)
  }

  /** To be called after each event of the world. */
  afterEvent(): void {
    const { harms } = this.#watch.hosts
    for (; this.#harmsSeen < harms.length; this.#harmsSeen++) {
      const harm = harms[this.#harmsSeen]
      if (harm) this.break(harm.kind === 'pulled-disk' ? 'S1' : 'S5', `${harm.kind}: ${harm.what}`)
    }
    this.#proving.afterEvent()
    this.#quorum.afterEvent()
  }

  /** To be called every few seconds; with the moment from which on nothing goes wrong any more. */
  look(faultsEndedAt: number | undefined): void {
    this.#bounds.look(faultsEndedAt)
  }

  /** A call leaves the core: what it asks for must be right by what is true now. */
  sending(sending: Sending): void {
    this.#attaching.sending(sending)
    this.#releasing.sending(sending)
    this.#proving.sending(sending)
    this.#belonging.sending(sending)
    this.#bounds.sending(sending)
    this.#quorum.sending(sending)
  }

  /** A call is about to take effect. */
  before(arrival: Arrival): void {
    this.#releasing.before(arrival)
  }

  /** A call has taken effect. */
  done(arrival: Arrival): void {
    this.#attaching.done(arrival)
    this.#content.done(arrival)
    this.#quorum.done(arrival)
  }

  /** A call was refused by the cloud. */
  refused(arrival: Arrival): void {
    this.#attaching.refused(arrival)
    this.#releasing.refused(arrival)
  }

  /** A document begins on a host. */
  runs(running: Running): void {
    this.#quorum.runs(running)
  }

  /** A document has ended on a host. */
  ran(ran: Ran, running: Running): void {
    this.#proving.ran(ran)
    this.#quorum.ran(running)
  }

  contentChanged(volumeId: string, content: VolumeContent, dataExists: boolean): void {
    this.#content.changed(volumeId, content, dataExists)
  }

  ended(life: Life, actions: number): void {
    this.#bounds.ended(life, actions)
  }

  overTime(life: Life): void {
    this.#bounds.overTime(life)
  }
}
