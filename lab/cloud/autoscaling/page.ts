import { invalid } from './store.ts'

/** One page of a list. Tokens are opaque to the caller: here an offset in base 64. */
export function page<T>(
  items: readonly T[],
  token: string | undefined,
  size: number,
): { readonly items: T[]; readonly nextToken: string | undefined } {
  const start = token === undefined ? 0 : offset(token)
  const end = start + size
  const nextToken = end < items.length ? Buffer.from(`offset ${end}`).toString('base64') : undefined
  return { items: items.slice(start, end), nextToken }
}

function offset(token: string): number {
  const match = /^offset (\d+)$/.exec(Buffer.from(token, 'base64').toString())
  if (!match) throw invalid('The value specified for the NextToken parameter is not valid.')
  return Number(match[1])
}
