import * as v from 'valibot'
import type { Config } from './config.ts'
import type { LifecycleAction, Transition } from './model/action.ts'
import { instanceId, patterns } from './model/ids.ts'

/** An event leads to an action to look at, or to the reason why it is none of ours. */
export type Parsed = { readonly action: LifecycleAction } | { readonly ignored: string }

const transitions: Readonly<Record<string, Transition>> = {
  'autoscaling:EC2_INSTANCE_LAUNCHING': 'launching',
  'autoscaling:EC2_INSTANCE_TERMINATING': 'terminating',
}

const detailTypes: Readonly<Record<string, Transition>> = {
  'EC2 Instance-launch Lifecycle Action': 'launching',
  'EC2 Instance-terminate Lifecycle Action': 'terminating',
}

const text = (field: string) => v.string(`${field} must be a text`)

const filled = (field: string) => v.pipe(text(field), v.nonEmpty(`${field} must not be empty`))

/** The part of the envelope that says whether the event concerns us at all. */
const envelope = v.object(
  {
    source: text('source'),
    'detail-type': text('detail-type'),
    account: text('account'),
    region: text('region'),
    'replay-name': v.optional(text('replay-name')),
    detail: v.record(v.string(), v.unknown(), 'detail must be an object'),
  },
  wants('an EventBridge event'),
)

/**
 * EC2 Auto Scaling User Guide, "EventBridge event reference". NotificationMetadata, Origin and Destination are left out
 * on purpose: they may be missing, and what they say is read from the instance's lifecycle state instead.
 */
const lifecycleDetail = v.object({
  LifecycleActionToken: v.pipe(
    text('detail.LifecycleActionToken'),
    v.uuid('detail.LifecycleActionToken must be a UUID of 36 characters'),
  ),
  AutoScalingGroupName: filled('detail.AutoScalingGroupName'),
  LifecycleHookName: filled('detail.LifecycleHookName'),
  EC2InstanceId: v.pipe(
    text('detail.EC2InstanceId'),
    v.regex(patterns.instanceId, 'detail.EC2InstanceId must be an instance id like i-0123456789abcdef0'),
  ),
  LifecycleTransition: v.picklist(
    Object.keys(transitions),
    `detail.LifecycleTransition must be one of ${Object.keys(transitions).join(', ')}`,
  ),
})

/**
 * Reads an event from outside. It is only ever a hint: what is done follows from what the APIs say afterwards.
 * @throws {BadEvent} naming each field that is missing or malformed, with its value.
 */
export function parse(event: unknown, config: Config): Parsed {
  const foreign = testNotification(event)
  if (foreign !== undefined) return { ignored: foreign }
  const outer = check(envelope, event)
  const unconcerned = concernsOthers(outer, config)
  if (unconcerned !== undefined) return { ignored: unconcerned }

  const detail = check(lifecycleDetail, outer.detail, 'detail')
  const transition = transitions[detail.LifecycleTransition]
  if (transition === undefined || transition !== detailTypes[outer['detail-type']]) {
    throw new BadEvent([
      `detail.LifecycleTransition ${detail.LifecycleTransition} contradicts detail-type ${outer['detail-type']}`,
    ])
  }
  if (detail.LifecycleHookName !== config.hooks[transition]) {
    return { ignored: `hook ${detail.LifecycleHookName} is not ours (${config.hooks[transition]})` }
  }
  return {
    action: {
      instanceId: instanceId(detail.EC2InstanceId),
      groupName: detail.AutoScalingGroupName,
      transition,
      hookName: detail.LifecycleHookName,
      token: detail.LifecycleActionToken,
    },
  }
}

/** Auto Scaling sends this one to queues and topics when a hook is made; an adopter may have wired one to us. */
function testNotification(event: unknown): string | undefined {
  const kind = typeof event === 'object' && event !== null && 'Event' in event ? event.Event : undefined
  return kind === 'autoscaling:TEST_NOTIFICATION' ? 'a test notification of Auto Scaling' : undefined
}

function concernsOthers(event: v.InferOutput<typeof envelope>, config: Config): string | undefined {
  if (event.source !== 'aws.autoscaling') return `source ${event.source} is not aws.autoscaling`
  if (!(event['detail-type'] in detailTypes)) return `detail-type ${event['detail-type']} is no lifecycle action`
  if (event.account !== config.accountId) return `account ${event.account} is not ours (${config.accountId})`
  if (event.region !== config.region) return `region ${event.region} is not ours (${config.region})`
  // A replayed archive speaks of instances that are long gone, and anybody who may start a replay can send it.
  if (event['replay-name'] !== undefined) return `a replay of the archive ${event['replay-name']}`
  return undefined
}

function check<Schema extends v.GenericSchema>(schema: Schema, input: unknown, inside?: string): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  throw new BadEvent(result.issues.map((issue) => describe(issue, inside)))
}

function describe(issue: v.BaseIssue<unknown>, inside: string | undefined): string {
  const path = [inside, v.getDotPath(issue)].filter(Boolean).join('.')
  if (issue.kind === 'schema' && issue.input === undefined) return `${path || 'the event'} is missing`
  const value = JSON.stringify(issue.input).slice(0, 120)
  return `${issue.message}; it is ${value}`
}

function wants(what: string): string {
  return `${what} must be a JSON object`
}

export class BadEvent extends Error {
  override readonly name = 'BadEvent'

  constructor(faults: readonly string[]) {
    super(`the event is malformed: ${faults.join('; ')}`)
  }
}
