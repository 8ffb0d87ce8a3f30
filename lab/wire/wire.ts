/** The local cloud over HTTP, in AWS's own protocols: for the SDKs, the AWS CLI, Terraform. On loopback only. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AwsError } from '../cloud/error.ts'
import type { Reply, WireRequest } from './dialect.ts'
import { type Backend, ConnectionLost, exchange, refuse } from './exchange.ts'

export interface Wire {
  /** Listens on this port of 127.0.0.1, or on a free one if it is 0. Rejects when the port is taken. */
  listen(port: number): Promise<Listening>
}

export interface Listening {
  /** For the client's `endpoint`, like http://127.0.0.1:4566. */
  readonly url: string
  /** Stops listening and breaks what is open. */
  close(): Promise<void>
}

/** Not `localhost`, and never all interfaces: whoever can reach it may do anything in the cloud behind it. */
const loopback = '127.0.0.1'

/** Above the largest request that the three services take (a document of 64 KB, user data of 16 KB). */
const bodyLimitBytes = 1024 * 1024

/** Longer than clients keep idle connections, so that the connection is never closed under a request on its way. */
const keepAliveMs = 65_000

export function createWire(backend: Backend): Wire {
  return {
    async listen(port) {
      const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
        void serve(backend, request, response)
      })
      await listening(server, port)
      const address = server.address() as AddressInfo
      return { url: `http://${loopback}:${address.port}`, close: () => close(server) }
    },
  }
}

async function serve(backend: Backend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = randomUUID()
  try {
    write(response, await reply(backend, request, requestId), requestId)
  } catch (error) {
    if (!(error instanceof ConnectionLost)) console.error(error)
    request.socket.resetAndDestroy()
  }
}

async function reply(backend: Backend, request: IncomingMessage, requestId: string): Promise<Reply> {
  const { headers, url = '' } = request
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : ''
  const body = await readBody(request)
  if (body) return exchange(backend, { headers, query, body }, requestId)
  const unread: WireRequest = { headers, query, body: Buffer.alloc(0) }
  return refuse(unread, new AwsError('RequestEntityTooLarge', 'The request body is too large.', 413), requestId)
}

/** The whole body, or undefined when it is above the limit; it is read to its end all the same, or nobody would listen. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= bodyLimitBytes) chunks.push(chunk)
  }
  return bytes <= bodyLimitBytes ? Buffer.concat(chunks) : undefined
}

function write(response: ServerResponse, { status, headers, body }: Reply, requestId: string): void {
  response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': requestId,
  })
  response.end(body)
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, loopback, resolve)
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
