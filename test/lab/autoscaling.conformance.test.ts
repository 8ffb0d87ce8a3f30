import { describe, expect, test } from 'vitest'
import { boundaries, verified } from './autoscaling-boundaries.ts'
import { controls } from './autoscaling-controls.ts'
import { lifecycle, retention } from './autoscaling-lifecycle.ts'
import { autoScalingScene } from './autoscaling-scene.ts'

/** Facts about Auto Scaling that are known and not proved here. */
const leftOut: readonly { row: string; because: string }[] = [
  { row: 'A17', because: 'notification targets other than EventBridge are not simulated' },
  { row: 'A18', because: 'notification targets other than EventBridge are not simulated' },
  { row: 'A28', because: 'it is a fact about EC2, proved with EC2' },
]

const proved = [...controls, ...lifecycle, ...boundaries, ...retention, ...verified]

describe('Auto Scaling answers as AWS does', () => {
  test.each(proved)('$row, $grade: $fact [$source]', async ({ prove }) => {
    expect.hasAssertions()
    await prove(autoScalingScene())
  })

  test('every known row is proved or left out for a reason, and none is both', () => {
    const known = [...Array.from({ length: 29 }, (_, index) => `A${index + 1}`), 'B3']
    const told = [...proved, ...leftOut].map((each) => each.row)
    expect(known.filter((row) => !told.includes(row))).toEqual([])
    expect(new Set(told).size).toBe(told.length)
    expect(leftOut.filter((each) => each.because === '')).toEqual([])
  })
})
