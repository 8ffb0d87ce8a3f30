import { createRequire } from 'node:module'
import { type FunctionName, functionNames } from '../../../lab/stack/functions.ts'
import { parseTemplate } from '../../../lab/stack/template/template.ts'
import { template } from '../../core/world.ts'
import type { Request } from './evaluate.ts'
import { distinct, type Evidence } from './proof.ts'
import { requestOf } from './request.ts'
import { readRoles, type Roles } from './roles.ts'
import { type Life, live } from './scenes.ts'

/** Two lives of an ensemble: one by events, one by the sweep alone; with the roles of the template as they are there. */
export async function gather(): Promise<{ lives: Life[]; evidence: Evidence[] }> {
  const lives = [await live(0), await live(1)]
  const evidence = lives.map((one) => ({
    roles: readRoles(template.resources, one.world.physical),
    calls: callsOf(one),
  }))
  return { lives, evidence }
}

function callsOf({ calls, world }: Life): Evidence['calls'] {
  const made = calls.map((call) => ({ caller: call.caller, request: requestOf(call) }))
  return distinct([
    ...made,
    ...functionNames.flatMap((caller) => runtimeCalls(caller, world).map((request) => ({ caller, request }))),
  ])
}

/** What Lambda calls in a function's name: no local cloud sees it. */
function runtimeCalls(name: FunctionName, { physical }: Life['world']): Request[] {
  const logGroup = `${name.replace(/^./, (first) => first.toUpperCase())}LogGroup`
  const stream = physical.getAtt(logGroup, 'Arn').replace(/\*$/, 'log-stream:2026/11/23/[$LATEST]0')
  const queue = physical.getAtt('DeadLetterQueue', 'Arn')
  const context = new Map<string, string[]>()
  return [
    { action: 'logs:CreateLogStream', resources: [{ type: 'log-stream', arn: stream, context }] },
    { action: 'logs:PutLogEvents', resources: [{ type: 'log-stream', arn: stream, context }] },
    { action: 'sqs:SendMessage', resources: [{ type: 'queue', arn: queue, context }] },
  ]
}

// Plain JavaScript, as the Serverless Framework runs it.
const load = createRequire(import.meta.url)
const { settings } = load('../../../infra/settings.cjs') as { settings: (raw: object, file: string) => object }
const { resources } = load('../../../infra/stack.cjs') as { resources: (settings: object) => object }

/** The resources that these settings lead to. */
export const resourcesFor = (raw: object) =>
  parseTemplate({ Resources: resources(settings(raw, 'stayput.yml')) }).resources

/** The roles as they are where the groups are there already and everything is found by its tag. */
export function adoptingRoles({ world }: Life): Roles {
  const groups = world.members.map(({ groupName }) => groupName)
  return readRoles(
    resourcesFor({ ensemble: 'zookeeper', region: 'eu-central-1', adopt: { groups, members: 3, mounts: ['/data'] } }),
    world.physical,
  )
}
