import { requiredMembers, type Schema } from './schemas.ts'

/** How a service spells the way to a member in its complaints. */
export interface Path {
  member(name: string, schema: Schema): string
  /** What stands between a list or map and what is in it. */
  item(index: number | string): string
}

/** The way to each required member that is not there, at any depth of what is there. */
export function missingMembers(schema: Schema, value: unknown, path: Path, at = ''): string[] {
  if (value === null || value === undefined) return []
  const below = (part: Schema, inside: unknown, step: string) =>
    missingMembers(part, inside, path, at ? `${at}.${step}` : step)
  if (schema.isListSchema() && Array.isArray(value)) {
    return value.flatMap((item, index) => below(schema.getValueSchema(), item, path.item(index + 1)))
  }
  if (schema.isMapSchema() && typeof value === 'object') {
    return Object.entries(value).flatMap(([key, item]) => below(schema.getValueSchema(), item, path.item(key)))
  }
  if (!schema.isStructSchema() || typeof value !== 'object') return []
  const members = new Map(Object.entries(value))
  const missing = requiredMembers(schema)
    .filter(([name]) => members.get(name) === undefined)
    .map(([name, member]) => (at ? `${at}.${path.member(name, member)}` : path.member(name, member)))
  const deeper = [...schema.structIterator()].flatMap(([name, member]) =>
    below(member, members.get(name), path.member(name, member)),
  )
  return [...missing, ...deeper]
}

/** Auto Scaling and Systems Manager complain alike: all that is missing, in one message, names in lower camel case. */
export function nullMembers(input: Schema, value: unknown): string | undefined {
  const missing = missingMembers(input, value, {
    member: (name) => name.charAt(0).toLowerCase() + name.slice(1),
    item: (index) => `${index}.member`,
  })
  if (missing.length === 0) return undefined
  const complaints = missing.map(
    (name) => `Value null at '${name}' failed to satisfy constraint: Member must not be null`,
  )
  return `${missing.length} validation error${missing.length > 1 ? 's' : ''} detected: ${complaints.join('; ')}`
}
