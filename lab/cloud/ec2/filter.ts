import type { Filter } from '@aws-sdk/client-ec2'
import type { Tags } from './records.ts'
import { invalidValue } from './refusal.ts'

/** What a filter's name means: the values that a record has under it. */
export type FilterTable<T> = Readonly<Record<string, (record: T) => readonly (string | undefined)[]>>

type Matcher = (value: string) => boolean

/**
 * EC2's filters: names are AND-ed, the values of one name are OR-ed, `*` and `?` are wildcards, `\` takes their
 * meaning away. A name that the operation does not know is refused even when nothing could match.
 */
export function compileFilters<T>(
  filters: readonly Filter[] | undefined,
  table: FilterTable<T>,
  tagsOf?: (record: T) => Tags,
): (record: T) => boolean {
  const tests = (filters ?? []).map((filter) => compileFilter(filter, table, tagsOf))
  return (record) => tests.every((test) => test(record))
}

function compileFilter<T>(
  filter: Filter,
  table: FilterTable<T>,
  tagsOf: ((record: T) => Tags) | undefined,
): (record: T) => boolean {
  const name = filter.Name ?? 'null'
  const values = valuesOf(name, table, tagsOf)
  if (!values) throw invalidValue(`The filter '${name}' is invalid`)
  const matchers = (filter.Values ?? []).map(matcher)
  return (record) => values(record).some((value) => value !== undefined && matchers.some((matches) => matches(value)))
}

function valuesOf<T>(
  name: string,
  table: FilterTable<T>,
  tagsOf: ((record: T) => Tags) | undefined,
): FilterTable<T>[string] | undefined {
  if (tagsOf && name.startsWith('tag:')) return (record) => [tagsOf(record)[name.slice('tag:'.length)]]
  if (tagsOf && name === 'tag-key') return (record) => Object.keys(tagsOf(record))
  if (tagsOf && name === 'tag-value') return (record) => Object.values(tagsOf(record))
  return Object.hasOwn(table, name) ? table[name] : undefined
}

function matcher(pattern: string): Matcher {
  if (!/[*?\\]/.test(pattern)) return (value) => value === pattern
  const source = pattern.replaceAll(/\\.|[^\\]|\\$/gs, (part) => {
    if (part === '*') return '.*'
    if (part === '?') return '.'
    return literal(part.length > 1 ? part.slice(1) : part)
  })
  const expression = new RegExp(`^${source}$`, 's')
  return (value) => expression.test(value)
}

function literal(character: string): string {
  return character.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
