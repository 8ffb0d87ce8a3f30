import { mkdir, open, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from './command.ts'
import { attachLoop, detachLoop, type Loop } from './loop.ts'

/** A disk in a machine: the name that the machine's kernel chose, and what is behind it. */
export interface PluggedDisk {
  readonly name: string
  readonly volumeId: string
  readonly loop: Loop
}

/**
 * Every volume is a sparse file of this size, whatever EC2 calls it: xfs wants 300 MiB at least, and only what is written
 * takes space.
 */
const volumeBytes = 2 ** 30

/** Where each volume's content is; it outlives the machines. */
export class Volumes {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async attach(volumeId: string): Promise<Loop> {
    const file = join(this.#directory, `${volumeId}.img`)
    const handle = await open(file, 'a')
    try {
      if ((await handle.stat()).size === 0) await handle.truncate(volumeBytes)
    } finally {
      await handle.close()
    }
    return await attachLoop(file)
  }
}

/** Makes a disk appear in a machine as Nitro's kernel shows it. `root` is the machine's root directory, from outside. */
export async function plugDisk(root: string, disk: PluggedDisk): Promise<void> {
  const { name, volumeId, loop } = disk
  try {
    const block = join(root, 'sys/block', name)
    await mkdir(join(block, 'device'), { recursive: true })
    await Promise.all([
      writeFile(join(block, 'dev'), `${loop.number}\n`),
      writeFile(join(block, 'size'), `${volumeBytes / 512}\n`),
      writeFile(join(block, 'ro'), '0\n'),
      writeFile(join(block, 'removable'), '0\n'),
      writeFile(join(block, 'device/model'), `${'Amazon Elastic Block Store'.padEnd(40)}\n`),
      writeFile(join(block, 'device/serial'), `${serial(volumeId).padEnd(20)}\n`),
      symlink(`../../block/${name}`, join(root, 'sys/class/block', name)),
      symlink(`../../block/${name}`, join(root, 'sys/dev/block', loop.number)),
    ])
    await command('mknod', ['-m', '660', join(root, 'dev', name), 'b', ...loop.number.split(':')])
    await symlink(`../../${name}`, join(root, 'dev/disk/by-id', link(volumeId)))
  } catch (error) {
    await unplugDisk(root, disk)
    throw error
  }
}

/** Removes every trace of the disk from the machine and waits until nobody holds it. */
export async function unplugDisk(root: string, { name, volumeId, loop }: PluggedDisk): Promise<void> {
  const traces = [
    join('dev/disk/by-id', link(volumeId)),
    join('dev', name),
    join('sys/dev/block', loop.number),
    join('sys/class/block', name),
    join('sys/block', name),
  ]
  await Promise.all(traces.map((path) => rm(join(root, path), { recursive: true, force: true })))
  await detachLoop(loop)
}

/** EBS's serial number of a volume: its id without the dash. */
function serial(volumeId: string): string {
  return volumeId.replace('-', '')
}

function link(volumeId: string): string {
  return `nvme-Amazon_Elastic_Block_Store_${serial(volumeId)}`
}

/** nvme0n1 would be the root volume. The names follow the order of plugging, and say nothing about which volume it is. */
export function freeName(taken: ReadonlySet<string>): string {
  for (let index = 1; ; index += 1) if (!taken.has(`nvme${index}n1`)) return `nvme${index}n1`
}
