import type { Kernel } from '../kernel.ts'
import { compilePattern, type Matches } from './pattern.ts'

/** The default event bus with its rules. Targets are functions, called as EventBridge invokes them. */
export interface EventBridge {
  /**
   * Puts an event on the bus: the envelope is filled in, and each matching rule's target is invoked after the delivery
   * latency of its own, so that events overtake each other as they may on AWS.
   */
  publish(event: PublishedEvent): void
  /** Adds a rule or replaces the one of that name. Throws InvalidEventPatternException on an invalid pattern. */
  rule(rule: Rule): void
  removeRule(name: string): void
  /** Every event published so far, oldest first, lost ones included; only the latest `historyLimit` are kept. */
  readonly history: readonly BridgeEvent[]
  /** What no retry could bring to its target. */
  readonly deadLetters: readonly UndeliveredEvent[]
}

interface PublishedEvent {
  readonly 'detail-type': string
  readonly source: string
  readonly resources: readonly string[]
  readonly detail: object
}

export interface BridgeEvent {
  readonly version: '0'
  readonly id: string
  readonly 'detail-type': string
  readonly source: string
  readonly account: string
  readonly time: string
  readonly region: string
  readonly resources: readonly string[]
  readonly detail: Readonly<Record<string, unknown>>
}

interface Rule {
  readonly name: string
  readonly pattern: object
  /** Invokes the target; a rejection counts as a failed invocation and is retried. */
  readonly target: (event: BridgeEvent) => Promise<unknown>
  /** 0 to 185. */
  readonly maximumRetryAttempts?: number
  /** 60 to 86400 seconds. */
  readonly maximumEventAgeSeconds?: number
}

interface UndeliveredEvent {
  readonly rule: string
  readonly event: BridgeEvent
  readonly condition: 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds'
  readonly attempts: number
  readonly error: unknown
}

const historyLimit = 10_000
/** EventBridge's own defaults for a target's retry policy (EventBridge User Guide, "Event retry policy"). */
const defaultRetryAttempts = 185
const defaultEventAgeSeconds = 86_400
/** AWS publishes only "exponential backoff with jitter"; the two bounds are ours. */
const firstRetryMs = 1000
const longestRetryMs = 10 * 60_000

interface ActiveRule extends Rule {
  readonly matches: Matches
}

export function createEventBridge(kernel: Kernel): EventBridge {
  const rules = new Map<string, ActiveRule>()
  const history: BridgeEvent[] = []
  const deadLetters: UndeliveredEvent[] = []

  const invoke = async (rule: ActiveRule, event: BridgeEvent, publishedAt: number, attempt: number): Promise<void> => {
    try {
      await rule.target(event)
    } catch (error) {
      const attempts = attempt + 1
      const ageMs = kernel.clock.now() - publishedAt
      if (attempts > (rule.maximumRetryAttempts ?? defaultRetryAttempts)) {
        keep(deadLetters, { rule: rule.name, event, condition: 'MaximumRetryAttempts', attempts, error })
      } else if (ageMs > ((rule.maximumEventAgeSeconds ?? defaultEventAgeSeconds) * 1000) / kernel.settings.speed) {
        keep(deadLetters, { rule: rule.name, event, condition: 'MaximumEventAgeInSeconds', attempts, error })
      } else {
        const ms = Math.min(longestRetryMs, firstRetryMs * 2 ** attempt) * (0.5 + kernel.random.next() / 2)
        kernel.clock.after(ms / kernel.settings.speed, () => void invoke(rule, event, publishedAt, attempts))
      }
    }
  }

  const deliver = (rule: ActiveRule, event: BridgeEvent): void => {
    const publishedAt = kernel.clock.now()
    kernel.later('eventDelivery', () => void invoke(rule, event, publishedAt, 0))
  }

  return {
    publish(published) {
      const event = envelope(kernel, published)
      keep(history, event)
      // AWS services emit their events to the bus on a best-effort basis: one that is lost reaches no rule at all.
      if (kernel.random.chance(kernel.settings.eventLoss)) return
      for (const rule of rules.values()) {
        if (!rule.matches(event)) continue
        deliver(rule, event)
        // Delivery to a target is at least once, so a duplicate concerns one rule and keeps the event's id.
        if (kernel.random.chance(kernel.settings.eventDuplicate)) deliver(rule, event)
      }
    },
    rule(rule) {
      rules.set(rule.name, { ...rule, matches: compilePattern(rule.pattern) })
    },
    removeRule: (name) => void rules.delete(name),
    history,
    deadLetters,
  }
}

function envelope(kernel: Kernel, published: PublishedEvent): BridgeEvent {
  return {
    version: '0',
    id: kernel.random.uuid(),
    'detail-type': published['detail-type'],
    source: published.source,
    account: kernel.settings.accountId,
    // Seconds, as AWS services stamp their own events.
    time: `${new Date(kernel.clock.now()).toISOString().slice(0, 19)}Z`,
    region: kernel.settings.region,
    resources: published.resources,
    detail: { ...published.detail },
  }
}

function keep<T>(list: T[], item: T): void {
  list.push(item)
  if (list.length > historyLimit) list.shift()
}
