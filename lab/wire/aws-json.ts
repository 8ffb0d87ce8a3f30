/** The protocol of Systems Manager: JSON 1.1, the operation named in a header. */
import { JsonCodec2 } from '@smithy/core/protocols'
import { AwsError } from '../cloud/error.ts'
import { type Dialect, missingAuthenticationToken, type WireRequest } from './dialect.ts'
import { nullMembers } from './required.ts'
import { type Schema, services } from './schemas.ts'

const contentType = 'application/x-amz-json-1.1'
const targetPrefix = 'AmazonSSM.'
const epochSeconds = 7

const codec = new JsonCodec2({ timestampFormat: { useTrait: true, default: epochSeconds }, jsonName: false })

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new AwsError('SerializationException', 'The request body is not valid JSON.')
  }
}

/** The SDK's codec believes what it reads, because it is made for a client; a service does not. */
function checkTypes(schema: Schema, value: unknown): void {
  if (value === null || value === undefined || schema.isDocumentSchema()) return
  if (schema.isListSchema() && Array.isArray(value)) {
    for (const item of value) checkTypes(schema.getValueSchema(), item)
    return
  }
  if (isRecord(value) && schema.isMapSchema()) {
    for (const item of Object.values(value)) checkTypes(schema.getValueSchema(), item)
    return
  }
  if (isRecord(value) && schema.isStructSchema()) {
    const members = new Map(Object.entries(value))
    for (const [name, member] of schema.structIterator()) checkTypes(member, members.get(name))
    return
  }
  if (typeof value !== scalarType(schema)) throw new AwsError('SerializationException', complaint(schema, value))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What JSON has for it; undefined for what must be an object or an array. */
function scalarType(schema: Schema): 'string' | 'number' | 'boolean' | undefined {
  if (schema.isBooleanSchema()) return 'boolean'
  if (schema.isNumericSchema() || schema.isTimestampSchema()) return 'number'
  return schema.isStringSchema() || schema.isBlobSchema() ? 'string' : undefined
}

function complaint(schema: Schema, value: unknown): string {
  if (Array.isArray(value)) return 'Unrecognized collection type where it was not expected.'
  if (isRecord(value)) return 'Start of structure or map found where not expected.'
  return `${(typeof value).toUpperCase()}_VALUE can not be converted to ${scalarType(schema) ?? 'a structure or list'}`
}

export const awsJson: Dialect = {
  service: 'ssm',
  action(request) {
    const target = targetOf(request)
    return target?.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : undefined
  },
  async decode({ input }, request) {
    const text = request.body.toString('utf8') || '{}'
    checkTypes(input, parse(text))
    const decoded: unknown = await codec.createDeserializer().read(input, text)
    const complaintOfNull = nullMembers(input, decoded)
    if (complaintOfNull) throw new AwsError('ValidationException', complaintOfNull)
    return isRecord(decoded) ? decoded : {}
  },
  encode({ output }, answer) {
    const serializer = codec.createSerializer()
    serializer.write(output, answer)
    return {
      status: 200,
      headers: { 'content-type': contentType },
      body: new TextDecoder().decode(serializer.flush()),
    }
  },
  refuse({ code, message, status }) {
    const shape = services.ssm.errors.get(code)
    // Most of its errors declare `Message`, a few `message`, and some nothing: then the lower-case word is customary.
    const member = shape?.members.find((name) => name.toLowerCase() === 'message') ?? 'message'
    const body = JSON.stringify({ __type: code, ...(message && { [member]: message }) })
    return { status, headers: { 'content-type': contentType, 'x-amzn-errortype': code }, body }
  },
  unknownAction: () => new AwsError('UnknownOperationException', ''),
  internalError: () => new AwsError('InternalFailure', 'An error occurred on the server side.', 500),
  unsigned: () => missingAuthenticationToken('MissingAuthenticationTokenException', 400),
}

function targetOf(request: WireRequest): string | undefined {
  const target = request.headers['x-amz-target']
  return Array.isArray(target) ? target[0] : target
}
