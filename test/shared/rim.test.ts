import { expect, test } from 'vitest'
import { systemClock } from '../../shared/clock.ts'
import { complete } from '../../shared/complete.ts'
import { classify } from '../../shared/aws/failure.ts'
import type { AutoScaling } from '../../shared/aws/auto-scaling.ts'
import { jsonLog } from '../../shared/log.ts'
import { launching } from './scene.ts'

test('a log line is one line of JSON with time and ensemble', () => {
  const lines: string[] = []
  const log = jsonLog(
    'zookeeper',
    () => Date.UTC(2026, 5, 1),
    (line) => lines.push(line),
  )
  log({ level: 'info', event: 'step', because: 'two\nlines', step: 'attach-volume', ms: 3 })
  expect(lines).toEqual([
    '{"time":"2026-06-01T00:00:00.000Z","level":"info","event":"step","ensemble":"zookeeper","because":"two\\nlines","step":"attach-volume","ms":3}',
  ])
})

test('the clock tells the time, and a pause ends when it is over, or at once when it is aborted', async () => {
  expect(systemClock.now()).toBeGreaterThan(Date.UTC(2026, 0, 1))
  const controller = new AbortController()
  await systemClock.pause(1, controller.signal)
  const long = systemClock.pause(3_600_000, controller.signal)
  controller.abort()
  await long
  await systemClock.pause(3_600_000, controller.signal)
})

test('a verdict is told once: whoever repeats it looks again first', async () => {
  let told = 0
  const busy = Object.assign(new Error('no'), { name: 'ResourceContentionFault', $metadata: { httpStatusCode: 500 } })
  const tell = () => {
    told++
    return Promise.resolve({ done: 'no', failure: classify('telling', busy) } as const)
  }
  const port = { complete: tell, heartbeat: tell } as unknown as AutoScaling
  expect(await complete(launching, 'CONTINUE', port)).toMatchObject({ done: 'no' })
  expect(told).toBe(1)
  await complete(launching, 'WAIT', port)
  expect(told).toBe(2)
})
