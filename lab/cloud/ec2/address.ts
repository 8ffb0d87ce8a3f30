import type { Random } from '../random.ts'
import { invalidValue } from './refusal.ts'

/** IPv4 arithmetic, and the addresses of a subnet: five of each are EC2's own, the rest are handed out at random. */

export interface Block {
  readonly base: number
  readonly size: number
  readonly prefixLength: number
}

/** The network, the router, the resolver, one for the future; and the broadcast address at the end. */
const reservedAtStart = 4
const reservedInAll = reservedAtStart + 1

export function parseAddress(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0)
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}

/** Undefined when it is no CIDR block. Host bits are cut off, as EC2 does. */
export function parseBlock(cidrBlock: string): Block | undefined {
  const [, address = '', length = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(cidrBlock) ?? []
  const start = parseAddress(address)
  const prefixLength = Number(length)
  if (start === undefined || prefixLength > 32) return undefined
  const size = 2 ** (32 - prefixLength)
  return { base: start - (start % size), size, prefixLength }
}

export function formatBlock(block: Block): string {
  return `${formatAddress(block.base)}/${block.prefixLength}`
}

export function overlaps(a: Block, b: Block): boolean {
  return a.base < b.base + b.size && b.base < a.base + a.size
}

export function contains(outer: Block, inner: Block): boolean {
  return inner.base >= outer.base && inner.base + inner.size <= outer.base + outer.size
}

/** How many addresses of the block can be handed out: 11 of a /28. */
export function usableAddresses(block: Block): number {
  return Math.max(0, block.size - reservedInAll)
}

/** A free address, chosen as EC2 chooses: at random. Undefined when there is none. */
export function freeAddress(block: Block, used: ReadonlySet<string>, random: Random): string | undefined {
  const usable = usableAddresses(block)
  const start = random.below(usable)
  for (let step = 0; step < usable; step++) {
    const address = formatAddress(block.base + reservedAtStart + ((start + step) % usable))
    if (!used.has(address)) return address
  }
  return undefined
}

/** Where an asked-for address stands in the subnet. */
export function placeOf(block: Block, address: string): 'outside' | 'reserved' | 'usable' {
  const number = parseAddress(address)
  if (number === undefined) throw invalidValue(`invalid value for parameter address: ${address}`)
  const offset = number - block.base
  if (offset < 0 || offset >= block.size) return 'outside'
  return offset < reservedAtStart || offset === block.size - 1 ? 'reserved' : 'usable'
}
