// A client of ZooKeeper's protocol, as small as the host tests need it: node client.mjs ADDRESS create|get|wait PATH [VALUE].
// It is a process of its own, because it must run inside a network namespace. Prints one line of JSON.
import { connect } from 'node:net'

const [address, verb, path, value = ''] = process.argv.slice(2)
const operation = { create: 1, get: 4 }
const codes = { '-101': 'no-node', '-110': 'exists', '-4': 'connection-loss' }

const int = (number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(number)
  return bytes
}
const text = (string) => Buffer.concat([int(Buffer.byteLength(string)), Buffer.from(string)])
const frame = (...parts) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([int(body.length), body])
}

const hello = frame(int(0), Buffer.alloc(8), int(10_000), Buffer.alloc(8), text('\0'.repeat(16)))
// One permission for anyone: all bits, scheme world.
const create = () => [text(path), text(value), int(1), int(31), text('world'), text('anyone'), int(0)]
const get = () => [text(path), Buffer.from([0])]
const request = frame(int(1), int(operation[verb]), ...(verb === 'create' ? create() : get()))

const finish = (answer) => {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
  process.exit()
}

function answerOf(body) {
  const code = body.readInt32BE(12)
  if (code !== 0) return { failed: codes[code] ?? code }
  if (verb === 'create') return { done: true }
  const length = body.readInt32BE(16)
  return { value: body.subarray(20, 20 + Math.max(length, 0)).toString() }
}

const socket = connect({ host: address, port: 2181, timeout: 5000 })
let received = Buffer.alloc(0)
let welcomed = false
socket.on('connect', () => socket.write(hello))
socket.on('timeout', () => finish({ failed: 'timeout' }))
socket.on('error', (error) => finish({ failed: error.code }))
socket.on('close', () => finish({ failed: 'closed' }))
socket.on('data', (chunk) => {
  received = Buffer.concat([received, chunk])
  while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
    const body = received.subarray(4, 4 + received.readInt32BE(0))
    received = received.subarray(4 + body.length)
    if (welcomed) finish(answerOf(body))
    welcomed = true
    socket.write(request)
  }
})
