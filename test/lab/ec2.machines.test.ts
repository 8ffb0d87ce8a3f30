import { describe, expect, test } from 'vitest'
import { ec2Scene, instanceState, interfaceState, second, statesOf, volumeState } from './ec2-scene.ts'

describe('the machine of an instance', () => {
  test('may refuse everything, and EC2 goes through its states all the same', async () => {
    const scene = ec2Scene()
    scene.hosts.refuse()
    const instanceId = await scene.runningInstance()
    const { networkInterfaceId, attachmentId } = await scene.attachedInterface(instanceId)
    const volumeId = await scene.attachedVolume(instanceId)
    scene.call('DetachNetworkInterface', { AttachmentId: attachmentId })
    scene.call('DetachVolume', { VolumeId: volumeId })
    await scene.until('the volume is free', () => volumeState(scene, volumeId)() === 'available')
    await scene.until('the interface is free', () => interfaceState(scene, networkInterfaceId)() === 'available')
    scene.ec2.terminate(instanceId)
    const states = await statesOf(scene, instanceState(scene, instanceId), 'terminated')
    expect(states).toEqual(['shutting-down', 'terminated'])
  })

  test('has nothing plugged into it before it has booted', async () => {
    const scene = ec2Scene()
    const release = scene.hosts.hold('boot')
    const InstanceId = await scene.runningInstance()
    const VolumeId = await scene.volume()
    scene.call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
    await scene.clock.pass(600 * second)
    expect(scene.hosts.calls).toEqual([`boot ${InstanceId}`])
    expect(volumeState(scene, VolumeId)()).toBe('in-use/attaching')
    release()
    await scene.clock.pass(0)
    expect(volumeState(scene, VolumeId)()).toBe('in-use/attached')
  })

  test('has nothing plugged into it any more when it dies while it boots', async () => {
    const scene = ec2Scene()
    const release = scene.hosts.hold('boot')
    const InstanceId = await scene.runningInstance()
    const VolumeId = await scene.volume()
    scene.call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
    await scene.clock.pass(60 * second)
    scene.ec2.fail(InstanceId)
    release()
    await scene.until('the volume is free', () => volumeState(scene, VolumeId)() === 'available')
    expect(scene.hosts.calls).not.toContain(`plugVolume ${InstanceId} ${VolumeId}`)
  })

  test('comes up with everything again after a reboot, during which the instance stays running', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const volumeId = await scene.attachedVolume(instanceId)
    scene.hosts.calls.length = 0
    scene.call('RebootInstances', { InstanceIds: [instanceId] })
    await scene.until('the volume is there again', () => scene.hosts.calls.length === 4)
    expect(scene.hosts.calls).toEqual([
      `shutDown ${instanceId}`,
      `powerOff ${instanceId}`,
      `boot ${instanceId}`,
      `plugVolume ${instanceId} ${volumeId}`,
    ])
    expect(instanceState(scene, instanceId)()).toBe('running')
  })
})
