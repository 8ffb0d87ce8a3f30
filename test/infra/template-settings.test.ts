import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { projectFile } from '../../lab/stack/project.ts'
import { adopting, checked, faultsOf, sample } from './scene.ts'

const volume = (settings: object) => ({ ...sample(), volume: { size: 20, ...settings } })

test('the page on deploying explains each setting, and none that is none', () => {
  const page = readFileSync(projectFile('docs/deploy.md'), 'utf8')
  const [, table = ''] = /## Every setting(.*?)## /s.exec(page) ?? []
  const explained = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
  const [told = ''] = faultsOf({ ...sample(), colour: 'red' })
  expect(told).toBe(`colour is not a setting: there are ${explained.join(', ')}`)
})

describe('settings that hold', () => {
  test('the file of the repository', () => {
    expect(faultsOf(sample())).toEqual([])
  })

  test.each([
    ['one member in one zone', { members: 1, subnets: { 'eu-central-1a': 'subnet-0123456789abcdef0' } }],
    ['seven members', { members: 7 }],
    ['an address for each member', { addresses: ['10.0.1.10', '10.0.2.10', '10.0.3.10'] }],
    ['an image of one’s own', { image: 'ami-0123456789abcdef0', rootDevice: '/dev/xvda' }],
    ['a log volume', { logVolume: { size: 10, type: 'io2', iops: 1000 } }],
    ['no clients', { clients: [] }],
    ['a topic for alarms', { alarms: 'arn:aws:sns:eu-central-1:123456789012:on-call' }],
    ['an io2 volume', { volume: { size: 100, type: 'io2', iops: 10_000 } }],
    ['a fast gp3 volume', { volume: { size: 500, iops: 16_000, throughput: 1000 } }],
    [
      'a key',
      { volume: { size: 8, key: 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000' } },
    ],
  ])('%s', (_, changed) => {
    expect(faultsOf({ ...sample(), ...changed })).toEqual([])
  })

  test('members take turns with the zones', () => {
    const { members } = checked({ ...sample(), members: 5 })
    expect(members.map(({ id, zone }) => `${id}${zone.slice(-1)}`)).toEqual(['1a', '2b', '3c', '4a', '5b'])
  })

  test('adopting takes the names of groups and nothing about members', () => {
    expect(checked(adopting)).toMatchObject({ adopts: true, groups: ['zookeeper-a', 'zookeeper-b'], members: [] })
  })
})

describe('a setting that does not hold is named with its value and the way out', () => {
  test.each<[string, object, string]>([
    ['an ensemble with a dot', { ensemble: 'a.b' }, 'ensemble is "a.b": it must be a name of at most 32'],
    ['a Region that is a zone', { region: 'eu-central-1a' }, 'region is "eu-central-1a": it must be an AWS Region'],
    ['another Region’s zone', { region: 'eu-west-1' }, 'subnets.eu-central-1a is not a zone of eu-west-1'],
    [
      'a subnet given twice',
      { subnets: { 'eu-central-1a': 'subnet-00000001', 'eu-central-1b': 'subnet-00000001' } },
      'subnet-00000001 is given for two zones',
    ],
    [
      'four zones',
      { subnets: Object.fromEntries(['a', 'b', 'c', 'd'].map((z, i) => [`eu-central-1${z}`, `subnet-0000000${i}`])) },
      'it must be one to 3 lines',
    ],
    ['no member', { members: 0 }, 'members is 0: it must be a whole number from 1 to 7'],
    ['members as text', { members: '3' }, 'members is "3"'],
    ['two addresses for three members', { addresses: ['10.0.0.4', '10.0.0.5'] }, 'a list of 3 addresses'],
    ['one address twice', { addresses: ['10.0.0.4', '10.0.0.5', '10.0.0.4'] }, '10.0.0.4 is given to two members'],
    ['an address that is none', { addresses: ['10.0.0.4', '10.0.0.5', '10.0.0.256'] }, 'addresses[2] is "10.0.0.256"'],
    ['an image without its root device', { image: 'ami-0123456789abcdef0' }, 'rootDevice is missing'],
    ['a root device that is known', { rootDevice: '/dev/sda1' }, 'leave it out, that of amazon-linux-2023 is known'],
    ['a family for an instance type', { instanceType: 'm7g' }, 'instanceType is "m7g": it must be an instance type'],
    ['a security group by name', { clients: ['web'] }, 'clients[0] is "web": it must be the id of a security group'],
    ['a setting that is none', { subnet: 'x' }, 'subnet is not a setting: there are ensemble'],
    ['another file system', { fileSystem: 'btrfs' }, 'fileSystem is "btrfs": it must be xfs or ext4'],
    ['no volume', { volume: undefined }, 'volume is missing: it must be at least a size'],
  ])('%s', (_, changed, told) => {
    expect(faultsOf({ ...sample(), ...changed }).join('\n')).toContain(told)
  })

  test.each<[string, object, string]>([
    ['an old type', { type: 'gp2' }, 'volume.type is "gp2": it must be gp3 or io2'],
    ['no size', { size: undefined }, 'volume.size is missing: it must be a whole number from 1 to 65536 (GiB)'],
    [
      'more IOPS than the size allows',
      { size: 8, iops: 5000 },
      'volume.iops is 5000: it must be a whole number from 3000 to 4000',
    ],
    ['io2 without IOPS', { type: 'io2' }, 'volume.iops is missing'],
    ['io2 with a throughput', { type: 'io2', iops: 100, throughput: 125 }, 'only gp3 has it'],
    ['more throughput than the IOPS carry', { throughput: 1000 }, 'it must be a whole number from 125 to 750'],
    ['a key’s alias', { key: 'alias/mine' }, 'volume.key is "alias/mine": it must be the ARN of a KMS key'],
    ['a file system', { format: 'ext3' }, 'volume.format is not a setting: there are size'],
  ])('a volume with %s', (_, changed, told) => {
    expect(faultsOf(volume(changed)).join('\n')).toContain(told)
  })

  test.each<[string, object, string]>([
    ['members', { members: 3 }, 'members is not a setting'],
    ['no group', { adopt: {} }, 'adopt.groups is missing: it must be a list of the names'],
    ['nobody knows how many', { adopt: { groups: ['a'] } }, 'adopt.members is missing: it must be a whole number'],
    ['no mount', { adopt: { groups: ['a'], members: 3 } }, 'adopt.mounts is missing: it must be a list of the paths'],
    ['a mount that is no path', { adopt: { mounts: ['data'] } }, 'adopt.mounts[0] is "data": it must be an absolute'],
    ['a group twice', { adopt: { groups: ['a', 'a'] } }, 'a is given twice'],
  ])('adopting with %s', (_, changed, told) => {
    expect(faultsOf({ ...adopting, ...changed }).join('\n')).toContain(told)
  })

  test.each([null, 'text', []])('settings that are %j', (raw) => {
    expect(faultsOf(raw)).toEqual(['there are no settings: start from the file of the repository'])
  })
})
