import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Bench, digest, loopDevicesImpossible, shell } from './loop-device.ts'
import {
  cutPower,
  failure,
  kinds,
  main,
  mountNew,
  mountOf,
  run,
  success,
  tryToMount,
  unfitAndUntouched,
  withoutPowerCuts,
} from './volumes-document.ts'

const impossible = loopDevicesImpossible()

describe.skipIf(impossible)(`a volume of which there is doubt${impossible && ` (skipped: ${impossible})`}`, () => {
  let bench: Bench
  beforeAll(() => {
    bench = new Bench()
  })
  afterEach(() => bench.closeHosts())
  afterAll(() => bench.close())

  describe('refuses, and changes not one byte of', () => {
    test('a blank volume without a permit', async () => {
      expect(await tryToMount(bench, bench.volume(64), {})).toMatchObject(
        unfitAndUntouched(/is blank, and there is no permit/),
      )
    })

    test.each([
      { what: 'swap space', write: (file: string) => shell('mkswap', file), because: /holds swap/ },
      {
        what: 'another file system',
        write: (file: string) => shell('mke2fs', '-q', '-t', 'ext2', file),
        because: /holds ext2/,
      },
      {
        what: 'a physical volume of LVM',
        write: (file: string) => overwrite(file, 512, 'LABELONE\x01\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0LVM2 001'),
        because: /LVM2|not blank/,
      },
      {
        what: 'raw data near the beginning',
        write: (file: string) => overwrite(file, 100_000, 'x'),
        because: /not blank/,
      },
      {
        what: 'raw data at the very end',
        write: (file: string) => overwrite(file, (64 << 20) - 1, 'x'),
        because: /not blank/,
      },
      { what: 'raw data all over', write: (file: string) => scatter(file), because: /not blank/ },
      {
        what: 'a dos partition table',
        write: (file: string) => partition(file, 'dos'),
        because: /partition table \(dos\)/,
      },
      {
        what: 'a gpt partition table',
        write: (file: string) => partition(file, 'gpt'),
        because: /partition table \(gpt\)/,
      },
      { what: 'signatures of two kinds', write: twoSignatures, because: /contradict|not blank|wipefs/ },
      { what: 'a file system whose superblock is gone', write: beheaded, because: /wipefs|not blank/ },
    ])('a volume with $what, permit or not', async ({ write, because }) => {
      const volume = bench.volume(64)
      write(volume.file)
      for (const permit of [true, false]) {
        expect(await tryToMount(bench, volume, { permit })).toMatchObject(unfitAndUntouched(because))
        await bench.closeHosts()
      }
    })

    test('a volume that cannot be read, although blkid and wipefs find nothing on it', async () => {
      const volume = bench.volume(64)
      const host = bench.host()
      await host.plug(volume)
      shell('truncate', '--size=0', volume.file)
      expect(await run(host, 'mount', [volume], { permit: true })).toMatchObject(
        failure(31, 'volume-unfit', /cannot be read/),
      )
    })

    test('a volume of another ensemble or another member, naming both', async () => {
      const { volume } = await mountNew(bench, 64)
      await bench.closeHosts()
      for (const wanted of [{ ensemble: 'bear' }, { member: 3 }, { member: 3, permit: true }]) {
        expect(await tryToMount(bench, volume, wanted)).toMatchObject(
          unfitAndUntouched(/ensemble zoo, member 2, .* not to ensemble (bear, member 2|zoo, member 3)/),
        )
      }
    })

    test.for(kinds)(
      `a foreign volume with a journal to replay and a deleted file to clean up: $kind $without${withoutPowerCuts}`,
      async ({ mebibytes, without }, { skip }) => {
        skip(without + withoutPowerCuts !== '')
        const { host, volume } = await mountNew(bench, mebibytes)
        await host.start(`exec 5>"${mountOf(volume)}/deleted"; rm "${mountOf(volume)}/deleted"; echo; exec cat`)
        await host.sh('echo synced >"$1/synced"; sync', mountOf(volume))
        await cutPower(host, volume)
        expect(await tryToMount(bench, volume, { member: 3 })).toMatchObject(
          unfitAndUntouched(/belongs to ensemble zoo, member 2/),
        )
      },
    )

    test('a copy of the volume under another id: a restored snapshot is older than what was acknowledged', async () => {
      const { volume } = await mountNew(bench, 64)
      await bench.closeHosts()
      const copy = bench.volume(64)
      shell('cp', volume.file, copy.file)
      expect(await tryToMount(bench, copy, {})).toMatchObject(
        unfitAndUntouched(new RegExp(`as ${volume.id} .* as ${copy.id} `)),
      )
    })

    test.each(['data', 'lost+found/../.hidden'])('a file system with %s that nobody has claimed', async (name) => {
      const volume = bench.volume(64)
      shell('mkfs.ext4', '-q', volume.file)
      shell('debugfs', '-w', '-R', `write /etc/hostname ${name.split('/').at(-1)}`, volume.file)
      for (const permit of [true, false]) {
        expect(await tryToMount(bench, volume, { permit })).toMatchObject(unfitAndUntouched(/holds data, and no file/))
        await bench.closeHosts()
      }
    })

    test('a device that is read-only', async () => {
      const { host, volume } = await mountNew(bench, 64)
      expect(await run(host, 'unmount', [volume])).toMatchObject(success())
      await bench.closeHosts()
      const before = digest(volume)
      const next = bench.host()
      await next.plug(volume, { readOnly: true })
      expect(await run(next, 'mount', [volume])).toMatchObject(failure(32, 'mount-failed', /read-only|exits with 8/))
      await bench.closeHosts()
      expect(digest(volume)).toBe(before)
    })
  })

  describe('finds the device by its serial number', () => {
    test('whatever its name, and whatever else is there', async () => {
      const volume = bench.volume(64)
      const other = bench.volume(64)
      const before = digest(other)
      const host = bench.host()
      await host.plug(other, { name: 'nvme1n1' })
      await host.plug(volume, { name: 'nvme26n1' })
      expect(await run(host, 'mount', [volume], { permit: true })).toMatchObject(success())
      expect(await host.sh('findmnt --noheadings --output=SOURCE "$1"', mountOf(volume))).toBe('/dev/nvme26n1')
      await bench.closeHosts()
      expect(digest(other)).toBe(before)
    })

    test('and waits until it appears', async () => {
      const volume = bench.volume(64)
      const host = bench.host()
      const patient = main.replace('volume_wait_seconds=1\n', '')
      const variables = { Verb: 'mount', Ensemble: 'zoo', Member: '2', Format: volume.id }
      const result = host.document(patient, { ...variables, Volumes: `${volume.id}=${mountOf(volume)}` })
      await new Promise((resolve) => setTimeout(resolve, 500))
      await host.plug(volume)
      expect(await result).toMatchObject(success())
    })

    test.each([
      {
        what: 'another serial number',
        plug: { serial: 'vol0fffffffffffffff0' },
        because: /no device has the serial number/,
      },
      {
        what: 'a serial number that only begins like it',
        plug: { serial: 'vol0' },
        because: /no device has the serial/,
      },
      {
        what: "a link that leads to another's",
        plug: { link: 'nvme9n1' },
        because: /is nvme1n1, but .* does not lead to it/,
      },
      {
        what: 'no serial number and nothing on it',
        plug: { name: 'xvdf', serial: '' },
        because: /a Xen instance type/,
      },
    ])('and refuses a device with $what', async ({ plug, because }) => {
      const volume = bench.volume(64)
      const before = digest(volume)
      const host = bench.host()
      await host.plug(bench.volume(64), { name: 'nvme9n1', serial: plug.serial === '' ? '' : 'vol0eeeeeeeeeeeeeee0' })
      await host.plug(volume, plug)
      expect(await run(host, 'mount', [volume], { permit: true })).toMatchObject(failure(30, 'volume-missing', because))
      await bench.closeHosts()
      expect(digest(volume)).toBe(before)
    })

    test('and refuses two devices that say they are the same volume', async () => {
      const volume = bench.volume(64)
      const host = bench.host()
      const loop = await host.plug(volume)
      await host.sh('rm /dev/disk/by-id/*')
      await host.show(loop, 'nvme7n1', volume.id.replace('-', ''))
      const result = await run(host, 'mount', [volume], { permit: true })
      expect(result).toMatchObject(failure(30, 'volume-missing', /nvme1n1 nvme7n1 all say that they are vol-/))
    })

    test('and refuses a node that is not the device that the kernel means', async () => {
      const volume = bench.volume(64)
      const host = bench.host()
      await host.plug(volume)
      await host.sh('echo 7:250 >/sys/block/nvme1n1/dev')
      const result = await run(host, 'mount', [volume], { permit: true })
      expect(result).toMatchObject(failure(30, 'volume-missing', /is not the disk with the serial number/))
    })

    test('but on Xen by what its file system says', async () => {
      const { volume } = await mountNew(bench, 64)
      await bench.closeHosts()
      const host = bench.host()
      await host.plug(bench.volume(64), { name: 'xvdf', serial: '' })
      await host.plug(volume, { name: 'xvdg', serial: '' })
      for (const verb of ['mount', 'check', 'unmount'] as const)
        expect(await run(host, verb, [volume])).toMatchObject(success())
    })
  })
})

function overwrite(file: string, offset: number, text: string): void {
  const handle = openSync(file, 'r+')
  writeSync(handle, text, offset, 'latin1')
  closeSync(handle)
}

/** A little in every MiB but the first four and the last: what only samples find. */
function scatter(file: string): void {
  for (let mebibyte = 4; mebibyte < 63; mebibyte++) overwrite(file, (mebibyte << 20) + 5000, 'data')
}

function partition(file: string, label: string): void {
  execFileSync('sfdisk', ['--quiet', file], { input: `label: ${label}\n,,\n` })
}

function twoSignatures(file: string): void {
  shell('mkfs.ext4', '-q', file)
  const swap = `${file}.swap`
  shell('truncate', '--size=64M', swap)
  shell('mkswap', swap)
  overwrite(file, 4086, 'SWAPSPACE2')
  overwrite(file, 1024, readFileSync(swap).subarray(1024, 1056).toString('latin1'))
}

function beheaded(file: string): void {
  shell('mkfs.ext4', '-q', file)
  shell('dd', 'if=/dev/zero', `of=${file}`, 'bs=1M', 'count=1', 'conv=notrunc', 'status=none')
}
