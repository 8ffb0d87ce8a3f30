/**
 * A client of ZooKeeper in a process of its own, because only a process can be inside a network namespace. Requests come
 * as lines of JSON on standard input, answers and events leave on standard output. Ends with its standard input.
 * Usage: node client-process.mjs CONNECT_STRING SESSION_TIMEOUT_MS
 */
import { createInterface } from 'node:readline'
import zookeeper from 'node-zookeeper-client'

const [connectString, sessionTimeout] = process.argv.slice(2)
const sessionTimeoutMs = Number(sessionTimeout)
/**
 * This client never gives a silent server up by itself, as ZooKeeper's own does after two thirds of the session; so a
 * request that waits for longer breaks the connection, and the next server is tried.
 */
const answerLimitMs = (sessionTimeoutMs * 2) / 3
/** Between an error and the next try, so that a writer without a server does not spin. */
const errorPauseMs = 20

/**
 * Between two writes. Without it the writer takes a processor of the few that its servers share with it.
 */
const writePauseMs = 10

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

let client = connect()

function connect() {
  const options = { sessionTimeout: sessionTimeoutMs, spinDelay: 100 }
  const made = zookeeper.createClient(connectString, options)
  made.on('state', (state) => {
    tell({ event: state.getName() })
    // A session that has expired never comes back; the next request needs a new one.
    if (state === zookeeper.State.EXPIRED && made === client) client = connect()
  })
  made.connect()
  return made
}

/** One request, answered or failed in bounded time. */
function ask(request) {
  return new Promise((resolve, reject) => {
    const asked = client
    const limit = setTimeout(() => {
      asked.connectionManager.socket?.destroy()
      reject(new Error(`CONNECTION_LOSS: no answer in ${Math.round(answerLimitMs)} ms`))
    }, answerLimitMs)
    request(asked, (error, result) => {
      clearTimeout(limit)
      if (error) reject(error)
      else resolve(result)
    })
  })
}

const named = (error, name) => typeof error.getName === 'function' && error.getName() === name

async function write(path, value) {
  const data = Buffer.from(value)
  try {
    await ask((to, done) => to.setData(path, data, -1, done))
  } catch (error) {
    if (!named(error, 'NO_NODE')) throw error
    await ask((to, done) => to.create(path, data, done)).catch((refusal) => {
      // A try whose answer was lost may have made it.
      if (!named(refusal, 'NODE_EXISTS')) throw refusal
      return write(path, value)
    })
  }
}

async function read(path) {
  try {
    const data = await ask((to, done) => to.getData(path, done))
    return data === undefined ? '' : data.toString()
  } catch (error) {
    if (named(error, 'NO_NODE')) return null
    throw error
  }
}

async function keys() {
  const children = await ask((to, done) => to.getChildren('/', done))
  return children.filter((child) => child !== 'zookeeper').map((child) => `/${child}`)
}

let writer

/** Writes one after the other for ever, and notes the longest time between two that were acknowledged. */
async function keepWriting(path, state) {
  let acknowledged = performance.now()
  while (!state.stopped) {
    try {
      await write(path, String(state.written))
      state.written += 1
      state.longestStallMs = Math.max(state.longestStallMs, performance.now() - acknowledged)
      acknowledged = performance.now()
      await new Promise((resolve) => setTimeout(resolve, writePauseMs))
    } catch (error) {
      state.errors.push(error.message)
      await new Promise((resolve) => setTimeout(resolve, errorPauseMs))
    }
  }
  state.longestStallMs = Math.max(state.longestStallMs, performance.now() - acknowledged)
}

const operations = {
  write: ({ key, value }) => write(key, value),
  read: ({ key }) => read(key),
  keys: () => keys(),
  startWriter({ key }) {
    if (writer) throw new Error('the writer is at work already')
    writer = { stopped: false, written: 0, errors: [], longestStallMs: 0 }
    writer.done = keepWriting(key, writer)
  },
  async stopWriter() {
    const state = writer
    if (!state) throw new Error('no writer is at work')
    writer = undefined
    state.stopped = true
    await state.done
    const { written, errors, longestStallMs } = state
    return { written, errors, longestStallMs }
  },
}

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const { id, operation, ...request } = JSON.parse(line)
  Promise.resolve()
    .then(() => operations[operation](request))
    .then(
      (result) => tell({ id, result: result ?? null }),
      (error) => tell({ id, error: error.message }),
    )
})
lines.on('close', () => process.exit(0))
