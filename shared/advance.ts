import { act } from './act/act.ts'
import { CallFailure } from './aws/failure.ts'
import type { Clock } from './clock.ts'
import { complete } from './complete.ts'
import type { Config } from './config.ts'
import type { Log } from './log.ts'
import type { LifecycleAction, Outcome } from './model/action.ts'
import { limits } from './model/limits.ts'
import type { Plan, Step } from './model/plan.ts'
import { emptyMemory, type Memory, observe, type Ports } from './observe.ts'
import { type Pace, Pauses } from './pauses.ts'
import type { planHealing } from './plan/healing/heal.ts'
import { planFor } from './plan/plan.ts'

export interface World {
  readonly ports: Ports
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  /** Another planner than the real one: the simulation plants its bugs here. */
  readonly plan?: typeof planFor
  readonly healing?: typeof planHealing
}

/**
 * Brings one lifecycle action as far as it goes: look at everything, plan from that alone, do what the plan says, look
 * again. The first run, a retry, a resume after a crash and a duplicate event are one path, because what is already so
 * vanishes from the plan; there is no record of progress that could disagree with the cloud.
 *
 * Ends with CONTINUE or ABANDON when the plan is empty, with NOTHING when nobody waits for us, and with WAIT when
 * `signal` is aborted before that: the action stays open, and the sweep takes it up again.
 */
export async function advance(
  action: LifecycleAction,
  world: World,
  signal: AbortSignal,
  pace: Pace = 'eager',
): Promise<Outcome> {
  const { ports, config, clock, log } = world
  const memory = emptyMemory()
  const started = clock.now()
  const courtesy = courtesyOf(memory)
  const pauses = new Pauses(pace, clock)
  const isOver = (): boolean => signal.aborted
  let last: Plan | undefined
  let lastSeen: Plan | undefined
  let ours = false

  while (!isOver()) {
    const { plan, seen } = await look(action, world, memory)
    if (isNews(plan, last)) report(log, action, plan)
    last = plan
    if (seen) {
      ours = plan.verdict !== 'NOTHING'
      // A failure is no news, nor is the same wait after it: looking closely would feed the throttling that it came from.
      if (isNews(plan, lastSeen)) pauses.news()
      lastSeen = plan
    }
    const steps = courtesy(plan.steps, clock.now())
    if (steps.length > 0) {
      // The look may have taken what was left of the time, and a function that is killed tells nobody what it began.
      if (isOver()) break
      pauses.acted()
      const done = await act(steps, { action, ports, config, memory, log, now: () => clock.now() })
      if (done) continue
    } else if (isEnd(plan, clock.now() - started)) {
      const outcome = await conclude(action, plan, world, started)
      if (outcome) return outcome
    }
    await clock.pause(pauses.next(), signal)
  }
  const because = `out of time; ${last?.because ?? 'nothing was seen yet'}`
  return ours ? leaveOpen(action, because, world, started) : { verdict: 'WAIT', because }
}

/** Only where the last that was seen is an action of ours: whoever could read nothing has nothing to extend. */
async function leaveOpen(action: LifecycleAction, because: string, world: World, started: number): Promise<Outcome> {
  const end: Plan = { steps: [], verdict: 'WAIT', because }
  return (await conclude(action, end, world, started)) ?? { verdict: 'WAIT', because }
}

const isNews = (plan: Plan, last: Plan | undefined): boolean => last?.because !== plan.because

const isEnd = ({ steps, verdict }: Plan, ms: number): boolean =>
  steps.length === 0 && verdict !== 'WAIT' && (verdict !== 'NOTHING' || ms >= limits.nothingSettlesAfter)

interface Looked {
  readonly plan: Plan
  /** False when something could not be read. */
  readonly seen: boolean
}

/** What can't be read is unknown, and on the unknown nothing is done. */
async function look(action: LifecycleAction, world: World, memory: Memory): Promise<Looked> {
  const { ports, config, clock, plan = planFor } = world
  try {
    const seen = await observe(action, ports, config, memory, clock.now())
    // A read may hang for minutes: by then the rest of what was seen, the age of a proof too, is of another time.
    const age = clock.now() - seen.now
    if (age > limits.observationAgeMax) return unseen(`looking took ${Math.round(age / 1000)} s, too long to act upon`)
    const planned = plan(seen)
    if (planned.givesUp !== undefined) memory.givenUp ??= planned.givesUp
    return { plan: planned, seen: true }
  } catch (failure) {
    if (!(failure instanceof CallFailure)) throw failure
    return unseen(failure.message, failure.kind === 'denied')
  }
}

function unseen(because: string, alarm = false): Looked {
  return { plan: { steps: [], verdict: 'WAIT', because, ...(alarm && { alarm }) }, seen: false }
}

/**
 * An event may be delivered twice, and the sweep may come by while an invocation is at work. Both see at the same
 * moment that a command is due, and SSM takes as many as it is sent. So whoever did not make the claim lets some
 * seconds pass; a second command would do no harm, but the host's lock would make one of them wait.
 */
function courtesyOf(memory: Memory): (steps: readonly Step[], now: number) => readonly Step[] {
  const due = new Map<Step['kind'], number>()
  return (steps, now) =>
    steps.filter(({ kind }) => {
      if (memory.claimed || kind !== 'take-over' || memory.sent.length > 0) return true
      const since = due.get(kind) ?? now
      due.set(kind, since)
      return now - since >= limits.courtesy
    })
}

/** Tells the verdict; undefined when it could not be told now and is worth another look. */
async function conclude(
  action: LifecycleAction,
  { verdict, because, alarm, member }: Plan,
  { ports, clock, log }: World,
  started: number,
): Promise<Outcome | undefined> {
  const answer = verdict === 'NOTHING' ? undefined : await complete(action, verdict, ports.autoScaling)
  const untold = answer && answer.done !== 'yes' ? answer.failure : undefined
  log({
    level: alarm || verdict === 'ABANDON' || untold?.kind === 'denied' ? 'alarm' : 'info',
    event: untold ? 'unknown' : 'verdict',
    ...about(action, member),
    verdict,
    because: untold ? `${because}; but ${untold.message}` : because,
    ms: clock.now() - started,
  })
  if (untold?.kind === 'throttled' || untold?.kind === 'unknown') return undefined
  // An untold verdict leaves the action open: the outcome says WAIT, because that is what will happen.
  return untold ? { verdict: 'WAIT', because: untold.message } : { verdict, because }
}

/** What ends the action is told when it is told to Auto Scaling. */
function report(log: Log, action: LifecycleAction, { steps, verdict, because, alarm, member }: Plan): void {
  if (verdict !== 'WAIT') return
  const step = steps.map(({ kind }) => kind).join(' ')
  log({
    level: alarm ? 'alarm' : 'info',
    event: 'plan',
    ...about(action, member),
    ...(step !== '' && { step }),
    verdict,
    because,
  })
}

function about({ instanceId, transition }: LifecycleAction, member: Plan['member']) {
  return { instance: instanceId, transition, ...(member !== undefined && { member }) }
}
