import type { Scene } from './scene.ts'

/** Milliseconds between two writes of a client, and between two looks at what was acknowledged. */
const writeEveryMs = 20_000
const lookEveryMs = 60_000

/** A client of each ensemble: writes all the time, and misses nothing that was acknowledged to it (S11). */
export class Clients {
  readonly #scene: Scene
  readonly #acknowledged = new Map<string, Set<string>>()
  #writes = 0

  constructor(scene: Scene) {
    this.#scene = scene
    for (const { name } of scene.ensembles) {
      this.#acknowledged.set(name, new Set())
      this.#every(writeEveryMs, () => this.#write(name))
      this.#every(lookEveryMs, () => this.look(name))
    }
  }

  /** Whether anything was ever acknowledged in this ensemble. */
  dataExists(ensemble: string): boolean {
    return (this.#acknowledged.get(ensemble)?.size ?? 0) > 0
  }

  /** Reads everything; what is missing breaks the promise. Answers nothing while there is no quorum. */
  async look(ensemble: string): Promise<number | undefined> {
    const wanted = [...(this.#acknowledged.get(ensemble) ?? [])]
    let keys: Set<string>
    try {
      keys = new Set(await this.#scene.hosts.client(ensemble).keys())
    } catch {
      // Without a quorum nothing is told, and nothing is lost yet.
      return undefined
    }
    const lost = wanted.filter((key) => !keys.has(key))
    if (lost.length > 0) {
      const what = `${lost.length} of ${wanted.length} acknowledged writes to ${ensemble} are gone, ${lost[0]} first`
      this.#scene.promises.break('S11', what)
    }
    return keys.size
  }

  async #write(ensemble: string): Promise<void> {
    const key = `/w${this.#writes++}`
    try {
      await this.#scene.hosts.client(ensemble).write(key, '')
    } catch {
      return
    }
    this.#acknowledged.get(ensemble)?.add(key)
    this.#scene.tally.add('write acknowledged')
  }

  #every(ms: number, task: () => Promise<unknown>): void {
    this.#scene.cloud.kernel.clock.after(ms, () => {
      void task()
      this.#every(ms, task)
    })
  }
}
