import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { projectFile } from '../../lab/stack/project.ts'
import { bookkeepingTags, identityTags, permitted } from '../../shared/model/tags.ts'
import type { Resources } from './packaging.ts'
import { ofType, resourcesOf, sample, tagsOf } from './scene.ts'

const template = resourcesOf(sample())
const get = (id: string) => {
  const found = template[id]
  if (!found) throw new Error(`the template has no ${id}`)
  return found
}
const service = parse(readFileSync(projectFile('serverless.yml'), 'utf8'), { logLevel: 'silent' }) as {
  readonly provider: Readonly<Record<string, unknown>>
}
const large = {
  ...sample(),
  members: 7,
  addresses: [4, 5, 6, 7, 8, 9, 10].map((last) => `10.0.1.${last}`),
  logVolume: { size: 10, type: 'io2', iops: 1000 },
}

describe('what outlives every instance', () => {
  const belongings = (all: Resources) => [
    ...ofType(all, 'AWS::EC2::NetworkInterface'),
    ...ofType(all, 'AWS::EC2::Volume'),
  ]

  test('each member has one interface, one volume, and a log volume where that is wanted', () => {
    expect(belongings(template).map(([id]) => id)).toHaveLength(6)
    const ids = belongings(resourcesOf(large)).map(([id]) => id)
    const each = (id: number) => [`Member${id}NetworkInterface`, `Member${id}Volume`, `Member${id}LogVolume`]
    expect(ids.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7].flatMap(each).toSorted())
  })

  test('is kept when the stack is deleted, when a member is taken out and when it would be replaced', () => {
    for (const [, one] of belongings(resourcesOf(large))) {
      expect(one).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' })
    }
  })

  test('so does the security group that its interfaces are in', () => {
    expect(get('MemberSecurityGroup')).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    })
  })

  test('an update that would replace it is refused', () => {
    const refusal = {
      Effect: 'Deny',
      Principal: '*',
      Action: 'Update:Replace',
      Resource: '*',
      Condition: { StringEquals: { ResourceType: ['AWS::EC2::NetworkInterface', 'AWS::EC2::Volume'] } },
    }
    expect(service.provider['stackPolicy']).toContainEqual(refusal)
  })

  test('says by its tags to whom it belongs, and a volume where it is mounted', () => {
    for (const [id, one] of belongings(resourcesOf(large))) {
      const [, member = '', kind = ''] = /^Member(\d)(\w+)$/.exec(id) ?? []
      const mounts: Readonly<Record<string, string>> = {
        Volume: '/var/lib/zookeeper',
        LogVolume: '/var/lib/zookeeper-log',
      }
      expect(tagsOf(one)).toEqual({
        Name: `orders-${member}`,
        [identityTags.ensemble]: 'orders',
        [identityTags.member]: member,
        ...(kind !== 'NetworkInterface' && {
          [identityTags.mount]: mounts[kind],
          [bookkeepingTags.format]: permitted,
          [bookkeepingTags.bootstrap]: permitted,
        }),
      })
    }
  })

  test('a volume’s tags are the same whatever else is set, so that no update gives its permits back', () => {
    const tags = (raw: object) => ofType(resourcesOf(raw), 'AWS::EC2::Volume').map(([id, one]) => [id, tagsOf(one)])
    const grown = {
      ...sample(),
      volume: { size: 200, iops: 6000, throughput: 500 },
      instanceType: 'r7g.large',
      clients: [],
    }
    expect(tags(grown)).toEqual(tags(sample()))
    // CloudFormation hands the tags of a stack down to its volumes: they never change either.
    expect(service.provider['stackTags']).toEqual({ STAGE: 'stayput' })
    expect(Object.keys(service.provider)).not.toContain('tags')
  })

  test('volumes are encrypted', () => {
    for (const [, one] of ofType(resourcesOf(large), 'AWS::EC2::Volume')) expect(one.Properties['Encrypted']).toBe(true)
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000'
    const mine = resourcesOf({ ...sample(), volume: { size: 8, key } })
    expect(mine['Member1Volume']?.Properties).toMatchObject({
      Encrypted: true,
      KmsKeyId: key,
      VolumeType: 'gp3',
      Size: 8,
    })
  })

  test('addresses are the ones that were chosen, or EC2’s choice', () => {
    expect(resourcesOf(large)['Member7NetworkInterface']?.Properties).toMatchObject({ PrivateIpAddress: '10.0.1.10' })
    expect(Object.keys(get('Member1NetworkInterface').Properties)).not.toContain('PrivateIpAddress')
  })
})

describe('the network', () => {
  test('members reach each other at the three ports, clients at theirs, and nobody else gets in', () => {
    const rules = ofType(template, 'AWS::EC2::SecurityGroupIngress').map(([, { Properties }]) => Properties)
    const members = { Ref: 'MemberSecurityGroup' }
    const from = (port: number, source: unknown) => ({
      GroupId: members,
      IpProtocol: 'tcp',
      FromPort: port,
      ToPort: port,
      SourceSecurityGroupId: source,
    })
    expect(rules).toHaveLength(4)
    for (const rule of [
      from(2888, members),
      from(3888, members),
      from(2181, members),
      from(2181, 'sg-0123456789abcdef0'),
    ]) {
      expect(rules).toContainEqual(expect.objectContaining(rule))
    }
    expect(Object.keys(get('MemberSecurityGroup').Properties)).not.toContain('SecurityGroupIngress')
    expect(JSON.stringify(rules)).not.toContain('Cidr')
  })

  test('both of an instance’s interfaces are in the members’ security group', () => {
    expect(get('Member1NetworkInterface').Properties['GroupSet']).toEqual([{ Ref: 'MemberSecurityGroup' }])
    const data = get('LaunchTemplate').Properties['LaunchTemplateData']
    expect(data).toMatchObject({ SecurityGroupIds: [{ Ref: 'MemberSecurityGroup' }] })
  })
})

describe('how instances are made', () => {
  const data = (all: Resources) => all['LaunchTemplate']?.Properties['LaunchTemplateData']

  test('the metadata service wants a session and answers the host only', () => {
    expect(data(template)).toMatchObject({ MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 } })
  })

  test('the root volume is encrypted and goes with the instance', () => {
    const root = { DeviceName: '/dev/xvda', Ebs: { Encrypted: true, DeleteOnTermination: true } }
    expect(data(template)).toMatchObject({ BlockDeviceMappings: [root] })
  })

  test.each([
    ['amazon-linux-2023', 'm7g.large', 'al2023-ami-kernel-default-arm64', '/dev/xvda'],
    ['amazon-linux-2023', 'm7i.large', 'al2023-ami-kernel-default-x86_64', '/dev/xvda'],
    ['ubuntu-24.04', 't4g.small', 'current/arm64/', '/dev/sda1'],
    ['ubuntu-24.04', 'g4dn.xlarge', 'current/amd64/', '/dev/sda1'],
  ])('%s on %s starts from the image for its processor', (image, instanceType, parameter, root) => {
    const made = data(resourcesOf({ ...sample(), image, instanceType }))
    expect(made).toMatchObject({
      ImageId: expect.stringMatching(/^\{\{resolve:ssm:.+\}\}$/),
      BlockDeviceMappings: [{ DeviceName: root }],
    })
    expect(JSON.stringify(made)).toContain(parameter)
  })
})
