import { expect } from 'vitest'
import { type Fact, facts, group, inService, setDesired, validation, type Row } from './autoscaling-fact.ts'
import { groupName } from './autoscaling-scene.ts'
import { refusal } from './ec2-scene.ts'

const boundariesRows: readonly Row[] = [
  {
    row: 'A19',
    fact: 'while Launch is suspended, nothing is attached and nothing leaves standby',
    async prove(scene) {
      const instanceId = await inService(scene)
      scene.call('EnterStandby', { ...group, InstanceIds: [instanceId], ShouldDecrementDesiredCapacity: true })
      await scene.untilStates('Standby')
      const other = await scene.cloud.runningInstance()
      scene.call('SuspendProcesses', { ...group, ScalingProcesses: ['Launch'] })
      expect(refusal(() => scene.call('AttachInstances', { ...group, InstanceIds: [other] }))).toEqual(
        validation(`Cannot attach instances to AutoScalingGroup ${groupName} while the Launch process is suspended`),
      )
      expect(refusal(() => scene.call('ExitStandby', { ...group, InstanceIds: [instanceId] }))).toEqual(
        validation(
          `Cannot move instances out of Standby for AutoScalingGroup ${groupName} while the Launch process is suspended`,
        ),
      )
    },
  },
  {
    row: 'A20',
    fact: 'while Terminate is suspended, an unhealthy instance stays in service',
    async prove(scene) {
      const sick = await inService(scene)
      scene.call('SuspendProcesses', { ...group, ScalingProcesses: ['Terminate'] })
      scene.call('SetInstanceHealth', { InstanceId: sick, HealthStatus: 'Unhealthy' })
      await scene.cloud.clock.pass(600_000)
      expect(scene.describe().Instances).toMatchObject([{ LifecycleState: 'InService', HealthStatus: 'Unhealthy' }])
      scene.call('ResumeProcesses', { ...group, ScalingProcesses: ['Terminate'] })
      await scene.untilStates('Pending:Wait', 'Terminating:Wait')
    },
  },
  {
    row: 'A21',
    fact: 'termination protection stops a user, but not the group',
    async prove(scene) {
      const instanceId = await inService(scene)
      const DisableApiTermination = { Value: true }
      scene.cloud.call('ModifyInstanceAttribute', { InstanceId: instanceId, DisableApiTermination })
      const terminate = () => scene.cloud.call('TerminateInstances', { InstanceIds: [instanceId] })
      expect(refusal(terminate).code).toBe('OperationNotPermitted')
      setDesired(scene, 0)
      await scene.untilStates('Terminating:Wait')
      scene.complete('terminate')
      await scene.untilStates()
      expect(scene.cloud.ec2.instances.get(instanceId)?.state).toBe('terminated')
    },
  },
  {
    row: 'A23',
    fact: 'all hooks have to complete; heartbeats extend an action, but not beyond its global timeout',
    async prove(scene) {
      scene.group({ DesiredCapacity: 0 })
      scene.hook('first', 'LAUNCHING', { HeartbeatTimeout: 30, DefaultResult: 'CONTINUE' })
      scene.hook('second', 'LAUNCHING', { HeartbeatTimeout: 7200 })
      setDesired(scene, 1)
      await scene.untilStates('Pending:Wait')
      const opened = scene.cloud.clock.now()
      const token = scene.token('first')
      const heartbeat = () =>
        scene.call('RecordLifecycleActionHeartbeat', {
          ...group,
          LifecycleHookName: 'first',
          LifecycleActionToken: token,
        })
      for (let beat = 0; beat < 119; beat++) {
        await scene.cloud.clock.pass(25_000)
        heartbeat()
      }
      expect(scene.autoscaling.openActions().find((action) => action.token === token)?.deadline).toBe(
        opened + 3_000_000,
      )
      await scene.cloud.clock.pass(25_000)
      expect(refusal(heartbeat)).toEqual(validation(`No active Lifecycle Action found with token ${token}`))
      expect(scene.states()).toEqual(['Pending:Wait'])
      scene.complete('second')
      await scene.untilStates('InService')
    },
  },
  {
    row: 'A24',
    fact: 'deleting a hook abandons the launches and continues the terminations that wait for it',
    async prove(scene) {
      const first = await inService(scene)
      setDesired(scene, 0)
      await scene.untilStates('Terminating:Wait')
      scene.call('DeleteLifecycleHook', { ...group, LifecycleHookName: 'terminate' })
      await scene.untilStates()
      expect(scene.cloud.ec2.instances.get(first)?.state).toBe('terminated')
      setDesired(scene, 1)
      await scene.untilStates('Pending:Wait')
      const [second = ''] = scene.membersIn('Pending:Wait')
      scene.call('SuspendProcesses', { ...group, ScalingProcesses: ['Launch'] })
      scene.call('DeleteLifecycleHook', { ...group, LifecycleHookName: 'launch' })
      await scene.untilStates()
      expect(scene.cloud.ec2.instances.get(second)?.state).toBe('terminated')
      const again = () => scene.call('DeleteLifecycleHook', { ...group, LifecycleHookName: 'launch' })
      expect(refusal(again).code).toBe('ValidationError')
    },
  },
  {
    row: 'A25',
    fact: 'the hooks of an unknown group are refused',
    prove(scene) {
      const describe = () => scene.call('DescribeLifecycleHooks', { AutoScalingGroupName: 'x' })
      expect(refusal(describe)).toEqual(validation("AutoScalingGroup name not found - AutoScalingGroup 'x' not found"))
    },
  },
]

export const boundaries = facts('failure_boundaries_native_complete.json', boundariesRows)

/** Asserted by moto's tests marked aws_verified (moto, commit 0af643a). */
export const verified: readonly Fact[] = [
  {
    row: 'B3',
    grade: 'B, asserted against AWS',
    source: 'getmoto/moto tests/test_autoscaling/test_autoscaling.py:142-270, 771',
    fact: 'a launch template needs an id or a name, and an unknown group is not updated',
    prove(scene) {
      expect(refusal(() => scene.group({ LaunchTemplate: { Version: '1' } }))).toEqual(
        validation('Valid requests must contain either launchTemplateId or LaunchTemplateName'),
      )
      const update = () => scene.call('UpdateAutoScalingGroup', { AutoScalingGroupName: 'unknown', MinSize: 0 })
      expect(refusal(update)).toEqual(validation('AutoScalingGroup name not found - null'))
    },
  },
]
