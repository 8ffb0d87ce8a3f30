import { compileAnythingBut } from './anything-but.ts'
import { compileCidr } from './cidr.ts'
import { compileNumeric } from './numeric.ts'
import { invalid, isObject, type Scalar, type Test } from './value.ts'
import { compileWildcard } from './wildcard.ts'

/** One item of a field's list. `absent` asks that the field be missing; every other one tests a value. */
export interface Matcher {
  readonly absent: boolean
  test(value: Scalar): boolean
}

const operators: Readonly<Record<string, (value: unknown) => Test>> = {
  prefix: (value) => affix('prefix', value),
  suffix: (value) => affix('suffix', value),
  'equals-ignore-case': (value) => {
    if (typeof value !== 'string') throw invalid('equals-ignore-case match pattern must be a string')
    return (seen) => typeof seen === 'string' && seen.toLowerCase() === value.toLowerCase()
  },
  wildcard: (value) => compileWildcard(value),
  numeric: (value) => compileNumeric(value),
  cidr: (value) => compileCidr(value),
  'anything-but': (value) => compileAnythingBut(value),
}

export function isOperator(name: string): boolean {
  return name === 'exists' || name in operators
}

export function compileMatcher(item: unknown): Matcher {
  if (!isObject(item)) return { absent: false, test: equal(item) }
  const [name = '', ...others] = Object.keys(item)
  if (others.length > 0) throw invalid('Only one key allowed in match expression')
  const value = item[name]
  if (name === 'exists') {
    if (typeof value !== 'boolean') throw invalid('exists match pattern must be either true or false.')
    return { absent: !value, test: () => true }
  }
  const compile = Object.hasOwn(operators, name) ? operators[name] : undefined
  if (!compile) throw invalid(`Unrecognized match type ${name}`)
  return { absent: false, test: compile(value) }
}

/** Values are equal with their type: "1" is not 1, and "null" is not null. */
function equal(item: unknown): Test {
  if (item !== null && !['string', 'number', 'boolean'].includes(typeof item)) {
    throw invalid('Match value must be String, number, true, false, or null')
  }
  return (seen) => seen === item
}

function affix(end: 'prefix' | 'suffix', value: unknown): Test {
  const ignoreCase = isObject(value) && Object.keys(value).join() === 'equals-ignore-case'
  const wanted = ignoreCase ? value['equals-ignore-case'] : value
  if (typeof wanted !== 'string') throw invalid(`${end} match pattern must be a string`)
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text)
  return (seen) => {
    if (typeof seen !== 'string') return false
    return end === 'prefix' ? fold(seen).startsWith(fold(wanted)) : fold(seen).endsWith(fold(wanted))
  }
}
