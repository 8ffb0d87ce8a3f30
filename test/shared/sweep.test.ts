import { expect, test } from 'vitest'
import { CallFailure } from '../../shared/aws/failure.ts'
import { limits } from '../../shared/model/limits.ts'
import { sweep } from '../../shared/sweep.ts'
import { answersOf, type Answers, config, refusal, rim } from './answers.ts'
import { inGroup, instance, now, other, seen, self } from './scene.ts'

/** Sweeps once over a group whose instances are in these states, all of them stopped by `pauses` pauses. */
async function swept(states: readonly string[], pauses = 1, change: Answers = {}) {
  const groupInstances = states.map((state, index) => inGroup(index === 0 ? self : other, state))
  const world = seen({ groupInstances, instances: [instance(self), instance(other)], members: [] })
  const controller = new AbortController()
  const paused: number[] = []
  const pause = (ms: number) => {
    if (paused.push(ms) >= pauses) controller.abort()
    return Promise.resolve()
  }
  const { ports } = rim({ ...answersOf(world), ...change })
  const clock = { now: () => now, pause }
  const actions = await sweep({ ports, config, clock, log: () => {} }, controller.signal)
  return { actions, paused }
}

test.each([
  ['Pending:Wait', ['launching']],
  ['Terminating:Wait', ['terminating']],
  ['Warmed:Pending:Wait', ['launching', 'terminating']],
  ['Warmed:Terminating:Wait', ['terminating']],
  ['Pending', []],
  ['InService', []],
  ['Terminating:Proceed', []],
])('an instance that is %s has the open actions %j', async (state, transitions) => {
  const { actions } = await swept([state])
  expect(actions.map(({ action }) => action)).toEqual(
    transitions.map((transition) => ({
      instanceId: self,
      groupName: 'zookeeper',
      transition,
      hookName: transition === 'launching' ? 'stayput-launch' : 'stayput-terminate',
    })),
  )
})

test('all that is open is advanced side by side, each to an outcome of its own', async () => {
  const { actions } = await swept(['Pending:Wait', 'Terminating:Wait'])
  expect(actions.map(({ action, outcome }) => [action.instanceId, outcome.verdict])).toEqual([
    [self, 'WAIT'],
    [other, 'CONTINUE'],
  ])
})

test('it watches from afar: another invocation is probably at work', async () => {
  expect((await swept(['Pending:Wait'])).paused).toEqual([limits.pausePatient])
})

test('groups that can not be read fail the sweep', async () => {
  const throttled = { 'autoscaling.DescribeAutoScalingGroups': () => refusal('Throttling') }
  await expect(swept(['Pending:Wait'], 1, throttled)).rejects.toThrow(CallFailure)
})
