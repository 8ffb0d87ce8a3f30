import type { Cloud } from '../../cloud/cloud.ts'
import { createLambda, type Lambda } from '../../cloud/eventbridge/lambda.ts'
import { type FunctionName, functionNames } from '../functions.ts'
import type { Invoke } from '../stack.ts'
import type { Created, Properties } from './kinds.ts'
import { BadTemplate, isRecord } from './resolve.ts'

/** What a template says of a function. */
export interface DeployedFunction {
  readonly name: FunctionName
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

/** Functions, rules and schedules of one template. */
export interface Orchestrator {
  readonly lambda: Lambda
  readonly functions: ReadonlyMap<FunctionName, DeployedFunction>
  /** Carries out a resource that is one of these; undefined for any other type. */
  create(type: string, logicalId: string, properties: Properties): Created | undefined
  readonly stop: () => void
}

interface Invocation {
  readonly maximumRetryAttempts?: number
  readonly maximumEventAgeSeconds?: number
}

/** `invoke` runs a function: in a thread from its bundle, or in this process. `delivers`: whether rules are made. */
export function createOrchestrator(cloud: Cloud, invoke: Invoke, delivers: boolean): Orchestrator {
  const { accountId, region } = cloud.kernel.settings
  const lambda = createLambda(cloud.kernel)
  const functions = new Map<FunctionName, DeployedFunction>()
  const byArn = new Map<string, FunctionName>()
  const registered = new Map<FunctionName, Invocation & { readonly reservedConcurrency?: number }>()
  const stops: (() => void)[] = []

  const register = (name: FunctionName, more: Invocation & { readonly reservedConcurrency?: number }): void => {
    const options = { ...registered.get(name), ...more }
    registered.set(name, options)
    lambda.register(name, { handler: (event) => invoke(name, event), ...options })
  }

  const addFunction = (logicalId: string, properties: Properties): Created => {
    const { FunctionName: ref, Handler, ReservedConcurrentExecutions: reservedConcurrency } = properties
    const name = functionNames.find((one) => Handler === `dist/functions/${one}.handler`)
    if (!name) throw new BadTemplate(`${logicalId}: there is no function ${String(Handler)}`)
    const Arn = `arn:aws:lambda:${region}:${accountId}:function:${String(ref)}`
    functions.set(name, {
      name,
      environment: environmentOf(properties),
      timeoutMs: Number(properties['Timeout']) * 1000,
    })
    for (const alias of [Arn, String(ref)]) byArn.set(alias, name)
    register(name, typeof reservedConcurrency === 'number' ? { reservedConcurrency } : {})
    return { ref: String(ref), attributes: { Arn } }
  }

  const functionOf = (logicalId: string, arn: unknown): FunctionName => {
    const name = byArn.get(String(arn))
    if (!name) throw new BadTemplate(`${logicalId}: ${String(arn)} is no function of this template`)
    return name
  }

  const addRule = (logicalId: string, properties: Properties): Created => {
    const { EventPattern, ScheduleExpression, Targets } = properties
    const ref = `stayput-${logicalId}`
    const targets: unknown[] = Array.isArray(Targets) ? Targets : []
    for (const target of targets) {
      if (!isRecord(target)) throw new BadTemplate(`${logicalId}: a target that is none`)
      const name = functionOf(logicalId, target['Arn'])
      const deliver = (event: unknown): Promise<void> => lambda.invokeAsync(name, event)
      if (!delivers) continue
      if (ScheduleExpression !== undefined) {
        stops.push(every(cloud, millisecondsOf(ScheduleExpression), () => void deliver({ source: 'aws.events' })))
      } else if (isRecord(EventPattern)) {
        const ruleName = `${ref}-${String(target['Id'])}`
        cloud.events.rule({ name: ruleName, pattern: EventPattern, target: deliver, ...retries(target['RetryPolicy']) })
      }
    }
    return { ref, attributes: { Arn: `arn:aws:events:${region}:${accountId}:rule/${ref}` } }
  }

  return {
    lambda,
    functions,
    create(type, logicalId, properties) {
      switch (type) {
        case 'AWS::Lambda::Function':
          return addFunction(logicalId, properties)
        case 'AWS::Lambda::EventInvokeConfig':
          register(functionOf(logicalId, properties['FunctionName']), retries(properties))
          return { ref: logicalId }
        case 'AWS::Events::Rule':
          return addRule(logicalId, properties)
        default:
          return undefined
      }
    },
    stop: () => stops.forEach((stop) => stop()),
  }
}

/** What the properties of these types may be; the others have no counterpart, each for its reason. */
export const orchestratorProperties: Readonly<
  Record<string, { readonly used: readonly string[]; readonly left: Readonly<Record<string, string>> }>
> = {
  'AWS::Lambda::Function': {
    used: ['FunctionName', 'Handler', 'Timeout', 'Environment', 'ReservedConcurrentExecutions'],
    left: {
      Architectures: 'functions run where the lab runs',
      Code: 'functions are run from dist',
      Description: 'nobody reads it',
      MemorySize: 'functions run where the lab runs',
      Role: 'test/infra/iam holds the calls against it',
      Runtime: 'functions run on the Node that runs the lab',
    },
  },
  'AWS::Lambda::EventInvokeConfig': {
    used: ['FunctionName', 'MaximumEventAgeInSeconds', 'MaximumRetryAttempts'],
    left: { DestinationConfig: 'the local cloud keeps its dead letters itself', Qualifier: 'there are no versions' },
  },
  'AWS::Events::Rule': {
    used: ['EventPattern', 'ScheduleExpression', 'Targets'],
    left: { Description: 'nobody reads it' },
  },
}

function environmentOf({ Environment }: Properties): Record<string, string> {
  const variables = isRecord(Environment) ? Environment['Variables'] : undefined
  return Object.fromEntries(
    Object.entries(isRecord(variables) ? variables : {}).map(([key, one]) => [key, String(one)]),
  )
}

function retries(policy: unknown): Invocation {
  if (!isRecord(policy)) return {}
  const { MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: age } = policy
  return {
    ...(typeof attempts === 'number' && { maximumRetryAttempts: attempts }),
    ...(typeof age === 'number' && { maximumEventAgeSeconds: age }),
  }
}

const units: Readonly<Record<string, number>> = { minute: 60_000, minutes: 60_000, hour: 3_600_000, hours: 3_600_000 }

function millisecondsOf(expression: unknown): number {
  const [, count, unit = ''] = /^rate\((\d+) (\w+)\)$/.exec(String(expression)) ?? []
  const ms = units[unit]
  if (count === undefined || ms === undefined) throw new BadTemplate(`${String(expression)} is not known here`)
  return Number(count) * ms
}

/** By the wall clock, whatever the speed: the functions live by that clock. */
function every({ kernel: { clock } }: Cloud, ms: number, task: () => void): () => void {
  let stopped = false
  const schedule = (): void => {
    clock.after(ms, () => {
      if (stopped) return
      task()
      schedule()
    })
  }
  schedule()
  return () => {
    stopped = true
  }
}
