/**
 * Every operation of the three services as the SDK itself describes it, so that the wire cannot drift from the clients
 * that call it. The only file that loads the SDK's clients, and the only one that knows how they lay out a schema:
 * that layout is half internal, so the versions are pinned and a test sends every operation there and back.
 */
import * as autoscaling from '@aws-sdk/client-auto-scaling'
import * as ec2 from '@aws-sdk/client-ec2'
import * as ssm from '@aws-sdk/client-ssm'
import { NormalizedSchema } from '@smithy/core/schema'
import type { ServiceName } from '../cloud/operation.ts'

export type Schema = NormalizedSchema

export interface Operation {
  readonly name: string
  readonly input: Schema
  readonly output: Schema
}

/** An error that the service's model declares, found by its wire code or by the name of its shape. */
export interface ErrorShape {
  /** What the wire says: for the query services the shape may be called otherwise (AlreadyExistsFault: AlreadyExists). */
  readonly code: string
  readonly members: readonly string[]
}

export interface Service {
  readonly operations: ReadonlyMap<string, Operation>
  readonly errors: ReadonlyMap<string, ErrorShape>
}

const operationKind = 9
const errorKind = -3
const requiredCountIndex = 6

export const services: Readonly<Record<ServiceName, Service>> = {
  ec2: readService(Object.values(ec2)),
  autoscaling: readService(Object.values(autoscaling)),
  ssm: readService(Object.values(ssm)),
}

function readService(exported: readonly unknown[]): Service {
  const operations = new Map<string, Operation>()
  const errors = new Map<string, ErrorShape>()
  for (const schema of exported) {
    if (!Array.isArray(schema)) continue
    const [kind, , name] = schema as [unknown, unknown, unknown]
    if (typeof name !== 'string') continue
    if (kind === operationKind) {
      operations.set(name, { name, input: NormalizedSchema.of(schema[4]), output: NormalizedSchema.of(schema[5]) })
    }
    if (kind === errorKind) {
      const shape = NormalizedSchema.of(schema as [-3, string, string, 0, [], []])
      const code = queryErrorCode(shape) ?? name
      const members = [...shape.structIterator()].map(([member]) => member)
      errors.set(name, { code, members }).set(code, { code, members })
    }
  }
  return { operations, errors }
}

/** The name that the model gives a member for the wire, if it gives one. */
export function spelledAs(schema: Schema, trait: 'ec2QueryName' | 'xmlName'): string | undefined {
  const name: unknown = schema.getMergedTraits()[trait]
  return typeof name === 'string' ? name : undefined
}

function queryErrorCode(shape: Schema): string | undefined {
  const trait: unknown = shape.getMergedTraits().awsQueryError
  const code: unknown = Array.isArray(trait) ? trait[0] : undefined
  return typeof code === 'string' ? code : undefined
}

/** The members of a structure that must be there: the SDK puts them first and tells how many they are. */
export function requiredMembers(structure: Schema): [string, Schema][] {
  const layout: unknown = structure.getSchema()
  const count: unknown = Array.isArray(layout) ? layout[requiredCountIndex] : 0
  return [...structure.structIterator()].slice(0, typeof count === 'number' ? count : 0)
}
