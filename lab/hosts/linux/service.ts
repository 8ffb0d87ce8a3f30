import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Role } from '../service.ts'
import { converseWith } from './conversation.ts'

/** Where Debian's package puts ZooKeeper, with another name beside it that has the version. */
export const zookeeperJar = '/usr/share/java/zookeeper.jar'
const clientPort = 2181
/** What the servers of an ensemble say to each other: followers to their leader, and everybody at elections. */
export const ensemblePorts = [2888, 3888] as const

/** Like `zookeeper 3.8.0`. */
export function serviceVersion(): string {
  const versions = readdirSync(dirname(zookeeperJar)).map((name) => /^zookeeper-(\d[\d.]*)\.jar$/.exec(name)?.[1])
  return ['zookeeper', ...versions.filter((version) => version !== undefined)].slice(0, 2).join(' ')
}

/** Asks servers what they are, from elsewhere in the network. */
export interface Asker {
  /** Undefined while nothing answers at any of these addresses. */
  role(addresses: readonly string[]): Promise<Role | undefined>
  close(): Promise<void>
}

/** Asks from this network namespace, which must reach the servers. */
export function startAsker(namespace: string): Asker {
  const { ask, close } = converseWith('ask-process.mjs', namespace, [String(clientPort)])
  return {
    async role(addresses) {
      const answer = String(await ask('ask', { addresses }).catch(() => ''))
      const mode = /^Mode: (leader|follower|standalone)$/m.exec(answer)?.[1]
      return (mode as Role | undefined) ?? (answer === '' ? undefined : 'looking')
    },
    close,
  }
}
