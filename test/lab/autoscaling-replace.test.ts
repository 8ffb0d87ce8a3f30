import { describe, expect, it } from 'vitest'
import { group, inService } from './autoscaling-fact.ts'
import { autoScalingScene, type AutoScalingScene } from './autoscaling-scene.ts'

const minutes = 60_000

const suspend = (scene: AutoScalingScene, ...ScalingProcesses: string[]) =>
  scene.call('SuspendProcesses', { ...group, ScalingProcesses })

const resume = (scene: AutoScalingScene, ...ScalingProcesses: string[]) =>
  scene.call('ResumeProcesses', { ...group, ScalingProcesses })

/** The states that this instance went through. */
const statesOf = (scene: AutoScalingScene, instanceId: string) =>
  scene.trail.filter((entry) => entry.startsWith(instanceId)).map((entry) => entry.slice(instanceId.length + 1))

describe('replacing', () => {
  it('overlaps: the dead instance is still in its hook while its replacement is in its own', async () => {
    const scene = autoScalingScene()
    const dead = await inService(scene)
    scene.cloud.call('TerminateInstances', { InstanceIds: [dead] })
    expect(scene.states()).toEqual(['InService'])
    await scene.untilStates('Pending:Wait', 'Terminating:Wait')
    expect(scene.membersIn('Terminating:Wait')).toEqual([dead])
    scene.complete('launch')
    await scene.untilStates('InService', 'Terminating:Wait')
    await scene.cloud.until('the instance is gone', () => scene.cloud.ec2.instances.get(dead)?.state === 'terminated')
    scene.complete('terminate')
    await scene.untilStates('InService')
    expect(statesOf(scene, dead).slice(-4)).toEqual([
      'Terminating',
      'Terminating:Wait',
      'Terminating:Proceed',
      'Terminated',
    ])
  })

  it('happens to a stopped instance as well', async () => {
    const scene = autoScalingScene()
    const stopped = await inService(scene)
    scene.cloud.call('StopInstances', { InstanceIds: [stopped] })
    await scene.untilStates('Pending:Wait', 'Terminating:Wait')
    expect(scene.activities().find((each) => each.Description?.startsWith('Terminating'))?.Cause).toMatch(
      /in response to an EC2 health check indicating it has been terminated or stopped\.$/,
    )
  })

  it('launches first where the policy wants all of them healthy', async () => {
    const scene = autoScalingScene()
    const sick = await inService(scene, {
      InstanceMaintenancePolicy: { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 },
    })
    scene.call('SetInstanceHealth', { InstanceId: sick, HealthStatus: 'Unhealthy' })
    await scene.untilStates('InService', 'Pending:Wait')
    await scene.cloud.clock.pass(minutes)
    expect(scene.membersIn('InService')).toEqual([sick])
    scene.complete('launch')
    await scene.untilStates('InService', 'Terminating:Wait')
    expect(scene.membersIn('Terminating:Wait')).toEqual([sick])
  })

  it('waits until health checks, replacing and launching are resumed', async () => {
    const scene = autoScalingScene()
    scene.group()
    await scene.untilStates('InService')
    const [dead = ''] = scene.membersIn('InService')
    suspend(scene, 'HealthCheck', 'ReplaceUnhealthy', 'Launch')
    scene.cloud.ec2.fail(dead)
    await scene.cloud.clock.pass(10 * minutes)
    expect(scene.describe().Instances?.[0]?.HealthStatus).toBe('Healthy')
    resume(scene, 'HealthCheck')
    await scene.cloud.clock.pass(10 * minutes)
    expect(scene.describe().Instances).toMatchObject([{ HealthStatus: 'Unhealthy', LifecycleState: 'InService' }])
    resume(scene, 'ReplaceUnhealthy')
    await scene.cloud.clock.pass(10 * minutes)
    expect(scene.states()).toEqual([])
    resume(scene, 'Launch')
    await scene.untilStates('InService')
  })

  it('respects the grace period unless told not to', async () => {
    const scene = autoScalingScene()
    const instanceId = await inService(scene, { HealthCheckGracePeriod: 300 })
    const sick = { InstanceId: instanceId, HealthStatus: 'Unhealthy' }
    scene.call('SetInstanceHealth', sick)
    expect(scene.describe().Instances?.[0]?.HealthStatus).toBe('Healthy')
    scene.call('SetInstanceHealth', { ...sick, ShouldRespectGracePeriod: false })
    expect(scene.describe().Instances?.[0]?.HealthStatus).toBe('Unhealthy')
  })

  it('comes with the end of a limited lifetime', async () => {
    const scene = autoScalingScene()
    scene.group({ MaxInstanceLifetime: 86_400 })
    await scene.untilStates('InService')
    const [first] = scene.membersIn('InService')
    await scene.cloud.clock.pass(86_400_000 + 10 * minutes)
    expect(scene.states()).toEqual(['InService'])
    expect(scene.membersIn('InService')).not.toEqual([first])
  })
})
