import type { TakeOverArguments, WantedVolume } from './arguments.ts'
import type { Host } from './machine.ts'
import type { Process } from './process.ts'
import { Failure } from './reply.ts'
import type { World } from './world.ts'

/** Milliseconds at speed 1. */
const formatMs = 400
const mountMs = 100
const unmountMs = 100

export interface MountedVolume {
  readonly volume: string
  readonly mount: string
  readonly formatted: boolean
}

/** Mounts every volume where it belongs; all are looked at before the first one is changed. */
export async function mountVolumes(
  world: World,
  host: Host,
  process: Process,
  wanted: TakeOverArguments,
): Promise<MountedVolume[]> {
  for (const { volume } of wanted.volumes) {
    if (!host.disks.has(volume)) throw new Failure('volume-missing', `No device has the serial of ${volume}.`)
  }
  const blank = wanted.volumes.filter(({ volume }) => isBlank(world, volume, wanted))
  const mounted: MountedVolume[] = []
  for (const each of wanted.volumes) {
    const formatted = blank.includes(each)
    if (formatted) await format(world, host, process, each.volume, wanted)
    await mount(world, host, process, each, wanted)
    mounted.push({ ...each, formatted })
  }
  return mounted
}

/** On doubt nothing is formatted: only a volume that this look finds blank beyond doubt, and only under a permit. */
function isBlank(world: World, volume: string, { ensemble, member, format: permits }: TakeOverArguments): boolean {
  const content = world.disks.content(volume)
  switch (content.kind) {
    case 'blank':
      if (permits.has(volume)) return true
      throw new Failure('volume-unfit', `${volume} has no file system and no permit to get one.`)
    case 'formatted':
      if (content.ensemble === ensemble && content.member === member && content.volume === volume) return false
      throw new Failure(
        'volume-unfit',
        `${volume} is ${content.volume} of member ${content.member} of ${content.ensemble}.`,
      )
    case 'foreign':
      throw new Failure('volume-unfit', `${volume} holds something unknown.`)
    case 'unreadable':
      throw new Failure('volume-unfit', `${volume} cannot be read.`)
    case 'corrupt':
      throw new Failure('mount-failed', `The file system check of ${volume} left errors.`)
  }
}

async function format(
  world: World,
  host: Host,
  process: Process,
  volume: string,
  { ensemble, member }: TakeOverArguments,
): Promise<void> {
  await process.sleep(formatMs)
  requireDevice(host, volume)
  // The tool that makes the file system looks for itself as well.
  if (world.disks.content(volume).kind !== 'blank')
    throw new Failure('volume-unfit', `${volume} is not blank any more.`)
  world.disks.set(volume, { kind: 'formatted', ensemble, member, volume, data: undefined, initialize: false })
  process.print(`formatted ${volume}`)
}

async function mount(
  world: World,
  host: Host,
  process: Process,
  { volume, mount: path }: WantedVolume,
  { ensemble, member }: TakeOverArguments,
): Promise<void> {
  const there = host.mounts.get(path)
  if (there === volume) return
  const elsewhere = host.mountOf(volume)
  if (there !== undefined) throw new Failure('mount-failed', `${path} is taken by ${there}.`)
  if (elsewhere !== undefined) throw new Failure('mount-failed', `${volume} is mounted at ${elsewhere}.`)
  await process.sleep(mountMs)
  requireDevice(host, volume)
  // What was looked at before may have changed since: what is mounted is found by its identity.
  const content = world.disks.formatted(volume)
  const isOurs = content?.ensemble === ensemble && content.member === member && content.volume === volume
  if (!isOurs || host.breaks('mount')) throw new Failure('mount-failed', `mount of ${volume} failed.`)
  for (const other of world.hosts.values()) {
    if (other !== host && other.mountOf(volume) !== undefined) {
      world.harm('two-mounts', `${volume} of member ${member} of ${ensemble}: ${other.instanceId}, ${host.instanceId}`)
    }
  }
  host.mounts.set(path, volume)
  process.print(`mounted ${volume} at ${path}`)
}

/** A device may be pulled while it is worked on. */
function requireDevice(host: Host, volume: string): void {
  if (!host.disks.has(volume)) throw new Failure('volume-missing', `${volume} went away.`)
}

export async function unmountVolumes(
  host: Host,
  process: Process,
  volumes: readonly WantedVolume[],
): Promise<string[]> {
  for (const { volume } of volumes) {
    const path = host.mountOf(volume)
    if (path === undefined) continue
    await process.sleep(unmountMs)
    if (host.breaks('unmount')) throw new Failure('still-mounted', `${volume} is busy at ${path}.`)
    host.mounts.delete(path)
    process.print(`unmounted ${volume}`)
  }
  return volumes.map(({ volume }) => volume)
}
