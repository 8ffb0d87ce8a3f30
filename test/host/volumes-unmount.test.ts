import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Bench, loopDevicesImpossible } from './loop-device.ts'
import { failure, main, mountNew, mountOf, run, success } from './volumes-document.ts'

const impossible = loopDevicesImpossible()

describe.skipIf(impossible)(`volumes that are given back${impossible && ` (skipped: ${impossible})`}`, () => {
  let bench: Bench
  beforeAll(() => {
    bench = new Bench()
  })
  afterEach(() => bench.closeHosts())
  afterAll(() => bench.close())

  describe('unmounts', () => {
    test('what is mounted; what is not there or not mounted counts as unmounted', async () => {
      const { host, volume } = await mountNew(bench, 64)
      for (const _ of [1, 2]) expect(await run(host, 'unmount', [volume, bench.volume(64)])).toMatchObject(success())
      expect(await host.sh('grep -c nvme /proc/self/mountinfo || true')).toBe('0')
    })

    test('a volume whose device has gone', async () => {
      const { host, volume } = await mountNew(bench, 64)
      await host.sh('rm -r /sys/block/nvme1n1 /dev/nvme1n1')
      expect(await run(host, 'unmount', [volume])).toMatchObject(success())
      expect(await host.sh('grep -c nvme /proc/self/mountinfo || true')).toBe('0')
    })

    test('not another volume that is mounted in its place', async () => {
      const { host, volume } = await mountNew(bench, 64)
      const other = bench.volume(64)
      const parameters = { Ensemble: 'zoo', Member: '2', Volumes: `${other.id}=${mountOf(volume)}`, Format: 'none' }
      expect(await host.document(main, { Verb: 'unmount', ...parameters })).toMatchObject(success())
      expect(await run(host, 'check', [volume])).toMatchObject(success())
    })

    test.each([
      { what: 'a process with an open file', text: (point: string) => `exec 5>${point}/open; echo; exec cat` },
      {
        what: 'a process with a deleted file',
        text: (point: string) => `exec 5>${point}/open; rm ${point}/open; echo; exec cat`,
      },
      { what: 'a process that works there', text: (point: string) => `cd ${point}; echo; exec cat` },
      {
        what: 'a process with a mount of its own',
        text: () => `exec unshare --mount --propagation private bash -c 'echo; exec cat'`,
      },
    ])('not while it is held, and names the holder: $what', async ({ text }) => {
      const { host, volume } = await mountNew(bench, 64)
      const pid = await host.start(text(mountOf(volume)))
      const held = await run(host, 'unmount', [volume])
      expect(held).toMatchObject(failure(50, 'still-mounted', new RegExp(`held by process ${pid} \\(cat\\)`)))
      await host.stop(pid)
      expect(await run(host, 'unmount', [volume])).toMatchObject(success())
    })

    test('not while it is held although its mount was taken away lazily', async () => {
      const { host, volume } = await mountNew(bench, 64)
      const pid = await host.start(`exec 5>${mountOf(volume)}/open; echo; exec cat`)
      await host.sh('umount -l "$1"', mountOf(volume))
      const held = await run(host, 'unmount', [volume])
      expect(held).toMatchObject(failure(50, 'still-mounted', new RegExp(`held by process ${pid} \\(cat\\)`)))
      await host.stop(pid)
      expect(await run(host, 'unmount', [volume])).toMatchObject(success())
    })

    test('not while something is mounted below it, or the same device elsewhere', async () => {
      const { host, volume } = await mountNew(bench, 64)
      await host.sh('mkdir "$1/below" /mnt/bound; mount -t tmpfs none "$1/below"', mountOf(volume))
      expect(await run(host, 'unmount', [volume])).toMatchObject(
        failure(50, 'still-mounted', /a mount at \/mnt\/vol-\w+\/below/),
      )
      await host.sh('umount "$1/below"; mount --bind "$1" /mnt/bound', mountOf(volume))
      expect(await run(host, 'unmount', [volume])).toMatchObject(
        failure(50, 'still-mounted', /same device at \/mnt\/bound/),
      )
    })
  })
})
