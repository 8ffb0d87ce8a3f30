import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  addressOf,
  bootMember,
  bootstrap,
  type Change,
  type MemberId,
  memberIds,
  serve,
  takeOver,
  volumeOf,
  volumesDirectory,
} from './ensemble.ts'
import { ask, type Instance, type Network } from './instance.ts'

export interface Amnesia {
  /** Whether the two members without the write served before the one that has it returned. */
  readonly servedWithout: boolean
  /** The members that do not have the acknowledged write in the end. */
  readonly lostOn: readonly number[]
}

/** ZooKeeper as it is without our configuration: an empty disk votes. */
export const withoutGuard: Change = ['db.autocreate=false', 'db.autocreate=true']
/** How often two members without the write are asked whether they serve: for long where they will, else a while. */
const questions = { guarded: 10, unguarded: 240 }
const questionEveryMs = 500

/**
 * A write is acknowledged by members 1 and 2, both die, and 2 comes back with an empty disk beside 3, which never saw
 * the write; then 1 comes back too.
 */
export async function amnesia(network: Network, change?: Change): Promise<Amnesia> {
  const options = change ? { change } : {}
  const instances: Record<MemberId, Instance> = await bootstrap(network, options)
  await instances[3].kill()
  // The connection that a dead host leaves behind is noticed late, and the leader may have been that host.
  const written = await retried(() => ask(instances[1], 'create', '/acknowledged', 'yes'), isDone)
  if (!isDone(written)) throw new Error(`the write was not acknowledged: ${JSON.stringify(written)}`)
  await Promise.all([instances[1].kill(), instances[2].kill()])
  rmSync(join(volumesDirectory(network), volumeOf(2)), { recursive: true })
  ;[instances[2], instances[3]] = await Promise.all([bootMember(network, 2), bootMember(network, 3)])
  const pending = [takeOver(network, instances[2], 2, options), takeOver(network, instances[3], 3, options)]
  const servedWithout = await servesSoon(instances[3], change ? questions.unguarded : questions.guarded)
  instances[1] = await bootMember(network, 1)
  await Promise.all([serve(network, instances[1], 1, options), ...pending])
  const lostOn: number[] = []
  for (const id of memberIds) {
    const read = (await ask(instances[id], 'get', '/acknowledged')) as { value?: string; failed?: string }
    if (read.failed === 'no-node') lostOn.push(id)
    else if (read.value !== 'yes') throw new Error(`${addressOf(id)} answers ${JSON.stringify(read)}`)
  }
  await Promise.all(memberIds.map((id) => instances[id].kill()))
  rmSync(volumesDirectory(network), { recursive: true })
  return { servedWithout, lostOn }
}

const isDone = (answer: unknown): boolean => (answer as { done?: boolean }).done === true

async function retried<T>(attempt: () => Promise<T>, succeeded: (result: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const result = await attempt()
    if (succeeded(result) || tries === 40) return result
    await pause(500)
  }
}

async function servesSoon(instance: Instance, asked: number): Promise<boolean> {
  for (let question = 0; question < asked; question += 1) {
    if (await serves(instance)) return true
    await pause(questionEveryMs)
  }
  return false
}

async function serves(instance: Instance): Promise<boolean> {
  const { stdout } = await instance.run(
    `timeout 1 bash -c 'exec 3<>/dev/tcp/${instance.address}/2181; printf srvr >&3; cat <&3'`,
  )
  return stdout.includes('Mode:')
}
