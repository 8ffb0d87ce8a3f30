import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inService, scale } from '../lab/stack/ensemble.ts'
import { type Lab, openLab } from '../lab/stack/lab.ts'

const cli = fileURLToPath(new URL('../cli/stayput.mjs', import.meta.url))
const lines: string[] = []
let lab: Lab

async function stayput(...args: string[]) {
  const where = ['--endpoint', lab.url, '--region', 'eu-central-1', '--json']
  const environment = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'AKIALOCALCLOUD000000',
    AWS_SECRET_ACCESS_KEY: 'not-a-secret',
  }
  const child = spawn(process.execPath, [cli, ...args, ...where], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, stderr, told: JSON.parse(stdout.trimEnd().split('\n').at(-1) || '{}') }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}

const instances = () => lab.members.map((member) => inService(lab.cloud, member))
const roles = () => Promise.all(instances().map((instance) => lab.hosts.role(instance ?? '')))

beforeAll(async () => {
  lab = await openLab({
    hosts: 'modelled',
    ensemble: 'zookeeper',
    members: 3,
    port: 0,
    speed: 100,
    seed: 1,
    onLine: (line) => lines.push(line),
  })
  for (const member of lab.members) scale(lab.cloud, member, 1)
  await until(() => instances().every((instance) => instance !== undefined))
})
afterAll(async () => {
  await lab.close()
})

test('status shows every member, its role and how it is', async () => {
  const { code, told } = await stayput('status')
  expect(told.members).toMatchObject(
    lab.members.map(({ id, address }, place) => ({
      member: id,
      address,
      instance: instances()[place],
      condition: 'well',
      votes: true,
    })),
  )
  const shown = told.members.map((row: { role: string }) => row.role)
  expect(shown.toSorted()).toEqual(['follower', 'follower', 'leader'])
  expect([code, told.ok]).toEqual([0, true])
})

test('roll gives every member a new instance, the leader last, with two that vote at any time', async () => {
  const before = instances()
  const leader = (await roles()).indexOf('leader') + 1
  let fewest = 3
  const watch = setInterval(() => {
    const serving = lab.cloud.ec2.instances.all().map((instance) => lab.hosts.role(instance.instanceId))
    void Promise.all(serving).then((all) => {
      // One that looks for a leader votes as well: a change of leader costs a moment, not a voter.
      fewest = Math.min(fewest, all.filter((role) => role !== undefined).length)
    })
  }, 10)
  const { code, told, stderr } = await stayput('roll')
  clearInterval(watch)
  expect({ code, ok: told.ok, stderr }).toMatchObject({ code: 0, ok: true })
  const order = told.replaced.map((one: { member: number }) => one.member)
  expect(order).toEqual([...[1, 2, 3].filter((id) => id !== leader), leader])
  expect(told.replaced.at(-1).role).toBe('leader')
  for (const [place, instance] of instances().entries()) expect(instance).not.toBe(before[place])
  expect(fewest).toBe(2)
})

test('a roll that is gone on with leaves alone what is newer than its beginning', async () => {
  const before = instances()
  const { code, told } = await stayput('roll', '--since', '2020-01-01T00:00:00Z')
  expect([code, told.replaced]).toEqual([0, []])
  expect(instances()).toEqual(before)
})

test('a roll stops while a member is not well, and says how to go on', async () => {
  const instance = inService(lab.cloud, lab.members[1]!)!
  lab.cloud.ssm.stopAgent(instance)
  const { code, told, stderr } = await stayput('roll', '--patience', '1')
  expect([code, told.ok, told.replaced]).toEqual([1, false, []])
  expect(told.stopped).toContain(`member 2: ${instance} does not answer`)
  expect(stderr).toContain(`to go on: stayput roll --since ${told.since}`)
})
