import { describe, expect, it } from 'vitest'
import { group, inService, lifecycleHooks, setDesired } from './autoscaling-fact.ts'
import { autoScalingScene, type AutoScalingScene, groupName } from './autoscaling-scene.ts'
import { everyLatency, refusal } from './ec2-scene.ts'

describe('by hand', () => {
  it('an instance is detached and attached again without hooks', async () => {
    const scene = autoScalingScene()
    const instanceId = await inService(scene)
    const detach = { ...group, InstanceIds: [instanceId], ShouldDecrementDesiredCapacity: true }
    const [activity] = scene.call('DetachInstances', detach).Activities ?? []
    expect(activity?.Description).toBe(`Detaching EC2 instance: ${instanceId}`)
    expect(activity?.Cause).toMatch(
      / was detached in response to a user request, shrinking the capacity from 1 to 0\.$/,
    )
    await scene.untilStates()
    expect(scene.describe().DesiredCapacity).toBe(0)
    expect(scene.cloud.ec2.instances.get(instanceId)?.state).toBe('running')
    scene.call('AttachInstances', { ...group, InstanceIds: [instanceId] })
    await scene.untilStates('InService')
    expect(scene.describe().DesiredCapacity).toBe(1)
    expect(scene.autoscaling.openActions()).toEqual([])
  })

  it('an instance in standby is replaced unless the capacity shrinks with it', async () => {
    const scene = autoScalingScene()
    scene.group()
    await scene.untilStates('InService')
    const InstanceIds = scene.membersIn('InService')
    scene.call('EnterStandby', { ...group, InstanceIds, ShouldDecrementDesiredCapacity: false })
    await scene.untilStates('InService', 'Standby')
    scene.call('ExitStandby', { ...group, InstanceIds })
    await scene.untilStates('InService', 'InService')
    expect(scene.describe().DesiredCapacity).toBe(2)
  })

  it('an instance is terminated with or without a replacement', async () => {
    const scene = autoScalingScene()
    scene.group({ MinSize: 1 })
    await scene.untilStates('InService')
    const [InstanceId = ''] = scene.membersIn('InService')
    const shrink = { InstanceId, ShouldDecrementDesiredCapacity: true }
    expect(refusal(() => scene.call('TerminateInstanceInAutoScalingGroup', shrink)).message).toMatch(
      /^Currently, desiredSize equals minSize \(1\)\. /,
    )
    const keep = { InstanceId, ShouldDecrementDesiredCapacity: false }
    const { Activity } = scene.call('TerminateInstanceInAutoScalingGroup', keep)
    expect(Activity).toMatchObject({ StatusCode: 'InProgress', Progress: 0 })
    await scene.untilStates('InService')
    await scene.cloud.until('the instance is gone', () => !scene.autoscaling.members.get(InstanceId))
    expect(refusal(() => scene.call('TerminateInstanceInAutoScalingGroup', keep)).message).toBe(
      `Instance Id not found - No managed instance found for instance ID: ${InstanceId}`,
    )
  })

  it('a retained instance is let go without its hooks', async () => {
    const scene = autoScalingScene()
    const InstanceId = await inService(scene, {
      InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'retain' } },
    })
    setDesired(scene, 0)
    await scene.untilStates('Terminating:Wait')
    scene.complete('terminate', 'ABANDON')
    await scene.untilStates('Terminating:Retained')
    scene.call('TerminateInstanceInAutoScalingGroup', { InstanceId, ShouldDecrementDesiredCapacity: false })
    await scene.untilStates()
    expect(scene.published('EC2 Instance-terminate Lifecycle Action')).toHaveLength(1)
    expect(scene.cloud.ec2.instances.get(InstanceId)?.state).toBe('terminated')
  })

  it('protection is refused to an instance that still waits', async () => {
    const scene = autoScalingScene()
    scene.group({ LifecycleHookSpecificationList: lifecycleHooks })
    await scene.untilStates('Pending:Wait')
    const InstanceIds = scene.membersIn('Pending:Wait')
    const protect = () => scene.call('SetInstanceProtection', { ...group, InstanceIds, ProtectedFromScaleIn: true })
    expect(refusal(protect).message).toBe(
      `The instance ${InstanceIds[0]} is not in InService or EnteringStandby or Standby`,
    )
  })
})

describe('a group', () => {
  it('with instances is deleted only by force', async () => {
    const scene = autoScalingScene()
    await inService(scene)
    expect(refusal(() => scene.call('DeleteAutoScalingGroup', group))).toEqual({
      code: 'ResourceInUse',
      message:
        'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.',
      status: 400,
    })
  })

  it('refuses sizes that contradict each other, in the words of AWS', () => {
    const scene = autoScalingScene()
    const refused = (input: Parameters<AutoScalingScene['group']>[0]) => refusal(() => scene.group(input)).message
    expect(refused({ MinSize: 2, MaxSize: 1 })).toBe('Max bound, 1, must be greater than or equal to min bound, 2')
    expect(refused({ MinSize: -1 })).toBe('Min bound, -1, must be non-negative')
    expect(refused({ MaxSize: 2, DesiredCapacity: 3 })).toBe(
      'Desired capacity:3 must be between the specified min size:0 and max size:2',
    )
    expect(refused({ LaunchTemplate: { LaunchTemplateId: scene.launchTemplateId, Version: '999999' } })).toBe(
      `Could not find the specified version 999999 for the launch template with ID ${scene.launchTemplateId}.`,
    )
    expect(scene.autoscaling.groups.all()).toEqual([])
  })

  it('is scaled by an update, and says so', async () => {
    const scene = autoScalingScene()
    scene.group()
    await scene.untilStates('InService')
    scene.call('UpdateAutoScalingGroup', { ...group, MinSize: 2 })
    await scene.untilStates('InService', 'InService')
    expect(scene.activities()[0]?.Cause).toMatch(
      /^At \S+Z a user request update of AutoScalingGroup constraints to min: 2, max: 4, desired: 2 changing the desired capacity from 1 to 2\. {2}At \S+Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 1 to 2\.$/,
    )
  })

  it('is found by its tags, page by page', () => {
    const scene = autoScalingScene()
    for (const name of ['one', 'two', 'three']) {
      const Tags = [{ Key: 'team', Value: name === 'two' ? 'red' : 'blue', PropagateAtLaunch: true }]
      scene.group({ AutoScalingGroupName: name, DesiredCapacity: 0, Tags })
    }
    const find = (Name: string, ...Values: string[]) =>
      scene
        .call('DescribeAutoScalingGroups', { Filters: [{ Name, Values }] })
        .AutoScalingGroups?.map((each) => each.AutoScalingGroupName)
    expect(find('tag:team', 'blue')).toEqual(['one', 'three'])
    expect(find('tag-key', 'team', 'other')).toEqual(['one', 'two', 'three'])
    expect(find('tag-value', 'red')).toEqual(['two'])
    const first = scene.call('DescribeAutoScalingGroups', { MaxRecords: 2 })
    const second = scene.call('DescribeAutoScalingGroups', { MaxRecords: 2, NextToken: first.NextToken })
    expect(first.AutoScalingGroups).toHaveLength(2)
    expect(second.AutoScalingGroups?.map((each) => each.AutoScalingGroupName)).toEqual(['three'])
    expect(second.NextToken).toBeUndefined()
  })

  it('is tagged and untagged', () => {
    const scene = autoScalingScene()
    scene.group({ DesiredCapacity: 0 })
    const tag = { ResourceId: groupName, ResourceType: 'auto-scaling-group', Key: 'k' }
    scene.call('CreateOrUpdateTags', { Tags: [{ ...tag, Value: 'v', PropagateAtLaunch: true }] })
    const described = () => scene.call('DescribeTags', { Filters: [{ Name: 'key', Values: ['k'] }] }).Tags
    expect(described()).toEqual([{ ...tag, Value: 'v', PropagateAtLaunch: true }])
    scene.call('DeleteTags', { Tags: [tag] })
    expect(described()).toEqual([])
  })

  it('refreshes its instances one after the other, terminating first', async () => {
    const scene = autoScalingScene()
    scene.group({ DesiredCapacity: 2 })
    await scene.untilStates('InService', 'InService')
    const before = scene.membersIn('InService')
    const { InstanceRefreshId } = scene.call('StartInstanceRefresh', group)
    expect(refusal(() => scene.call('StartInstanceRefresh', group)).code).toBe('InstanceRefreshInProgress')
    const status = () => scene.call('DescribeInstanceRefreshes', group).InstanceRefreshes?.[0]
    await scene.cloud.until('the refresh is over', () => status()?.Status === 'Successful')
    expect(status()).toMatchObject({ InstanceRefreshId, PercentageComplete: 100, InstancesToUpdate: 0 })
    await scene.untilStates('InService', 'InService')
    expect(scene.membersIn('InService').filter((instanceId) => before.includes(instanceId))).toEqual([])
    const departures = scene.trail.filter((entry) => entry.endsWith(' Terminating'))
    const arrivals = scene.trail.filter((entry) => entry.endsWith(' Pending')).slice(2)
    expect(scene.trail.indexOf(departures[0] ?? '')).toBeLessThan(scene.trail.indexOf(arrivals[0] ?? ''))
    expect(scene.trail.indexOf(arrivals[0] ?? '')).toBeLessThan(scene.trail.indexOf(departures[1] ?? ''))
  })

  it('refreshes launching first where all have to stay healthy', async () => {
    const scene = autoScalingScene()
    scene.group()
    await scene.untilStates('InService')
    const before = scene.membersIn('InService')
    scene.call('StartInstanceRefresh', { ...group, Preferences: { MinHealthyPercentage: 100 } })
    await scene.untilStates('InService', 'Pending')
    await scene.untilStates('InService', 'InService')
    await scene.untilStates('InService')
    expect(scene.membersIn('InService')).not.toEqual(before)
  })

  it('is seen as it was a moment ago where reads are stale', async () => {
    const scene = autoScalingScene({ ...everyLatency(2000), staleReads: 1 })
    scene.group()
    await scene.cloud.until('it is in service', () => scene.states().includes('InService'))
    const seen = () => scene.describe().Instances?.[0]?.LifecycleState
    expect(seen()).toBe('Pending')
    await scene.cloud.clock.pass(2000)
    expect(seen()).toBe('InService')
  })

  it('lives the same life again under the same seed', async () => {
    expect(await life(7)).toEqual(await life(7))
    expect(await life(7)).not.toEqual(await life(8))
  })
})

/** What happens to a group under this seed, and how long it takes. */
async function life(seed: number): Promise<unknown[]> {
  const scene = autoScalingScene({}, seed)
  const dead = await inService(scene)
  scene.cloud.ec2.fail(dead)
  await scene.untilStates('Pending:Wait', 'Terminating:Wait')
  return [...scene.trail, scene.cloud.clock.now()]
}
