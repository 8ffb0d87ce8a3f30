import type { Clock } from '../../cloud/clock.ts'

export type KillReason = 'powered off' | 'timed out' | 'cancelled'

/** What a killed process ends with. */
export class Killed extends Error {
  readonly reason: KillReason

  constructor(reason: KillReason) {
    super(`the document was killed: ${reason}`)
    this.name = 'Killed'
    this.reason = reason
  }
}

/**
 * A document that runs on a modelled host. It may change the world only between two sleeps, in one go, so whoever kills
 * it leaves nothing half done.
 */
export class Process {
  readonly #clock: Clock
  readonly #speed: number
  #killed: Killed | undefined
  #interrupt: ((killed: Killed) => void) | undefined
  /** What it printed so far: all that is left of a process that was killed. */
  readonly lines: string[] = []

  constructor(clock: Clock, speed: number) {
    this.#clock = clock
    this.#speed = speed
  }

  print(line: string): void {
    this.lines.push(line)
  }

  get output(): string {
    return this.lines.map((line) => `${line}\n`).join('')
  }

  /** Lets `ms` milliseconds of a host at speed 1 pass. Throws Killed when the process was killed meanwhile. */
  async sleep(ms: number): Promise<void> {
    this.#endIfKilled()
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#clock.after(ms / this.#speed, resolve)
      this.#interrupt = (killed) => {
        cancel()
        reject(killed)
      }
    })
    // Whoever killed it in the very moment in which it woke up came too late to interrupt the sleep.
    this.#endIfKilled()
  }

  #endIfKilled(): void {
    if (this.#killed) throw this.#killed
  }

  kill(reason: KillReason): void {
    this.#killed ??= new Killed(reason)
    this.#interrupt?.(this.#killed)
  }
}
