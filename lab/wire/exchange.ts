/** One request and its answer, without sockets: which service, which operation, what it answers or why it refuses. */
import type { Cloud } from '../cloud/cloud.ts'
import { AwsError } from '../cloud/error.ts'
import type { ServiceName } from '../cloud/operation.ts'
import { awsJson } from './aws-json.ts'
import { awsQuery } from './aws-query.ts'
import type { Dialect, Reply, WireRequest } from './dialect.ts'
import { ec2Query } from './ec2-query.ts'
import { services } from './schemas.ts'

export type Backend = Pick<Cloud, 'send' | 'simulates'>

/** Thrown for an answer that the network lost: there is nothing to reply, the connection breaks. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

const dialects: Readonly<Record<ServiceName, Dialect>> = { ec2: ec2Query, autoscaling: awsQuery, ssm: awsJson }

/** Answers one request; throws ConnectionLost where the modelled network breaks the connection. */
export async function exchange(backend: Backend, request: WireRequest, requestId: string): Promise<Reply> {
  const dialect = dialectOf(request)
  try {
    return await answer(backend, dialect, request, requestId)
  } catch (error) {
    return dialect.refuse(refusalOf(error, dialect), requestId)
  }
}

/** A refusal in the dialect that the request seems to speak, for what goes wrong before it is understood. */
export function refuse(request: WireRequest, error: AwsError, requestId: string): Reply {
  return dialectOf(request).refuse(error, requestId)
}

async function answer(backend: Backend, dialect: Dialect, request: WireRequest, requestId: string): Promise<Reply> {
  checkSigned(dialect, request)
  const action = dialect.action(request)
  const operation = action === undefined ? undefined : services[dialect.service].operations.get(action)
  if (!operation) throw dialect.unknownAction(action)
  const name = `${dialect.service}.${operation.name}` as const
  // Asked first, because input for something that is not there need not make sense.
  if (!backend.simulates(name)) throw notImplemented(name)
  const input = await dialect.decode(operation, request)
  return dialect.encode(operation, await backend.send(name, input, signer(request)), requestId)
}

/**
 * A signature is asked for but not verified: there are no secrets in the lab to verify it with, any key will do. That
 * it must be there still keeps web pages out, which a browser lets call loopback addresses but not with this header.
 * The Region of the scope is not looked at either: one cloud is one Region, whatever the client calls it.
 */
function checkSigned(dialect: Dialect, request: WireRequest): void {
  if (request.headers.authorization === undefined) throw dialect.unsigned()
  const service = scopedService(request)
  if (service === undefined) {
    throw new AwsError('IncompleteSignature', "Authorization header requires 'Credential' parameter.", 403)
  }
  if (!Object.hasOwn(dialects, service)) throw notImplemented(service)
}

function notImplemented(name: string): AwsError {
  return new AwsError('NotImplemented', `${name} is not simulated by the local cloud.`, 501)
}

/** The access key in the credential scope, by which whoever looks on at the calls tells the callers apart. */
function signer(request: WireRequest): string | undefined {
  return /Credential=([^/,\s]+)\//.exec(request.headers.authorization ?? '')?.[1]
}

/** The service in the credential scope (key/date/Region/service/aws4_request), which every signed request carries. */
function scopedService(request: WireRequest): string | undefined {
  return /Credential=[^/,\s]+\/\d{8}\/[^/,\s]+\/([^/,\s]+)\/aws4_request/.exec(request.headers.authorization ?? '')?.[1]
}

/** By the scope; without one, by what else gives the protocol away, so that even then the client can read the refusal. */
function dialectOf(request: WireRequest): Dialect {
  const service = scopedService(request)
  const scoped = Object.values(dialects).find((dialect) => dialect.service === service)
  if (scoped) return scoped
  if (request.headers['x-amz-target'] !== undefined) return awsJson
  return request.body.includes('Version=2016-11-15') ? ec2Query : awsQuery
}

function refusalOf(error: unknown, dialect: Dialect): AwsError {
  if (error instanceof AwsError) return error
  if (error instanceof Error && 'code' in error && error.code === 'ECONNRESET') throw new ConnectionLost()
  // A fault of the lab itself. The client is told no more than AWS would tell it; whoever runs the lab must see it.
  console.error(error)
  return dialect.internalError()
}
