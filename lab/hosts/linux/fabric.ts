import type { NetworkCard } from '../host.ts'
import { command } from './command.ts'

/**
 * The network as a VPC is: routed, with nothing of layer 2 between the machines. Each network interface is a veth pair
 * from a machine's namespace straight into one router namespace, which has one route per address. A bridge would lie:
 * the kernel answers ARP for any of its addresses on any interface, so that an address without configuration "works".
 *
 * What the router's settings stand for: strict reverse-path filtering is the source/destination check, proxy ARP is the
 * VPC answering for everybody, and addresses that nobody holds are a black hole, as silent as in a VPC.
 */
export class Fabric {
  readonly #id: string
  readonly #router: string

  constructor(id: string) {
    this.#id = id
    this.#router = this.namespace('router')
  }

  /** The network namespace of something in this lab. */
  namespace(name: string): string {
    return `${this.#id}-${name}`
  }

  async open(): Promise<void> {
    await this.addNamespace('router')
    await command('nsenter', [`--net=/run/netns/${this.#router}`, 'sh', '-c', routerSettings])
  }

  async addNamespace(name: string): Promise<void> {
    await command('ip', ['netns', 'add', this.namespace(name)])
  }

  async removeNamespace(name: string): Promise<void> {
    await command('ip', ['netns', 'delete', this.namespace(name)])
  }

  /** The interface arrives down in the namespace, as ethN by its device index, and the router knows where it is. */
  async plug(name: string, card: NetworkCard): Promise<void> {
    const { networkInterfaceId, macAddress, address, subnetCidr, deviceIndex } = card
    const link = linkName(networkInterfaceId)
    const there = `netns ${this.namespace(name)} address ${macAddress}`
    await this.#batch([
      `address replace ${gateway(subnetCidr)}/32 dev lo`,
      `route replace blackhole ${subnetCidr}`,
      `link add ${link} type veth peer name eth${deviceIndex} ${there}`,
    ])
    try {
      await this.#batch([
        `link set ${link} alias ${networkInterfaceId} up`,
        // A proxy's answer would otherwise be delayed by up to 0.8 s.
        `ntable change name arp_cache dev ${link} proxy_delay 0`,
        // Without it the first packets after a move would wait a second for the answer to a question about the address.
        `neighbour replace ${address} lladdr ${macAddress} dev ${link} nud permanent`,
        `route replace ${address}/32 dev ${link}`,
      ])
    } catch (error) {
      await this.unplug([networkInterfaceId])
      throw error
    }
  }

  /** Nothing can be sent or received any more from this moment on; both ends of the pair are gone. */
  async unplug(networkInterfaceIds: Iterable<string>): Promise<void> {
    const lines = [...networkInterfaceIds].map((id) => `link delete ${linkName(id)}`)
    if (lines.length > 0) await this.#batch(lines)
  }

  async #batch(lines: readonly string[]): Promise<void> {
    await command('ip', ['-n', this.#router, '-batch', '-'], { input: `${lines.join('\n')}\n` })
  }
}

/** Defaults, which every interface to come inherits. */
const routerSettings = `set -eu
cd /proc/sys/net
echo 1 >ipv4/ip_forward
echo 1 >ipv4/conf/default/rp_filter
echo 1 >ipv4/conf/default/proxy_arp
echo 0 >ipv4/conf/all/send_redirects
echo 0 >ipv4/conf/default/send_redirects
[ ! -e ipv6 ] || echo 1 >ipv6/conf/default/disable_ipv6
ip link set lo up
`

/** A link's name has 15 characters at most; the end of an id is its random part. */
function linkName(networkInterfaceId: string): string {
  return networkInterfaceId.slice(-15)
}

export function prefixLength(cidr: string): number {
  return Number(cidr.slice(cidr.indexOf('/') + 1))
}

/** The first address of a subnet but one is its router, as in every VPC. */
export function gateway(cidr: string): string {
  const octets = cidr.slice(0, cidr.indexOf('/')).split('.')
  const number = octets.reduce((sum, octet) => sum * 256 + Number(octet), 0)
  const host = 2 ** (32 - prefixLength(cidr))
  const first = number - (number % host) + 1
  return [24, 16, 8, 0].map((bits) => Math.floor(first / 2 ** bits) % 256).join('.')
}
