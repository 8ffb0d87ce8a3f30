/**
 * Time in the lab. Everything in the cloud that takes time goes through one clock, so that the same state machine
 * runs in real time behind the wire and in virtual time, thousands of times faster, in tests and in the simulation.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `task` once after `ms` milliseconds; the returned function cancels it. */
  after(ms: number, task: () => void): Cancel
}

export type Cancel = () => void

export const realClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms)
    // What goes on in the cloud does not keep a process alive: whoever waits for it does.
    timer.unref()
    return () => clearTimeout(timer)
  },
}

interface Entry {
  readonly at: number
  readonly order: number
  readonly task: () => void
  cancelled: boolean
}

/** A clock that stands still until it is told to run. Tasks of one instant run in the order in which they were set. */
export class VirtualClock implements Clock {
  #now: number
  #order = 0
  readonly #heap: Entry[] = []

  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  after(ms: number, task: () => void): Cancel {
    const entry = { at: this.#now + Math.max(0, ms), order: this.#order++, task, cancelled: false }
    push(this.#heap, entry)
    return () => {
      entry.cancelled = true
    }
  }

  /** Runs the next task and reports whether there was one. Awaited code runs between tasks: see `run`. */
  step(): boolean {
    for (let entry = pop(this.#heap); entry; entry = pop(this.#heap)) {
      if (entry.cancelled) continue
      this.#now = entry.at
      entry.task()
      return true
    }
    return false
  }

  /** As `step`, but no further than to `endMs`: then the clock stands there, and the answer is no. */
  stepUntil(endMs: number): boolean {
    const next = this.#next()
    if (next && next.at <= endMs) return this.step()
    this.#now = Math.max(this.#now, endMs)
    return false
  }

  /**
   * Runs tasks, letting promises settle in between, until `done()` holds, nothing is left, or `maxMs` of virtual time
   * have passed. Answers whether `done()` held.
   */
  async run(done: () => boolean, maxMs: number): Promise<boolean> {
    const end = this.#now + maxMs
    for (;;) {
      await settle()
      if (done()) return true
      const next = this.#next()
      if (!next || next.at > end) break
      this.step()
    }
    this.#now = Math.max(this.#now, end)
    return done()
  }

  /** The next task that still stands. A cancelled one in front of it must not let `step` run past the end. */
  #next(): Entry | undefined {
    while (this.#heap[0]?.cancelled) pop(this.#heap)
    return this.#heap[0]
  }

  /** Lets `ms` of virtual time pass. */
  async pass(ms: number): Promise<void> {
    await this.run(() => false, ms)
  }
}

/** setImmediate runs only after every promise that can settle has settled; a fixed number of awaits does not. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve)
  })
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length
  heap.push(entry)
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = heap[parent]
    if (!above || !before(entry, above)) break
    heap[index] = above
    index = parent
  }
  heap[index] = entry
}

function pop(heap: Entry[]): Entry | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (!top || !last || top === last) return top
  let index = 0
  for (;;) {
    const child = smallerChild(heap, index)
    const below = heap[child]
    if (!below || !before(below, last)) break
    heap[index] = below
    index = child
  }
  heap[index] = last
  return top
}

function smallerChild(heap: Entry[], index: number): number {
  const left = heap[2 * index + 1]
  const right = heap[2 * index + 2]
  return left && right && before(right, left) ? 2 * index + 2 : 2 * index + 1
}
