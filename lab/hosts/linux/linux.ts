import { mkdir, readdir, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Hosts } from '../host.ts'
import type { Role } from '../service.ts'
import type { LinuxClient } from './client.ts'
import { Volumes } from './disks.ts'
import { runDocument } from './document.ts'
import { Fabric } from './fabric.ts'
import { Lab } from './lab.ts'
import { claim, removeLab, sweepLeftovers } from './registry.ts'
import { ensemblePorts, serviceVersion } from './service.ts'

export { linuxHostsPossible } from './possible.ts'
export { sweepLeftovers } from './registry.ts'

/** Real Linux machines in namespaces of this one: real routes, real file systems, the real service. In real time. */
export interface LinuxHosts extends Hosts {
  readonly service: { readonly version: string }
  /** What the service on this instance is; undefined while none runs there. */
  role(instanceId: string): Promise<Role | undefined>
  /** A client of the service somewhere else in the network; sessions time out after ten seconds unless told. */
  client(addresses: readonly string[], sessionTimeoutMs?: number): Promise<LinuxClient>
  /** Bytes that the other servers have sent to the one on this instance, over the connections that it has now. */
  bytesSynced(instanceId: string): Promise<number>
  /** Leaves nothing behind: no process, namespace, loop device, mount or file. */
  close(): Promise<void>
}

export interface LinuxOptions {
  /** The first part of every name that this lab gives, like sp4f2a: a letter, then letters and digits, 12 at most. */
  readonly id: string
  /** A folder that is empty or not there yet, in one that is; it is removed in the end. */
  readonly directory: string
}

const sessionTimeoutMs = 10_000
/**
 * Removes first what labs have left that were killed. What this one makes goes with `close`; should its process be
 * killed, its machines die with it, and the rest is removed by the next lab.
 */
export async function createLinuxHosts({ id, directory }: LinuxOptions): Promise<LinuxHosts> {
  if (!/^[a-z][a-z0-9]{0,11}$/.test(id)) throw new Error(`${id} is not a name for a lab`)
  await sweepLeftovers()
  const home = join(await realpath(dirname(directory)), basename(directory))
  const there = await readdir(home).catch(() => [])
  if (there.length > 0) throw new Error(`${home} is not empty`)
  // The record comes first: whatever is made after it is known to belong to this lab.
  const ours = await claim({ id, directory: home })
  const fabric = new Fabric(id)
  try {
    const folders = ['volumes', 'scratch', 'output'].map((name) => join(home, name))
    await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })))
    await fabric.open()
  } catch (error) {
    await removeLab({ id, directory: home })
    await ours.release()
    throw error
  }
  const site = { fabric, volumes: new Volumes(join(home, 'volumes')), scratch: join(home, 'scratch') }
  const lab = new Lab(site)
  return {
    ...hostsOf(lab, join(home, 'output')),
    service: { version: serviceVersion() },
    role: (instanceId) => lab.role(instanceId),
    client: (addresses, timeoutMs = sessionTimeoutMs) => lab.client(addresses, timeoutMs),
    bytesSynced: (instanceId) => lab.require(instanceId).bytesReceived(ensemblePorts),
    async close() {
      // What a machine failed to leave in good order is still removed by its name.
      try {
        await lab.close()
      } finally {
        await removeLab({ id, directory: home })
        await ours.release()
      }
    },
  }
}

function hostsOf(lab: Lab, outputs: string): Hosts {
  return {
    boot: (machine) => lab.boot(machine),
    shutDown: (instanceId) => lab.end(instanceId, (instance) => instance.shutDown()),
    powerOff: (instanceId) => lab.end(instanceId, (instance) => instance.cutPower()),
    plugInterface: async (instanceId, card) => await lab.require(instanceId).plugInterface(card),
    unplugInterface: async (instanceId, card) => await lab.find(instanceId)?.unplugInterface(card),
    plugVolume: async (instanceId, disk) => await lab.require(instanceId).plugVolume(disk),
    unplugVolume: async (instanceId, volume) => await lab.find(instanceId)?.unplugVolume(volume),
    inUse: (instanceId, volume) => lab.find(instanceId)?.isMounted(volume) ?? false,
    run: async (instanceId, run) => await runDocument(lab.require(instanceId), outputs, run),
  }
}
