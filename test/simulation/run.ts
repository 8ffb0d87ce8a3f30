import { type Clock, VirtualClock } from '../../lab/cloud/clock.ts'
import { createCloud } from '../../lab/cloud/cloud.ts'
import type { DocumentContent, Hosts } from '../../lab/hosts/host.ts'
import { exitCodes } from '../../lab/hosts/modelled/reply.ts'
import { createModelledHosts, type ModelledHosts } from '../../lab/hosts/modelled/modelled.ts'
import { readDocuments } from '../../lab/stack/documents.ts'
import { endChaos, scheduleChaos } from './chaos.ts'
import { streamOf } from './chance.ts'
import { Clients } from './client.ts'
import type { Composition } from './core.ts'
import { deploy, type Deployment } from './deploy.ts'
import { drain } from './drain.ts'
import { createEnsemble, slim } from './ensembles.ts'
import { formByHand } from './formed.ts'
import { drawFates } from './fate.ts'
import { type Entry, Journal } from './journal.ts'
import type { DrawFate, Life } from './port.ts'
import { Promises } from './promises.ts'
import type { Ran } from './promises/proving.ts'
import type { Running } from './promises/quorum.ts'
import type { Broken } from './promises/watch.ts'
import { convergenceMs, Recovery, unsettled } from './recovery.ts'
import type { Scene } from './scene.ts'
import { type Swarm, usual } from './swarm.ts'
import { Tally } from './tally.ts'

export interface RunOptions {
  readonly composition?: Composition | undefined
  /** The hosts leave no tombstones. */
  readonly forgetful?: boolean | undefined
  /** Whether the story is kept in words. */
  readonly tells?: boolean | undefined
  /** Decides over calls in another way than by the swarm's chances. */
  readonly fate?: ((scene: Scene) => DrawFate) | undefined
}

export interface Run {
  readonly seed: number
  readonly broken: Broken | undefined
  readonly hash: string
  readonly tally: Tally
  readonly entries: readonly Entry[]
  /** Of virtual time, in milliseconds: how long it took after the last fault until everything was right again. */
  readonly recoveryMs: number
  readonly virtualMs: number
  readonly events: number
  readonly calls: number
}

/** Milliseconds between two looks at who has been waiting for how long. */
const lookEveryMs = 15_000

/** Milliseconds within which the ensembles are formed: with a stale vote it takes twenty seconds. */
const formingMs = 120_000

const documents: ReadonlyMap<string, DocumentContent> = new Map(
  [...readDocuments()].map(([name, content]) => [name, slim(content)]),
)

/** Runs the world of one swarm from beginning to end. Only from a macrotask: see drain.ts. */
export function run(swarm: Swarm, options: RunOptions = {}): Run {
  const world = new World(swarm, options)
  world.run()
  return world.report()
}

class World {
  readonly #swarm: Swarm
  readonly #clock = new VirtualClock()
  readonly #start: number
  readonly #scene: Scene
  readonly #clients: Clients
  readonly #deployment: Deployment
  #events = 0
  #calls = 0
  #settledAt: number | undefined
  #faultsEndedAt: number | undefined

  constructor(swarm: Swarm, options: RunOptions) {
    this.#swarm = swarm
    this.#scene = createScene(swarm, this.#clock, options, (id) => this.#clients.dataExists(id))
    const { cloud, tally } = this.#scene
    cloud.autoscaling.onLifecycleState(({ lifecycleState }) => tally.add(`state ${lifecycleState}`))
    this.#clients = new Clients(this.#scene)
    if (swarm.formed) formByHand(this.#scene, (done) => this.#form(done))
    this.#start = this.#clock.now()
    const drawn = options.fate?.(this.#scene) ?? drawFates(this.#scene, swarm)
    const fate: DrawFate = (operation, life: Life) => {
      this.#calls++
      return drawn(operation, life)
    }
    this.#deployment = deploy(this.#scene, swarm, options.composition ?? {}, fate)
    scheduleChaos(this.#scene, swarm)
  }

  run(): void {
    const { promises } = this.#scene
    this.#lookNowAndThen()
    if (!this.#until(() => false, this.#swarm.until)) return
    endChaos(this.#scene)
    this.#faultsEndedAt = this.#clock.now()
    const recovery = new Recovery(this.#scene)
    if (!this.#until(() => recovery.settledAt !== undefined, convergenceMs)) return
    this.#settledAt = recovery.settledAt
    const fault = recovery.settledAt === undefined ? unsettled(this.#scene) : undefined
    if (fault) return promises.break(fault.promise, `${fault.what}, ${convergenceMs / 60_000} minutes after the faults`)
    this.#look()
  }

  #lookNowAndThen(): void {
    this.#scene.promises.look(this.#faultsEndedAt)
    this.#clock.after(lookEveryMs, () => this.#lookNowAndThen())
  }

  /** Everything that was acknowledged is there in the end. */
  #look(): void {
    for (const { name } of this.#scene.ensembles) {
      let told: number | undefined
      void this.#clients.look(name).then((keys) => {
        told = keys
      })
      this.#until(() => told !== undefined, 10_000)
      if (told === undefined) this.#scene.promises.break('L1', `${name} does not serve in the end`)
    }
  }

  #form(done: () => boolean): void {
    if (!this.#until(done, formingMs) || !done()) throw new Error('the ensembles can not be formed')
  }

  /** Runs events until `done` or for `ms`; false as soon as a promise is broken. */
  #until(done: () => boolean, ms: number): boolean {
    const { promises } = this.#scene
    const end = this.#clock.now() + ms
    drain()
    while (!done() && promises.broken === undefined) {
      if (!this.#clock.stepUntil(end)) break
      this.#events++
      drain()
      promises.afterEvent()
    }
    return promises.broken === undefined
  }

  report(): Run {
    this.#deployment.stop()
    const { promises, journal, tally } = this.#scene
    const ended = this.#start + this.#swarm.until
    return {
      seed: this.#swarm.seed,
      broken: promises.broken,
      hash: journal.hash,
      tally,
      entries: journal.entries,
      recoveryMs: (this.#settledAt ?? ended) - ended,
      virtualMs: this.#clock.now() - this.#start,
      events: this.#events,
      calls: this.#calls,
    }
  }
}

function createScene(
  swarm: Swarm,
  clock: VirtualClock,
  options: RunOptions,
  dataExists: (ensemble: string) => boolean,
): Scene {
  const { seed } = swarm
  const hanging = new Set<string>()
  const tally = new Tally()
  const journal = new Journal(clock, options.tells === true)
  // The hosts tell of what they write before the promises are there to hear of it, so by way of the scene.
  let scene: Scene | undefined
  const hosts = createModelledHosts(clock, streamOf(seed, 'hosts'), 1, {
    forgetful: options.forgetful === true,
    contentChanged: (id, content) => {
      const ensemble = content.kind === 'formatted' ? content.ensemble : ''
      scene?.promises.contentChanged(id, content, dataExists(ensemble))
    },
  })
  const watched = watchHosts(hosts, clock, hanging, {
    runs: (running) => scene?.promises.runs(running),
    ran: (ran, running) => scene?.promises.ran(ran, running),
  })
  const cloud = createCloud(clock, watched, streamOf(seed, 'cloud').below(2 ** 32), usual)
  for (const [name, content] of documents) cloud.ssm.putDocument(name, content)
  const promises = new Promises(cloud, hosts)
  const ensembles = swarm.ensembles.map((plan, place) => createEnsemble(cloud, plan, place))
  for (const ensemble of ensembles) promises.know(ensemble)
  const random = streamOf(seed, 'scene')
  scene = {
    cloud,
    hosts,
    ensembles,
    promises,
    journal,
    tally,
    random,
    hanging,
    tampered: new Set(),
    lost: new Map(),
    repairs: [],
  }
  return scene
}

interface Told {
  readonly runs: (running: Running) => void
  readonly ran: (ran: Ran, running: Running) => void
}

const words = new Map<number, string>(Object.entries(exitCodes).map(([word, code]) => [code, word]))

/** Hosts of which some do not end when they are told to, and that tell what they have done. */
function watchHosts(hosts: ModelledHosts, clock: Clock, hanging: ReadonlySet<string>, tell: Told): Hosts {
  return {
    ...hosts,
    shutDown: (id) => (hanging.has(id) ? Promise.resolve() : hosts.shutDown(id)),
    async run(instanceId, run) {
      const startedAt = clock.now()
      const running = { document: run.document, instanceId, parameters: run.parameters }
      tell.runs(running)
      const result = await hosts.run(instanceId, run)
      const failure = result.exitCode === 0 ? undefined : (words.get(result.exitCode) ?? 'killed')
      const member = Number(run.parameters['Member']?.[0])
      tell.ran({ document: run.document, instanceId, member, startedAt, failure }, running)
      return result
    },
  }
}
