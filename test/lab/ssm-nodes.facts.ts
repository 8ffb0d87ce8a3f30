import { expect } from 'vitest'
import { captured, create, expectRefusal, type Fact, nodes } from './ssm-facts.scene.ts'
import { i1, nobody } from './ssm.scene.ts'

const byId = (...Values: string[]) => ({ Filters: [{ Key: 'InstanceIds', Values }] })

const managedNodes: Fact[] = [
  {
    fact: 'SendCommand to a stopped node is refused, and the node is not described',
    grade: 'A',
    source: `${captured}/managed_execution_current.json: command-offline, stopped-node-ping-after`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      scene.enter(i1, 'stopping')
      scene.enter(i1, 'stopped')
      expect(scene.refusal('SendCommand', { DocumentName: 'doc', InstanceIds: [i1] })).toBe(
        'InvalidInstanceId: Instances not in a valid state for account',
      )
      expect(nodes(scene, byId(i1))).toEqual([])
    },
  },
  {
    fact: 'SendCommand to a node that never registered is refused in the same words',
    grade: 'A',
    source: `${captured}/managed_execution_current.json: send-missing-instance`,
    holds(scene) {
      create(scene)
      scene.enter(nobody, 'running')
      expect(scene.refusal('SendCommand', { DocumentName: 'doc', InstanceIds: [nobody] })).toBe(
        'InvalidInstanceId: Instances not in a valid state for account',
      )
    },
  },
  {
    fact: 'SendCommand to a node that is shutting down is refused although it is still told Online',
    grade: 'D',
    source: '@aws-sdk/client-ssm, InvalidInstanceId: invalid states are shutting-down and terminated',
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      scene.enter(i1, 'shutting-down')
      expect(nodes(scene, byId(i1))[0]!.PingStatus).toBe('Online')
      expect(scene.refusal('SendCommand', { DocumentName: 'doc', InstanceIds: [i1] })).toMatch(/^InvalidInstanceId/)
    },
  },
  {
    fact: 'a node that is unknown is described by an empty list',
    grade: 'A',
    source: `${captured}/managed_execution_control_edges.json: fleet-missing-id`,
    holds: (scene) => expect(nodes(scene, byId(nobody))).toEqual([]),
  },
  {
    fact: 'a node is described with these members and no others',
    grade: 'A',
    source: `${captured}/managed_execution_timeouts_current.json: managed-node-online-5`,
    async holds(scene) {
      await scene.online(i1)
      expect(Object.keys(nodes(scene, byId(i1))[0]!)).toEqual([
        'InstanceId',
        'PingStatus',
        'LastPingDateTime',
        'AgentVersion',
        'IsLatestVersion',
        'PlatformType',
        'PlatformName',
        'PlatformVersion',
        'ResourceType',
        'IPAddress',
        'ComputerName',
        'SourceId',
        'SourceType',
      ])
    },
  },
]

const fleetRefusals: readonly (readonly [string, object, string])[] = [
  [
    'an unknown filter',
    { Filters: [{ Key: 'UnknownKey', Values: ['x'] }] },
    'ValidationException: UnknownKey filter Key is invalid.',
  ],
  [
    'a filter without values',
    byId(),
    "ValidationException: 1 validation error detected: Value at 'filters.1.member.values' failed to satisfy " +
      'constraint: Member must have length greater than or equal to 1',
  ],
  [
    'old and new filters together',
    { ...byId(nobody), InstanceInformationFilterList: [{ key: 'InstanceIds', valueSet: [nobody] }] },
    'ValidationException: Cannot use both legacy and new filter simultaneously.',
  ],
  [
    'a tag and another filter together',
    { Filters: [...byId(nobody).Filters, { Key: 'tag:suite', Values: ['x'] }] },
    'ValidationException: Cannot mix tag or inventory filter with any other filter.',
  ],
  [
    'pages of fewer than five',
    { ...byId(nobody), MaxResults: 4 },
    "ValidationException: 1 validation error detected: Value at 'maxResults' failed to satisfy constraint: " +
      'Member must have value greater than or equal to 5',
  ],
  ['a token that is none', { NextToken: 'not-a-page-token' }, 'InvalidNextToken: '],
]

export const nodeFacts: Fact[] = [
  ...managedNodes,
  ...fleetRefusals.map(([what, input, told]): Fact => ({
    fact: `DescribeInstanceInformation refuses ${what}`,
    grade: 'A',
    source: `${captured}/managed_execution_control_edges.json`,
    holds: (scene) => expectRefusal(scene, 'DescribeInstanceInformation', input, told),
  })),
]
