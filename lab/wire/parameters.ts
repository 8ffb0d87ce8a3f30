/**
 * The query protocols flatten a structure into names with dots, like `Filter.1.Value.2=x`. Here the names are folded
 * back into a tree, and the tree is read by the operation's schema.
 */
import type { WireRequest } from './dialect.ts'
import { readScalar } from './scalar.ts'
import type { Schema } from './schemas.ts'

export interface Parameter {
  /** The whole name, for error messages. */
  readonly name: string
  value?: string
  readonly children: Map<string, Parameter>
}

/** How a query protocol spells names and lists. */
export interface Spelling {
  member(name: string, schema: Schema): string
  /** The step between a list and its numbers, if there is one. */
  readonly list?: string
  /** What to throw about a value that is not of its type. */
  refuse(name: string, value: string): Error
}

export function parseParameters(request: WireRequest): Parameter {
  const root: Parameter = { name: '', children: new Map() }
  for (const source of [request.query, request.body.toString('utf8')]) {
    for (const [name, value] of new URLSearchParams(source)) find(root, name).value = value
  }
  return root
}

/** The node of this name; what is missing on the way there is made. */
function find(root: Parameter, name: string): Parameter {
  let node = root
  for (const step of name.split('.')) {
    const child = node.children.get(step) ?? { name: node.name ? `${node.name}.${step}` : step, children: new Map() }
    node.children.set(step, child)
    node = child
  }
  return node
}

/** Reads a structure out of the tree. Every parameter that found its place is added to `read`. */
export function readStructure(
  schema: Schema,
  from: Parameter,
  spelling: Spelling,
  read: Set<Parameter> = new Set(),
): Record<string, unknown> {
  const structure: Record<string, unknown> = {}
  if (schema.isUnitSchema()) return structure
  for (const [name, member] of schema.structIterator()) {
    const parameter = from.children.get(spelling.member(name, member))
    if (parameter) structure[name] = readValue(member, parameter, spelling, read)
  }
  return structure
}

function readValue(schema: Schema, from: Parameter, spelling: Spelling, read: Set<Parameter>): unknown {
  read.add(from)
  if (schema.isStructSchema()) return readStructure(schema, from, spelling, read)
  if (schema.isListSchema()) return readList(schema, from, spelling, read)
  const text = from.value ?? ''
  const value = readScalar(schema, text)
  if (value === undefined) throw spelling.refuse(from.name, text)
  return value
}

/** Members count from 1, and gaps are closed. An empty list is its bare name (`Tags=`) with nothing behind it. */
function readList(schema: Schema, from: Parameter, spelling: Spelling, read: Set<Parameter>): unknown[] {
  const items = spelling.list === undefined ? from : from.children.get(spelling.list)
  const numbered = [...(items?.children ?? [])].filter(([step]) => /^\d+$/.test(step))
  numbered.sort(([a], [b]) => Number(a) - Number(b))
  return numbered.map(([, item]) => readValue(schema.getValueSchema(), item, spelling, read))
}

/** The first parameter with a value that has no place in the input. */
export function unreadParameter(root: Parameter, read: ReadonlySet<Parameter>): Parameter | undefined {
  for (const parameter of root.children.values()) {
    if (parameter.value !== undefined && !read.has(parameter)) return parameter
    const below = unreadParameter(parameter, read)
    if (below) return below
  }
  return undefined
}
