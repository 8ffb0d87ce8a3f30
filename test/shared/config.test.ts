import { expect, test } from 'vitest'
import { functionEnvironment } from '../../lab/stack/environment.ts'
import { calm } from '../../lab/cloud/settings.ts'
import { readConfig, variables } from '../../shared/config.ts'

const good = functionEnvironment('zookeeper', calm)
/** What may be left out. */
const optional = { STAYPUT_MEMBERS: '3', STAYPUT_MOUNTS: '/data,/data-log', STAYPUT_FILE_SYSTEM: 'ext4' }

test('a complete environment is read whole', () => {
  expect(readConfig(good)).toEqual({
    ensemble: 'zookeeper',
    region: 'eu-central-1',
    accountId: '123456789012',
    hooks: { launching: 'stayput-launch', terminating: 'stayput-terminate' },
    documents: {
      takeOver: 'stayput-take-over',
      handOver: 'stayput-hand-over',
      reach: 'stayput-reach',
      health: 'stayput-health',
      reconfigure: 'stayput-reconfigure',
    },
    shape: {},
    fileSystem: 'any',
    endpoint: undefined,
  })
  expect(readConfig({ ...good, AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }).endpoint).toBe('http://127.0.0.1:4566')
})

test('everything that is missing is named at once', () => {
  expect(() => readConfig({})).toThrow(/10 fault/)
  const required = Object.keys(variables).filter((name) => !(name in optional))
  for (const name of required) expect(() => readConfig({})).toThrow(`${name} is not set`)
})

test('what the tags must add up to is read where it is told', () => {
  expect(readConfig({ ...good, ...optional }).shape).toEqual({ members: 3, mounts: ['/data', '/data-log'] })
})

test.each([
  ['STAYPUT_ENSEMBLE', 'Zoo Keeper'],
  ['STAYPUT_ENSEMBLE', 'zoo*'],
  ['STAYPUT_ACCOUNT', '1234'],
  ['STAYPUT_LAUNCH_HOOK', 'a hook'],
  ['STAYPUT_TAKE_OVER_DOCUMENT', 'x; rm'],
  ['STAYPUT_MEMBERS', '0'],
  ['STAYPUT_FILE_SYSTEM', 'btrfs'],
  ['STAYPUT_MOUNTS', '/data,log'],
  ['AWS_REGION', 'here'],
  ['AWS_ENDPOINT_URL', '127.0.0.1:4566'],
])('%s=%s is refused with its name and its value', (name, value) => {
  expect(() => readConfig({ ...good, [name]: value })).toThrow(`${name} is ${JSON.stringify(value)}`)
})
