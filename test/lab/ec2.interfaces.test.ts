import { describe, expect, test } from 'vitest'
import { ec2Scene, everyLatency, interfaceState, refusal, second, statesOf } from './ec2-scene.ts'

describe('a network interface', () => {
  test('is in use at once when it is attached, and plugged in before it is told to be attached', async () => {
    const scene = ec2Scene()
    const InstanceId = await scene.runningInstance()
    const id = scene.networkInterface()
    const release = scene.hosts.hold('plugInterface')
    scene.call('AttachNetworkInterface', { NetworkInterfaceId: id, InstanceId, DeviceIndex: 1 })
    expect(interfaceState(scene, id)()).toBe('in-use/attaching')
    await scene.clock.pass(60 * second)
    expect(scene.hosts.calls).toContain(`plugInterface ${InstanceId} ${id}`)
    expect(interfaceState(scene, id)()).toBe('in-use/attaching')
    release()
    await scene.clock.pass(0)
    expect(interfaceState(scene, id)()).toBe('in-use/attached')
  })

  test('is available only when the machine has let go of it', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const { networkInterfaceId: id, attachmentId } = await scene.attachedInterface(instanceId)
    const release = scene.hosts.hold('unplugInterface')
    scene.call('DetachNetworkInterface', { AttachmentId: attachmentId })
    await scene.clock.pass(120 * second)
    expect(scene.hosts.calls.at(-1)).toBe(`unplugInterface ${instanceId} ${id}`)
    expect(interfaceState(scene, id)()).toBe('in-use/detaching')
    release()
    await scene.clock.pass(0)
    expect(interfaceState(scene, id)()).toBe('available')
  })

  test('is pulled out at once when its detachment is forced, and still takes its time to be free', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const { networkInterfaceId: id, attachmentId } = await scene.attachedInterface(instanceId)
    scene.call('DetachNetworkInterface', { AttachmentId: attachmentId, Force: true })
    await scene.clock.pass(0)
    expect(scene.hosts.calls.at(-1)).toBe(`unplugInterface ${instanceId} ${id}`)
    expect(await statesOf(scene, interfaceState(scene, id), 'available')).toEqual(['in-use/detaching', 'available'])
  })

  test('can be detached twice to the same effect, and a detached attachment is unknown', async () => {
    const scene = ec2Scene()
    const { networkInterfaceId: id, attachmentId } = await scene.attachedInterface(await scene.runningInstance())
    scene.call('DetachNetworkInterface', { AttachmentId: attachmentId })
    scene.call('DetachNetworkInterface', { AttachmentId: attachmentId })
    await scene.until('it is free', () => interfaceState(scene, id)() === 'available')
    const again = refusal(() => scene.call('DetachNetworkInterface', { AttachmentId: attachmentId }))
    expect(again.code).toBe('InvalidAttachmentID.NotFound')
  })

  test('that is detached while it is attaching never becomes attached', async () => {
    const scene = ec2Scene(everyLatency(2 * second))
    const InstanceId = await scene.runningInstance()
    const id = scene.networkInterface()
    const attached = scene.call('AttachNetworkInterface', { NetworkInterfaceId: id, InstanceId, DeviceIndex: 1 })
    await scene.clock.pass(second)
    scene.call('DetachNetworkInterface', { AttachmentId: attached.AttachmentId })
    const states = await statesOf(scene, interfaceState(scene, id), 'available')
    expect(states).toEqual(['in-use/detaching', 'available'])
  })

  test('survives its instance unless DeleteOnTermination was asked for', async () => {
    const scene = ec2Scene()
    const instanceId = await scene.runningInstance()
    const kept = await scene.attachedInterface(instanceId, 1)
    const deleted = await scene.attachedInterface(instanceId, 2)
    scene.call('ModifyNetworkInterfaceAttribute', {
      NetworkInterfaceId: deleted.networkInterfaceId,
      Attachment: { AttachmentId: deleted.attachmentId, DeleteOnTermination: true },
    })
    scene.ec2.terminate(instanceId)
    await scene.clock.pass(3600 * second)
    expect(interfaceState(scene, kept.networkInterfaceId)()).toBe('available')
    expect(interfaceState(scene, deleted.networkInterfaceId)()).toBe('gone')
  })

  test('keeps its address and its hardware address from one instance to the next', async () => {
    const scene = ec2Scene()
    const first = await scene.runningInstance()
    const { networkInterfaceId: id } = await scene.attachedInterface(first)
    const before = scene.ec2.networkInterfaces.get(id)
    scene.ec2.terminate(first)
    await scene.until('it is free', () => interfaceState(scene, id)() === 'available')
    const InstanceId = await scene.runningInstance()
    scene.call('AttachNetworkInterface', { NetworkInterfaceId: id, InstanceId, DeviceIndex: 1 })
    const after = scene.ec2.networkInterfaces.get(id)
    expect([after?.privateIpAddress, after?.macAddress]).toEqual([before?.privateIpAddress, before?.macAddress])
  })
})
