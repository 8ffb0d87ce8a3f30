import { autoScalingPort } from '../../shared/aws/auto-scaling.ts'
import { ec2Port } from '../../shared/aws/ec2.ts'
import type { Send } from '../../shared/aws/operations.ts'
import { ssmPort } from '../../shared/aws/ssm.ts'
import type { InstanceId } from '../../shared/model/ids.ts'
import type { Ports } from '../../shared/observe.ts'

/** What the core has made of each answer. An answer never changes, so what was read out of it stands as long as it does. */
export type Readings = WeakMap<object, unknown>

/** Told what was made of an answer before, instead of making it again. */
type Listener = (reading: unknown) => void

/**
 * The core's ports, which do not read an answer that they have read before: most answers tell that nothing has changed
 * (reads.ts gives the very same object for the same), and reading them was a seventh of a run.
 */
export function remembering(send: Send, readings: Readings): Ports {
  let asking: Asking | undefined
  const listening: Send = (operation, input) => {
    const own = asking
    return own ? own.hear(send(operation, input), readings) : send(operation, input)
  }
  /** A port sends its first request before it returns; the further pages of an answer come later, and are not kept. */
  const kept = <Given extends readonly unknown[], Reading>(read: (...given: Given) => Promise<Reading>) => {
    return (...given: Given): Promise<Reading> =>
      new Promise((resolve, reject) => {
        const own = new Asking((known) => resolve(known as Reading))
        asking = own
        const reading = read(...given)
        asking = undefined
        reading.then((made) => {
          own.keep(made, readings)
          resolve(made)
        }, reject)
      })
  }
  const [ec2, autoScaling, ssm] = [ec2Port(listening), autoScalingPort(listening), ssmPort(listening)]
  return {
    ec2: {
      ...ec2,
      networkInterfaces: kept((ensemble: string) => ec2.networkInterfaces(ensemble)),
      volumes: kept((ensemble: string) => ec2.volumes(ensemble)),
      instances: kept((ids: readonly InstanceId[]) => ec2.instances(ids)),
    },
    autoScaling: { ...autoScaling, groups: kept((ensemble: string) => autoScaling.groups(ensemble)) },
    ssm: {
      ...ssm,
      invocations: kept((...given: Parameters<Ports['ssm']['invocations']>) => ssm.invocations(...given)),
      invocation: kept((...given: Parameters<Ports['ssm']['invocation']>) => ssm.invocation(...given)),
    },
  }
}

/** One reading: what is asked, until it is answered. */
class Asking {
  readonly #known: Listener
  #answer: object | undefined

  constructor(known: Listener) {
    this.#known = known
  }

  /** Passes the answer on to the port, unless it is known what the port makes of it: then the port hears no more. */
  hear<Answer extends object>(sent: Promise<Answer>, readings: Readings): Promise<Answer> {
    return new Promise((resolve, reject) => {
      sent.then((answer) => {
        const known = readings.get(answer)
        if (known !== undefined) return this.#known(known)
        this.#answer = answer
        resolve(answer)
      }, reject)
    })
  }

  keep(made: unknown, readings: Readings): void {
    const whole = this.#answer && !('NextToken' in this.#answer && this.#answer.NextToken !== undefined)
    if (this.#answer && whole) readings.set(this.#answer, made)
  }
}
