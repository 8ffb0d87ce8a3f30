import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../lab/cloud/clock.ts'
import { type BridgeEvent, createEventBridge } from '../../lab/cloud/eventbridge/eventbridge.ts'
import { createLambda } from '../../lab/cloud/eventbridge/lambda.ts'
import { createKernel } from '../../lab/cloud/kernel.ts'
import type { Settings } from '../../lab/cloud/settings.ts'

const minute = 60_000

const refuse = () => Promise.reject(new Error('no'))

function scene(overrides: Partial<Settings> = {}) {
  const clock = new VirtualClock()
  const kernel = createKernel(clock, 1, overrides)
  const events = createEventBridge(kernel)
  const seen: BridgeEvent[] = []
  const publish = (number = 1) =>
    events.publish({ 'detail-type': 'Made', source: 'lab', resources: ['arn:x'], detail: { number } })
  const listen = (pattern: object = { source: ['lab'] }) =>
    events.rule({ name: 'rule', pattern, target: async (event) => void seen.push(event) })
  return { clock, kernel, events, seen, publish, listen }
}

describe('the event bus', () => {
  it('fills the envelope in', async () => {
    const { clock, seen, publish, listen } = scene()
    listen()
    publish()
    await clock.pass(minute)
    expect(seen).toEqual([
      {
        version: '0',
        id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
        'detail-type': 'Made',
        source: 'lab',
        account: '123456789012',
        time: '2026-01-01T00:00:00Z',
        region: 'eu-central-1',
        resources: ['arn:x'],
        detail: { number: 1 },
      },
    ])
  })

  it('delivers nothing at once, and only to rules that match and still exist', async () => {
    const { clock, events, seen, publish, listen } = scene()
    listen({ detail: { number: [{ numeric: ['>', 1] }] } })
    publish(1)
    publish(2)
    expect(seen).toEqual([])
    await clock.pass(minute)
    expect(seen.map((event) => event.detail)).toEqual([{ number: 2 }])
    events.removeRule('rule')
    publish(3)
    await clock.pass(minute)
    expect(seen).toHaveLength(1)
    expect(events.history).toHaveLength(3)
  })

  it('refuses a rule whose pattern is invalid', () => {
    const { listen } = scene()
    expect(() => listen({ source: [] })).toThrow('Event pattern is not valid. Reason: Empty arrays are not allowed')
  })

  it('lets events overtake each other', async () => {
    const { clock, seen, publish, listen } = scene()
    listen()
    for (let number = 0; number < 20; number++) publish(number)
    await clock.pass(minute)
    const order = seen.map((event) => event.detail['number'])
    expect(order).toHaveLength(20)
    expect(order).not.toEqual(order.toSorted((one, other) => Number(one) - Number(other)))
  })

  it('may deliver an event twice, with one id', async () => {
    const { clock, seen, publish, listen } = scene({ eventDuplicate: 1 })
    listen()
    publish()
    await clock.pass(minute)
    expect(seen).toHaveLength(2)
    expect(new Set(seen.map((event) => event.id)).size).toBe(1)
  })

  it('may lose an event', async () => {
    const { clock, events, seen, publish, listen } = scene({ eventLoss: 1 })
    listen()
    publish()
    await clock.pass(minute)
    expect(seen).toEqual([])
    expect(events.history).toHaveLength(1)
  })

  it('tries a target again that fails, and gives up after its retries', async () => {
    const { clock, events, publish } = scene()
    let calls = 0
    const target = async () => {
      calls++
      throw new Error('no')
    }
    events.rule({ name: 'rule', pattern: { source: ['lab'] }, target, maximumRetryAttempts: 2 })
    publish()
    await clock.pass(60 * minute)
    expect(calls).toBe(3)
    expect(events.deadLetters).toMatchObject([{ rule: 'rule', condition: 'MaximumRetryAttempts', attempts: 3 }])
  })

  it('gives up on an event that has grown too old', async () => {
    const { clock, events, publish } = scene()
    events.rule({ name: 'rule', pattern: { source: ['lab'] }, target: refuse, maximumEventAgeSeconds: 60 })
    publish()
    await clock.pass(60 * minute)
    expect(events.deadLetters).toMatchObject([{ condition: 'MaximumEventAgeInSeconds' }])
  })
})

describe('a function that is invoked asynchronously', () => {
  it('runs after the event was accepted, not before', async () => {
    const { clock, kernel } = scene()
    const lambda = createLambda(kernel)
    const seen: unknown[] = []
    lambda.register('work', { handler: async (event) => void seen.push(event) })
    await lambda.invokeAsync('work', { a: 1 })
    expect(seen).toEqual([])
    await clock.pass(1)
    expect(seen).toEqual([{ a: 1 }])
    const startedAt = kernel.clock.now() - 1
    expect(lambda.invocations).toEqual([
      { name: 'work', event: { a: 1 }, attempt: 1, startedAt, endedAt: startedAt, outcome: 'success' },
    ])
  })

  it('is retried after one minute and after two more, then its event is a dead letter', async () => {
    const { clock, kernel } = scene()
    const lambda = createLambda(kernel)
    const error = new Error('no')
    lambda.register('work', { handler: () => Promise.reject(error) })
    await lambda.invokeAsync('work', 'event')
    const accepted = clock.now()
    await clock.pass(60 * minute)
    expect(lambda.invocations.map((run) => run.startedAt - accepted)).toEqual([0, minute, 3 * minute])
    expect(lambda.invocations.map((run) => run.outcome)).toEqual(['error', 'error', 'error'])
    expect(lambda.deadLetters).toEqual([{ name: 'work', event: 'event', condition: 'RetriesExhausted', error }])
  })

  it('is retried sooner in a lab that runs faster', async () => {
    const { clock, kernel } = scene({ speed: 60 })
    const lambda = createLambda(kernel)
    let calls = 0
    lambda.register('work', { handler: async () => (calls++ === 0 ? Promise.reject(new Error('no')) : undefined) })
    await lambda.invokeAsync('work', 'event')
    await clock.pass(1000)
    expect(calls).toBe(2)
    expect(lambda.deadLetters).toEqual([])
  })

  it('queues beyond its reserved concurrency', async () => {
    const { clock, kernel } = scene()
    const lambda = createLambda(kernel)
    let running = 0
    let most = 0
    const handler = async () => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => void clock.after(10_000, resolve))
      running--
    }
    lambda.register('work', { handler, reservedConcurrency: 2 })
    for (let index = 0; index < 5; index++) await lambda.invokeAsync('work', index)
    await clock.pass(60 * minute)
    expect(most).toBe(2)
    expect(lambda.invocations.filter((run) => run.outcome === 'success')).toHaveLength(5)
  })

  it('that has no concurrency at all turns events away', async () => {
    const { clock, kernel } = scene()
    const lambda = createLambda(kernel)
    lambda.register('work', { handler: async () => {}, reservedConcurrency: 0 })
    await lambda.invokeAsync('work', 'event')
    await clock.pass(minute)
    expect(lambda.deadLetters).toMatchObject([{ condition: 'ZeroReservedConcurrency' }])
    expect(lambda.invocations).toEqual([])
  })

  it('has to exist', async () => {
    const lambda = createLambda(scene().kernel)
    await expect(lambda.invokeAsync('other', {})).rejects.toMatchObject({ code: 'ResourceNotFoundException' })
  })

  it('that fails is retried by Lambda alone: to EventBridge the invocation was accepted', async () => {
    const { clock, kernel, events, publish } = scene()
    const lambda = createLambda(kernel)
    lambda.register('work', { handler: refuse })
    events.rule({ name: 'rule', pattern: { source: ['lab'] }, target: (event) => lambda.invokeAsync('work', event) })
    publish()
    await clock.pass(60 * minute)
    expect(lambda.invocations).toHaveLength(3)
    expect(events.deadLetters).toEqual([])
  })
})
