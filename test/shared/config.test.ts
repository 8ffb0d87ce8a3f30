import { expect, test } from 'vitest'
import { functionEnvironment } from '../../lab/stack/environment.ts'
import { calm } from '../../lab/cloud/settings.ts'
import { readConfig, variables } from '../../shared/config.ts'

const good = functionEnvironment('zookeeper', calm)

test('a complete environment is read whole', () => {
  expect(readConfig(good)).toEqual({
    ensemble: 'zookeeper',
    region: 'eu-central-1',
    accountId: '123456789012',
    hooks: { launching: 'stayput-launch', terminating: 'stayput-terminate' },
    documents: { takeOver: 'stayput-take-over', handOver: 'stayput-hand-over', reach: 'stayput-reach' },
    endpoint: undefined,
  })
  expect(readConfig({ ...good, AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }).endpoint).toBe('http://127.0.0.1:4566')
})

test('everything that is missing is named at once', () => {
  expect(() => readConfig({})).toThrow(/8 fault/)
  for (const name of Object.keys(variables)) expect(() => readConfig({})).toThrow(`${name} is not set`)
})

test.each([
  ['STAYPUT_ENSEMBLE', 'Zoo Keeper'],
  ['STAYPUT_ENSEMBLE', 'zoo*'],
  ['STAYPUT_ACCOUNT', '1234'],
  ['STAYPUT_LAUNCH_HOOK', 'a hook'],
  ['STAYPUT_TAKE_OVER_DOCUMENT', 'x; rm'],
  ['AWS_REGION', 'here'],
  ['AWS_ENDPOINT_URL', '127.0.0.1:4566'],
])('%s=%s is refused with its name and its value', (name, value) => {
  expect(() => readConfig({ ...good, [name]: value })).toThrow(`${name} is ${JSON.stringify(value)}`)
})
