import { describe, expect, test } from 'vitest'
import { advance, type World } from '../../shared/advance.ts'
import type { LogLine } from '../../shared/log.ts'
import { limits } from '../../shared/model/limits.ts'
import type { Observation } from '../../shared/model/observation.ts'
import type { Plan, Step } from '../../shared/model/plan.ts'
import type { Pace } from '../../shared/pauses.ts'
import { answersOf, type Answers, config, refusal, rim } from './answers.ts'
import { id, launching, member, now, seen, self, terminating, volume } from './scene.ts'

const CommandId = '00000000-0000-4000-8000-000000000001'

interface Run {
  readonly plans: readonly Plan[]
  readonly answers?: Answers
  readonly action?: typeof launching
  readonly pace?: Pace
  /** The invocation is out of time after so many pauses. */
  readonly pauses?: number
  /** How long each look takes, in milliseconds. */
  readonly looksFor?: number
  /** Its time is over while it looks for the so-manieth time. */
  readonly endsInLook?: number
}

/** Advances an action with a planner that answers these plans one after the other, and then the last for ever. */
async function run({ plans, answers = {}, action = launching, pace, pauses = 40, looksFor = 0, endsInLook }: Run) {
  let time = now
  const paused: number[] = []
  const lines: LogLine[] = []
  const seenByPlan: Observation[] = []
  const controller = new AbortController()
  if (pauses === 0) controller.abort()
  let looks = 0
  const reading = answersOf(seen())
  const at = rim({
    ...reading,
    'ec2.DescribeVolumes': (input) => {
      time += looksFor
      if (++looks === endsInLook) controller.abort()
      return reading['ec2.DescribeVolumes']?.(input)
    },
    'ssm.SendCommand': () => ({ Command: { CommandId } }),
    ...answers,
  })
  const world: World = {
    ports: at.ports,
    config,
    clock: {
      now: () => time,
      pause: (ms) => {
        time += ms
        if (paused.push(ms) >= pauses) controller.abort()
        return Promise.resolve()
      },
    },
    log: (line) => void lines.push(line),
    plan: (facts) => {
      seenByPlan.push(facts)
      if (seenByPlan.length > 60) throw new Error('it looks again without end')
      return plans[Math.min(seenByPlan.length, plans.length) - 1]!
    },
  }
  const outcome = await advance(action, world, controller.signal, pace)
  return { ...at, outcome, paused, lines, seenByPlan, ms: () => time - now }
}

const plan = (verdict: Plan['verdict'], because: string, change: Partial<Plan> = {}): Plan => ({
  steps: [],
  verdict,
  because,
  ...change,
})
const waiting = plan('WAIT', 'it boots')
const proved = plan('CONTINUE', 'member 1 is proved', { member: id(1) })
const card = member(1).networkInterface.id
const claim: Step = { kind: 'attach-interface', networkInterfaceId: card, instanceId: self }
const withdraw: Step = { kind: 'withdraw-permit', permit: 'format', volumeId: volume(1).id }
const takeOver: Step = {
  kind: 'take-over',
  instanceId: self,
  member: id(1),
  macAddress: '02:00:00:00:00:01',
  address: '10.0.1.10',
  volumes: [],
  subnetCidr: '10.0.1.0/24',
  peers: [],
  format: [],
  bootstrap: false,
  restart: false,
}
const completions = 'autoscaling.CompleteLifecycleAction'
const heartbeats = 'autoscaling.RecordLifecycleActionHeartbeat'

describe('the end', () => {
  test.each(['CONTINUE', 'ABANDON'] as const)('%s is told to Auto Scaling once, and logged', async (verdict) => {
    const { outcome, inputs, lines, paused } = await run({ plans: [plan(verdict, 'why', { member: id(1) })] })
    expect(outcome).toEqual({ verdict, because: 'why' })
    expect(inputs(completions)).toEqual([
      {
        AutoScalingGroupName: 'zookeeper',
        LifecycleHookName: 'stayput-launch',
        InstanceId: self,
        LifecycleActionToken: launching.token,
        LifecycleActionResult: verdict,
      },
    ])
    expect(inputs(heartbeats)).toEqual([])
    expect(paused).toEqual([])
    const level = verdict === 'ABANDON' ? 'alarm' : 'info'
    expect(lines).toEqual([
      {
        level,
        event: 'verdict',
        instance: self,
        transition: 'launching',
        member: 1,
        verdict,
        because: 'why',
        ms: 0,
      },
    ])
  })

  test('is an alarm when the plan says so, and tells how long it all took', async () => {
    const ending = plan('CONTINUE', 'the host did not let go', { alarm: true })
    const { lines } = await run({ plans: [waiting, ending], action: terminating })
    expect(lines.at(-1)).toEqual({
      level: 'alarm',
      event: 'verdict',
      instance: self,
      transition: 'terminating',
      verdict: 'CONTINUE',
      because: 'the host did not let go',
      ms: limits.pauseMin,
    })
  })

  test('comes only when nothing is left to do, whatever the verdict', async () => {
    const { outcome, calls } = await run({ plans: [{ ...proved, steps: [withdraw] }, proved] })
    expect(outcome.verdict).toBe('CONTINUE')
    const order = calls.map(([operation]) => operation)
    expect(order.indexOf('ec2.DeleteTags')).toBeLessThan(order.indexOf(completions))
  })

  test('"nothing to do" is believed once it has held for five seconds, and is told to nobody', async () => {
    const { outcome, inputs, lines, ms } = await run({ plans: [plan('NOTHING', 'nobody waits')] })
    expect(outcome).toEqual({ verdict: 'NOTHING', because: 'nobody waits' })
    expect(ms()).toBeGreaterThanOrEqual(limits.nothingSettlesAfter)
    expect(ms()).toBeLessThan(limits.nothingSettlesAfter + limits.pauseMax)
    expect([...inputs(completions), ...inputs(heartbeats)]).toEqual([])
    expect(lines).toMatchObject([{ level: 'info', event: 'verdict', verdict: 'NOTHING' }])
  })

  test('"nothing to do" that was a read of the past is not the end', async () => {
    const { outcome } = await run({ plans: [plan('NOTHING', 'nobody waits'), proved] })
    expect(outcome.verdict).toBe('CONTINUE')
  })

  test('"nothing to do" at exactly five seconds is settled', async () => {
    const { outcome, paused } = await run({ plans: [plan('NOTHING', 'x')], looksFor: limits.nothingSettlesAfter })
    expect(outcome.verdict).toBe('NOTHING')
    expect(paused).toEqual([])
  })
})

describe('a wait that a failed read interrupts', () => {
  test('is the same wait afterwards, so that throttling is not fed by looking closely again', async () => {
    let looks = 0
    const reading = answersOf(seen())['ec2.DescribeInstances']
    const answers: Answers = {
      'ec2.DescribeInstances': (input) => (looks++ % 2 === 1 ? refusal('RequestLimitExceeded', 503) : reading?.(input)),
    }
    const { paused } = await run({ plans: [waiting], answers, pauses: 6 })
    expect(paused).toEqual([200, 300, 450, 675, 1012.5, 1518.75])
  })
})

describe('a verdict that could not be told', () => {
  test.each([
    ['throttled', refusal('Throttling')],
    ['unknown', refusal('InternalError', 500)],
  ])('because it is %s is told after another look', async (_, error) => {
    let refused = 0
    const answers = { [completions]: () => (refused++ === 0 ? error : {}) }
    const { outcome, inputs, lines, seenByPlan, paused } = await run({ plans: [proved], answers })
    expect(outcome.verdict).toBe('CONTINUE')
    expect(inputs(completions)).toHaveLength(2)
    expect(seenByPlan).toHaveLength(2)
    expect(paused).toHaveLength(1)
    expect(lines).toMatchObject([
      { level: 'info', event: 'unknown', because: expect.stringMatching(/^member 1 is proved; but completing the/) },
      { level: 'info', event: 'verdict', because: 'member 1 is proved' },
    ])
  })

  test('because Auto Scaling refuses it leaves the action open', async () => {
    const { outcome, inputs, lines } = await run({
      plans: [proved],
      answers: { [completions]: () => refusal('ValidationError', 400, 'AutoScalingGroup name not found') },
    })
    expect(outcome.verdict).toBe('WAIT')
    expect(outcome.because).toContain('AutoScalingGroup name not found')
    expect(inputs(completions)).toHaveLength(1)
    expect(lines).toMatchObject([{ level: 'info', event: 'unknown' }])
  })

  test('because a permission is missing wants a person', async () => {
    const answers = { [completions]: () => refusal('AccessDenied', 403) }
    const { outcome, lines } = await run({ plans: [proved], answers })
    expect(outcome.verdict).toBe('WAIT')
    expect(lines).toMatchObject([{ level: 'alarm', event: 'unknown', verdict: 'CONTINUE' }])
  })

  test('because the action is over counts as told', async () => {
    const over = refusal('ValidationError', 400, 'No active Lifecycle Action found with token x')
    const { outcome, lines } = await run({ plans: [proved], answers: { [completions]: () => over } })
    expect(outcome.verdict).toBe('CONTINUE')
    expect(lines).toMatchObject([{ event: 'verdict' }])
  })
})

describe('the loop', () => {
  test('looks again at once after steps that were done, and after a pause where one was not', async () => {
    const acting = { ...waiting, steps: [claim] }
    expect((await run({ plans: [acting, proved] })).paused).toEqual([])
    const refused = { 'ec2.AttachNetworkInterface': () => refusal('InvalidParameterValue') }
    const again = await run({ plans: [acting, proved], answers: refused })
    expect(again.paused).toEqual([limits.pauseMin])
    expect(again.outcome.verdict).toBe('CONTINUE')
  })

  test('tells once what is waited for, with the steps, and anew when it changes', async () => {
    const alarming = plan('WAIT', 'no peer reaches it', { alarm: true })
    const acting = plan('WAIT', 'member 1 is claimed', { steps: [withdraw, claim], member: id(1) })
    const { lines } = await run({ plans: [waiting, waiting, alarming, acting, proved] })
    const about = { instance: self, transition: 'launching', event: 'plan', verdict: 'WAIT' }
    expect(lines.filter((line) => line.event === 'plan')).toEqual([
      { ...about, level: 'info', because: 'it boots' },
      { ...about, level: 'alarm', because: 'no peer reaches it' },
      {
        ...about,
        level: 'info',
        member: 1,
        step: 'withdraw-permit attach-interface',
        because: 'member 1 is claimed',
      },
    ])
  })

  test('pauses for longer as long as nothing changes, and looks closely again after news', async () => {
    const still = [waiting, waiting, waiting]
    const { paused } = await run({ plans: [...still, plan('WAIT', 'the agent is not online'), proved] })
    expect(paused).toEqual([200, 300, 450, 200])
  })

  test('watches from afar when it is patient', async () => {
    const { paused } = await run({ plans: [waiting, waiting, proved], pace: 'patient' })
    expect(paused).toEqual([limits.pausePatient, limits.pausePatient])
  })

  test('watches closely from its first own step on', async () => {
    const { paused } = await run({ plans: [{ ...waiting, steps: [claim] }, waiting, proved], pace: 'patient' })
    expect(paused).toEqual([limits.pauseMin])
  })

  test('keeps to the first reason for which a launch was given up', async () => {
    const giveUp = (reason: string) => plan('WAIT', reason, { givesUp: reason })
    const { seenByPlan } = await run({
      plans: [giveUp('it was too late'), giveUp('it holds nothing'), waiting, proved],
    })
    expect(seenByPlan.map((one) => one.givenUp)).toEqual([undefined, ...Array(3).fill('it was too late')])
  })

  test('plans by itself when no other planner is given', async () => {
    const at = rim(answersOf(seen({ groupInstances: [], members: [] })))
    let time = now
    const clock = { now: () => time, pause: (ms: number) => Promise.resolve(void (time += ms)) }
    const world = { ports: at.ports, config, clock, log: () => {} }
    expect(await advance(launching, world, new AbortController().signal)).toEqual({
      verdict: 'NOTHING',
      because: `${self} is in no group of this ensemble`,
    })
  })
})

describe('what can not be read', () => {
  test('is unknown: nothing is planned, done or told', async () => {
    const answers = { 'ec2.DescribeVolumes': () => refusal('Throttling') }
    const { outcome, seenByPlan, lines, inputs } = await run({ plans: [proved], answers, pauses: 3 })
    expect(seenByPlan).toEqual([])
    expect(outcome.verdict).toBe('WAIT')
    expect(outcome.because).toMatch(/^out of time; listing the volumes of the ensemble: Throttling/)
    expect([...inputs(completions), ...inputs(heartbeats)]).toEqual([])
    expect(lines).toMatchObject([{ level: 'info', event: 'plan', verdict: 'WAIT' }])
  })

  test('wants a person when a permission is missing', async () => {
    const answers = { 'ec2.DescribeVolumes': () => refusal('UnauthorizedOperation', 403) }
    const { lines } = await run({ plans: [proved], answers, pauses: 2 })
    expect(lines).toMatchObject([{ level: 'alarm', event: 'plan' }])
  })

  test('is no news, though each failure reads differently: the pauses become longer all the same', async () => {
    let turn = 0
    const answers = { 'ec2.DescribeVolumes': () => refusal('Throttling', 400, `number ${turn++}`) }
    expect((await run({ plans: [proved], answers, pauses: 4 })).paused).toEqual([200, 300, 450, 675])
  })

  test('in time is not acted upon later: a proof has grown old while a read hung', async () => {
    const hung = { plans: [{ ...waiting, steps: [claim] }], pauses: 1 }
    const { outcome, calls, seenByPlan } = await run({ ...hung, looksFor: limits.observationAgeMax + 1 })
    expect(seenByPlan).toEqual([])
    expect(outcome.because).toBe('out of time; looking took 20 s, too long to act upon')
    expect(calls.map(([operation]) => operation)).not.toContain('ec2.AttachNetworkInterface')
    const inTime = await run({ plans: [proved], looksFor: limits.observationAgeMax })
    expect(inTime.outcome.verdict).toBe('CONTINUE')
  })

  test('because what AWS says makes no sense is nobody’s to wait for', async () => {
    const attachment = { InstanceId: self, State: 'attached' }
    const Volumes = [{ VolumeId: volume(1).id, Attachments: [attachment, attachment] }]
    await expect(run({ plans: [proved], answers: { 'ec2.DescribeVolumes': () => ({ Volumes }) } })).rejects.toThrow(
      '2 attachments',
    )
  })
})

describe('out of time', () => {
  test('the action is extended and left open', async () => {
    const { outcome, inputs, lines } = await run({ plans: [waiting], pauses: 2 })
    expect(outcome).toEqual({ verdict: 'WAIT', because: 'out of time; it boots' })
    expect(inputs(heartbeats)).toEqual([
      {
        AutoScalingGroupName: 'zookeeper',
        LifecycleHookName: 'stayput-launch',
        InstanceId: self,
        LifecycleActionToken: launching.token,
      },
    ])
    expect(inputs(completions)).toEqual([])
    expect(lines.at(-1)).toMatchObject({ level: 'info', event: 'verdict', verdict: 'WAIT', ms: 500 })
  })

  test('before the first look there is nothing to extend: it may be none of ours', async () => {
    const { outcome, calls } = await run({ plans: [waiting], pauses: 0 })
    expect(outcome).toEqual({ verdict: 'WAIT', because: 'out of time; nothing was seen yet' })
    expect(calls).toEqual([])
  })

  test('nothing is begun after a look in which the time ended: the function would be killed in the middle of it', async () => {
    const { outcome, inputs } = await run({ plans: [{ ...waiting, steps: [claim] }], endsInLook: 1 })
    expect(outcome).toEqual({ verdict: 'WAIT', because: 'out of time; it boots' })
    expect(inputs('ec2.AttachNetworkInterface')).toEqual([])
    expect(inputs(heartbeats)).toHaveLength(1)
  })

  test('an action that was seen once is extended, though the last look failed', async () => {
    let looks = 0
    const reading = answersOf(seen())['ec2.DescribeVolumes']!
    const answers: Answers = {
      'ec2.DescribeVolumes': (input) => (looks++ === 0 ? reading(input) : refusal('Throttling')),
    }
    const { inputs } = await run({ plans: [waiting], answers, pauses: 2 })
    expect(inputs(heartbeats)).toHaveLength(1)
  })

  test.each(['Throttling', 'ValidationError'])('it is WAIT as well when the extension fails (%s)', async (code) => {
    const { outcome } = await run({ plans: [waiting], pauses: 1, answers: { [heartbeats]: () => refusal(code) } })
    expect(outcome.verdict).toBe('WAIT')
    expect(outcome.because).toMatch(code === 'Throttling' ? /^out of time; it boots$/ : /ValidationError/)
  })
})

describe('courtesy', () => {
  const sending = { ...waiting, steps: [takeOver] }
  const sends = 'ssm.SendCommand'

  test('whoever did not make the claim lets four seconds pass before it sends the take-over', async () => {
    const early = await run({ plans: [sending], pauses: 6 })
    expect(early.inputs(sends)).toEqual([])
    expect(early.ms()).toBeGreaterThanOrEqual(limits.courtesy)
    const { inputs, ms } = await run({ plans: [...Array.from({ length: 7 }, () => sending), proved] })
    expect(inputs(sends)).toHaveLength(1)
    expect(ms()).toBeLessThan(limits.courtesy + limits.pauseMax)
  })

  test('four seconds to the millisecond are enough', async () => {
    const { inputs } = await run({ plans: [sending, sending, proved], looksFor: limits.courtesy - limits.pauseMin })
    expect(inputs(sends)).toHaveLength(1)
  })

  test('other steps wait for nobody, and go out beside a take-over that is held back', async () => {
    const { calls } = await run({ plans: [{ ...waiting, steps: [takeOver, withdraw] }, proved] })
    const made = calls.map(([operation]) => operation)
    expect(made).toContain('ec2.DeleteTags')
    expect(made).not.toContain(sends)
  })

  test('whoever made the claim sends at once', async () => {
    const { inputs, ms } = await run({ plans: [{ ...waiting, steps: [claim] }, sending, proved] })
    expect(inputs(sends)).toHaveLength(1)
    expect(ms()).toBe(0)
  })

  test('whoever has sent one sends the next at once', async () => {
    const plans = [...Array.from({ length: 7 }, () => sending), waiting, sending, proved]
    const { inputs } = await run({ plans })
    expect(inputs(sends)).toHaveLength(2)
  })
})
