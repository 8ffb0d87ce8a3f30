import { describe, expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import { type Pace, Pauses } from '../../shared/pauses.ts'

/** Pauses on a clock that goes by hand; `take` waits for as long as it is told. */
function paused(pace: Pace) {
  let now = 1_000_000
  const pauses = new Pauses(pace, { now: () => now, pause: () => Promise.resolve() })
  const take = (): number => {
    const pause = pauses.next()
    now += pause
    return pause
  }
  const pass = (ms: number) => void (now += ms)
  return { pauses, take, pass, several: (count: number) => Array.from({ length: count }, take) }
}

describe('whoever is eager', () => {
  test('looks again after 200 ms, then half as much later each time, up to 3 s', () => {
    expect(paused('eager').several(9)).toEqual([200, 300, 450, 675, 1012.5, 1518.75, 2278.125, 3000, 3000])
  })

  test('lets a wait that has lasted for long become longer by a tenth, but never by more than 15 s', () => {
    const { pass, several } = paused('eager')
    several(9)
    pass(40_000 - 200 - 300 - 450 - 675 - 1012.5 - 1518.75 - 2278.125 - 3000 - 3000)
    // What follows the pause after 40 s without news is a tenth of that.
    expect(several(2)).toEqual([3000, 4000])
    pass(3_600_000)
    expect(several(5)).toEqual([4300, 6450, 9675, 14_512.5, limits.pauseLongest])
  })

  test('looks closely again after news, and is no sooner weary for what was before', () => {
    const { pauses, pass, several } = paused('eager')
    several(9)
    pass(3_600_000)
    pauses.news()
    expect(several(9)).toEqual([200, 300, 450, 675, 1012.5, 1518.75, 2278.125, 3000, 3000])
  })

  test('is not hurried by what it does itself: news of it is what counts', () => {
    const { pauses, several } = paused('eager')
    several(3)
    pauses.acted()
    expect(several(2)).toEqual([675, 1012.5])
  })
})

describe('whoever is patient', () => {
  test('looks again every 10 s, also after news', () => {
    const { pauses, several } = paused('patient')
    expect(several(3)).toEqual([10_000, 10_000, 10_000])
    pauses.news()
    expect(several(2)).toEqual([10_000, 10_000])
  })

  test('is eager from its first own step on', () => {
    const { pauses, several } = paused('patient')
    several(1)
    pauses.acted()
    expect(several(3)).toEqual([200, 300, 450])
    pauses.acted()
    expect(several(1)).toEqual([675])
    pauses.news()
    expect(several(2)).toEqual([200, 300])
  })
})
