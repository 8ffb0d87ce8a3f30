import { describe, expect, it } from 'vitest'
import { group, lifecycleHooks, setDesired } from './autoscaling-fact.ts'
import { autoScalingScene, type AutoScalingScene } from './autoscaling-scene.ts'
import { refusal } from './ec2-scene.ts'

const places = (scene: AutoScalingScene) =>
  scene.cloud.events.history
    .filter((event) => event['detail-type'].endsWith('Lifecycle Action'))
    .map(({ detail }) => `${String(detail['Action'])} ${String(detail['Origin'])} ${String(detail['Destination'])}`)
const pool = (scene: AutoScalingScene) => scene.call('DescribeWarmPool', group)

describe('the warm pool', () => {
  it('is filled through the launch hook, and its instances are stopped', async () => {
    const scene = autoScalingScene()
    scene.group({ DesiredCapacity: 0, MaxSize: 1, LifecycleHookSpecificationList: lifecycleHooks })
    scene.call('PutWarmPool', group)
    await scene.untilStates('Warmed:Pending:Wait')
    scene.complete('launch')
    await scene.untilStates('Warmed:Stopped')
    expect(places(scene)).toEqual(['Launch EC2 WarmPool'])
    expect(scene.activities()[0]?.Description).toMatch(/^Launching a new EC2 instance into warm pool: i-/)
    expect(scene.describe()).toMatchObject({ Instances: [], WarmPoolSize: 1 })
    expect(pool(scene)).toMatchObject({
      WarmPoolConfiguration: { MinSize: 0, PoolState: 'Stopped' },
      Instances: [{ LifecycleState: 'Warmed:Stopped' }],
    })
  })

  it('gives its instance to the group through the launch hook once more', async () => {
    const scene = autoScalingScene()
    scene.group({ DesiredCapacity: 0, MaxSize: 1, LifecycleHookSpecificationList: lifecycleHooks })
    scene.call('PutWarmPool', group)
    await scene.untilStates('Warmed:Pending:Wait')
    scene.complete('launch')
    await scene.untilStates('Warmed:Stopped')
    const [instanceId] = scene.membersIn('Warmed:Stopped')
    setDesired(scene, 1)
    await scene.untilStates('Pending:Wait')
    scene.complete('launch')
    await scene.untilStates('InService')
    expect(scene.membersIn('InService')).toEqual([instanceId])
    expect(places(scene)).toEqual(['Launch EC2 WarmPool', 'Launch WarmPool AutoScalingGroup'])
  })

  it('takes an instance back on scale-in where it is to be used again', async () => {
    const scene = autoScalingScene()
    scene.group({ DesiredCapacity: 1, MaxSize: 1 })
    scene.call('PutWarmPool', { ...group, PoolState: 'Running', InstanceReusePolicy: { ReuseOnScaleIn: true } })
    await scene.untilStates('InService')
    const [instanceId] = scene.membersIn('InService')
    scene.hook('terminate', 'TERMINATING')
    setDesired(scene, 0)
    await scene.untilStates('Warmed:Pending:Wait')
    expect(places(scene)).toEqual(['Terminate AutoScalingGroup WarmPool'])
    scene.complete('terminate')
    await scene.untilStates('Warmed:Running')
    expect(scene.membersIn('Warmed:Running')).toEqual([instanceId])
  })

  it('is emptied through the termination hook, and cannot be changed meanwhile', async () => {
    const scene = autoScalingScene()
    scene.group({ DesiredCapacity: 0, MaxSize: 1 })
    scene.call('PutWarmPool', { ...group, PoolState: 'Running' })
    await scene.untilStates('Warmed:Running')
    scene.hook('terminate', 'TERMINATING')
    scene.call('DeleteWarmPool', group)
    expect(pool(scene).WarmPoolConfiguration).toMatchObject({ MaxGroupPreparedCapacity: 0, Status: 'PendingDelete' })
    expect(refusal(() => scene.call('PutWarmPool', group)).message).toBe(
      'You cannot update a warm pool while it is deleting.',
    )
    await scene.untilStates('Warmed:Terminating:Wait')
    expect(places(scene)).toEqual(['Terminate WarmPool EC2'])
    scene.complete('terminate')
    await scene.untilStates()
    await scene.cloud.until('the pool is gone', () => pool(scene).WarmPoolConfiguration === undefined)
  })
})
