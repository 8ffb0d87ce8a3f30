import type { Random } from '../../lab/cloud/random.ts'
import { requiredMembers, type Schema } from '../../lab/wire/schemas.ts'

export interface GenerateOptions {
  readonly random: Random
  /** The query protocols cannot write an empty structure, and EC2's no empty list either. */
  readonly emptyLists: boolean
  readonly emptyStructures: boolean
}

/** Below this, only required members are made, because some structures contain themselves. */
const fullDepth = 4

/** A value of this schema with every member, or undefined where the protocol cannot write what would come out. */
export function generate(schema: Schema, options: GenerateOptions, depth = 0): unknown {
  if (schema.isUnitSchema()) return {}
  if (schema.isUnionSchema()) return generateUnion(schema, options, depth)
  if (schema.isStructSchema()) return generateStructure(schema, options, depth)
  if (schema.isListSchema()) return generateList(schema, options, depth)
  if (schema.isMapSchema()) return { [text(options)]: generate(schema.getValueSchema(), options, depth + 1) }
  if (schema.isBooleanSchema()) return options.random.chance(0.5)
  if (schema.isNumericSchema()) return options.random.below(2 ** 31) - 2 ** 30
  if (schema.isTimestampSchema()) return new Date(Date.UTC(2026, 0, 1) + options.random.below(31_536_000) * 1000)
  if (schema.isBlobSchema()) return new Uint8Array([options.random.below(256), 0, 255])
  if (schema.isStringSchema()) return text(options)
  throw new Error(`no value for ${schema.getName(true)}`)
}

function generateStructure(schema: Schema, options: GenerateOptions, depth: number): object | undefined {
  const members = depth < fullDepth ? [...schema.structIterator()] : requiredMembers(schema)
  const made = members.map(([name, member]) => [name, generate(member, options, depth + 1)] as const)
  const there = made.filter(([, value]) => value !== undefined)
  return there.length === 0 && !options.emptyStructures && depth > 0 ? undefined : Object.fromEntries(there)
}

function generateUnion(schema: Schema, options: GenerateOptions, depth: number): object {
  const members = [...schema.structIterator()]
  const chosen = members[options.random.below(members.length)]!
  return { [chosen[0]]: generate(chosen[1], options, depth + 1) }
}

function generateList(schema: Schema, options: GenerateOptions, depth: number): unknown[] | undefined {
  const length = options.random.below(options.emptyLists ? 3 : 2) + (options.emptyLists ? 0 : 1)
  const items = Array.from({ length }, () => generate(schema.getValueSchema(), options, depth + 1))
  const there = items.filter((item) => item !== undefined)
  return there.length === 0 && !options.emptyLists ? undefined : there
}

/** With what XML, forms and JSON must each escape. */
function text({ random }: GenerateOptions): string {
  return `<&"' é+%.=\n\\ ${random.hex(4)}>`
}
