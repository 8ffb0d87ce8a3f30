import { execFile, type ExecFileException, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { projectFile } from '../../lab/stack/project.ts'

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A host with a network, processes and directories of its own, as far as ZooKeeper needs one. */
export interface Instance {
  readonly name: string
  readonly address: string
  /** Where the host keeps what is private to it: its layer over /etc and so on. Gone with the host. */
  readonly state: string
  /** Runs bash with this text as its script, as root on the host. */
  run(script: string, environment?: Readonly<Record<string, string>>): Promise<Ran>
  /** Every process is gone at once. With `silently`, nobody in the network is told, as when the power fails. */
  kill(options?: { readonly silently?: boolean }): Promise<void>
}

/** Several hosts in one network. Everything it makes bears the prefix, and is removed by `close`. */
export interface Network {
  readonly directory: string
  boot(address: string, options?: BootOptions): Promise<Instance>
  close(): Promise<void>
}

export interface BootOptions {
  /** Written to files of the host before it starts, by absolute path below /etc, /opt or /var/lib. */
  readonly files?: Readonly<Record<string, string>>
}

const overlaid = ['/etc', '/usr/local', '/usr/share/java', '/opt', '/var/lib']
const fresh = ['/run', '/var/log']

/** Small and quick to start: these servers hold next to nothing, and there are several on a machine. */
export const javaEnvironment = [
  'JAVA=/usr/bin/java',
  'CLASSPATH="/etc/zookeeper/conf:/usr/share/java/zookeeper.jar"',
  'JAVA_OPTS="-Xmx64m -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Dzookeeper.preAllocSize=64 -Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"',
  '',
].join('\n')

const bootScript = `
read -r pid _ </proc/self/stat
mount -t proc proc /proc
mkdir -p "$STATE/upper" "$STATE/overlay"
for place in ${overlaid.join(' ')}; do
  name=\${place//\\//_}
  mkdir -p "$STATE/upper/$name" "$STATE/overlay/$name"
  mount -t overlay overlay -o "lowerdir=$place,upperdir=$STATE/upper/$name,workdir=$STATE/overlay/$name" "$place"
done
for place in ${fresh.join(' ')}; do mkdir -p "$place"; mount -t tmpfs tmpfs "$place"; done
: >/etc/resolv.conf
printf '127.0.0.1 localhost\\n' >/etc/hosts
cp -r "$STATE/files/." /
echo "$pid" >"$STATE/pid.new" && mv "$STATE/pid.new" "$STATE/pid"
trap 'exit' TERM
while :; do sleep 3600 & wait; done
`

/** Why hosts cannot be made here, if they cannot: the title of a skipped test says so. */
export async function missing(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'needs Linux'
  if (process.getuid?.() !== 0) return 'needs root'
  const tools = ['unshare', 'nsenter', 'ip', 'setpriv', 'java']
  for (const tool of tools) {
    if ((await command('bash', ['-c', 'command -v "$1"', 'look', tool])).exitCode !== 0) return `needs ${tool}`
  }
  if (!existsSync('/usr/share/java/zookeeper.jar')) return "needs Debian's package zookeeper"
  const state = mkdtempSync(join(tmpdir(), 'stayput-probe-'))
  try {
    const probe = `cd "$1" && mkdir u w && ip link add type veth && mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w &&
      mount -t overlay o -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w /etc`
    const probed = await command('unshare', ['-mnp', '--fork', 'bash', '-c', probe, 'probe', state])
    return probed.exitCode === 0 ? undefined : 'needs network and mount namespaces'
  } finally {
    rmSync(state, { recursive: true })
  }
}

/** Makes a network. What a killed run with the same prefix left behind is removed first. */
export async function openNetwork(prefix: string): Promise<Network> {
  const directory = join(tmpdir(), prefix)
  const fabric = `${prefix}-fabric`
  const instances: Instance[] = []
  await clean(prefix, directory)
  mkdirSync(directory, { recursive: true })
  await sure('mount', ['-t', 'tmpfs', prefix, directory])
  await sure('ip', ['netns', 'add', fabric])
  await sure('ip', ['-n', fabric, 'link', 'add', 'bridge', 'type', 'bridge'])
  await sure('ip', ['-n', fabric, 'link', 'set', 'bridge', 'up'])
  let count = 0
  return {
    directory,
    async boot(address, options = {}) {
      count += 1
      const instance = await boot({ name: `${prefix}-${count}`, address, directory, fabric, count }, options)
      instances.push(instance)
      return instance
    },
    async close() {
      await Promise.all(instances.map((instance) => instance.kill()))
      await clean(prefix, directory)
    },
  }
}

/** An address keeps its card, as a network interface does: its neighbours remember where to send. */
const macOf = (address: string): string =>
  ['02', '00', ...address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))].join(':')

interface Place {
  readonly name: string
  readonly address: string
  readonly directory: string
  readonly fabric: string
  readonly count: number
}

async function boot(
  { name, address, directory, fabric, count }: Place,
  { files = {} }: BootOptions,
): Promise<Instance> {
  const state = join(directory, name)
  const all = { '/etc/zookeeper/conf_example/environment': javaEnvironment, ...files }
  mkdirSync(join(state, 'files'), { recursive: true })
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(join(state, 'files', path, '..'), { recursive: true })
    writeFileSync(join(state, 'files', path), content)
  }
  await sure('ip', ['netns', 'add', name])
  const plug = `ip -n "$1" link add "port$3" type veth peer name eth0 netns "$2" address "$5"
    ip -n "$1" link set "port$3" master bridge up
    ip -n "$2" link set lo up; ip -n "$2" link set eth0 up; ip -n "$2" addr add "$4/24" dev eth0`
  // A dead host's address moves to its successor, as an interface does.
  await sure('bash', ['-ec', plug, 'plug', fabric, name, String(count), address, macOf(address)])
  const launcher = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--propagation', 'private']
  const child = spawn('nsenter', [`--net=/run/netns/${name}`, 'unshare', ...launcher, 'bash', '-ec', bootScript], {
    env: { PATH: process.env['PATH'], STATE: state },
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const pidFile = join(state, 'pid')
  while (!existsSync(pidFile)) {
    if (child.exitCode !== null) throw new Error(`the host ${name} did not boot`)
    await pause(10)
  }
  const pid = readFileSync(pidFile, 'utf8').trim()
  return {
    name,
    address,
    state,
    run: (script, environment = {}) =>
      command('nsenter', ['-t', pid, '-m', '-u', '-i', '-n', '-p', '-r', '-w', 'bash', '-s'], environment, script),
    async kill({ silently = false } = {}) {
      if (silently) await command('ip', ['-n', fabric, 'link', 'del', `port${count}`])
      if (child.exitCode === null && child.signalCode === null) process.kill(Number(pid), 'SIGKILL')
      await ended
      await command('ip', ['-n', fabric, 'link', 'del', `port${count}`])
    },
  }
}

/** Removes all that bears the prefix, whatever a killed run has left of it. */
async function clean(prefix: string, directory: string): Promise<void> {
  const spaces = existsSync('/run/netns')
    ? readdirSync('/run/netns').filter((name) => name.startsWith(`${prefix}-`))
    : []
  for (const name of spaces) {
    const { stdout } = await command('ip', ['netns', 'pids', name])
    for (const pid of stdout.split('\n').filter((line) => line !== '')) kill(Number(pid))
    await command('ip', ['netns', 'del', name])
  }
  // The mounts of a dead host go when its last process has gone, which is not at once.
  for (let tries = 0; tries < 50 && existsSync(directory); tries += 1) {
    while ((await command('umount', [directory])).exitCode === 0);
    try {
      rmSync(directory, { recursive: true })
    } catch {
      await pause(100)
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

/** Runs a command to its end; its environment is empty but for what is given. */
export function command(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ran> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', ...environment }
    const child = execFile(file, [...args], { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ exitCode: exitCodeOf(error), stdout, stderr }),
    )
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

function exitCodeOf(error: ExecFileException | null): number {
  if (!error) return 0
  return typeof error.code === 'number' ? error.code : 255
}

async function sure(file: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await command(file, args)
  if (exitCode !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`)
}

/** Runs the small client inside a host's network. */
export async function ask(instance: Instance, verb: 'create' | 'get', path: string, value = ''): Promise<unknown> {
  const args = [`--net=/run/netns/${instance.name}`, process.execPath, projectFile('test/host/client.mjs')]
  const { stdout } = await command('nsenter', [...args, instance.address, verb, path, value])
  return JSON.parse(stdout)
}
