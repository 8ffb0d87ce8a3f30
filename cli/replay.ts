import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { inService, type LabMember, scale } from '../lab/stack/ensemble.ts'
import { functionEnvironment } from '../lab/stack/environment.ts'
import { type FunctionName, startFunctions } from '../lab/stack/functions.ts'
import { type Lab, openLab } from '../lab/stack/lab.ts'
import { calm } from '../lab/cloud/settings.ts'
import { readConfig } from '../shared/config.ts'
import type { LifecycleAction, Transition } from '../shared/model/action.ts'
import { parse } from '../shared/parse.ts'
import { readOptions, UsageError } from './usage.ts'

const usage = `usage: npm run replay -- FILE... [--endpoint URL] [--json]

Feeds event files, one after the other, to the functions as they are bundled, and prints each verdict and why.

Without an endpoint they meet a local cloud with one member. Where a file speaks of a lifecycle action, an instance of
the local cloud is brought into that transition and plays the file's instance; everything else is fed as it is.

  --endpoint URL   where AWS is, like http://127.0.0.1:4566; names come from the STAYPUT_ and AWS_ variables
  --json           one JSON object a file on the standard output
`

const ensemble = 'zookeeper'
const speed = 100
const patienceMs = 60_000

interface Replayed {
  readonly file: string
  readonly verdict: string
  readonly because: string
}

/** The functions and whoever plays the instances of the files. */
interface Stage {
  invoke(name: FunctionName, event: unknown): Promise<unknown>
  cast(event: unknown): Promise<unknown>
  close(): Promise<void>
}

/** Answers 1 when a function threw for one of the files, as it does for malformed events. */
export async function replay(args: readonly string[]): Promise<number> {
  const options = { endpoint: { type: 'string' }, json: { type: 'boolean' } } as const
  const read = readOptions(args, options, usage, true)
  if (!read) return 0
  const files = read.positionals
  if (files.length === 0) throw new UsageError('which files?', usage)
  const events = files.map((file) => ({ file, event: readEvent(file) }))

  const { endpoint, json } = read.values
  const stage = endpoint === undefined ? await localStage() : remoteStage(endpoint)
  let failed = false
  try {
    for (const { file, event } of events) {
      const replayed = await play(stage, file, event)
      failed ||= replayed.verdict === 'ERROR'
      const { verdict, because } = replayed
      process.stdout.write(json ? `${JSON.stringify(replayed)}\n` : `${basename(file)}: ${verdict}: ${because}\n`)
    }
  } finally {
    await stage.close()
  }
  return failed ? 1 : 0
}

function readEvent(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${(error as Error).message}`, usage)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`, usage)
  }
}

async function play(stage: Stage, file: string, event: unknown): Promise<Replayed> {
  try {
    const outcome = (await stage.invoke(functionFor(event), await stage.cast(event))) as Omit<Replayed, 'file'>
    return { file, verdict: outcome.verdict, because: outcome.because }
  } catch (error) {
    return { file, verdict: 'ERROR', because: error instanceof Error ? error.message : String(error) }
  }
}

/** As the rules would choose; what no rule matches goes to the launch function, which says why it is none of ours. */
function functionFor(event: unknown): FunctionName {
  const detailType = typeof event === 'object' && event !== null && 'detail-type' in event ? event['detail-type'] : ''
  return detailType === 'EC2 Instance-terminate Lifecycle Action' ? 'terminate' : 'launch'
}

function remoteStage(endpoint: string): Stage {
  const given = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && /^(STAYPUT|AWS)_/.test(name) ? [[name, value]] : [],
  )
  const environment = {
    ...functionEnvironment(ensemble, calm),
    ...Object.fromEntries(given),
    AWS_ENDPOINT_URL: endpoint,
  }
  readConfig(environment)
  const functions = startFunctions(environment, toStandardError)
  return {
    invoke: (name, event) => functions.invoke(name, event, 900_000),
    cast: (event) => Promise.resolve(event),
    close: () => functions.close(),
  }
}

/** The functions' logs; the standard output belongs to the verdicts. */
function toStandardError(line: string): void {
  process.stderr.write(`${line}\n`)
}

async function localStage(): Promise<Stage> {
  const lab = await openLab({
    hosts: 'modelled',
    ensemble,
    members: 1,
    port: 0,
    speed,
    seed: 1,
    delivers: false,
    onLine: toStandardError,
  })
  const [member] = lab.members
  if (!member) throw new Error('an ensemble without members')
  const config = readConfig(functionEnvironment(ensemble, lab.cloud.kernel.settings))
  return {
    invoke: (name, event) => lab.invoke(name, event),
    async cast(event) {
      const action = actionOf(event, config)
      return action ? recast(event as CastEvent, await bringInto(lab, member, action.transition)) : event
    },
    close: () => lab.close(),
  }
}

/** The action that the file speaks of; undefined when it speaks of none that the functions would look at. */
function actionOf(event: unknown, config: Parameters<typeof parse>[1]): LifecycleAction | undefined {
  try {
    const parsed = parse(event, config)
    return 'action' in parsed ? parsed.action : undefined
  } catch {
    // Malformed: the function is to say so itself.
    return undefined
  }
}

interface CastEvent {
  readonly detail: Readonly<Record<string, unknown>>
}

/** The file's event with the names of the instance that plays its part. */
function recast(event: CastEvent, real: CastEvent): CastEvent {
  const { EC2InstanceId, LifecycleActionToken, AutoScalingGroupName } = real.detail
  process.stderr.write(`${String(event.detail['EC2InstanceId'])} is played by ${String(EC2InstanceId)}\n`)
  return { ...event, detail: { ...event.detail, EC2InstanceId, LifecycleActionToken, AutoScalingGroupName } }
}

/** Brings the member's instance into the transition, unless it has been there, and answers the event of that. */
async function bringInto(lab: Lab, member: LabMember, transition: Transition): Promise<CastEvent> {
  const found = () => lab.cloud.events.history.findLast((event) => event['detail-type'] === detailTypes[transition])
  const current = lab.cloud.autoscaling.members.all().find((one) => one.groupName === member.groupName)
  if (transition === 'terminating' && !current) {
    await lab.invoke('launch', await bringInto(lab, member, 'launching'))
    await until(() => inService(lab.cloud, member))
  }
  // One that was continued a moment ago is on its way into service.
  const isComing = current?.lifecycleState === 'Pending:Proceed'
  if (transition === 'terminating' && isComing) await until(() => inService(lab.cloud, member))
  const isNew = transition === 'launching' ? !current : inService(lab.cloud, member) !== undefined
  const last = found()
  if (isNew) scale(lab.cloud, member, transition === 'launching' ? 1 : 0)
  return until(() => (isNew && found() === last ? undefined : found()))
}

const detailTypes: Readonly<Record<Transition, string>> = {
  launching: 'EC2 Instance-launch Lifecycle Action',
  terminating: 'EC2 Instance-terminate Lifecycle Action',
}

async function until<Result>(look: () => Result | undefined): Promise<Result> {
  const end = Date.now() + patienceMs
  for (;;) {
    const result = look()
    if (result !== undefined) return result
    if (Date.now() > end) throw new Error(`the local cloud did not set the scene within ${patienceMs / 1000} s`)
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}
