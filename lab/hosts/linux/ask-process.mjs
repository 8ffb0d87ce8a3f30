/**
 * Asks servers of ZooKeeper what they are, from a process of its own, because only a process can be inside a network
 * namespace, and from one that stays: to start one for each of many questions would take the processor away from the
 * servers that are being watched. Requests come as lines of JSON on standard input, answers leave on standard output.
 * Ends with its standard input. Usage: node ask-process.mjs PORT
 */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

const port = Number(process.argv[2])
/** For one address; a machine without power never answers at all. */
const answerLimitMs = 1000

async function askOne(host) {
  const socket = connect({ host, port, signal: AbortSignal.timeout(answerLimitMs) })
  try {
    socket.end('srvr')
    return await text(socket)
  } catch {
    return ''
  } finally {
    socket.destroy()
  }
}

/** The first answer: the service may listen on one of the addresses only. */
async function ask(addresses) {
  const answers = await Promise.all(addresses.map(askOne))
  return answers.find((answer) => answer !== '') ?? ''
}

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const { id, addresses } = JSON.parse(line)
  void ask(addresses).then((result) => process.stdout.write(`${JSON.stringify({ id, result })}\n`))
})
lines.on('close', () => process.exit(0))
