/** Counts of what occurred: over a whole run of seeds none may stay at zero, else the simulation is blind there. */
export class Tally {
  readonly counts = new Map<string, number>()

  add(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by)
  }

  merge(others: Iterable<readonly [name: string, count: number]>): void {
    for (const [name, count] of others) this.add(name, count)
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }
}
