import { expect, test } from 'vitest'
import type { Group, Hook } from '../../shared/model/observation.ts'
import { driftOf } from '../../shared/plan/healing/drift.ts'

const wanted = { launching: 'stayput-launch', terminating: 'stayput-terminate' } as const
const launch: Hook = { name: 'stayput-launch', transition: 'launching', byDefault: 'ABANDON' }
const terminate: Hook = { name: 'stayput-terminate', transition: 'terminating', byDefault: 'CONTINUE' }
const foreign: Hook = { name: 'backup', transition: 'terminating', byDefault: 'CONTINUE' }
const group: Group = { name: 'zookeeper-1', wanted: 1, zones: ['eu-central-1a'], suspended: [], instances: [] }

const told = (change: Partial<Group>, hooks: readonly Hook[] = [launch, terminate]) =>
  driftOf({ ...group, ...change }, hooks, wanted)

test('a group as it was deployed, and hooks of others, are nothing to tell', () => {
  expect(told({}, [launch, terminate, foreign])).toEqual([])
  expect(told({}, [{ ...foreign, transition: 'launching' }, launch, terminate])).toEqual([])
  expect(told({ minHealthy: 0, suspended: ['AlarmNotification', 'AZRebalance'] })).toEqual([])
  expect(told({ minHealthy: 99, zones: ['eu-central-1a', 'eu-central-1b'], suspended: ['AZRebalance'] })).toEqual([])
})

test.each<[string, Partial<Group>, readonly Hook[]]>([
  ['it has no launch hook stayput-launch', {}, [terminate]],
  ['it has no launch hook stayput-launch', {}, [{ ...launch, transition: 'terminating' }, terminate]],
  ['it has no terminate hook stayput-terminate', {}, [launch]],
  ['it has no terminate hook stayput-terminate', {}, [launch, { ...terminate, transition: 'launching' }]],
  ['it has no terminate hook stayput-terminate', {}, [launch, foreign]],
  ['its default must be ABANDON', {}, [{ ...launch, byDefault: 'CONTINUE' }, terminate]],
  ['Launch is suspended', { suspended: ['Launch'] }, [launch, terminate]],
  ['Terminate is suspended', { suspended: ['Terminate'] }, [launch, terminate]],
  ['HealthCheck is suspended', { suspended: ['HealthCheck'] }, [launch, terminate]],
  ['ReplaceUnhealthy is suspended', { suspended: ['ReplaceUnhealthy'] }, [launch, terminate]],
  ['AZRebalance may end a member', { zones: ['eu-central-1a', 'eu-central-1b'] }, [launch, terminate]],
  ['its maintenance policy launches before it terminates', { minHealthy: 100 }, [launch, terminate]],
])('%s', (fault, change, hooks) => {
  const findings = told(change, hooks)
  expect(findings).toMatchObject([{ alarm: true, because: expect.stringContaining(`group zookeeper-1: `) }])
  expect(findings[0]?.because).toContain(fault)
})
