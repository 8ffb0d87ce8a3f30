import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createWire, type Listening } from '../../lab/wire/wire.ts'

let wire: Listening

beforeAll(async () => {
  wire = await createWire({ simulates: () => true, send: async () => ({}) }).listen(0)
})

afterAll(async () => {
  await wire.close()
})

test('the wire listens on 127.0.0.1', () => {
  expect(wire.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
})

const others = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, family }) => !internal && family === 'IPv4')
  .map(({ address }) => address)

test.skipIf(others.length === 0)('the wire listens on no address that another machine can reach', async () => {
  const port = Number(new URL(wire.url).port)
  for (const address of others) expect(await connects(address, port)).toBe(false)
  expect(await connects('127.0.0.1', port)).toBe(true)
})

test('listening ends with close, and with it every open connection', async () => {
  const scope = 'any/20260101/eu-central-1/ec2/aws4_request'
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`
  let calls = 0
  const never = (): Promise<object> => {
    calls++
    return new Promise(() => {})
  }
  const other = await createWire({ simulates: () => true, send: never }).listen(0)
  const outcome = fetch(`${other.url}/?Action=DescribeSubnets`, { headers: { authorization } }).then(
    () => 'answered',
    () => 'broken',
  )
  await vi.waitUntil(() => calls === 1)
  await other.close()
  expect(await outcome).toBe('broken')
})

test('listening on a port that is taken fails', async () => {
  const taken = Number(new URL(wire.url).port)
  const again = createWire({ simulates: () => true, send: async () => ({}) })
  await expect(again.listen(taken)).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 }, () => settle(true))
    const settle = (connected: boolean): void => {
      socket.destroy()
      resolve(connected)
    }
    socket.on('error', () => settle(false)).on('timeout', () => settle(false))
  })
}
