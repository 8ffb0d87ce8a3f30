import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LinuxHosts } from '../../lab/hosts/linux/linux.ts'
import { card, disk, document, openHosts, reason, sh, skipped } from './linux-hosts.scene.ts'

describe.skipIf(reason !== undefined)(`the disks of a real Linux machine${skipped}`, () => {
  let hosts: LinuxHosts & { readonly id: string }
  let booted = 0

  /** A machine of its own for each test that may harm it. */
  const boot = async (): Promise<string> => {
    booted += 1
    const instanceId = `i-${booted}`
    await hosts.boot({ instanceId, zone: 'a', primary: card(1, 10 + booted) })
    return instanceId
  }

  beforeAll(async () => {
    hosts = await openHosts()
  })
  afterAll(async () => await hosts.close())

  test('a volume is found by its serial number, where it is plugged in and only there', async () => {
    const [here, there] = await Promise.all([boot(), boot()])
    await Promise.all([hosts.plugVolume(here, disk(0xa1)), hosts.plugVolume(here, disk(0xa2))])
    const serials = await sh(hosts, here, 'cat /sys/block/nvme*/device/serial; lsblk --nodeps --noheadings -o SERIAL')
    for (const serial of ['vol000000000000000a1', 'vol000000000000000a2']) {
      expect(serials.split(/\s+/).filter((one) => one === serial)).toHaveLength(2)
      const link = `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${serial}`
      expect(await sh(hosts, here, `cat "/sys/block/$(basename "$(readlink -f ${link})")/device/serial"`)).toContain(
        serial,
      )
      expect(await sh(hosts, here, `blockdev --getsize64 "$(readlink -f ${link})"`)).toBe(`${2 ** 30}\n`)
    }
    expect(await sh(hosts, there, 'ls /sys/block /dev/disk/by-id; ls /dev | grep nvme || true')).not.toContain('nvme')
  })

  test('a mounted volume is in use, an unmounted one is not', async () => {
    const id = await boot()
    await hosts.plugVolume(id, disk(0xb1))
    expect(hosts.inUse(id, disk(0xb1).volumeId)).toBe(false)
    await sh(hosts, id, 'mkfs.ext4 -q /dev/nvme1n1; mkdir -p "/mnt/with space"; mount /dev/nvme1n1 "/mnt/with space"')
    expect(hosts.inUse(id, disk(0xb1).volumeId)).toBe(true)
    expect(hosts.inUse(id, disk(0xa1).volumeId)).toBe(false)
    await sh(hosts, id, 'umount "/mnt/with space"')
    expect(hosts.inUse(id, disk(0xb1).volumeId)).toBe(false)
    await hosts.unplugVolume(id, disk(0xb1).volumeId)
    expect(await sh(hosts, id, 'ls /dev /sys/block /sys/dev/block')).not.toContain('nvme')
  })

  test('a volume pulled out while mounted is gone for its machine, and whole for the next', async () => {
    const [before, after] = await Promise.all([boot(), boot()])
    await hosts.plugVolume(before, disk(0xb2))
    const script = 'mkfs.xfs -q /dev/nvme1n1; mkdir /mnt/a; mount /dev/nvme1n1 /mnt/a; echo kept >/mnt/a/file; sync'
    await sh(hosts, before, script)
    await hosts.unplugVolume(before, disk(0xb2).volumeId)
    expect(await hosts.run(before, document('cat /mnt/a/file'))).not.toMatchObject({ exitCode: 0 })
    await hosts.plugVolume(after, disk(0xb2))
    expect(await sh(hosts, after, 'mkdir /mnt/a; mount /dev/nvme1n1 /mnt/a; cat /mnt/a/file')).toBe('kept\n')
  })

  describe.each(['xfs', 'ext4'])('with %s', (type) => {
    const volume = disk(type === 'xfs' ? 0xc1 : 0xc2)
    const mount = 'mkdir -p /data; mount /dev/nvme1n1 /data'

    test('the data move with the volume', async () => {
      const [before, after] = await Promise.all([boot(), boot()])
      await hosts.plugVolume(before, volume)
      await sh(hosts, before, `mkfs.${type} -q /dev/nvme1n1; ${mount}; echo moved >/data/file; umount /data`)
      await hosts.unplugVolume(before, volume.volumeId)
      await hosts.plugVolume(after, volume)
      expect(await sh(hosts, after, `${mount}; cat /data/file; umount /data`)).toBe('moved\n')
      await hosts.unplugVolume(after, volume.volumeId)
    })

    test('a power cut keeps what was synced and loses what was not', async () => {
      const [before, after] = await Promise.all([boot(), boot()])
      await hosts.plugVolume(before, volume)
      await sh(hosts, before, `${mount}; echo safe >/data/synced; sync -f /data; echo lost >/data/unsynced`)
      expect(hosts.inUse(before, volume.volumeId)).toBe(true)
      await hosts.powerOff(before)
      expect(hosts.inUse(before, volume.volumeId)).toBe(false)
      await hosts.plugVolume(after, volume)
      const told = await sh(hosts, after, `${mount}; cat /data/synced; cat /data/unsynced || true; umount /data`)
      expect(told).toBe('safe\n')
      await hosts.unplugVolume(after, volume.volumeId)
    })

    test('a machine that shuts down keeps all, and lets its processes end', async () => {
      const [before, after] = await Promise.all([boot(), boot()])
      await hosts.plugVolume(before, volume)
      const service = 'trap "echo ended >/data/service; exit" TERM; touch /run/ready; while :; do sleep 0.1; done'
      const start = `setsid bash -c '${service}' >/dev/null 2>&1 & until [[ -e /run/ready ]]; do sleep 0.02; done`
      await sh(hosts, before, `${mount}; echo kept >/data/unsynced; ${start}`)
      await hosts.shutDown(before)
      await hosts.powerOff(before)
      await hosts.plugVolume(after, volume)
      expect(await sh(hosts, after, `${mount}; cat /data/unsynced /data/service`)).toBe('kept\nended\n')
    })
  })

  test('a machine that does not end by itself is cut short by a power cut', async () => {
    const id = await boot()
    await sh(hosts, id, 'setsid bash -c "trap : TERM; while :; do sleep 1; done" >/dev/null 2>&1 &')
    const shuttingDown = hosts.shutDown(id)
    await hosts.powerOff(id)
    await shuttingDown
    await expect(hosts.run(id, document('true'))).rejects.toThrow('with power')
  })

  test('twelve machines plug and lose their disks at the same time', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, boot))
    await Promise.all(ids.map((id, index) => hosts.plugVolume(id, disk(0x100 + index))))
    const format = 'mkfs.ext4 -q /dev/nvme1n1; mkdir -p /data; mount /dev/nvme1n1 /data; cat /sys/block/*/device/serial'
    const serials = await Promise.all(ids.map((id) => sh(hosts, id, format)))
    expect(new Set(serials).size).toBe(12)
    await Promise.all(ids.map((id) => hosts.powerOff(id)))
    expect(ids.map((id, index) => hosts.inUse(id, disk(0x100 + index).volumeId))).not.toContain(true)
  })
})
