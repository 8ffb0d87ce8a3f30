import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realClock } from '../cloud/clock.ts'
import { seededRandom } from '../cloud/random.ts'
import { createLinuxHosts } from '../hosts/linux/linux.ts'
import type { EnsembleClient } from '../hosts/modelled/ensemble.ts'
import { createModelledHosts } from '../hosts/modelled/modelled.ts'
import type { ServiceClient, ServiceHosts, WriterReport } from '../hosts/service.ts'

/** Opens hosts of this kind. Modelled ones run at the cloud's speed, real ones at their own. */
export async function openHosts(kind: ServiceHosts['kind'], speed: number, seed: number): Promise<ServiceHosts> {
  return kind === 'linux' ? await linuxHosts() : modelledHosts(speed, seed)
}

function modelledHosts(speed: number, seed: number): ServiceHosts {
  // Modelled in real time, so without the stall that ZooKeeper shows now and then: a demonstration need not wait for it.
  const hosts = createModelledHosts(realClock, seededRandom(seed), speed, { staleVote: 0 })
  return {
    ...hosts,
    kind: 'modelled',
    version: hosts.serviceVersion,
    role: (instanceId) => Promise.resolve(hosts.role(instanceId)),
    connect: (ensemble) => Promise.resolve(modelledClient(hosts.client(ensemble))),
    bytesSynced: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  }
}

const writerPauseMs = 20

function modelledClient(client: EnsembleClient): ServiceClient {
  let writing: { stopped: boolean; done: Promise<WriterReport> } | undefined
  return {
    write: (key, value) => client.write(key, value),
    read: (key) => client.read(key),
    startWriter(key) {
      const state = { stopped: false }
      writing = Object.assign(state, { done: keepWriting(client, key, state) })
      return Promise.resolve()
    },
    stopWriter() {
      if (!writing) return Promise.reject(new Error('no writer is at work'))
      writing.stopped = true
      return writing.done
    },
    close: () => Promise.resolve(),
  }
}

async function keepWriting(
  client: EnsembleClient,
  key: string,
  state: { readonly stopped: boolean },
): Promise<WriterReport> {
  const errors: string[] = []
  let written = 0
  let longestStallMs = 0
  let acknowledged = performance.now()
  while (!state.stopped) {
    try {
      await client.write(key, String(written))
      written++
      longestStallMs = Math.max(longestStallMs, performance.now() - acknowledged)
      acknowledged = performance.now()
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error))
    }
    await new Promise((resolve) => {
      setTimeout(resolve, writerPauseMs)
    })
  }
  return { written, errors, longestStallMs: Math.max(longestStallMs, performance.now() - acknowledged) }
}

async function linuxHosts(): Promise<ServiceHosts> {
  const directory = await mkdtemp(join(tmpdir(), 'stayput-lab-'))
  const hosts = await createLinuxHosts({ id: `sp${randomBytes(2).toString('hex')}`, directory })
  return {
    ...hosts,
    kind: 'linux',
    version: hosts.service.version,
    connect: (_ensemble, addresses) => hosts.client(addresses),
  }
}
