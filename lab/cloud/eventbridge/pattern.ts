import { flatten, type Leaf } from './leaf.ts'
import { compileMatcher, isOperator, type Matcher } from './matcher.ts'
import { invalid, isObject } from './value.ts'

export type Matches = (event: unknown) => boolean

/** One field that must match: its path joined by dots, as EventBridge itself joins names on both sides. */
interface Field {
  readonly path: string
  readonly matchers: readonly Matcher[]
}

/** Whether EventBridge would deliver the event to a rule of this pattern. Throws on an invalid pattern. */
export function matchesPattern(pattern: unknown, event: unknown): boolean {
  return compilePattern(pattern)(event)
}

/**
 * Compiles an event pattern. Throws AwsError InvalidEventPatternException, whose text names the fault. The semantics
 * are those of EventBridge's TestEventPattern as recorded by others, and of the published aws/event-ruler.
 */
export function compilePattern(pattern: unknown): Matches {
  if (!isObject(pattern)) throw invalid('Filter is not an object')
  const alternatives = compileObject(pattern, '')
  return (event) => {
    const leaves = leavesOf(event)
    return alternatives.some((fields) => satisfied(fields, 0, leaves, []))
  }
}

/** Each event is held against every rule of the bus, one after the other. */
let latest: { readonly event: unknown; readonly leaves: ReadonlyMap<string, Leaf[]> } | undefined

function leavesOf(event: unknown): ReadonlyMap<string, Leaf[]> {
  if (latest?.event === event && latest) return latest.leaves
  const leaves = new Map<string, Leaf[]>()
  for (const leaf of flatten(event)) {
    const there = leaves.get(leaf.path)
    if (there) there.push(leaf)
    else leaves.set(leaf.path, [leaf])
  }
  latest = { event, leaves }
  return leaves
}

/** The alternatives that the object stands for; without `$or` there is exactly one. */
function compileObject(pattern: Readonly<Record<string, unknown>>, path: string): Field[][] {
  const entries = Object.entries(pattern)
  if (entries.length === 0) throw invalid('Empty objects are not allowed')
  let alternatives: Field[][] = [[]]
  for (const [name, value] of entries) {
    const choices = compileField(name, value, path)
    alternatives = alternatives.flatMap((fields) => choices.map((choice) => [...fields, ...choice]))
  }
  return alternatives
}

function compileField(name: string, value: unknown, path: string): Field[][] {
  if (name === '$or' && isAlternation(value)) {
    if (value.length < 2) throw invalid('There must have at least 2 Objects in $or relationship.')
    return value.flatMap((choice) => compileObject(choice, path))
  }
  const here = path === '' ? name : `${path}.${name}`
  if (isObject(value)) return compileObject(value, here)
  if (!Array.isArray(value)) throw invalid(`"${name}" must be an object or an array`)
  if (value.length === 0) throw invalid('Empty arrays are not allowed')
  return [[{ path: here, matchers: value.map(compileMatcher) }]]
}

/** A field may be named `$or` all the same: it is an alternation only if its items are objects of fields. */
function isAlternation(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.every((item) => isObject(item) && !Object.keys(item).some(isOperator))
}

/**
 * Chooses one leaf for each field so that all choices agree: two fields of one array's elements must be found in the
 * same element.
 */
function satisfied(
  fields: readonly Field[],
  from: number,
  leaves: ReadonlyMap<string, readonly Leaf[]>,
  chosen: readonly Leaf[],
): boolean {
  const field = fields[from]
  if (!field) return true
  const candidates = leaves.get(field.path)
  if (!candidates) {
    return field.matchers.some((matcher) => matcher.absent) && satisfied(fields, from + 1, leaves, chosen)
  }
  return candidates.some(
    (leaf) =>
      field.matchers.some((matcher) => !matcher.absent && matcher.test(leaf.value)) &&
      chosen.every((other) => agree(leaf, other)) &&
      satisfied(fields, from + 1, leaves, [...chosen, leaf]),
  )
}

function agree(one: Leaf, other: Leaf): boolean {
  for (const [array, index] of one.membership) {
    const elsewhere = other.membership.get(array)
    if (elsewhere !== undefined && elsewhere !== index) return false
  }
  return true
}
