import { expect } from 'vitest'
import { facts, group, inService, lifecycleHooks, setDesired, validation, type Row } from './autoscaling-fact.ts'
import { groupName } from './autoscaling-scene.ts'
import { refusal } from './ec2-scene.ts'

const lifecycleRows: readonly Row[] = [
  {
    row: 'A7',
    fact: 'an action that is over cannot be completed by instance id',
    async prove(scene) {
      const InstanceId = await inService(scene)
      const action = { ...group, LifecycleHookName: 'launch', InstanceId }
      const complete = () => scene.call('CompleteLifecycleAction', { ...action, LifecycleActionResult: 'CONTINUE' })
      expect(refusal(complete)).toEqual(validation(`No active Lifecycle Action found with instance ID ${InstanceId}`))
    },
  },
  {
    row: 'A11',
    fact: 'a launch is at 30 percent, at its hook at 40, a termination at its hook at 60',
    async prove(scene) {
      scene.group({ LifecycleHookSpecificationList: lifecycleHooks })
      await scene.untilStates('Pending')
      expect(scene.activities()[0]).toMatchObject({ StatusCode: 'PreInService', Progress: 30 })
      await scene.untilStates('Pending:Wait')
      expect(scene.activities()[0]).toMatchObject({ StatusCode: 'MidLifecycleAction', Progress: 40 })
      scene.complete('launch')
      await scene.untilStates('InService')
      expect(scene.activities()[0]).toMatchObject({ StatusCode: 'Successful', Progress: 100 })
      setDesired(scene, 0)
      await scene.untilStates('Terminating:Wait')
      expect(scene.activities()[0]).toMatchObject({ StatusCode: 'MidTerminatingLifecycleAction', Progress: 60 })
    },
  },
  {
    row: 'A12',
    fact: 'the RequestId of a status event is the id of its scaling activity, and lifecycle events have none',
    async prove(scene) {
      const instanceId = await inService(scene)
      setDesired(scene, 0)
      await scene.untilStates('Terminating:Wait')
      scene.complete('terminate')
      await scene.untilStates()
      const [terminated, launched] = scene.activities()
      const details = (type: string) => scene.published(type).map((event) => event.detail)
      expect(details('EC2 Instance Launch Successful')).toEqual([
        expect.objectContaining({
          RequestId: launched?.ActivityId,
          ActivityId: launched?.ActivityId,
          Action: 'Launch',
        }),
      ])
      expect(details('EC2 Instance Terminate Successful')).toEqual([
        expect.objectContaining({
          RequestId: terminated?.ActivityId,
          EC2InstanceId: instanceId,
          StatusCode: 'MidTerminatingLifecycleAction',
          Origin: 'AutoScalingGroup',
          Destination: 'EC2',
        }),
      ])
      expect(Object.keys(details('EC2 Instance-terminate Lifecycle Action')[0] ?? {})).toEqual([
        'LifecycleActionToken',
        'AutoScalingGroupName',
        'LifecycleHookName',
        'EC2InstanceId',
        'LifecycleTransition',
        'Origin',
        'Destination',
        'Action',
      ])
    },
  },
  {
    row: 'A13',
    fact: 'an instance has the tags of its group and template, and a client token that is not its activity',
    async prove(scene) {
      const instanceId = await inService(scene, {
        Tags: [
          { Key: 'shared', Value: 'group', PropagateAtLaunch: true },
          { Key: 'group-only', Value: 'x', PropagateAtLaunch: false },
        ],
      })
      const instance = scene.cloud.ec2.instances.get(instanceId)
      expect(instance?.tags).toEqual({
        shared: 'group',
        'aws:autoscaling:groupName': groupName,
        'aws:ec2launchtemplate:id': scene.launchTemplateId,
        'aws:ec2launchtemplate:version': '1',
      })
      expect(instance?.clientToken).toMatch(/^[\da-f-]{36}$/)
      expect(instance?.clientToken).not.toBe(scene.activities()[0]?.ActivityId)
    },
  },
  {
    row: 'A14',
    fact: 'protection from scale-in begins in service, not while waiting',
    async prove(scene) {
      scene.group({ LifecycleHookSpecificationList: lifecycleHooks, NewInstancesProtectedFromScaleIn: true })
      await scene.untilStates('Pending:Wait')
      expect(scene.describe().Instances?.[0]?.ProtectedFromScaleIn).toBe(false)
      scene.complete('launch')
      await scene.untilStates('InService')
      expect(scene.describe().Instances?.[0]?.ProtectedFromScaleIn).toBe(true)
    },
  },
  {
    row: 'A15',
    fact: 'the group keeps the alias of the template version, its instances show the number',
    async prove(scene) {
      scene.cloud.call('CreateLaunchTemplateVersion', {
        LaunchTemplateId: scene.launchTemplateId,
        SourceVersion: '1',
        LaunchTemplateData: {},
      })
      scene.group({ LaunchTemplate: { LaunchTemplateId: scene.launchTemplateId, Version: '$Latest' } })
      await scene.untilStates('InService')
      const described = scene.describe()
      expect(described.LaunchTemplate?.Version).toBe('$Latest')
      expect(described.Instances?.[0]?.LaunchTemplate?.Version).toBe('2')
    },
  },
  {
    row: 'A16',
    fact: 'ForceDelete does not bypass a termination hook',
    async prove(scene) {
      await inService(scene)
      scene.call('DeleteAutoScalingGroup', { ...group, ForceDelete: true })
      await scene.untilStates('Terminating:Wait')
      await scene.cloud.clock.pass(60_000)
      expect(scene.states()).toEqual(['Terminating:Wait'])
      expect(scene.describe().Status).toBe('Delete in progress')
      scene.complete('terminate')
      await scene.cloud.until('the group is gone', () => scene.autoscaling.groups.all().length === 0)
    },
  },
  {
    row: 'A22',
    fact: 'an instance whose launch was abandoned is terminated through the termination hook',
    async prove(scene) {
      scene.group({ LifecycleHookSpecificationList: lifecycleHooks })
      await scene.untilStates('Pending:Wait')
      const token = scene.token('launch')
      const [instanceId] = scene.membersIn('Pending:Wait')
      scene.call('SuspendProcesses', { ...group, ScalingProcesses: ['Launch'] })
      scene.complete('launch', 'ABANDON')
      await scene.untilStates('Terminating:Wait')
      expect(scene.membersIn('Terminating:Wait')).toEqual([instanceId])
      const reason =
        "Instance failed to complete user's Lifecycle Action: " +
        `Lifecycle Action with token ${token} was abandoned: Lifecycle Action Completed with ABANDON Result`
      expect(scene.activities()[1]).toMatchObject({
        StatusCode: 'Cancelled',
        Progress: 100,
        StatusMessage: reason,
        Description: `Launching a new EC2 instance: ${instanceId}.  Status Reason: ${reason}`,
      })
      scene.complete('terminate')
      await scene.untilStates()
      expect(scene.cloud.ec2.instances.get(instanceId ?? '')?.state).toBe('terminated')
    },
  },
  {
    row: 'A26',
    fact: 'a scale-in that only protected instances could satisfy is cancelled',
    async prove(scene) {
      await inService(scene, { NewInstancesProtectedFromScaleIn: true })
      setDesired(scene, 0)
      await scene.cloud.clock.pass(60_000)
      expect(scene.states()).toEqual(['InService'])
      expect(scene.activities()[0]).toMatchObject({
        StatusCode: 'Cancelled',
        Progress: 100,
        Details: '{}',
        Description: 'Could not scale to desired capacity because all remaining instances are protected from scale-in.',
      })
      expect(scene.activities()[0]?.Cause).toMatch(
        / a user request explicitly set group desired capacity changing the desired capacity from 1 to 0\. {2}At .* group reached equilibrium\.$/,
      )
      expect(scene.activities()).toHaveLength(2)
    },
  },
  {
    row: 'A27',
    fact: 'an instance set unhealthy goes through its termination hook, protected or not, and is replaced',
    async prove(scene) {
      const sick = await inService(scene, { NewInstancesProtectedFromScaleIn: true })
      scene.call('SetInstanceHealth', { InstanceId: sick, HealthStatus: 'Unhealthy' })
      await scene.untilStates('Pending:Wait', 'Terminating:Wait')
      expect(scene.membersIn('Terminating:Wait')).toEqual([sick])
      const [launched, terminated] = scene.activities()
      expect(terminated?.Cause).toMatch(
        /^At \S+Z an instance was taken out of service in response to a user health-check\.$/,
      )
      expect(launched?.Cause).toMatch(
        /^At \S+Z an instance was launched in response to an unhealthy instance needing to be replaced\.$/,
      )
      expect(scene.describe().Instances?.find((each) => each.InstanceId === sick)?.HealthStatus).toBe('Unhealthy')
    },
  },
]

export const lifecycle = facts('lifecycle_native.json', lifecycleRows)

const retentionRows: readonly Row[] = [
  {
    row: 'A29',
    fact: 'an instance whose termination hook was abandoned is retained where the group says so, and replaced',
    async prove(scene) {
      const retain = { RetentionTriggers: { TerminateHookAbandon: 'retain' as const } }
      const instanceId = await inService(scene, { InstanceLifecyclePolicy: retain })
      scene.call('TerminateInstanceInAutoScalingGroup', {
        InstanceId: instanceId,
        ShouldDecrementDesiredCapacity: false,
      })
      await scene.untilStates('Pending:Wait', 'Terminating:Wait')
      scene.complete('terminate', 'ABANDON')
      await scene.untilStates('Pending:Wait', 'Terminating:Retained')
      await scene.cloud.clock.pass(60_000)
      expect(scene.membersIn('Terminating:Retained')).toEqual([instanceId])
      expect(scene.cloud.ec2.instances.get(instanceId)?.state).toBe('running')
      const activity = scene.activities().find((each) => each.Description?.startsWith('Terminating'))
      expect(activity).toMatchObject({ StatusCode: 'Cancelled', Progress: 100 })
      expect(activity?.Cause).toMatch(
        new RegExp(`^At \\S+Z instance ${instanceId} was taken out of service in response to a user request\\.$`),
      )
    },
  },
]

export const retention = facts('retention_native.json', retentionRows)
