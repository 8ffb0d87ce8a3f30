import { isIP } from 'node:net'
import { invalid, type Test } from './value.ts'

/** An IPv4 or IPv6 block, like 10.0.0.0/24 or 2001:db8::/32. */
export function compileCidr(value: unknown): Test {
  // EventBridge says "prefix" here, although the operator is cidr.
  if (typeof value !== 'string') throw invalid('prefix match pattern must be a string')
  const parts = value.split('/')
  const [address = '', mask = ''] = parts
  if (parts.length !== 2) throw invalid("Malformed CIDR, one '/' required")
  if (!/^\d+$/.test(mask)) throw invalid('Malformed CIDR, mask bits must be an integer')
  const block = toBits(address)
  if (!block) throw invalid(`Nonstandard IP address: ${address}`)
  const length = Number(mask)
  if (length > block.length) throw invalid(`Malformed CIDR, mask bits must be < ${block.length}`)
  return (seen) => {
    const bits = typeof seen === 'string' ? toBits(seen) : undefined
    return bits !== undefined && bits.length === block.length && bits.startsWith(block.slice(0, length))
  }
}

/** The address as 32 or 128 binary digits. */
function toBits(address: string): string | undefined {
  const version = isIP(address)
  if (version === 4) return toBinary(address.split('.').map(Number), 8)
  if (version === 6 && !address.includes('.') && !address.includes('%')) return toBinary(groups(address), 16)
  return undefined
}

function toBinary(numbers: readonly number[], width: number): string {
  return numbers.map((number) => number.toString(2).padStart(width, '0')).join('')
}

/** The eight groups of an IPv6 address, with the run of zeros that `::` stands for filled in. */
function groups(address: string): number[] {
  const [left = '', right = ''] = address.split('::')
  const head = left === '' ? [] : left.split(':')
  const tail = right === '' ? [] : right.split(':')
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16))
}
