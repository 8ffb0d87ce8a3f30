import type { Cloud } from '../../lab/cloud/cloud.ts'
import { AwsError } from '../../lab/cloud/error.ts'
import { throttlingError } from '../../lab/cloud/faults.ts'
import type { OperationName } from '../../lab/cloud/operation.ts'
import type { Random } from '../../lab/cloud/random.ts'
import { createThrottle } from '../../lab/cloud/throttle.ts'
import { openWitness } from '../../lab/stack/record-file.ts'
import type { Operation, Send } from '../../shared/aws/operations.ts'
import { isRead } from './calls.ts'
import { between } from './chance.ts'
import type { CallFault } from './faults.ts'
import type { Journal } from './journal.ts'
import type { Promises } from './promises.ts'
import type { Arrival } from './promises/watch.ts'
import type { Question, Reads } from './reads.ts'
import type { Tally } from './tally.ts'

/** One run of a function. Once killed it neither asks nor learns anything any more; what it has asked for may happen. */
export class Life {
  readonly name: string
  readonly ensemble: string
  /** How far its clock is off, in milliseconds. */
  readonly skewMs: number
  readonly startedAt: number
  dead = false
  calls = 0
  /** When the latest of the answers arrives that are late. */
  answersBy = 0
  /** How often it has changed something, or could not see something: whoever did looks again before long. */
  restless = 0
  /** What it was answered last to each of its questions. */
  readonly saw = new Map<string, Seen>()
  #end: ((error: Error) => void) | undefined
  readonly ended: Promise<never>

  constructor(name: string, ensemble: string, startedAt: number, skewMs: number) {
    this.name = name
    this.ensemble = ensemble
    this.startedAt = startedAt
    this.skewMs = skewMs
    this.ended = new Promise((_resolve, reject) => {
      this.#end = reject
    })
  }

  kill(): void {
    if (this.dead) return
    this.dead = true
    this.#end?.(new Error('the function was killed'))
  }
}

export interface Seen {
  readonly at: number
  readonly question: Question
  readonly answer: object
}

/** `twice`: the request arrives a second time, as a network may deliver it. */
export type Fate = CallFault | 'twice' | undefined

/** Decides what befalls a call. */
export type DrawFate = (operation: Operation, life: Life) => Fate

export interface PortParts {
  readonly cloud: Cloud
  readonly random: Random
  readonly journal: Journal
  readonly tally: Tally
  readonly promises: Promises
  readonly fate: DrawFate
  readonly reads: Reads
  /** Whether what is read at one moment is answered at one moment. */
  readonly looksAtOnce: boolean
}

/** How much of a call's latency passes before it takes effect. */
const wayThere = 0.5
/** Milliseconds: what is in flight lands this much later. SigV4 lets a request grow five minutes old. */
const late = { least: 2000, most: 290_000 }
/** Milliseconds: of a call that takes longer, whoever made it is not to blame for the time. */
const slowMs = 5000

type Outcome = { readonly answer: object } | { readonly error: Error }

interface Journeying extends Arrival {
  readonly operation: Operation
  /** Of a call that only looks. */
  readonly question: Question | undefined
}

/** The network between one function and the cloud. */
export type Network = (life: Life) => Send

/**
 * The port of the core straight onto the cloud, over a network that loses, delays and repeats nothing by itself: each
 * fate is drawn. A call takes effect at one moment between its sending and its answer.
 */
export function createNetwork(parts: PortParts): Network {
  const throttle = createThrottle(parts.cloud.kernel)
  const { reads } = parts
  const { clock } = parts.cloud.kernel
  const witness = openWitness(parts.cloud)
  const journeyParts: JourneyParts = { ...parts, throttle: (operation) => throttle.take(operation), witness }
  return (life) => {
    const glance = parts.looksAtOnce ? new Glance(journeyParts, life) : undefined
    return (operation, input) =>
      new Promise((resolve, reject) => {
        if (life.dead) return
        const question = isRead(operation) ? reads.question(operation, input) : undefined
        const answered = (outcome: Outcome): void => {
          note(life, clock.now(), question, outcome)
          if (life.dead) return
          // The table of operations binds each name to its answer; the cloud answers in those shapes.
          if ('answer' in outcome) resolve(outcome.answer)
          else reject(outcome.error)
        }
        life.calls++
        const arrival: Journeying = { operation, input: { ...input }, question, life, sentAt: clock.now() }
        parts.promises.sending(arrival)
        const kind = parts.fate(operation, life)
        if (glance && kind === undefined && question) glance.add(question, answered)
        else new Journey(journeyParts, arrival).begin(kind, answered)
      })
  }
}

/** That Systems Manager does not know a command yet is an answer like another. */
const unknownYet = (error: Error): Error | undefined =>
  error instanceof AwsError && error.code === 'InvocationDoesNotExist' ? error : undefined

function note(life: Life, at: number, question: Question | undefined, outcome: Outcome): void {
  const answer = 'answer' in outcome ? outcome.answer : unknownYet(outcome.error)
  if (!question || !answer) life.restless++
  else if (question.key !== undefined) life.saw.set(question.key, { at, question, answer })
}

interface JourneyParts extends PortParts {
  readonly throttle: (operation: OperationName) => void
  /** Notes what is to be held against the policies. */
  readonly witness: ReturnType<typeof openWitness>
}

/**
 * The questions that one invocation asks at one moment and that nothing befalls, answered together: the world does not
 * change between them. Most of a run is such looks; in the seeds without this each question has a way of its own.
 */
class Glance {
  readonly #parts: JourneyParts
  readonly #life: Life
  #asked: { readonly question: Question; readonly answered: (outcome: Outcome) => void }[] = []

  constructor(parts: JourneyParts, life: Life) {
    this.#parts = parts
    this.#life = life
  }

  add(question: Question, answered: (outcome: Outcome) => void): void {
    if (this.#asked.push({ question, answered }) > 1) return
    const { kernel } = this.#parts.cloud
    const ms = kernel.latency('read')
    if (ms > slowMs) this.#life.answersBy = Math.max(this.#life.answersBy, kernel.clock.now() + ms)
    kernel.clock.after(ms, () => this.#answer())
  }

  #answer(): void {
    const asked = this.#asked
    this.#asked = []
    for (const { question, answered } of asked) answered(this.#read(question))
  }

  #read(question: Question): Outcome {
    const { throttle, reads } = this.#parts
    try {
      throttle(question.operation)
      return { answer: reads.read(question) }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      return { error }
    }
  }
}

class Journey {
  readonly #parts: JourneyParts
  readonly #arrival: Journeying
  readonly #life: Life
  readonly #operation: Operation
  readonly #input: object

  constructor(parts: JourneyParts, arrival: Journeying) {
    this.#parts = parts
    this.#arrival = arrival
    this.#life = arrival.life
    this.#operation = arrival.operation
    this.#input = arrival.input
  }

  begin(kind: Fate, answer: (outcome: Outcome) => void): void {
    const { cloud, tally, random } = this.#parts
    const { clock } = cloud.kernel
    const life = this.#life
    const ms = cloud.kernel.latency(isRead(this.#operation) ? 'read' : 'mutation')
    if (ms > slowMs) life.answersBy = Math.max(life.answersBy, clock.now() + ms)
    if (kind !== undefined) {
      tally.add(`fault ${kind}`)
      this.#note(`! ${kind}`)
    }
    const tell = (outcome: Outcome, after: number): void => void clock.after(after, () => answer(outcome))
    const lateMs = kind === undefined ? 0 : between(random, late.least, late.most)
    const refused = this.#refused(kind)
    if (refused) return tell({ error: refused }, ms)
    if (kind === 'killed-before') return life.kill()
    if (kind === 'killed-in-flight' || kind === 'lands-late') {
      clock.after(lateMs, () => void this.#effect())
      return kind === 'lands-late' ? tell({ error: connectionReset() }, Math.min(lateMs, ms)) : life.kill()
    }
    clock.after(ms * wayThere, () => {
      const outcome = this.#effect()
      if (kind === 'twice') clock.after(ms, () => void this.#effect())
      // A request that is under way when its function dies arrives all the same.
      if (kind === 'killed-after') return life.kill()
      const back = ms * (1 - wayThere)
      if (kind === 'answer-lost') return tell({ error: connectionReset() }, back)
      if (kind === 'unavailable-though-done') return tell({ error: unavailable() }, back)
      if (kind !== 'answer-late') return tell(outcome, back)
      life.answersBy = Math.max(life.answersBy, clock.now() + back + lateMs)
      tell(outcome, back + lateMs)
    })
  }

  /** What a call gets to hear that has no effect at all. */
  #refused(kind: Fate): Error | undefined {
    if (kind === 'throttled' || kind === 'throttling-storm') {
      this.#parts.promises.refused(this.#arrival)
      return throttlingError(this.#operation)
    }
    return kind === 'request-lost' ? connectionReset() : undefined
  }

  #effect(): Outcome {
    const { throttle, cloud, reads, promises, witness } = this.#parts
    const { question } = this.#arrival
    try {
      throttle(this.#operation)
      promises.before(this.#arrival)
      if (!question) witness(this.#life.ensemble, this.#life.name, this.#operation, this.#input)
      const answer = question ? reads.read(question) : cloud.call(this.#operation, this.#input)
      promises.done(this.#arrival)
      if (!question) this.#note('')
      return { answer }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      this.#note(`: ${error.code}`)
      promises.refused(this.#arrival)
      return { error }
    }
  }

  #note(what: string): void {
    const { journal } = this.#parts
    const { ensemble, name } = this.#life
    journal.note(this.#operation + what, () => {
      const age = this.#parts.cloud.kernel.clock.now() - this.#arrival.sentAt
      const sent = age > 5000 ? ` (sent ${(age / 1000).toFixed(0)} s before)` : ''
      return `${ensemble} ${name}: ${this.#operation}${what} ${brief(this.#input)}${sent}`
    })
  }
}

function brief(input: object): string {
  return JSON.stringify(input).replaceAll('"', '').slice(0, 260)
}

function connectionReset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
}

function unavailable(): AwsError {
  return new AwsError('Unavailable', 'The server is overloaded and cannot handle the request.', 503)
}
