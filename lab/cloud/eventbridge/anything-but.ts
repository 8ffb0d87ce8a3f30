import { invalid, isObject, type Test } from './value.ts'
import { compileWildcard } from './wildcard.ts'

const notAValue = 'Value of anything-but must be an array or single string/number value.'

/** A field that has any value but these. A missing field never matches; a null or a value of another type does. */
export function compileAnythingBut(value: unknown): Test {
  const excluded = isObject(value) ? compileExcluded(value) : compileValues(value)
  return (seen) => !excluded.some((test) => test(seen))
}

function compileValues(value: unknown): Test[] {
  const values: unknown[] = Array.isArray(value) ? value : [value]
  if (values.length === 0) throw invalid('Empty arrays are not allowed')
  const kinds = new Set(values.map((each) => typeof each))
  if (values.some((each) => typeof each !== 'string' && typeof each !== 'number')) {
    throw invalid(Array.isArray(value) ? 'Inside anything but list, start|null|boolean is not supported.' : notAValue)
  }
  if (kinds.size > 1) {
    throw invalid('Inside anything but list, either all values are number or string, mixed type is not supported')
  }
  return values.map((each) => (seen) => seen === each)
}

function compileExcluded(value: Readonly<Record<string, unknown>>): Test[] {
  const [operator = '', ...others] = Object.keys(value)
  if (others.length > 0) throw invalid('Only one key allowed in match expression')
  const operand = value[operator]
  switch (operator) {
    case 'prefix':
      return compileAll(operand, (text) => affix(text, (seen, wanted) => seen.startsWith(wanted)))
    case 'suffix':
      return compileAll(operand, (text) => affix(text, (seen, wanted) => seen.endsWith(wanted)))
    case 'equals-ignore-case':
      return compileAll(operand, equalIgnoringCase)
    case 'wildcard':
      return compileAll(operand, compileWildcard)
    default:
      throw invalid(`Unsupported anything-but pattern: ${operator}`)
  }
}

function compileAll(operand: unknown, compile: (value: unknown) => Test): Test[] {
  const operands: unknown[] = Array.isArray(operand) ? operand : [operand]
  if (operands.length === 0) throw invalid('Empty arrays are not allowed')
  return operands.map(compile)
}

/** Unlike on its own, prefix and suffix here take no equals-ignore-case inside and no empty text. */
function affix(wanted: unknown, holds: (seen: string, wanted: string) => boolean): Test {
  if (isObject(wanted)) throw invalid(notAValue)
  if (typeof wanted !== 'string') throw invalid('prefix/suffix match pattern must be a string')
  if (wanted === '') throw invalid('Null prefix/suffix not allowed')
  return (seen) => typeof seen === 'string' && holds(seen, wanted)
}

function equalIgnoringCase(wanted: unknown): Test {
  if (typeof wanted !== 'string') {
    throw invalid('Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.')
  }
  return (seen) => typeof seen === 'string' && seen.toLowerCase() === wanted.toLowerCase()
}
