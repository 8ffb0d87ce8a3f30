import { invalid, type Test } from './value.ts'

/** EventBridge compares numbers within five billion on either side of zero. */
const bound = 5e9

/** `["=", n]`, `["<", n]`, `[">", n]` or a range like `[">", n, "<=", m]`. A number written as a string never matches. */
export function compileNumeric(value: unknown): Test {
  if (!Array.isArray(value)) throw invalid('Value of numeric must be an array.')
  const [operator, operand, ...rest] = value as unknown[]
  const first = compileComparison(operator, operand)
  if (rest.length === 0) return onNumbers(first.holds)
  if (operator !== '>' && operator !== '>=') throw invalid('Too many elements in numeric expression')
  if (rest[0] !== '<' && rest[0] !== '<=') throw invalid(`Bad numeric range operator: ${String(rest[0])}`)
  const second = compileComparison(rest[0], rest[1])
  if (rest.length > 2) throw invalid('Too many terms in numeric range expression')
  if (first.operand >= second.operand) throw invalid('Bottom must be less than top')
  return onNumbers((seen) => first.holds(seen) && second.holds(seen))
}

function compileComparison(
  operator: unknown,
  operand: unknown,
): { readonly operand: number; readonly holds: (seen: number) => boolean } {
  if (typeof operator !== 'string') throw invalid(`Invalid member in numeric match: ${String(operator)}`)
  const compare = comparisons.get(operator)
  if (!compare) throw invalid(`Unrecognized numeric range operator: ${operator}`)
  if (typeof operand !== 'number') throw invalid(`Value of ${operator} must be numeric`)
  if (Math.abs(operand) > bound) throw invalid(`Value must be between ${-bound} and ${bound}, inclusive`)
  return { operand, holds: (seen) => compare(seen, operand) }
}

const comparisons: ReadonlyMap<string, (seen: number, operand: number) => boolean> = new Map([
  ['=', (seen: number, operand: number) => seen === operand],
  ['<', (seen: number, operand: number) => seen < operand],
  ['<=', (seen: number, operand: number) => seen <= operand],
  ['>', (seen: number, operand: number) => seen > operand],
  ['>=', (seen: number, operand: number) => seen >= operand],
])

function onNumbers(holds: (seen: number) => boolean): Test {
  return (seen) => typeof seen === 'number' && holds(seen)
}
