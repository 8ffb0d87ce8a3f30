import type { DocumentContent, Hosts } from '../../hosts/host.ts'
import type { Ec2 } from '../ec2/ec2.ts'
import type { EventBridge } from '../eventbridge/eventbridge.ts'
import type { Kernel } from '../kernel.ts'
import type { OperationTable } from '../operation.ts'
import type { Table } from '../table.ts'
import { type Agent, Agents } from './agents.ts'
import { createAnnouncer } from './announce.ts'
import { createCatalogue } from './catalogue.ts'
import { type Command, createCommands, type Invocation } from './commands.ts'
import { createDelivery } from './deliver.ts'
import { type Document, Documents } from './documents.ts'
import { createFleet } from './fleet.ts'
import { createHistory } from './history.ts'
import { createMishaps } from './mishaps.ts'
import { createSend } from './send.ts'

/**
 * Systems Manager as far as Run Command needs it: documents, managed nodes, commands. Of Run Command, MaxConcurrency is
 * checked and told but does not hold commands back, and outputs go nowhere but into the answers.
 */
export interface Ssm {
  readonly operations: OperationTable
  /** Keyed by instance id. */
  readonly agents: Table<Agent>
  /** Keyed by command id. */
  readonly commands: Table<Command>
  readonly invocations: Table<Invocation>
  readonly documents: Table<Document>
  /** Registers a document without going through the wire, Active at once; other content makes a new default version. */
  putDocument(name: string, content: DocumentContent): void
  /** Sets a scene: the agent stops, though Online is still told; a document that it runs goes on. */
  stopAgent(instanceId: string): void
  /** Sets a scene: the agent of a running instance starts, takes what waits for it and reports what it owes. */
  startAgent(instanceId: string): void
  /** Sets a scene: the agent runs the document of the next command it takes twice. */
  duplicateNextDelivery(instanceId?: string): void
  /** Sets a scene: the agent starts the document of the next command it takes this many milliseconds late. */
  delayNextDelivery(ms: number, instanceId?: string): void
}

export function createSsm(
  kernel: Kernel,
  ec2: Pick<Ec2, 'instances' | 'onInstanceState'>,
  hosts: Hosts,
  events: Pick<EventBridge, 'publish'>,
): Ssm {
  const documents = new Documents(kernel)
  const agents = new Agents(kernel, ec2)
  const commands = createCommands(kernel)
  const mishaps = createMishaps()
  const announcer = createAnnouncer(kernel, events)
  const delivery = createDelivery({ kernel, hosts, agents, commands, announcer, mishaps })
  return {
    operations: {
      ...createCatalogue(kernel, documents),
      ...createFleet(kernel, ec2, agents),
      ...createHistory(kernel, ec2, commands, delivery),
      SendCommand: createSend(kernel, ec2, documents, agents, delivery),
    },
    agents: agents.table,
    commands: commands.table,
    invocations: commands.invocations,
    documents: documents.table,
    putDocument: (name, content) => documents.register(name, content),
    stopAgent: (instanceId) => agents.stop(instanceId),
    startAgent: (instanceId) => agents.start(instanceId),
    duplicateNextDelivery: (instanceId) => mishaps.duplicateNextDelivery(instanceId),
    delayNextDelivery: (ms, instanceId) => mishaps.delayNextDelivery(ms, instanceId),
  }
}
