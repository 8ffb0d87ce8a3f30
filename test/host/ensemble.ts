import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { readDocuments } from '../../lab/stack/documents.ts'
import { type BootOptions, type Instance, type Network, type Ran } from './instance.ts'

/**
 * Three members for the tests of the service: real documents on hosts of their own, but with stand-ins for the parts
 * that are about interfaces and volumes. A volume is a directory that outlives its hosts.
 */
export const memberIds = [1, 2, 3] as const
export type MemberId = (typeof memberIds)[number]

export const addressOf = (member: number): string => `10.79.0.${member * 10}`
export const volumeOf = (member: number): string => `vol-0000000${member}`
export const peers = memberIds.map((id) => `${id}=${addressOf(id)}`).join(',')
export const dataMount = '/var/lib/zookeeper'

/** By the first words of the functions in whose place they are. */
const standIns: Readonly<Record<string, string>> = {
  routes_: 'routes_apply() { :; }; routes_check() { :; }; routes_remove() { :; }',
  volume_: `
    volumes_mount() {
      local i
      for i in "\${!volume_ids[@]}"; do
        formatted+=(false)
        mountpoint --quiet "\${mounts[i]}" && continue
        mkdir -p "\${mounts[i]}"
        mount --bind "$VOLUMES/\${volume_ids[i]}" "\${mounts[i]}"
      done
    }
    volumes_unmount() {
      local mount
      for mount in "\${mounts[@]}"; do
        ! mountpoint --quiet "$mount" || umount "$mount" || fail 50 still-mounted "$mount is busy"
      done
    }
    volumes_check() { :; }`,
}

/** The script of a document as Run Command would write it, with stand-ins. */
export function script(name: 'take-over' | 'hand-over' | 'reach'): string {
  const lines = readDocuments().get(`stayput-${name}`)?.mainSteps[0]?.inputs.runCommand ?? []
  const part = (text: string) =>
    standIns[Object.keys(standIns).find((prefix) => new RegExp(`^${prefix}\\w+\\(\\) \\{$`, 'm').test(text)) ?? '']
  return lines.map((text) => part(text) ?? text).join('\n')
}

/** A change to the script of a take-over, to try what happens without a guard. */
export type Change = readonly [from: string, to: string]

export type Parameters = Readonly<Record<string, string>>

export function volumesDirectory(network: Network): string {
  return join(network.directory, 'volumes')
}

export function parametersOf(member: number, changes: Parameters = {}): Parameters {
  return {
    Ensemble: 'orders',
    Member: String(member),
    Attempt: 'attempt-1',
    NotAfter: String(Math.floor(Date.now() / 1000) + 300),
    MacAddress: `02:00:00:00:00:0${member}`,
    Address: addressOf(member),
    SubnetCidr: '10.79.0.0/24',
    Volumes: `${volumeOf(member)}=${dataMount}`,
    Peers: peers,
    Format: 'none',
    FileSystem: 'any',
    Bootstrap: 'denied',
    Service: 'keep',
    ...changes,
  }
}

export interface Answer extends Ran {
  /** The last line of standard output, which is all of it. */
  readonly facts: Readonly<Record<string, unknown>>
}

export async function runDocument(
  network: Network,
  instance: Instance,
  name: 'take-over' | 'hand-over' | 'reach',
  parameters: Parameters,
  change: Change = ['', ''],
): Promise<Answer> {
  const variables = Object.entries(parameters).map(([key, value]) => [`SSM_${key}`, value])
  const ran = await instance.run(script(name).replaceAll(change[0] || '\0', change[1]), {
    ...(Object.fromEntries(variables) as Parameters),
    VOLUMES: volumesDirectory(network),
  })
  const lines = ran.stdout.trim().split('\n')
  if (lines.length !== 1 || lines[0] === '') throw new Error(`${name} printed ${ran.stdout}\n${ran.stderr}`)
  return { ...ran, facts: JSON.parse(lines[0] ?? '') as Answer['facts'] }
}

export async function bootMember(network: Network, member: number, options?: BootOptions): Promise<Instance> {
  mkdirSync(join(volumesDirectory(network), volumeOf(member)), { recursive: true })
  return network.boot(addressOf(member), options)
}

export interface TakeOverOptions extends BootOptions {
  readonly parameters?: Parameters
  readonly change?: Change
}

export const takeOver = (
  network: Network,
  instance: Instance,
  member: number,
  { parameters = {}, change = ['', ''] }: TakeOverOptions = {},
): Promise<Answer> => runDocument(network, instance, 'take-over', parametersOf(member, parameters), change)

/** A take-over that must succeed. */
export async function serve(
  network: Network,
  instance: Instance,
  member: number,
  options?: TakeOverOptions,
): Promise<Answer> {
  const answer = await takeOver(network, instance, member, options)
  if (answer.exitCode !== 0) throw new Error(`member ${member}: ${answer.stdout}${answer.stderr}`)
  return answer
}

/** A first bootstrap of all three at once; fails unless each of them serves. */
export async function bootstrap(network: Network, options: TakeOverOptions = {}): Promise<Record<MemberId, Instance>> {
  const [one, two, three] = await Promise.all(memberIds.map((id) => bootMember(network, id, options)))
  const instances = { 1: one!, 2: two!, 3: three! }
  const permitted = { ...options, parameters: { Bootstrap: 'permitted', ...options.parameters } }
  await Promise.all(memberIds.map((id) => serve(network, instances[id], id, permitted)))
  return instances
}
