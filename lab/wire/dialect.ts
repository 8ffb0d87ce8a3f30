import type { IncomingHttpHeaders } from 'node:http'
import { AwsError } from '../cloud/error.ts'
import type { ServiceName } from '../cloud/operation.ts'
import type { Operation } from './schemas.ts'

export interface WireRequest {
  readonly headers: IncomingHttpHeaders
  /** What follows the `?` of the address, without it. */
  readonly query: string
  readonly body: Buffer
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How one service speaks on the wire: where it names the operation, how it writes things, how it refuses. */
export interface Dialect {
  readonly service: ServiceName
  /** The operation that the request names, if it names one. */
  action(request: WireRequest): string | undefined
  /** The SDK's input shape; throws AwsError on what cannot be read or is not all there. */
  decode(operation: Operation, request: WireRequest): Promise<object>
  encode(operation: Operation, answer: object, requestId: string): Reply
  refuse(error: AwsError, requestId: string): Reply
  /** What the service answers when it is asked for an operation that it never had. */
  unknownAction(action: string | undefined): AwsError
  /** What it answers when it fails by itself. */
  internalError(): AwsError
  /** What it answers to a request that nobody signed. */
  unsigned(): AwsError
}

/** Auto Scaling's and EC2's word for it; Systems Manager adds `Exception`, as all JSON services do. */
export function missingAuthenticationToken(code: string, status: number): AwsError {
  return new AwsError(code, 'Request is missing Authentication Token', status)
}
