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

test('a verdict that can not be told is tried a few times; one that is refused is not', async () => {
  const clock = { now: () => 0, pause: () => Promise.resolve() }
  const { signal } = new AbortController()
  const telling = (error: object) => {
    let told = 0
    const failure = classify('telling', Object.assign(new Error('no'), error))
    const tell = () => {
      told++
      return Promise.resolve({ done: 'no', failure } as const)
    }
    return { port: { complete: tell, heartbeat: tell } as unknown as AutoScaling, told: () => told }
  }
  const busy = telling({ name: 'ResourceContentionFault', $metadata: { httpStatusCode: 500 } })
  expect(await complete(launching, 'CONTINUE', busy.port, clock, signal)).toMatchObject({ done: 'no' })
  expect(busy.told()).toBe(5)
  const denied = telling({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } })
  await complete(launching, 'WAIT', denied.port, clock, signal)
  expect(denied.told()).toBe(1)
})
