import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Context } from 'aws-lambda'
import { describe, expect, test } from 'vitest'
import { calm } from '../lab/cloud/settings.ts'
import { functionEnvironment } from '../lab/stack/environment.ts'
import { functionNames, startFunctions } from '../lab/stack/functions.ts'
import { deadline, earlyMs, outOfTime } from '../functions/early.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const environment = functionEnvironment('zookeeper', calm, 'http://127.0.0.1:9')

describe('the bundled functions', () => {
  test.each(functionNames)('%s is a small file', (name) => {
    const { size } = statSync(`${root}dist/functions/${name}.cjs`)
    expect(size).toBeGreaterThan(50_000)
    expect(size).toBeLessThan(400 * 1024)
  })

  test('a malformed event rejects, so that Lambda keeps it; a foreign one is answered with the reason', async () => {
    const lines: string[] = []
    const functions = startFunctions(environment, (line) => lines.push(line))
    await expect(functions.invoke('launch', {}, 60_000)).rejects.toThrow('the event is malformed: source is missing')
    const foreign = { source: 'aws.ec2', 'detail-type': 'x', account: '1', region: 'x', detail: {} }
    const outcome = { verdict: 'NOTHING', because: 'source aws.ec2 is not aws.autoscaling' }
    expect(await functions.invoke('terminate', foreign, 60_000)).toEqual(outcome)
    await functions.close()
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'ignored', because: outcome.because, ensemble: 'zookeeper' },
    ])
  })

  test('a function that nears its own end answers WAIT instead of being cut off', async () => {
    const functions = startFunctions(environment, () => {})
    const event = {
      source: 'aws.autoscaling',
      'detail-type': 'EC2 Instance-launch Lifecycle Action',
      account: calm.accountId,
      region: calm.region,
      detail: {
        LifecycleActionToken: '87654321-4321-4321-8321-210987654321',
        AutoScalingGroupName: 'zookeeper-1',
        LifecycleHookName: 'stayput-launch',
        EC2InstanceId: 'i-1234567890abcdef0',
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      },
    }
    // Nobody listens at the endpoint: what can't be read is unknown, and on the unknown nothing is done.
    const outcome = await functions.invoke('launch', event, earlyMs + 500)
    expect(outcome).toMatchObject({ verdict: 'WAIT' })
    await functions.close()
  })

  test('a configuration that is not there is told whole, at the start', async () => {
    const functions = startFunctions({ AWS_REGION: 'eu-central-1' }, () => {})
    await expect(functions.invoke('sweep', {}, 60_000)).rejects.toThrow(
      /9 fault.*STAYPUT_ENSEMBLE is not set.*STAYPUT_HEALTH_DOCUMENT is not set/s,
    )
    await functions.close()
  })
})

describe('the deadline of an invocation', () => {
  const context = (remaining: number) => ({ getRemainingTimeInMillis: () => remaining }) as Context

  test('is over at once when there is less time than it takes to wind down', async () => {
    const signal = deadline(context(0), new AbortController().signal)
    await new Promise((resolve) => {
      if (signal.aborted) resolve(undefined)
      else signal.addEventListener('abort', resolve)
    })
    expect(signal.aborted).toBe(true)
  })

  test("follows middy's own signal", () => {
    const controller = new AbortController()
    const signal = deadline(context(900_000), controller.signal)
    expect(signal.aborted).toBe(false)
    controller.abort()
    expect(signal.aborted).toBe(true)
  })

  test('an invocation that does not end even so is answered for', () => {
    expect(outOfTime()).toEqual({ verdict: 'WAIT', because: 'the function ran out of time' })
  })
})
