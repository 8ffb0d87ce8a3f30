/**
 * A small VPC of network namespaces for the tests of the route scripts: hosts with real interfaces, a router between
 * them that behaves as EC2 does, and scripts that run on a host as Run Command runs them. Everything is in namespaces
 * of its own; the machine's network and its directories are never touched.
 *
 * Every interface is a veth straight into the router. A bridge would lie: the kernel answers ARP for all its addresses
 * on all its interfaces, so that an address that was never configured seems to work. The router's strict reverse path
 * filter is the source/destination check, and its proxy ARP is the VPC that answers for everybody.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const prefix = 'stayput-routes-'
/** What the scripts write to, each a directory of the host's own. */
const hostDirectories = ['run', 'var/lib', 'etc/systemd/system', 'usr/local/lib', 'usr/local/sbin'] as const
const port = 9000

export interface Card {
  readonly mac: string
  readonly address: string
  readonly subnet: string
}

export interface Ran {
  readonly code: number | null
  readonly stderr: string
  /** The last line of the output, parsed. */
  readonly facts: Record<string, unknown>
}

function execute(file: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', timeout: 20_000 })
  if (error || status !== 0) throw new Error(`${file} ${args.join(' ')}:\n${error?.message ?? stderr}`)
  return stdout
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Removes what a killed run has left behind; runs that are alive keep theirs. */
function removeLeftovers(): void {
  const isLeftover = (name: string) =>
    name.startsWith(prefix) && !isAlive(Number(name.slice(prefix.length).split('-')[0]))
  for (const line of execute('ip', ['netns', 'list']).split('\n')) {
    const name = line.split(' ')[0] ?? ''
    if (isLeftover(name)) execute('ip', ['netns', 'delete', name])
  }
  for (const name of readdirSync(tmpdir())) {
    if (isLeftover(name)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

/** Why no fabric can be built on this machine, found by trying; undefined if one can. */
export function whyNoFabric(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux'
  if (process.getuid?.() !== 0) return 'needs root'
  try {
    removeLeftovers()
    const fabric = new Fabric()
    try {
      fabric.open()
      const host = fabric.addHost('10.60.1.200', '10.60.1.0/24')
      host.shell('unshare --mount --propagation private mount --bind /tmp /var/lib')
    } finally {
      fabric.remove()
    }
    return undefined
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error)
    return `needs network and mount namespaces: ${because.trim().split('\n').at(-1)}`
  }
}

function gatewayOf(subnet: string): string {
  const [base = '', length] = subnet.split('/')
  const number = base.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
  const size = 2 ** (32 - Number(length))
  const gateway = number - (number % size) + 1
  return [24, 16, 8, 0].map((shift) => Math.floor(gateway / 2 ** shift) % 256).join('.')
}

const primaryMac = (number: number) => `02:60:00:00:${number.toString(16).padStart(4, '0').replace(/..$/, ':$&')}`

let fabrics = 0

export class Fabric {
  readonly id = `${prefix}${process.pid}-${++fabrics}`
  readonly directory = mkdtempSync(join(tmpdir(), `${this.id}-`))
  readonly #router = `${this.id}-router`
  readonly #hosts = new Set<Host>()
  #count = 0
  #cards = 0

  open(): void {
    execute('ip', ['netns', 'add', this.#router])
    this.inRouter(
      'ip link set lo up; cd /proc/sys/net; echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/disable_ipv6; ' +
        'echo 0 >ipv4/conf/all/rp_filter',
    )
  }

  inRouter(script: string): string {
    return execute('nsenter', [`--net=/run/netns/${this.#router}`, 'sh', '-euc', script])
  }

  /** A host whose primary interface is configured as distributions do it, with a strict reverse path filter. */
  addHost(address: string, subnet: string): Host {
    const host = new Host(this, `${this.id}-${++this.#count}`)
    this.#hosts.add(host)
    host.shell(
      'ip link set lo up; cd /proc/sys/net; echo 1 >ipv6/conf/all/disable_ipv6; ' +
        'echo 1 >ipv4/conf/default/rp_filter; echo 1 >ipv4/conf/all/rp_filter',
    )
    this.attach(host, { mac: primaryMac(this.#cards), address, subnet }, 'eth0')
    host.shell(
      `ip addr add ${address}/${subnet.split('/')[1]} dev eth0; ip link set eth0 up; ` +
        `ip route add default via ${gatewayOf(subnet)} dev eth0`,
    )
    return host
  }

  /** Plugs the card in; it arrives down and without an address, as from EC2. Answers with its name on the router. */
  attach(host: Host, card: Card, name = 'eth1'): string {
    const plug = `plug${++this.#cards}`
    const { mac, address, subnet } = card
    this.inRouter(
      `ip addr replace ${gatewayOf(subnet)}/32 dev lo; ip route replace unreachable ${subnet}; ` +
        `ip link add ${plug} type veth peer name ${name} netns ${host.namespace} address ${mac}; ` +
        `echo 1 >/proc/sys/net/ipv4/conf/${plug}/rp_filter; echo 1 >/proc/sys/net/ipv4/conf/${plug}/proxy_arp; ` +
        `echo 0 >/proc/sys/net/ipv4/neigh/${plug}/proxy_delay; ip link set ${plug} up; ` +
        `ip neigh replace ${address} lladdr ${mac} dev ${plug} nud permanent; ip route replace ${address}/32 dev ${plug}`,
    )
    return plug
  }

  detach(plug: string): void {
    this.inRouter(`ip link delete ${plug}`)
  }

  /** The kernel takes the host's interfaces away a moment later. */
  removeHost(host: Host): void {
    this.#hosts.delete(host)
    host.remove()
  }

  remove(): void {
    for (const host of this.#hosts) host.remove()
    spawnSync('ip', ['netns', 'delete', this.#router])
    rmSync(this.directory, { recursive: true, force: true })
  }
}

export class Host {
  readonly namespace: string
  readonly directory: string
  #server: ChildProcess | undefined

  constructor(fabric: Fabric, namespace: string) {
    this.namespace = namespace
    this.directory = join(fabric.directory, namespace)
    for (const name of hostDirectories) mkdirSync(join(this.directory, name), { recursive: true })
    execute('ip', ['netns', 'add', namespace])
  }

  shell(script: string): string {
    return execute('nsenter', [`--net=/run/netns/${this.namespace}`, 'sh', '-euc', script])
  }

  /** Runs a command on the host with directories of its own, and an environment of just these variables. */
  async execute(command: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const mounts = hostDirectories.map((name) => `mount --bind "${this.directory}/${name}" /${name}`).join('; ')
    const environment = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
    const enter = [`--net=/run/netns/${this.namespace}`, 'unshare', '--mount', '--propagation', 'private']
    const child = spawn(
      'nsenter',
      [...enter, 'sh', '-euc', `${mounts}; exec env -i "$@"`, 'sh', ...environment, ...command],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 50_000,
      },
    )
    const [output, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    const facts = JSON.parse(output.trim().split('\n').at(-1) || '{}') as Ran['facts']
    return { code: child.exitCode, stderr, facts }
  }

  /** Answers whoever connects with the address from which they came. Ends when this process ends, even if killed. */
  async serve(): Promise<void> {
    const program = `require('node:net').createServer((socket) => socket.on('error', () => {}).end(socket.remoteAddress))
      .listen(${port}, '0.0.0.0', () => console.log('listening'))
      process.stdin.resume().on('end', () => process.exit())`
    this.#server = spawn('nsenter', [`--net=/run/netns/${this.namespace}`, process.execPath, '-e', program], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    await once(this.#server.stdout!, 'data')
  }

  /** Connects to an address; answers with the address from which the server saw it come, or nothing if none answered. */
  ask(address: string, from?: string): string | undefined {
    const enter = `--net=/run/netns/${this.namespace}`
    // Node takes a while to start, but bash can't bind to an address.
    const program = `const socket = require('node:net').connect({ host: '${address}', port: ${port}, localAddress: '${from}' })
      setTimeout(() => process.exit(1), 2000)
      socket.on('error', () => process.exit(1)).on('data', (data) => { console.log(String(data)); process.exit(0) })`
    const args =
      from === undefined
        ? [enter, 'timeout', '2', 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port} && cat <&3`]
        : [enter, process.execPath, '-e', program]
    const { status, stdout } = spawnSync('nsenter', args, { encoding: 'utf8', timeout: 10_000 })
    return status === 0 ? stdout.trim() : undefined
  }

  /** Packets so far, received and sent. */
  packets(name: string): { readonly received: number; readonly sent: number } {
    const [link] = JSON.parse(this.shell(`ip -s -j link show dev ${name}`)) as [
      { stats64: { rx: { packets: number }; tx: { packets: number } } },
    ]
    return { received: link.stats64.rx.packets, sent: link.stats64.tx.packets }
  }

  /** All that the scripts could change in the kernel, as text that can be compared. */
  state(name = 'eth1'): string {
    const settings = ['ipv4/conf/all/rp_filter', 'ipv4/conf/eth0/rp_filter', 'ipv4/conf/eth0/arp_ignore']
    const own = [
      'ipv4/conf/X/rp_filter',
      'ipv4/conf/X/arp_ignore',
      'ipv4/conf/X/arp_announce',
      'ipv6/conf/X/accept_ra_defrtr',
    ]
    const files = [...settings, ...own.map((file) => file.replace('X', name))].map((file) => `/proc/sys/net/${file}`)
    // The kernel picks a queueing discipline when a link first comes up, and keeps it.
    return this.shell(
      `ip -4 rule show; ip -4 route show table all; ip addr show | sed 's/ qdisc [a-z]*//'; ` +
        `for file in ${files.join(' ')}; do [ ! -e $file ] || echo $file $(cat $file); done`,
    )
  }

  remove(): void {
    this.#server?.kill('SIGKILL')
    spawnSync('ip', ['netns', 'delete', this.namespace])
  }
}

const hostScripts = fileURLToPath(new URL('../../infra/host/', import.meta.url))

/** Joins parts of infra/host and a last part that calls them, as documents are joined. Answers with the script's path. */
export function joinScript(
  fabric: Fabric,
  parts: readonly string[],
  main: string,
  change = (script: string) => script,
): string {
  const script = [...parts.map((part) => readFileSync(join(hostScripts, part), 'utf8')), main].join('\n')
  const file = join(mkdtempSync(join(fabric.directory, 'document-')), '_script.sh')
  writeFileSync(file, change(script), { mode: 0o755 })
  return file
}
