import { type Random, seededRandom } from '../../lab/cloud/random.ts'

/**
 * A stream of chance of its own for each purpose, so that leaving out one kind of fault does not shift what the others
 * draw: without that no failing seed could be shrunk.
 */
export function streamOf(seed: number, purpose: string): Random {
  let hash = 0x811c9dc5 ^ seed
  for (let index = 0; index < purpose.length; index++) {
    hash = Math.imul(hash ^ purpose.charCodeAt(index), 0x01000193)
  }
  return seededRandom(hash ^ Math.imul(seed, 0x9e3779b1))
}

export function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items[random.below(items.length)]
}

/** Between two figures, small ones as likely as large ones on a logarithmic scale. */
export function between(random: Random, least: number, most: number): number {
  return least * (most / least) ** random.next()
}
