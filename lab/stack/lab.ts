import { createCloud, type Cloud } from '../cloud/cloud.ts'
import { realClock } from '../cloud/clock.ts'
import type { ServiceHosts } from '../hosts/service.ts'
import { createWire } from '../wire/wire.ts'
import { readDocuments } from './documents.ts'
import { functionEnvironment } from './environment.ts'
import { type FunctionName, startFunctions } from './functions.ts'
import { openHosts } from './hosts.ts'
import { deployStack } from './stack.ts'

export interface LabOptions {
  readonly hosts: ServiceHosts['kind']
  readonly ensemble: string
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
  /** Runs a function once, as Lambda would for this event. */
  invoke(name: FunctionName, event: unknown): Promise<unknown>
  /** Where AWS is for clients, like http://127.0.0.1:4566. */
  readonly url: string
  close(): Promise<void>
}

/** Lambda's time-outs of the functions, in milliseconds: as infra/orchestrator.yml sets them. */
const timeoutsMs: Readonly<Record<FunctionName, number>> = { launch: 900_000, terminate: 900_000, sweep: 60_000 }

export async function openLab(options: LabOptions): Promise<Lab> {
  const { ensemble, port, speed, seed, delivers = true, onLine } = options
  const hosts = await openHosts(options.hosts, speed, seed + 1)
  const cloud = createCloud(realClock, hosts, seed, { speed })
  const wire = await createWire(cloud).listen(port)
  const functions = startFunctions(functionEnvironment(ensemble, cloud.kernel.settings, wire.url), onLine)
  const invoke = (name: FunctionName, event: unknown) => functions.invoke(name, event, timeoutsMs[name])
  for (const [name, content] of readDocuments()) cloud.ssm.putDocument(name, content)
  const stack = delivers ? deployStack(cloud, invoke) : undefined
  return {
    cloud,
    hosts,
    invoke,
    url: wire.url,
    async close() {
      stack?.stop()
      await functions.close()
      await wire.close()
      await hosts.close()
    },
  }
}
