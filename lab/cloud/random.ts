/** Seeded randomness: the only source of chance in the lab, so that a seed replays exactly. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** True with this probability. */
  chance(probability: number): boolean
  /** Uniform integer in [0, below). */
  below(below: number): number
  /** Log-normal with this median and 99th percentile, in the unit of the arguments. */
  lognormal(median: number, p99: number): number
  /** This many hexadecimal digits. */
  hex(digits: number): string
  uuid(): string
}

const bytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The eight digits of a 32-bit word: ids are made by the hundred thousand. */
const inHex = (word: number): string =>
  `${bytes[word >>> 24]}${bytes[(word >>> 16) & 255]}${bytes[(word >>> 8) & 255]}${bytes[word & 255]}`

/** sfc32 by Chris Doty-Humphrey (PractRand, public domain): fast, small, passes PractRand to 8 TB. */
export function seededRandom(seed: number): Random {
  let a = seed >>> 0
  let b = (seed ^ 0x9e3779b9) >>> 0
  let c = 0x243f6a88
  let counter = 1
  const word = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let round = 0; round < 15; round++) word()

  const next = (): number => word() / 2 ** 32
  const hex = (digits: number): string => {
    let text = ''
    while (text.length < digits) text += inHex(word())
    return text.slice(0, digits)
  }
  return {
    next,
    chance: (probability) => probability > 0 && next() < probability,
    below: (below) => Math.floor(next() * below),
    lognormal(median, p99) {
      const z99 = 2.326
      const sigma = Math.log(p99 / median) / z99
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
      return median * Math.exp(sigma * normal)
    },
    hex,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'[word() & 3]}${hex(3)}-${hex(12)}`,
  }
}
