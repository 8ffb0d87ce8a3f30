import { createCloud, type Cloud } from '../../lab/cloud/cloud.ts'
import { VirtualClock } from '../../lab/cloud/clock.ts'
import { seededRandom } from '../../lab/cloud/random.ts'
import type { Settings } from '../../lab/cloud/settings.ts'
import { createModelledHosts, type ModelledHosts } from '../../lab/hosts/modelled/modelled.ts'
import { runtimeEnvironment } from '../../lab/stack/environment.ts'
import { inService, type LabMember, scale } from '../../lab/stack/ensemble.ts'
import type { FunctionName } from '../../lab/stack/functions.ts'
import { cloudSend, inProcess, type InProcess } from '../../lab/stack/in-process.ts'
import { projectFile } from '../../lab/stack/project.ts'
import { keepRecord } from '../../lab/stack/record-file.ts'
import { deployTemplate } from '../../lab/stack/template/deploy.ts'
import type { Physical } from '../../lab/stack/template/resolve.ts'
import { readTemplate, type Template, withMembers } from '../../lab/stack/template/template.ts'
import type { Send } from '../../shared/aws/operations.ts'

export const minutes = 60_000

export interface TestWorld {
  readonly clock: VirtualClock
  readonly cloud: Cloud
  readonly hosts: ModelledHosts
  readonly members: readonly LabMember[]
  /** What the template tells the functions. */
  readonly environment: Readonly<Record<string, string>>
  /** What the template's logical ids became. */
  readonly physical: Physical
  readonly app: InProcess
  /** Every call that the core made, with its answer or error, in order. */
  readonly calls: { readonly operation: string; readonly input: object; readonly failed: boolean }[]
  /** Runs virtual time until the members are in service as asked, or fails after `limit` ms. */
  settled(serving: readonly number[], limit?: number): Promise<void>
  /** The instance in service as this member. */
  instanceOf(id: number): string | undefined
}

export interface WorldOptions {
  readonly size?: number
  readonly seed?: number
  readonly settings?: Partial<Settings>
  /** Another template than the one that is deployed. */
  readonly from?: Template
  /** Runs a function instead of the app, or answers undefined to let the app do it. */
  readonly intercept?: (name: FunctionName, event: unknown, world: TestWorld) => Promise<unknown> | undefined
}

export const template = readTemplate(projectFile('dist/template.json'))

/** The whole of Stayput on the local cloud in virtual time: real core, modelled hosts, the template deployed. */
export function createWorld({
  size = 1,
  seed = 1,
  settings = {},
  from = template,
  intercept,
}: WorldOptions = {}): TestWorld {
  const clock = new VirtualClock()
  const hosts = createModelledHosts(clock, seededRandom(seed + 1), 1)
  const cloud = createCloud(clock, hosts, seed, settings)
  const calls: TestWorld['calls'] = []
  // The roles know of the members that the template has.
  if (from === template) keepRecord(cloud, 'zookeeper', 'template')
  const wanted = withMembers(from, (id) => id <= size)
  const { members, ...deployed } = deployTemplate(cloud, wanted, {
    invoke: (name, event) => intercept?.(name, event, world) ?? app.invoke(name, event),
  })
  const environment = { ...deployed.environment, ...runtimeEnvironment(cloud.kernel.settings) }
  const app = inProcess(cloud, environment, recording(cloudSend(cloud), calls))
  const member = (id: number): LabMember => {
    const found = members.find((one) => one.id === id)
    if (!found) throw new Error(`there is no member ${id}`)
    return found
  }
  const world: TestWorld = {
    clock,
    cloud,
    hosts,
    members,
    environment,
    physical: deployed.physical,
    app,
    calls,
    async settled(serving, limit = 30 * minutes) {
      for (const one of members) scale(cloud, one, serving.includes(one.id) ? 1 : 0)
      const done = () => {
        const inGroups = cloud.autoscaling.members.all().length
        return inGroups === serving.length && serving.every((id) => inService(cloud, member(id)) !== undefined)
      }
      if (await clock.run(done, limit)) return
      throw new Error(
        `not settled: ${JSON.stringify(cloud.autoscaling.members.all())}\n${app.lines
          .slice(-12)
          .map((line) => JSON.stringify(line))
          .join('\n')}`,
      )
    },
    instanceOf: (id) => inService(cloud, member(id)),
  }
  return world
}

/** Notes each call and whether it failed. */
function recording(send: Send, calls: TestWorld['calls']): Send {
  return async (operation, input) => {
    try {
      const answer = await send(operation, input)
      calls.push({ operation, input, failed: false })
      return answer
    } catch (error) {
      calls.push({ operation, input, failed: true })
      throw error
    }
  }
}

export const succeeded = (world: TestWorld, operation: string): object[] =>
  world.calls.filter((call) => call.operation === operation && !call.failed).map((call) => call.input)
