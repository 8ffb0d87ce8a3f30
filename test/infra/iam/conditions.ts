import { BadPolicy, type Condition } from './statement.ts'

/**
 * What a request tells about itself and one of its resources: values by condition key, in lower case. A key with no
 * value is one that AWS knows for such a request and that is absent from this one.
 */
export type Context = ReadonlyMap<string, readonly string[]>

type Test = (value: string, wanted: string) => boolean

const tests: Readonly<Record<string, Test>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringEqualsIgnoreCase: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  StringLike: (value, wanted) => wildcard(wanted).test(value),
  // AWS treats the two alike: both match by wildcard, within each part of the ARN.
  ArnEquals: arnLike,
  ArnLike: arnLike,
}

/** Negated operators hold where none of the wanted values matches, and where the key is absent. */
const negated: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
}

/** Whether the condition holds. @throws {BadPolicy} for an operator or a key that it does not know. */
export function holds(condition: Condition, context: Context): boolean {
  const { operator, key, values: wanted } = condition
  const values = lookUp(key, context)
  if (operator === 'Null') return wanted.every((one) => isTrue(one) === (values.length === 0))
  const [, quantifier, name = '', ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(operator) ?? []
  if (ifExists !== undefined && values.length === 0) return true
  const negation = negated[name]
  const test = tests[negation ?? name]
  if (!test) throw new BadPolicy(`condition operator ${operator} is not known`)
  const matches = (value: string): boolean => wanted.some((one) => test(value, one)) === (negation === undefined)
  // AWS answers true to ForAllValues over nothing, which is why such a condition needs a Null check beside it.
  if (quantifier === 'ForAllValues') return values.every(matches)
  if (quantifier === 'ForAnyValue') return values.some(matches)
  if (values.length > 1) throw new BadPolicy(`${key} has several values: ${operator} needs ForAllValues or ForAnyValue`)
  return values.length === 0 ? negation !== undefined : values.every(matches)
}

function lookUp(key: string, context: Context): readonly string[] {
  const values = context.get(key) ?? context.get(key.replace(/\/.*$/, '/*'))
  if (!values) throw new BadPolicy(`a request like this one does not tell ${key}`)
  return values
}

function isTrue(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  throw new BadPolicy(`Null wants true or false, not ${text}`)
}

const compiled = new Map<string, RegExp>()

/** Matches `*` for any text and `?` for one character, as IAM does in actions, resources and values. */
export function wildcard(pattern: string, flags = ''): RegExp {
  const key = `${flags} ${pattern}`
  const known = compiled.get(key) ?? compile(pattern, flags)
  compiled.set(key, known)
  return known
}

function compile(pattern: string, flags: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, `s${flags}`)
}

/** Part by part, so that no wildcard reaches over a colon; the last part may hold colons of its own. */
function arnLike(value: string, wanted: string): boolean {
  const parts = (arn: string): string[] => {
    const all = arn.split(':')
    return [...all.slice(0, 5), all.slice(5).join(':')]
  }
  const [have, want] = [parts(value), parts(wanted)]
  return want.length === have.length && want.every((part, index) => wildcard(part).test(have[index] ?? ''))
}
