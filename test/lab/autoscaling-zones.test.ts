import { describe, expect, it } from 'vitest'
import { group, setDesired } from './autoscaling-fact.ts'
import { autoScalingScene, type AutoScalingScene } from './autoscaling-scene.ts'

const minutes = 60_000

const suspend = (scene: AutoScalingScene, ...ScalingProcesses: string[]) =>
  scene.call('SuspendProcesses', { ...group, ScalingProcesses })

const resume = (scene: AutoScalingScene, ...ScalingProcesses: string[]) =>
  scene.call('ResumeProcesses', { ...group, ScalingProcesses })

const twoZones = (scene: AutoScalingScene) => `${scene.cloud.subnetId},${scene.cloud.otherSubnetId}`
const zones = (scene: AutoScalingScene) =>
  scene.autoscaling.members
    .all()
    .map((member) => member.zone.slice(-1))
    .toSorted()
    .join('')

/** A subnet of eleven addresses in the first zone, all taken. */
function fullSubnet(scene: AutoScalingScene): { subnetId: string; free: () => void } {
  const { cloud } = scene
  const input = { VpcId: cloud.vpcId, CidrBlock: '10.1.9.0/28', AvailabilityZone: cloud.zones[0] }
  const SubnetId = cloud.call('CreateSubnet', input).Subnet?.SubnetId ?? ''
  const taken = Array.from({ length: 11 }, () => cloud.networkInterface(SubnetId))
  return {
    subnetId: SubnetId,
    free: () => {
      for (const NetworkInterfaceId of taken) cloud.call('DeleteNetworkInterface', { NetworkInterfaceId })
    },
  }
}

describe('zones', () => {
  it('are filled evenly', async () => {
    const scene = autoScalingScene()
    scene.group({ VPCZoneIdentifier: twoZones(scene), DesiredCapacity: 4 })
    await scene.untilStates('InService', 'InService', 'InService', 'InService')
    expect(zones(scene)).toBe('aabb')
  })

  it('lose instances from the fullest, the oldest first', async () => {
    const scene = autoScalingScene()
    scene.group({ VPCZoneIdentifier: twoZones(scene), DesiredCapacity: 2 })
    await scene.untilStates('InService', 'InService')
    const oldest = scene.autoscaling.members.all().find((member) => member.zone.endsWith('a'))
    setDesired(scene, 3)
    await scene.untilStates('InService', 'InService', 'InService')
    expect(zones(scene)).toBe('aab')
    setDesired(scene, 2)
    await scene.untilStates('InService', 'InService')
    expect(zones(scene)).toBe('ab')
    expect(scene.autoscaling.members.get(oldest?.instanceId ?? '')).toBeUndefined()
  })

  it('stand back for another one while they have no address left, and are evened out later', async () => {
    const scene = autoScalingScene()
    const full = fullSubnet(scene)
    const VPCZoneIdentifier = `${full.subnetId},${scene.cloud.otherSubnetId}`
    scene.group({ VPCZoneIdentifier, DesiredCapacity: 2 })
    await scene.untilStates('InService', 'InService')
    expect(zones(scene)).toBe('bb')
    full.free()
    await scene.cloud.clock.pass(15 * minutes)
    setDesired(scene, 3)
    await scene.cloud.until('one is in the first zone', () => zones(scene).includes('a'))
  })

  it('do not stand back where the group is to stay balanced', async () => {
    const scene = autoScalingScene()
    const VPCZoneIdentifier = `${fullSubnet(scene).subnetId},${scene.cloud.otherSubnetId}`
    const AvailabilityZoneDistribution = { CapacityDistributionStrategy: 'balanced-only' as const }
    scene.group({ VPCZoneIdentifier, DesiredCapacity: 2, AvailabilityZoneDistribution })
    await scene.cloud.clock.pass(30 * minutes)
    expect(zones(scene)).toBe('')
  })

  it('are rebalanced by launching first, unless AZRebalance is suspended', async () => {
    const scene = autoScalingScene()
    scene.group({ VPCZoneIdentifier: scene.cloud.otherSubnetId, DesiredCapacity: 2 })
    await scene.untilStates('InService', 'InService')
    suspend(scene, 'AZRebalance')
    scene.call('UpdateAutoScalingGroup', { ...group, VPCZoneIdentifier: twoZones(scene) })
    await scene.cloud.clock.pass(10 * minutes)
    expect(zones(scene)).toBe('bb')
    resume(scene, 'AZRebalance')
    await scene.untilStates('InService', 'InService', 'Pending')
    await scene.untilStates('InService', 'InService', 'InService')
    await scene.untilStates('InService', 'InService')
    expect(zones(scene)).toBe('ab')
  })
})
