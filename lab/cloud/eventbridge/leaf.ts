import { isObject, isScalar, type Scalar } from './value.ts'

/** A value of an event with its dotted path, and in which element of which arrays of objects it was found. */
export interface Leaf {
  readonly path: string
  readonly value: Scalar
  readonly membership: ReadonlyMap<object, number>
}

/** Every scalar of the event. Empty objects and arrays leave nothing behind, so to a pattern they do not exist. */
export function flatten(event: unknown): Leaf[] {
  const leaves: Leaf[] = []
  collect(event, '', new Map(), leaves)
  return leaves
}

function collect(value: unknown, path: string, membership: ReadonlyMap<object, number>, leaves: Leaf[]): void {
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) {
      // Only elements that are objects tie their fields together; a list of scalars is a set of values.
      const within = isObject(element) ? new Map(membership).set(value, index) : membership
      collect(element, path, within, leaves)
    }
  } else if (isObject(value)) {
    for (const [name, child] of Object.entries(value)) {
      collect(child, path === '' ? name : `${path}.${name}`, membership, leaves)
    }
  } else if (isScalar(value)) {
    leaves.push({ path, value, membership })
  }
}
