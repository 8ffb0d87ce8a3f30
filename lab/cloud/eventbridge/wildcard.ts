import { invalid, type Test } from './value.ts'

/**
 * EventBridge bounds how many states its automaton could be in at once. Its measure is not published; ours refuses what
 * it was seen to refuse (`*:*:*:*:*:event-bus/*`) and lets through what it was seen to accept: at most this many
 * wildcards that are followed by the same character.
 */
const alikeLimit = 4

/** Text in which `*` stands for any characters, none included; `\*` and `\\` stand for themselves. */
export function compileWildcard(value: unknown): Test {
  if (typeof value !== 'string') throw invalid('wildcard match pattern must be a string')
  const pieces = split(value)
  refuseComplex(pieces)
  const [head = '', ...rest] = pieces
  const tail = rest.pop()
  return (seen) => {
    if (typeof seen !== 'string') return false
    if (tail === undefined) return seen === head
    if (!seen.startsWith(head)) return false
    let at = head.length
    for (const piece of rest) {
      const found = seen.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return seen.endsWith(tail) && seen.length - tail.length >= at
  }
}

/** The literal pieces between the wildcards, escapes resolved. */
function split(pattern: string): string[] {
  const pieces = ['']
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at)
    const next = pattern.charAt(at + 1)
    if (character === '*') {
      if (next === '*') throw invalid(`Consecutive wildcard characters at pos ${at}`)
      pieces.push('')
    } else if (character === '\\') {
      if (next !== '*' && next !== '\\') throw invalid(`Invalid escape character at pos ${at}`)
      pieces.push(`${pieces.pop()}${next}`)
      at++
    } else {
      pieces.push(`${pieces.pop()}${character}`)
    }
  }
  return pieces
}

function refuseComplex(pieces: readonly string[]): void {
  const alike = new Map<string, number>()
  for (const piece of pieces.slice(1)) {
    const count = (alike.get(piece.charAt(0)) ?? 0) + 1
    alike.set(piece.charAt(0), count)
    if (piece === '' || count <= alikeLimit) continue
    throw invalid(
      'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a ' +
        'wildcard character',
    )
  }
}
