import { createCloud, type Cloud } from '../cloud/cloud.ts'
import { realClock } from '../cloud/clock.ts'
import type { ServiceHosts } from '../hosts/service.ts'
import { createWire } from '../wire/wire.ts'
import { credentialsOf } from './caller.ts'
import { readDocuments } from './documents.ts'
import type { LabMember } from './ensemble.ts'
import { functionEnvironment, runtimeEnvironment } from './environment.ts'
import { type FunctionName, startFunctions } from './functions.ts'
import { openHosts } from './hosts.ts'
import { projectFile } from './project.ts'
import { keepRecord } from './record-file.ts'
import { deployStack, type Invoke } from './stack.ts'
import { deployTemplate } from './template/deploy.ts'
import { readTemplate, withMembers } from './template/template.ts'

export interface LabOptions {
  readonly hosts: ServiceHosts['kind']
  readonly ensemble: string
  /** How many members of the template's ensemble to deploy; with none the functions are there for groups of any name. */
  readonly members: number
  /** The port of the AWS endpoints on loopback; 0 takes a free one. */
  readonly port: number
  /** How many times faster than on AWS everything happens that AWS takes its time for. */
  readonly speed: number
  readonly seed: number
  /** Whether lifecycle events reach the functions by themselves, and the sweep comes by: false to replay events. */
  readonly delivers?: boolean
  /** Gets each line of the functions' logs. */
  readonly onLine: (line: string) => void
}

/** The local cloud in real time, behind AWS's protocols, with the bundled functions deployed into it. */
export interface Lab {
  readonly cloud: Cloud
  readonly hosts: ServiceHosts
  readonly members: readonly LabMember[]
  /** Runs a function once, as Lambda would for this event. */
  invoke(name: FunctionName, event: unknown): Promise<unknown>
  /** From now on the sweep does not come by any more. */
  stopSweeps(): void
  /** Where AWS is for clients, like http://127.0.0.1:4566. */
  readonly url: string
  close(): Promise<void>
}

export async function openLab(options: LabOptions): Promise<Lab> {
  const { ensemble, port, speed, seed, onLine } = options
  const hosts = await openHosts(options.hosts, speed, seed + 1)
  const cloud = createCloud(realClock, hosts, seed, { speed })
  const wire = await createWire(cloud).listen(port)
  keepRecord(cloud, ensemble, options.members > 0 ? 'template' : 'hand')
  const invoke: Invoke = (name, event) => functions.invoke(name, event, stack.timeoutMs(name))
  const stack: Deployed =
    options.members > 0 ? deployEnsemble(cloud, options, invoke) : deployFunctions(cloud, options, invoke)
  const environment = { ...stack.environment, ...runtimeEnvironment(cloud.kernel.settings, wire.url) }
  const functions = startFunctions(environment, onLine, credentialsOf)
  return {
    cloud,
    hosts,
    members: stack.members,
    invoke,
    url: wire.url,
    stopSweeps: () => stack.stop(),
    async close() {
      stack.stop()
      await functions.close()
      await wire.close()
      await hosts.close()
    },
  }
}

interface Deployed {
  readonly members: readonly LabMember[]
  readonly environment: Readonly<Record<string, string>>
  /** Lambda's time-out of a function. */
  timeoutMs(name: FunctionName): number
  stop(): void
}

/** What serverless.yml compiles to, as far as the local cloud can carry it out. */
function deployEnsemble(cloud: Cloud, { members: size, delivers = true }: LabOptions, invoke: Invoke): Deployed {
  const template = withMembers(readTemplate(projectFile('dist/template.json')), (id) => id <= size)
  const { members, environment, functions, stop } = deployTemplate(cloud, template, { invoke, delivers })
  return { members, environment, stop, timeoutMs: (name) => functions.get(name)?.timeoutMs ?? 0 }
}

/** Lambda's time-outs where no template says them, in milliseconds. */
const timeoutsMs: Readonly<Record<FunctionName, number>> = { launch: 900_000, terminate: 900_000, sweep: 60_000 }

/** The functions alone, for whatever groups somebody makes who carry our hooks and our tag. */
function deployFunctions(cloud: Cloud, { ensemble, delivers = true }: LabOptions, invoke: Invoke): Deployed {
  for (const [name, content] of readDocuments()) cloud.ssm.putDocument(name, content)
  const stack = delivers ? deployStack(cloud, invoke) : undefined
  return {
    members: [],
    environment: functionEnvironment(ensemble, cloud.kernel.settings),
    timeoutMs: (name) => timeoutsMs[name],
    stop: () => stack?.stop(),
  }
}
