import { describe, expect, it } from 'vitest'
import { lifecycleHooks, setDesired } from './autoscaling-fact.ts'
import { autoScalingScene, type AutoScalingScene, groupName } from './autoscaling-scene.ts'
import { everyLatency } from './ec2-scene.ts'

const minutes = 60_000

/** The states that this instance went through. */
const statesOf = (scene: AutoScalingScene, instanceId: string) =>
  scene.trail.filter((entry) => entry.startsWith(instanceId)).map((entry) => entry.slice(instanceId.length + 1))

describe('a launch', () => {
  it('waits for its hook only once EC2 says that the instance runs', async () => {
    const scene = autoScalingScene()
    scene.group({ LifecycleHookSpecificationList: lifecycleHooks })
    await scene.untilStates('Pending')
    const [instanceId = ''] = scene.membersIn('Pending')
    expect(scene.cloud.ec2.instances.get(instanceId)?.state).toBe('pending')
    await scene.untilStates('Pending:Wait')
    expect(scene.cloud.ec2.instances.get(instanceId)?.state).toBe('running')
    scene.complete('launch')
    await scene.untilStates('InService')
    expect(statesOf(scene, instanceId)).toEqual(['Pending', 'Pending:Wait', 'Pending:Proceed', 'InService'])
  })

  it('needs no waiting states where there are no hooks', async () => {
    const scene = autoScalingScene()
    scene.group()
    await scene.untilStates('InService')
    expect(statesOf(scene, scene.membersIn('InService')[0] ?? '')).toEqual(['Pending', 'InService'])
    expect(scene.published('EC2 Instance Launch Successful')[0]?.detail).toMatchObject({ StatusCode: 'InProgress' })
  })

  it('tells its hook by an event of the documented shape', async () => {
    const scene = autoScalingScene()
    const [launch] = lifecycleHooks
    scene.group({ LifecycleHookSpecificationList: [{ ...launch!, NotificationMetadata: '{"a":1}' }] })
    await scene.untilStates('Pending:Wait')
    const [event] = scene.published('EC2 Instance-launch Lifecycle Action')
    expect(event).toEqual({
      version: '0',
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      'detail-type': 'EC2 Instance-launch Lifecycle Action',
      source: 'aws.autoscaling',
      account: '123456789012',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      region: 'eu-central-1',
      resources: [scene.describe().AutoScalingGroupARN],
      detail: {
        LifecycleActionToken: scene.token('launch'),
        AutoScalingGroupName: groupName,
        LifecycleHookName: 'launch',
        EC2InstanceId: scene.membersIn('Pending:Wait')[0],
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
        NotificationMetadata: '{"a":1}',
        Origin: 'EC2',
        Destination: 'AutoScalingGroup',
        Action: 'Launch',
      },
    })
    expect(event?.detail['LifecycleActionToken']).toMatch(/^[\da-f-]{36}$/)
  })

  it('misses a hook that is put after the group', async () => {
    const scene = autoScalingScene()
    scene.group()
    await scene.cloud.until('the instance runs', () => scene.states().includes('InService'))
    scene.hook('late', 'LAUNCHING')
    await scene.cloud.clock.pass(minutes)
    expect(scene.published('EC2 Instance-launch Lifecycle Action')).toEqual([])
  })

  it('is abandoned when its hook times out, and tried again', async () => {
    const scene = autoScalingScene()
    scene.group({ LifecycleHookSpecificationList: lifecycleHooks.slice(0, 1) })
    await scene.untilStates('Pending:Wait')
    const [first] = scene.membersIn('Pending:Wait')
    await scene.cloud.clock.pass(119_999)
    expect(scene.states()).toEqual(['Pending:Wait'])
    await scene.cloud.clock.pass(1)
    expect(scene.states()).toEqual(['Terminating'])
    expect(scene.activities().at(-1)?.StatusMessage).toMatch(/was abandoned: Heartbeat Timeout$/)
    await scene.untilStates('Pending:Wait')
    expect(scene.membersIn('Pending:Wait')).not.toContain(first)
  })

  it('goes on when its hook times out and says CONTINUE', async () => {
    const scene = autoScalingScene()
    const [launch] = lifecycleHooks
    scene.group({ LifecycleHookSpecificationList: [{ ...launch!, DefaultResult: 'CONTINUE' }] })
    await scene.untilStates('Pending:Wait')
    await scene.cloud.clock.pass(180_000)
    expect(scene.states()).toEqual(['InService'])
  })

  it('keeps the time of its hook however fast the lab runs', async () => {
    const scene = autoScalingScene({ speed: 100 })
    scene.group({ LifecycleHookSpecificationList: lifecycleHooks })
    await scene.untilStates('Pending:Wait')
    await scene.cloud.clock.pass(119_000)
    expect(scene.states()).toEqual(['Pending:Wait'])
  })

  it('fails when its instance dies while it waits, and the dead one still runs the termination hook', async () => {
    const scene = autoScalingScene()
    scene.group({ LifecycleHookSpecificationList: lifecycleHooks })
    await scene.untilStates('Pending:Wait')
    const [first = ''] = scene.membersIn('Pending:Wait')
    scene.cloud.ec2.fail(first)
    await scene.untilStates('Pending:Wait', 'Terminating:Wait')
    expect(scene.membersIn('Terminating:Wait')).toEqual([first])
    expect(scene.autoscaling.openActions().map((action) => action.instanceId)).toHaveLength(2)
  })

  it('is slowed down when its hook keeps being abandoned', async () => {
    const scene = autoScalingScene(everyLatency(100))
    scene.group({ LifecycleHookSpecificationList: lifecycleHooks.slice(0, 1) })
    const launches: number[] = []
    for (let attempt = 0; attempt < 5; attempt++) {
      await scene.cloud.until('a launch waits', () => scene.membersIn('Pending:Wait').length === 1)
      launches.push(scene.cloud.clock.now())
      scene.complete('launch', 'ABANDON')
    }
    const pauses = launches.slice(1).map((time, index) => Math.round((time - launches[index]!) / 1000))
    expect(pauses).toEqual([0, 15, 30, 60])
  })

  it('that EC2 refuses is logged, told and tried again after a while', async () => {
    const scene = autoScalingScene(everyLatency(100))
    scene.cloud.call('CreateLaunchTemplateVersion', {
      LaunchTemplateId: scene.launchTemplateId,
      LaunchTemplateData: { InstanceType: 't3.small' },
    })
    scene.group()
    await scene.untilStates('InService')
    scene.cloud.call('ModifyLaunchTemplate', { LaunchTemplateId: scene.launchTemplateId, DefaultVersion: '2' })
    setDesired(scene, 2)
    await scene.cloud.clock.pass(20_000)
    const [latest, ...earlier] = scene.activities()
    expect(latest).toMatchObject({ StatusCode: 'Failed', Progress: 100 })
    expect(latest?.StatusMessage).toMatch(/ Launching EC2 instance failed\.$/)
    expect(earlier.filter((activity) => activity.StatusCode === 'Failed')).toHaveLength(2)
    expect(scene.published('EC2 Instance Launch Unsuccessful')).toHaveLength(3)
    expect(scene.states()).toEqual(['InService'])
  })
})
