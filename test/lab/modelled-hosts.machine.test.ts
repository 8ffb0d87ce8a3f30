import { describe, expect, it } from 'vitest'
import { address, card, createLab, document, mac, plugged, volume } from './modelled-hosts.scene.ts'

describe('a machine', () => {
  it('whose card was pulled and plugged in again is dead there until its routes are configured anew', async () => {
    const lab = createLab()
    await lab.bootstrap()
    await lab.hosts.unplugInterface('i-1', card(1))
    await lab.hosts.plugInterface('i-1', plugged(card(1), mac(1), address(1), 1))
    await lab.clock.pass(5000)
    expect(lab.hosts.role('i-1')).toBe('looking')
    expect((await lab.wait(lab.takeOver('i-1', 1))).exitCode).toBe(0)
    expect(lab.hosts.role('i-1')).toBe('follower')
  })

  it('that shuts down stops its service and unmounts', async () => {
    const lab = createLab()
    await lab.bootstrap()
    await lab.wait(lab.hosts.shutDown('i-1'))
    expect(lab.hosts.inUse('i-1', volume(1))).toBe(false)
    expect(lab.hosts.role('i-1')).toBeUndefined()
    await lab.hosts.unplugVolume('i-1', volume(1))
    expect(lab.hosts.harms).toEqual([])
  })

  it('that is off runs nothing, and can be powered off again', async () => {
    const lab = createLab()
    await lab.machine('i-1', 1)
    await lab.hosts.powerOff('i-1')
    await lab.hosts.powerOff('i-1')
    await lab.hosts.powerOff('i-unknown')
    await expect(lab.takeOver('i-1', 1)).rejects.toThrow('i-1 is off')
  })

  it('whose mounted volume is pulled loses its service, and the harm is told', async () => {
    const lab = createLab()
    await lab.bootstrap()
    await lab.hosts.unplugVolume('i-1', volume(1))
    expect(lab.hosts.role('i-1')).toBeUndefined()
    expect(lab.hosts.harms).toMatchObject([{ kind: 'pulled-disk' }])
  })

  it('knows no document but the three', async () => {
    const lab = createLab()
    await lab.machine('i-1', 1)
    expect(await lab.hosts.run('i-1', { ...document('other'), parameters: {}, timeoutMs: 1000 })).toMatchObject({
      exitCode: 127,
    })
  })
})
