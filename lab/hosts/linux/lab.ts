import type { Machine, NetworkCard } from '../host.ts'
import type { Role } from '../service.ts'
import { type LinuxClient, startClient } from './client.ts'
import { command } from './command.ts'
import { gateway } from './fabric.ts'
import { Instance, type Site } from './instance.ts'
import { type Asker, startAsker } from './service.ts'

/** A network of its own for clients, from the range that providers share (RFC 6598), which no VPC of the lab uses. */
const clientCard: NetworkCard = {
  networkInterfaceId: 'client',
  macAddress: '02:00:64:40:00:0a',
  address: '100.64.0.10',
  subnetCidr: '100.64.0.0/24',
  deviceIndex: 0,
}
const clientNamespace = 'client'

/** The machines that have power, and the clients. A machine without power is nothing but its volumes' files. */
export class Lab {
  readonly #site: Site
  readonly #boots = new Map<string, Promise<Instance>>()
  readonly #instances = new Map<string, Instance>()
  readonly #clients = new Set<LinuxClient>()
  #clientNetwork: Promise<string> | undefined
  #asker: Promise<Asker> | undefined
  #closed = false

  constructor(site: Site) {
    this.#site = site
  }

  async boot(machine: Machine): Promise<void> {
    const { instanceId } = machine
    if (this.#closed) throw new Error('the lab is closed')
    const boot = this.#boots.get(instanceId) ?? Instance.boot(machine, this.#site)
    this.#boots.set(instanceId, boot)
    try {
      const instance = await boot
      if (this.#boots.get(instanceId) === boot) this.#instances.set(instanceId, instance)
    } catch (error) {
      this.#forget(instanceId, boot)
      throw error
    }
  }

  find(instanceId: string): Instance | undefined {
    return this.#instances.get(instanceId)
  }

  require(instanceId: string): Instance {
    const instance = this.find(instanceId)
    if (!instance) throw new Error(`there is no machine ${instanceId} with power`)
    return instance
  }

  /** Settles when the machine is gone. One that boots is awaited first. */
  async end(instanceId: string, how: (instance: Instance) => Promise<void>): Promise<void> {
    const boot = this.#boots.get(instanceId)
    const instance = await boot?.catch(() => undefined)
    if (!boot || !instance) return
    try {
      await how(instance)
    } finally {
      this.#forget(instanceId, boot)
    }
  }

  /** It may have booted again meanwhile, which is none of an earlier end's business. */
  #forget(instanceId: string, boot: Promise<Instance>): void {
    if (this.#boots.get(instanceId) !== boot) return
    this.#boots.delete(instanceId)
    this.#instances.delete(instanceId)
  }

  async client(addresses: readonly string[], sessionTimeoutMs: number): Promise<LinuxClient> {
    if (this.#closed) throw new Error('the lab is closed')
    const client = startClient(await this.#network(), addresses, sessionTimeoutMs)
    this.#clients.add(client)
    return client
  }

  /** What the service on this machine is, asked over the network; undefined while nothing answers. */
  async role(instanceId: string): Promise<Role | undefined> {
    const instance = this.find(instanceId)
    if (!instance || this.#closed) return undefined
    this.#asker ??= this.#network().then(startAsker)
    return await (await this.#asker).role(instance.addresses)
  }

  #network(): Promise<string> {
    this.#clientNetwork ??= this.#openClientNetwork()
    return this.#clientNetwork
  }

  async #openClientNetwork(): Promise<string> {
    const { fabric } = this.#site
    const namespace = fabric.namespace(clientNamespace)
    await fabric.addNamespace(clientNamespace)
    await fabric.plug(clientNamespace, clientCard)
    const lines = [
      'link set lo up',
      `address add ${clientCard.address}/24 dev eth0`,
      'link set eth0 up',
      `route add default via ${gateway(clientCard.subnetCidr)}`,
    ]
    await command('ip', ['-n', namespace, '-batch', '-'], { input: `${lines.join('\n')}\n` })
    return namespace
  }

  /** Ends everything that runs; rejects with what could not be ended. */
  async close(): Promise<void> {
    this.#closed = true
    const ends = [...this.#boots.keys()].map((id) => this.end(id, (instance) => instance.cutPower()))
    const clients = [...this.#clients].map((client) => client.close())
    const asker = this.#asker?.then((one) => one.close())
    const results = await Promise.allSettled([...ends, ...clients, asker])
    const faults = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    if (faults.length > 0) throw new AggregateError(faults, 'the lab left something behind')
  }
}
