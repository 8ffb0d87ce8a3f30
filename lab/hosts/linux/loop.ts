import { readdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { comesTrue, command, succeeds } from './command.ts'

/** A device, by name like loop7, and the file behind it. */
export interface Backed {
  readonly name: string
  readonly file: string
}

/**
 * Loop devices: what stands for the disks, because a kernel has them wherever there is a kernel. Two loops over one file
 * would be two disks with the same content and two caches, so a file is attached only after it has come free.
 */
export interface Loop extends Backed {
  /** Major and minor number, like 7:7. */
  readonly number: string
}

/** Two that look for a free device at the same time find the same one and one of them loses up to 400 ms. */
const losetupLock = '/run/lock/stayput-losetup'

/**
 * In a container /dev does not grow by itself, so the node that losetup names may have to be made. Somebody who does not
 * know the lock may be faster at the device that was found; then another is found.
 */
const attachScript = `set -u
attempt=0
while :; do
  device=$(losetup --find) || exit
  [ -b "$device" ] || mknod "$device" b 7 "\${device#/dev/loop}"
  losetup "$device" "$1" && break
  attempt=$((attempt + 1))
  [ "$attempt" -lt 20 ] || exit 1
  sleep 0.02
done
echo "$device"
`

/** A mount namespace is taken down a while after its last process has ended; more than ever seen, in milliseconds. */
const freeLimitMs = 10_000

/** Waits for the file to be free of an earlier loop. */
export async function attachLoop(file: string): Promise<Loop> {
  if (!(await comesTrue(async () => (await loopsBelow(file)).length === 0, freeLimitMs))) {
    throw new Error(`${file} is still attached to ${(await namesOf(file)).join(', ')}`)
  }
  await command('mkdir', ['-p', '/run/lock'])
  const device = await command('flock', [losetupLock, 'sh', '-c', attachScript, 'sh', file])
  const name = basename(device.trim())
  return { file, name, number: (await readFile(`/sys/block/${name}/dev`, 'utf8')).trim() }
}

/** Only while it is this file's: a device that came free by itself may be somebody else's by now. */
const detachScript = `set -eu
read -r file <"/sys/block/$1/loop/backing_file" || exit 0
case $file in "$2" | "$2 (deleted)") losetup --detach "/dev/$1" ;; esac
`

/** Settles when nobody uses the device any more; rejects when somebody still does after a while. */
export async function detachLoop({ name, file }: Backed): Promise<void> {
  const free = async () => !(await namesOf(file)).includes(name)
  if (await free()) return
  // In use it comes free with its last user.
  await succeeds('flock', [losetupLock, 'sh', '-c', detachScript, 'sh', name, file])
  if (!(await comesTrue(free, freeLimitMs))) throw new Error(`${name} is still in use`)
}

async function namesOf(file: string): Promise<string[]> {
  return (await loopsBelow(file)).map(({ name }) => name)
}

/** The loops over this very file, or over any file below this folder if the path ends with a slash. */
export async function loopsBelow(path: string): Promise<Backed[]> {
  const names = (await readdir('/sys/block')).filter((name) => name.startsWith('loop'))
  const all = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '')
      return { name, file: text.trimEnd().replace(/ \(deleted\)$/, '') }
    }),
  )
  return all.filter(({ file }) => (path.endsWith('/') ? file.startsWith(path) : file === path))
}
