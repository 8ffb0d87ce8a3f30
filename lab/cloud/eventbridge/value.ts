import { AwsError } from '../error.ts'

/** What a pattern compares: the values at the leaves of an event. */
export type Scalar = string | number | boolean | null

export type Test = (value: Scalar) => boolean

export function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The words are EventBridge's and event-ruler's own, as far as anybody has recorded them. */
export function invalid(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`)
}
