/**
 * Hosts with volumes on loop devices. A host here is a mount namespace: its /dev holds only what was plugged in, its
 * /sys/block tells the serial numbers, and its mounts go with it. Nothing of the machine's own is touched. Every name
 * carries the prefix and the process id of the test run, so that a later run can remove what a killed one left.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const prefix = 'stayput-volumes-test-'
const hostScripts = fileURLToPath(new URL('../../infra/host/', import.meta.url))

/** Why tests on loop devices cannot run here; empty if they can. */
export function loopDevicesImpossible(): string {
  if (process.platform !== 'linux') return 'needs Linux'
  if (process.getuid?.() !== 0) return 'needs root'
  const tools = ['unshare', 'nsenter', 'losetup', 'blkid', 'wipefs', 'mkfs.ext4', 'debugfs', 'e2fsck', 'resize2fs']
  const missing = tools.filter((tool) => !hasTool(tool))
  if (missing.length > 0) return `needs ${missing.join(', ')}`
  const trial = spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs none /mnt && mknod /mnt/null b 7 0'])
  if (trial.status !== 0) return `needs mount namespaces and device nodes: ${trial.stderr.toString().trim()}`
  return spawnSync('losetup', ['--find']).status === 0 ? '' : 'needs loop devices'
}

export function hasTool(tool: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0
}

export interface DocumentResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  /** The last line of standard output. */
  readonly facts: Record<string, unknown>
}

/** A volume: a sparse file that outlives every host it is plugged into. */
export interface Volume {
  readonly id: string
  readonly file: string
}

interface LoopOptions {
  readonly readOnly?: boolean
}

/** The files, loop devices and hosts of one test file. */
export class Bench {
  readonly directory: string
  readonly #loops = new Set<string>()
  readonly #hosts = new Set<Host>()
  #count = 0

  constructor() {
    sweepLeftovers()
    this.directory = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  }

  /** A new volume of zeros. Below 300 MiB it gets ext4, from there on xfs where that is installed. */
  volume(mebibytes: number): Volume {
    this.#count += 1
    const id = `vol-0${this.#count.toString(16).padStart(16, '0')}`
    const file = join(this.directory, id)
    writeFileSync(file, '')
    truncateSync(file, mebibytes * 1024 * 1024)
    return { id, file }
  }

  attach({ file }: Volume, { readOnly = false }: LoopOptions = {}): string {
    // Two processes that look for a free device at once find the same one, and one of them fails.
    const options = ['--find', '--show', ...(readOnly ? ['--read-only'] : [])]
    const loop = shell('flock', '/run/lock', 'losetup', ...options, file).trim()
    this.#loops.add(loop)
    return loop
  }

  /** The kernel lets go of a mount after the last process of its namespace has ended, and of the loop device then. */
  async detach(loop: string): Promise<void> {
    shell('losetup', '--detach', loop)
    for (let tries = 0; spawnSync('losetup', [loop]).status === 0; tries++) {
      if (tries === 200) throw new Error(`${loop} stays in use`)
      await setTimeout(20)
    }
    this.#loops.delete(loop)
  }

  host(): Host {
    const host = new Host(this)
    this.#hosts.add(host)
    return host
  }

  /** Ends the hosts, and with them their mounts, then frees the loop devices. */
  async closeHosts(): Promise<void> {
    for (const host of this.#hosts) await host.close()
    this.#hosts.clear()
    for (const loop of this.#loops) await this.detach(loop)
  }

  async close(): Promise<void> {
    await this.closeHosts()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/**
 * What the namespace of a host looks like before anything is plugged in. The last process reads a pipe from the tests,
 * so it ends with them even if they are killed, and the namespace with it.
 */
const emptyHost = `
  set -eu
  mount -t tmpfs none /mnt
  mkdir /mnt/dev
  for node in null zero urandom; do cp -a /dev/$node /mnt/dev/; done
  for place in /dev /run /sys/block /sys/dev/block /usr/local/sbin /etc/systemd/system /var/lib; do
    mount -t tmpfs none $place
  done
  cp -a /mnt/dev/* /dev/
  rm -r /mnt/dev
  ln -s /proc/self/fd /dev/fd
  mkdir -p /dev/disk/by-id /var/lib/stayput
  echo ready
  exec cat
`

export interface PlugOptions extends LoopOptions {
  /** The device's name; the next free NVMe name if not given. */
  readonly name?: string
  /** What the device says that it is; the volume's id without the dash if not given. */
  readonly serial?: string
  readonly link?: string
}

export class Host {
  readonly #bench: Bench
  readonly #process: ChildProcess
  readonly #started: Promise<void>
  readonly #others: ChildProcess[] = []
  #plugged = 0

  constructor(bench: Bench) {
    this.#bench = bench
    this.#process = spawn('unshare', ['--mount', '--propagation', 'private', 'bash', '-c', emptyHost], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#started = new Promise((resolve, reject) => {
      this.#process.stdout?.once('data', () => resolve())
      this.#process.once('exit', (code) => reject(new Error(`the host ended with ${code}`)))
    })
    this.#started.catch(() => {})
  }

  /** Makes a volume's device appear on this host. Returns the loop device behind it. */
  async plug(volume: Volume, { name, serial, link, readOnly = false }: PlugOptions = {}): Promise<string> {
    const loop = this.#bench.attach(volume, { readOnly })
    await this.show(loop, name ?? `nvme${++this.#plugged}n1`, serial ?? volume.id.replace('-', ''), link)
    return loop
  }

  /** Shows a loop device under a name. An empty serial number is none, as on Xen. */
  async show(loop: string, name: string, serial: string, link = name): Promise<void> {
    await this.sh(
      `mknod "/dev/$2" b 7 "\${1#/dev/loop}"
       mkdir -p "/sys/block/$2/device"
       echo "7:\${1#/dev/loop}" >"/sys/block/$2/dev"
       ln -s "../../block/$2" "/sys/dev/block/7:\${1#/dev/loop}"
       [ -z "$3" ] || printf '%-20s\\n' "$3" >"/sys/block/$2/device/serial"
       [ -z "$3" ] || ln -s "../../$4" "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$3"`,
      loop,
      name,
      serial,
      link,
    )
  }

  /** Runs a shell text inside the host and returns what it prints. */
  async sh(text: string, ...args: string[]): Promise<string> {
    const result = await this.#run('bash', ['-euc', text, 'sh', ...args])
    if (result.exitCode !== 0) throw new Error(`exit ${result.exitCode} of: ${text}\n${result.stderr}`)
    return result.stdout.trim()
  }

  /** Starts a process that stays as long as its standard input is open; it is killed with the host. */
  async start(text: string): Promise<number> {
    await this.#started
    const child = spawn('nsenter', ['--mount', `--target=${this.#process.pid}`, 'bash', '-euc', text], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#others.push(child)
    await new Promise((resolve) => child.stdout.once('data', resolve))
    return child.pid ?? 0
  }

  /** Runs the parts of infra/host and a main after them as Run Command does: one text, parameters as variables. */
  async document(main: string, parameters: Readonly<Record<string, string>>): Promise<DocumentResult> {
    const names = ['common', 'volumes', 'volumes-format', 'volumes-mount', 'volumes-unmount']
    const parts = names.map((part) => readFileSync(join(hostScripts, `${part}.sh`), 'utf8'))
    const file = join(this.#bench.directory, '_script.sh')
    writeFileSync(file, [...parts, main].join('\n'))
    const variables = Object.entries(parameters).map(([name, value]) => `SSM_${name}=${value}`)
    const result = await this.#run('env', ['-i', ...variables, 'bash', file])
    const last = result.stdout.trim().split('\n').at(-1) ?? ''
    return { ...result, facts: last.startsWith('{') ? JSON.parse(last) : {} }
  }

  /** A group of its own, so that a test can let a whole document die at once. */
  async #run(command: string, args: readonly string[]): Promise<Omit<DocumentResult, 'facts'>> {
    await this.#started
    const child = spawn('nsenter', ['--mount', `--target=${this.#process.pid}`, command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data) => (stdout += String(data)))
    child.stderr.on('data', (data) => (stderr += String(data)))
    const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return { exitCode, stdout, stderr }
  }

  async stop(pid: number): Promise<void> {
    const child = this.#others.find((one) => one.pid === pid)
    if (child) await kill(child)
  }

  async close(): Promise<void> {
    await this.#started.catch(() => {})
    for (const child of [...this.#others, this.#process]) await kill(child)
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

export function shell(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Stands for every byte of a volume. Most are zeros, which are compared faster than hashed. */
export function digest({ file }: Volume): string {
  const hash = createHash('sha256')
  const zeros = Buffer.alloc(1 << 20)
  const chunk = Buffer.alloc(1 << 20)
  const handle = openSync(file, 'r')
  for (let offset = 0; ; offset += chunk.length) {
    const length = readSync(handle, chunk, 0, chunk.length, offset)
    const bytes = chunk.subarray(0, length)
    if (length === 0) break
    if (!bytes.equals(zeros)) hash.update(`${offset}:`).update(bytes)
  }
  closeSync(handle)
  return hash.digest('hex')
}

/** Removes the loop devices and files of runs whose process is no more. */
function sweepLeftovers(): void {
  const dead = readdirSync(tmpdir())
    .filter((name) => name.startsWith(prefix) && !existsSync(`/proc/${name.slice(prefix.length).split('-')[0]}`))
    .map((name) => join(tmpdir(), name))
  if (dead.length === 0) return
  for (const line of shell('losetup', '--list', '--noheadings', '--output=NAME,BACK-FILE').split('\n')) {
    const [loop, file] = line.trim().split(/\s+/)
    if (loop && dead.some((directory) => file?.startsWith(`${directory}/`))) shell('losetup', '--detach', loop)
  }
  for (const directory of dead) rmSync(directory, { recursive: true, force: true })
}
