// Agrees to a starting server's vote for itself in the name of another one, as a peer's last message of long ago would:
// node stale-vote.mjs ADDRESS VOTER_ID. Tries until the server listens for elections, and ends when it has the vote.
import { connect } from 'node:net'

const [address, voter] = process.argv.slice(2)
const from = Buffer.from('127.0.0.1:3888')
const greeting = Buffer.alloc(20)
greeting.writeBigInt64BE(-65536n, 0) // The first version of the protocol.
greeting.writeBigInt64BE(BigInt(voter), 8)
greeting.writeInt32BE(from.length, 16)

function offer() {
  const socket = connect({ host: address, port: 3888 })
  socket.on('connect', () => socket.write(Buffer.concat([greeting, from])))
  // What it sends first is its own vote; the same bytes are a vote for it by whoever sends them.
  socket.on('data', (vote) => socket.write(vote))
  // It decides 200 milliseconds after it has a majority; then the connection may go.
  socket.once('data', () => setTimeout(() => process.exit(), 1000))
  socket.on('error', () => setTimeout(offer, 20))
}

offer()
