import { accessSync, constants, existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { projectFile } from '../../stack/project.ts'
import { command } from './command.ts'
import { zookeeperJar } from './service.ts'

export type Possible =
  | { readonly possible: true }
  | { readonly possible: false; readonly because: string; readonly missingPackages: string[] }

/** By Debian package: what it is needed for. */
const programs: Readonly<Record<string, readonly string[]>> = {
  iproute2: ['ip'],
  'util-linux': ['unshare', 'nsenter', 'losetup', 'flock', 'setsid', 'findmnt', 'lsblk', 'blkid'],
  e2fsprogs: ['mkfs.ext4'],
  xfsprogs: ['mkfs.xfs', 'xfs_io'],
  'default-jre-headless': ['java'],
}
const files: Readonly<Record<string, string>> = {
  zookeeper: zookeeperJar,
  // Without a binding ZooKeeper logs nothing, and nobody sees why it stops.
  'libslf4j-java': '/usr/share/java/slf4j-simple.jar',
}

/** Whether real machines can be made here, found out by trying; if not, why, and which Debian packages would help. */
export async function linuxHostsPossible(): Promise<Possible> {
  if (process.platform !== 'linux') return no('real hosts need a Linux kernel, with its network and mount namespaces')
  if (process.getuid?.() !== 0) return no('real hosts need root, for namespaces, interfaces and loop devices')
  const missing = missingPackages()
  // Without its programs nothing can be tried; packages of the service alone can wait until it is known to be worth it.
  const tools = missing.filter((name) => name === 'iproute2' || name === 'util-linux')
  const fault = tools.length > 0 ? undefined : await tryThings()
  if (fault !== undefined) return no(`real hosts can't be made here: ${fault}`)
  if (missing.length > 0) return no(`Debian packages are missing: ${missing.join(', ')}`, missing)
  return { possible: true }
}

function no(because: string, packages: string[] = []): Possible {
  return { possible: false, because, missingPackages: packages }
}

function missingPackages(): string[] {
  return [
    ...Object.entries(programs).filter(([, names]) => !names.every(isProgram)),
    ...Object.entries(files).filter(([, file]) => !existsSync(file)),
  ].map(([name]) => name)
}

function isProgram(name: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Everything is tried in namespaces that end with the trial. Answers with the first thing that does not work. */
async function tryThings(): Promise<string | undefined> {
  const scratch = await mkdtemp(join(tmpdir(), 'stayput-check-'))
  const namespaces = [
    '--mount',
    '--net',
    '--uts',
    '--ipc',
    '--pid',
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
  ]
  try {
    await mkdir('/run/lock', { recursive: true })
    await command('unshare', [...namespaces, 'bash', projectFile('lab/hosts/linux/possible.sh'), scratch])
    return undefined
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return text.slice(text.indexOf(': ') + 2)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
