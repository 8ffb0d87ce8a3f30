import { expect } from 'vitest'
import { facts, group, setDesired, validation, type Row } from './autoscaling-fact.ts'
import { groupName } from './autoscaling-scene.ts'
import { refusal } from './ec2-scene.ts'

const unknownToken = 'd13d1aeb-f870-4478-91e9-f739f73ae503'

const controlsRows: readonly Row[] = [
  {
    row: 'A1',
    fact: 'an unknown group is not described, without an error',
    prove(scene) {
      const answer = scene.call('DescribeAutoScalingGroups', { AutoScalingGroupNames: ['unknown'] })
      expect(answer.AutoScalingGroups).toEqual([])
    },
  },
  {
    row: 'A2',
    fact: 'a name can be taken once',
    prove(scene) {
      scene.group()
      expect(refusal(() => scene.group())).toEqual({
        code: 'AlreadyExists',
        message: `AutoScalingGroup by this name already exists - A group with the name ${groupName} already exists`,
        status: 400,
      })
    },
  },
  {
    row: 'A3',
    fact: 'a desired capacity above the maximum is refused',
    prove(scene) {
      scene.group({ MaxSize: 3 })
      const message = 'New SetDesiredCapacity value 4 is above max value 3 for the AutoScalingGroup.'
      expect(refusal(() => setDesired(scene, 4))).toEqual(validation(message))
      expect(refusal(() => setDesired(scene, -1)).message).toBe('New SetDesiredCapacity value -1 is negative.')
    },
  },
  {
    row: 'A4',
    fact: 'a hook is described with its global timeout and its metadata, without targets that it has not',
    prove(scene) {
      scene.group()
      scene.hook('hook', 'LAUNCHING', { HeartbeatTimeout: 30, DefaultResult: 'ABANDON', NotificationMetadata: 'note' })
      expect(scene.call('DescribeLifecycleHooks', group).LifecycleHooks).toEqual([
        {
          LifecycleHookName: 'hook',
          AutoScalingGroupName: groupName,
          LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
          NotificationMetadata: 'note',
          HeartbeatTimeout: 30,
          GlobalTimeout: 3000,
          DefaultResult: 'ABANDON',
        },
      ])
      scene.hook('hook', 'LAUNCHING', { HeartbeatTimeout: 7200 })
      expect(scene.call('DescribeLifecycleHooks', group).LifecycleHooks?.[0]?.GlobalTimeout).toBe(172_800)
    },
  },
  {
    row: 'A5',
    fact: 'a heartbeat for an unknown token is refused',
    prove(scene) {
      scene.group()
      scene.hook('hook', 'LAUNCHING')
      const input = { ...group, LifecycleHookName: 'hook', LifecycleActionToken: unknownToken }
      expect(refusal(() => scene.call('RecordLifecycleActionHeartbeat', input))).toEqual(
        validation(`No active Lifecycle Action found with token ${unknownToken}`),
      )
    },
  },
  {
    row: 'A6',
    fact: 'a result for an unknown token is refused',
    prove(scene) {
      scene.group()
      scene.hook('hook', 'LAUNCHING')
      const action = { ...group, LifecycleHookName: 'hook', LifecycleActionToken: unknownToken }
      const complete = () => scene.call('CompleteLifecycleAction', { ...action, LifecycleActionResult: 'CONTINUE' })
      expect(refusal(complete)).toEqual(validation(`No active Lifecycle Action found with token ${unknownToken}`))
    },
  },
  {
    row: 'A8',
    fact: 'a deleted group is shown as it goes, and is gone some seconds later',
    async prove(scene) {
      scene.group({ DesiredCapacity: 0, MaxSize: 3 })
      scene.call('DeleteAutoScalingGroup', { ...group, ForceDelete: true })
      expect(scene.describe()).toMatchObject({
        Status: 'Delete in progress',
        MinSize: 0,
        MaxSize: 0,
        DesiredCapacity: 0,
      })
      await scene.cloud.clock.pass(60_000)
      expect(scene.call('DescribeAutoScalingGroups', {}).AutoScalingGroups).toEqual([])
    },
  },
  {
    row: 'A9',
    fact: 'a suspended process says since when the user suspended it',
    prove(scene) {
      scene.group({ DesiredCapacity: 0 })
      scene.call('SuspendProcesses', { ...group, ScalingProcesses: ['Launch'] })
      expect(scene.describe().SuspendedProcesses).toEqual([
        { ProcessName: 'Launch', SuspensionReason: 'User suspended at 2026-01-01T00:00:00Z' },
      ])
    },
  },
  {
    row: 'A10',
    fact: 'a group is described with all that AWS fills in, its tags, zones and subnets sorted',
    prove(scene) {
      const subnets = [scene.cloud.subnetId, scene.cloud.otherSubnetId]
      scene.group({
        VPCZoneIdentifier: subnets.toSorted().toReversed().join(),
        DesiredCapacity: 0,
        Tags: [
          { Key: 'probe', Value: 'x', PropagateAtLaunch: false },
          { Key: 'inherited', Value: 'group', PropagateAtLaunch: true },
        ],
      })
      const described = scene.describe()
      expect(described.AutoScalingGroupARN).toMatch(
        /^arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:[\da-f-]{36}:autoScalingGroupName\/group$/,
      )
      expect(described).toMatchObject({
        AvailabilityZones: ['eu-central-1a', 'eu-central-1b'],
        AvailabilityZoneIds: ['euc1-az1', 'euc1-az2'],
        VPCZoneIdentifier: subnets.toSorted().join(),
        ServiceLinkedRoleARN:
          'arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling',
        HealthCheckType: 'EC2',
        TerminationPolicies: ['Default'],
        Instances: [],
        SuspendedProcesses: [],
        EnabledMetrics: [],
        LoadBalancerNames: [],
        TargetGroupARNs: [],
        TrafficSources: [],
        AvailabilityZoneDistribution: { CapacityDistributionStrategy: 'balanced-best-effort' },
        CapacityReservationSpecification: { CapacityReservationPreference: 'default' },
        InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'terminate' } },
      })
      const tag = { ResourceId: groupName, ResourceType: 'auto-scaling-group' }
      expect(described.Tags).toEqual([
        { ...tag, Key: 'inherited', Value: 'group', PropagateAtLaunch: true },
        { ...tag, Key: 'probe', Value: 'x', PropagateAtLaunch: false },
      ])
      expect(described).not.toHaveProperty('Status')
      expect(described).not.toHaveProperty('WarmPoolConfiguration')
    },
  },
]

export const controls = facts('controls.json', controlsRows)
