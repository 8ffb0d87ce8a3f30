import { describe, expect, test } from 'vitest'
import { ec2Scene, instanceState, refusal, second, statesOf, volumeState } from './ec2-scene.ts'

describe('a volume', () => {
  test('is created, and available a little later', async () => {
    const scene = ec2Scene()
    const created = scene.call('CreateVolume', { AvailabilityZone: scene.zones[0], Size: 8, VolumeType: 'gp3' })
    expect(created).toMatchObject({ State: 'creating', Size: 8, VolumeType: 'gp3', Iops: 3000, Attachments: [] })
    const states = await statesOf(scene, volumeState(scene, created.VolumeId ?? ''), 'available')
    expect(states).toEqual(['creating', 'available'])
  })

  test('is in use at once when it is attached, then plugged in, then attached', async () => {
    const scene = ec2Scene()
    const InstanceId = await scene.runningInstance()
    const VolumeId = await scene.volume()
    const answer = scene.call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
    expect(answer).toMatchObject({ State: 'attaching', Device: '/dev/sdf', DeleteOnTermination: false })
    expect(await statesOf(scene, volumeState(scene, VolumeId), 'in-use/attached')).toEqual([
      'in-use/attaching',
      'in-use/attached',
    ])
    expect(scene.hosts.calls.at(-1)).toBe(`plugVolume ${InstanceId} ${VolumeId}`)
  })

  test('is available only when the machine has let go of it', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const VolumeId = await scene.attachedVolume(instanceId)
    const release = scene.hosts.hold('unplugVolume')
    expect(scene.call('DetachVolume', { VolumeId }).State).toBe('detaching')
    await scene.clock.pass(120 * second)
    expect(scene.hosts.calls.at(-1)).toBe(`unplugVolume ${instanceId} ${VolumeId}`)
    expect(volumeState(scene, VolumeId)()).toBe('in-use/detaching')
    release()
    await scene.clock.pass(0)
    expect(volumeState(scene, VolumeId)()).toBe('available')
  })

  test('that is mounted stays busy until it is unmounted, however long', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const VolumeId = await scene.attachedVolume(instanceId)
    scene.hosts.mounted.add(VolumeId)
    scene.call('DetachVolume', { VolumeId, InstanceId: instanceId })
    await scene.clock.pass(600 * second)
    expect(volumeState(scene, VolumeId)()).toBe('in-use/busy')
    expect(scene.hosts.calls).not.toContain(`unplugVolume ${instanceId} ${VolumeId}`)
    const [told] = scene.call('DescribeVolumes', { VolumeIds: [VolumeId] }).Volumes!
    expect(told?.Attachments?.[0]?.State).toBe('busy')
    scene.hosts.mounted.delete(VolumeId)
    await scene.until('it is free', () => volumeState(scene, VolumeId)() === 'available')
  })

  test('that is mounted is pulled out all the same when its detachment is forced', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const VolumeId = await scene.attachedVolume(instanceId)
    scene.hosts.mounted.add(VolumeId)
    scene.call('DetachVolume', { VolumeId })
    scene.call('DetachVolume', { VolumeId, Force: true })
    await scene.clock.pass(0)
    expect(scene.hosts.calls).toContain(`unplugVolume ${instanceId} ${VolumeId}`)
    await scene.until('it is free', () => volumeState(scene, VolumeId)() === 'available')
  })

  test('that is mounted when its instance ends comes free with the rest', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const VolumeId = await scene.attachedVolume(instanceId)
    scene.hosts.mounted.add(VolumeId)
    scene.call('DetachVolume', { VolumeId })
    scene.ec2.terminate(instanceId)
    await scene.until('it is free', () => volumeState(scene, VolumeId)() === 'available')
    expect(instanceState(scene, instanceId)()).toBe('terminated')
  })

  test('that is detached while it is being plugged in never becomes attached', async () => {
    const scene = ec2Scene()
    const InstanceId = await scene.runningInstance()
    const VolumeId = await scene.volume()
    const release = scene.hosts.hold('plugVolume')
    scene.call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
    await scene.clock.pass(60 * second)
    scene.call('DetachVolume', { VolumeId })
    release()
    const states = await statesOf(scene, volumeState(scene, VolumeId), 'available')
    expect(states).toEqual(['in-use/detaching', 'available'])
    expect(scene.hosts.calls.slice(-2)).toEqual([
      `plugVolume ${InstanceId} ${VolumeId}`,
      `unplugVolume ${InstanceId} ${VolumeId}`,
    ])
  })

  test('that sticks while attaching stays so until it is detached', async () => {
    const scene = ec2Scene({ volumeStuckAttaching: 1 })
    const InstanceId = await scene.runningInstance()
    const VolumeId = await scene.volume()
    scene.call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
    await scene.clock.pass(3000 * second)
    expect(volumeState(scene, VolumeId)()).toBe('in-use/attaching')
    expect(scene.hosts.calls).not.toContain(`plugVolume ${InstanceId} ${VolumeId}`)
    scene.call('DetachVolume', { VolumeId })
    await scene.until('it is free', () => volumeState(scene, VolumeId)() === 'available')
  })

  test('that sticks while attaching comes free when its instance ends', async () => {
    const scene = ec2Scene({ volumeStuckAttaching: 1 })
    const InstanceId = await scene.runningInstance()
    const VolumeId = await scene.volume()
    scene.call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
    scene.ec2.terminate(InstanceId)
    const states = await statesOf(scene, volumeState(scene, VolumeId), 'available')
    expect(states).toEqual(['in-use/attaching', 'available'])
  })

  test('is not taken from its instance by a detachment that was meant for another', async () => {
    const scene = ec2Scene()
    const other = await scene.runningInstance()
    const VolumeId = await scene.attachedVolume(await scene.runningInstance())
    const late = refusal(() => scene.call('DetachVolume', { VolumeId, InstanceId: other }))
    expect(late.code).toBe('InvalidAttachment.NotFound')
    expect(volumeState(scene, VolumeId)()).toBe('in-use/attached')
  })

  test('can be detached twice to the same effect', async () => {
    const scene = ec2Scene()
    const VolumeId = await scene.attachedVolume(await scene.runningInstance())
    scene.call('DetachVolume', { VolumeId })
    expect(scene.call('DetachVolume', { VolumeId }).State).toBe('detaching')
    const states = await statesOf(scene, volumeState(scene, VolumeId), 'available')
    expect(states).toEqual(['in-use/detaching', 'available'])
  })

  test('with the root file system cannot be detached from a running instance', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const root = scene.ec2.volumes.all().find((each) => each.attachment?.instanceId === instanceId)
    const answer = refusal(() => scene.call('DetachVolume', { VolumeId: root?.volumeId }))
    expect(answer.code).toBe('OperationNotPermitted')
  })

  test('needs a device name that EC2 knows, and a free slot', async () => {
    const scene = ec2Scene()
    const InstanceId = await scene.runningInstance()
    const VolumeId = await scene.volume()
    const attach = (Device: string) => scene.call('AttachVolume', { VolumeId, InstanceId, Device })
    expect(refusal(() => attach('/dev/nvme1n1'))).toEqual({
      code: 'InvalidParameterValue',
      message: 'Value (/dev/nvme1n1) for parameter device is invalid. /dev/nvme1n1 is not a valid EBS device name.',
      status: 400,
    })
    for (let slot = 0; slot < 26; slot++) {
      await scene.attachedVolume(InstanceId, `/dev/xvdb${String.fromCodePoint(97 + slot)}`)
    }
    expect(refusal(() => attach('/dev/sdf'))).toMatchObject({ code: 'AttachmentLimitExceeded' })
  })

  test('can be deleted when it is free, and is gone a little later', async () => {
    const scene = ec2Scene()
    const VolumeId = await scene.volume()
    scene.call('DeleteVolume', { VolumeId })
    expect(await statesOf(scene, volumeState(scene, VolumeId), 'gone')).toEqual(['deleting', 'gone'])
    expect(refusal(() => scene.call('DeleteVolume', { VolumeId })).code).toBe('InvalidVolume.NotFound')
  })
})
