import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Role } from '../service.ts'
import { command } from './command.ts'

/** Where Debian's package puts ZooKeeper, with another name beside it that has the version. */
export const zookeeperJar = '/usr/share/java/zookeeper.jar'
const clientPort = 2181
const askMs = 3000

/** Like `zookeeper 3.8.0`. */
export function serviceVersion(): string {
  const versions = readdirSync(dirname(zookeeperJar)).map((name) => /^zookeeper-(\d[\d.]*)\.jar$/.exec(name)?.[1])
  return ['zookeeper', ...versions.filter((version) => version !== undefined)].slice(0, 2).join(' ')
}

/** The first of the addresses that answers is asked: the service may listen on one of them only. */
const askScript = `port=$1; shift
for address; do
  if exec 3<>"/dev/tcp/$address/$port"; then printf srvr >&3; exec cat <&3; fi
done 2>/dev/null
`

/** Asks the service in this network namespace what it is; undefined while none answers there. */
export async function askRole(namespace: string, addresses: readonly string[]): Promise<Role | undefined> {
  const args = [`--net=/run/netns/${namespace}`, 'bash', '-c', askScript, 'bash', String(clientPort)]
  const answer = await command('nsenter', [...args, '127.0.0.1', ...addresses], { timeoutMs: askMs }).catch(() => '')
  const mode = /^Mode: (leader|follower|standalone)$/m.exec(answer)?.[1]
  return (mode as Role | undefined) ?? (answer === '' ? undefined : 'looking')
}
