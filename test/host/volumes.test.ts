import { closeSync, openSync, writeSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Bench, digest, hasTool, loopDevicesImpossible, shell } from './loop-device.ts'
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
  withoutResourceCapability,
} from './volumes-document.ts'

const impossible = loopDevicesImpossible()
const growth: Readonly<Record<string, string>> = { ext4: impossible || withoutResourceCapability() }

/** Stand-ins, found before the real tools, with which a whole document dies in the middle of its work. */
const crashes = [
  { name: 'right after mkfs', tool: 'unshare', text: 'kill -9 0', without: '' },
  { name: 'while the mark was written', tool: 'mv', text: 'kill -9 0', without: '' },
  {
    name: 'by a power cut before the mark was on the disk',
    tool: 'mv',
    text: 'PATH=/usr/sbin:/usr/bin:/sbin:/bin; mv "$@"; xfs_io -x -c shutdown "$(dirname "$3")" || exit 9; kill -9 0',
    without: withoutPowerCuts,
  },
]

describe.skipIf(impossible)(`volumes on a host${impossible && ` (skipped: ${impossible})`}`, () => {
  let bench: Bench
  beforeAll(() => {
    bench = new Bench()
  })
  afterEach(() => bench.closeHosts())
  afterAll(() => bench.close())

  describe('formats', () => {
    test.for(kinds)('a blank volume with a permit: $kind at $mebibytes MiB $without', async (given, { skip }) => {
      const { kind, mebibytes, without } = given
      skip(without !== '')
      const { host, volume } = await mountNew(bench, mebibytes)
      const line = await host.sh('findmnt --noheadings --output=SOURCE,FSTYPE,OPTIONS "$1"', mountOf(volume))
      expect(line).toMatch(new RegExp(`^/dev/nvme1n1 ${kind} +rw,nosuid,nodev,noatime`))
      expect(await host.sh('cat "$1/.stayput"', mountOf(volume))).toMatch(
        new RegExp(`^ensemble=zoo\nmember=2\nvolume=${volume.id}\nuuid=[0-9a-f-]{36}$`),
      )
      expect(await run(host, 'check', [volume])).toMatchObject(success())
    })

    test.for(['xfs', 'ext4'] as const)('%s where that is wanted', async (fileSystem) => {
      const volume = bench.volume(512)
      const host = bench.host()
      await host.plug(volume)
      expect(await run(host, 'mount', [volume], { permit: true, fileSystem })).toMatchObject(success())
      expect(await host.sh('findmnt --noheadings --output=FSTYPE "$1"', mountOf(volume))).toBe(fileSystem)
    })

    test('nothing on the second run, permit or not', async () => {
      const { host, volume } = await mountNew(bench, 64)
      await host.sh('echo data >"$1/data"', mountOf(volume))
      const mounts = await host.sh('cat /proc/self/mountinfo')
      for (const permit of [true, false]) {
        const again = await run(host, 'mount', [volume], { permit })
        expect(again).toMatchObject(success())
        expect(again.facts).toEqual({ formatted: 'false' })
      }
      expect(await host.sh('cat /proc/self/mountinfo')).toBe(mounts)
      expect(await host.sh('cat "$1/data"', mountOf(volume))).toBe('data')
    })

    test.for(crashes)(
      'under the same permit, a volume whose formatting was cut short $name $without',
      async ({ tool, text, without }, { skip }) => {
        skip(without !== '')
        const volume = bench.volume(64)
        const host = bench.host()
        await host.plug(volume)
        await host.sh('printf "#!/bin/bash\\n%s\\n" "$2" >"$1"; chmod 755 "$1"', `/usr/local/sbin/${tool}`, text)
        expect(await run(host, 'mount', [volume], { permit: true })).toMatchObject({ exitCode: null })
        await bench.closeHosts()

        expect(await tryToMount(bench, volume, {})).toMatchObject(unfitAndUntouched(/file system is empty.*no permit/))

        const next = bench.host()
        await next.plug(volume)
        const result = await run(next, 'mount', [volume], { permit: true })
        expect(result).toMatchObject({ exitCode: 0, facts: { formatted: 'true' } })
        expect(await next.sh('ls -A "$1"', mountOf(volume))).toBe('.stayput\nlost+found')
      },
    )

    test('a volume that is one of two, and leaves the one with data as it is', async () => {
      const { host, volume } = await mountNew(bench, 64)
      await host.sh('echo data >"$1/data"', mountOf(volume))
      const second = bench.volume(64)
      await host.plug(second)
      const result = await run(host, 'mount', [volume, second], { permit: true })
      expect(result).toMatchObject(success())
      expect(result.facts).toEqual({ formatted: 'false true' })
      expect(await host.sh('cat "$1/data"', mountOf(volume))).toBe('data')
    })

    test('nothing if one of the volumes is unfit', async () => {
      const blank = bench.volume(64)
      const foreign = bench.volume(64)
      shell('mkswap', foreign.file)
      const before = digest(blank)
      const host = bench.host()
      for (const volume of [blank, foreign]) await host.plug(volume)
      expect(await run(host, 'mount', [blank, foreign], { permit: true })).toMatchObject(
        failure(31, 'volume-unfit', /swap/),
      )
      await bench.closeHosts()
      expect(digest(blank)).toBe(before)
    })
  })

  describe('mounts', () => {
    test.for(kinds)(
      `after a power cut, with what was synced: $kind $without${withoutPowerCuts}`,
      async (given, { skip }) => {
        const { mebibytes, without } = given
        skip(without + withoutPowerCuts !== '')
        const { host, volume } = await mountNew(bench, mebibytes)
        await host.sh('echo synced >"$1/synced"; sync; echo lost >"$1/lost"', mountOf(volume))
        await cutPower(host, volume)
        const next = bench.host()
        await next.plug(volume)
        expect(await run(next, 'mount', [volume])).toMatchObject(success())
        expect(await run(next, 'check', [volume])).toMatchObject(success())
        expect(await next.sh('cd "$1"; cat synced; ls', mountOf(volume))).toMatch(/^synced\n(lost\+found\n)?synced$/)
      },
    )

    // A power cut may fall between a bitmap and its checksum: the journal has both, and what looks before has neither.
    test(`a file system whose bitmaps only its journal makes whole${withoutPowerCuts}`, async ({ skip }) => {
      skip(withoutPowerCuts !== '')
      const { host, volume } = await mountNew(bench, 64)
      await host.sh('echo synced >"$1/synced"; sync', mountOf(volume))
      const layout = await host.sh('dumpe2fs /dev/nvme1n1 2>/dev/null')
      await cutPower(host, volume)
      const number = (pattern: RegExp): number => Number(pattern.exec(layout)?.[1])
      const offset = number(/Inode bitmap at (\d+)/) * number(/Block size:\s+(\d+)/)
      const file = openSync(volume.file, 'r+')
      writeSync(file, Buffer.from([0x55]), 0, 1, offset)
      closeSync(file)
      expect(shell('bash', '-c', 'debugfs -R "ls /" "$1" 2>&1', 'look', volume.file)).toContain(
        'checksum does not match',
      )
      const next = bench.host()
      await next.plug(volume)
      expect(await run(next, 'mount', [volume])).toMatchObject(success())
      expect(await next.sh('cat "$1/synced"', mountOf(volume))).toBe('synced')
    })

    const growing = kinds.map((each) => ({ ...each, without: each.without || growth[each.kind] || '' }))
    test.for(growing)(
      'a volume that has grown, and uses it all: $kind $without',
      async ({ mebibytes, without }, { skip }) => {
        skip(without !== '')
        const { host, volume, loop } = await mountNew(bench, mebibytes)
        const size = async () => Number(await host.sh('df --output=size "$1" | tail -1', mountOf(volume)))
        const before = await size()
        shell('truncate', `--size=${2 * mebibytes}M`, volume.file)
        shell('losetup', '--set-capacity', loop)
        const result = await run(host, 'mount', [volume])
        expect(result).toMatchObject(success())
        expect((await size()) / before).toBeGreaterThan(1.8)
      },
    )

    test('one below the other in whatever order they are named, and unmounts both', async () => {
      const [below, above] = [bench.volume(64), bench.volume(64)]
      const host = bench.host()
      for (const volume of [below, above]) await host.plug(volume)
      const parameters = {
        Ensemble: 'zoo',
        Member: '2',
        Volumes: `${below.id}=/mnt/data/log,${above.id}=/mnt/data`,
        Format: `${below.id},${above.id}`,
      }
      for (const formatted of ['true true', 'false false']) {
        const result = await host.document(main, { Verb: 'mount', ...parameters })
        expect(result).toMatchObject(success())
        expect(result.facts).toEqual({ formatted })
        expect(await host.document(main, { Verb: 'check', ...parameters })).toMatchObject(success())
      }
      expect(await host.document(main, { Verb: 'unmount', ...parameters })).toMatchObject(success())
      expect(await host.sh('grep -c nvme /proc/self/mountinfo || true')).toBe('0')
    })

    test('so that nothing can be written to the mount point while the volume is away', async () => {
      const { host, volume } = await mountNew(bench, 64)
      expect(await run(host, 'unmount', [volume])).toMatchObject(success())
      expect(await host.sh('stat -c %a "$1"', mountOf(volume))).toBe('0')
    })

    test('nothing where something else is mounted, or where the volume is mounted elsewhere', async () => {
      const { host, volume } = await mountNew(bench, 64)
      const other = bench.volume(64)
      await host.plug(other)
      const misplaced = await host.document(main, {
        Verb: 'mount',
        Ensemble: 'zoo',
        Member: '2',
        Volumes: `${other.id}=${mountOf(volume)}`,
        Format: other.id,
      })
      expect(misplaced).toMatchObject(failure(32, 'mount-failed', /device 7:\d+, not vol-\w+, is mounted at/))
      await host.sh('mkdir /mnt/elsewhere; mount --move "$1" /mnt/elsewhere', mountOf(volume))
      expect(await run(host, 'mount', [volume])).toMatchObject(
        failure(32, 'mount-failed', /is mounted at \/mnt\/elsewhere, not at/),
      )
    })

    test('nothing on a mount point that is a link, a file or not a plain path', async () => {
      const volume = bench.volume(64)
      const host = bench.host()
      await host.plug(volume)
      await host.sh('mkdir /mnt/real; ln -s real /mnt/link; touch /mnt/file')
      for (const point of ['/mnt/link', '/mnt/file', '/mnt/../mnt/real']) {
        const parameters = { Verb: 'mount', Ensemble: 'zoo', Member: '2', Volumes: `${volume.id}=${point}` }
        const result = await host.document(main, { ...parameters, Format: volume.id })
        expect(result).toMatchObject(failure(32, 'mount-failed', /plain path|not a directory/))
      }
    })

    test('nothing that the file system check cannot mend by itself', async () => {
      const { host, volume } = await mountNew(bench, 64)
      await host.sh('echo data >"$1/data"', mountOf(volume))
      expect(await run(host, 'unmount', [volume])).toMatchObject(success())
      await bench.closeHosts()
      // Two files now claim the same block.
      for (const request of ['copy_inode .stayput data', 'set_super_value state 2']) {
        shell('debugfs', '-w', '-R', request, volume.file)
      }
      const next = bench.host()
      await next.plug(volume)
      expect(await run(next, 'mount', [volume])).toMatchObject(
        failure(32, 'mount-failed', /e2fsck -p of vol-\w+ exits with 4/),
      )
    })

    test.skipIf(!hasTool('systemd-escape'))(
      'at boot, by a unit that goes with the hand-over (needs systemd)',
      async () => {
        const volume = bench.volume(64)
        const host = bench.host()
        await host.plug(volume)
        await host.sh(`mkdir /run/systemd /run/systemd/system
        printf '#!/bin/sh\necho "$@" >>/run/systemctl\n' >/usr/local/sbin/systemctl
        chmod 755 /usr/local/sbin/systemctl`)
        for (const _ of [1, 2]) expect(await run(host, 'mount', [volume], { permit: true })).toMatchObject(success())
        const unit = `mnt-${volume.id.replace('-', '\\x2d')}.mount`
        const text = await host.sh('cat "/etc/systemd/system/$1"', unit)
        expect(text).toContain(`What=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume.id.replace('-', '')}\n`)
        expect(text).toContain('ConditionPathExists=!/var/lib/stayput/handed-over\n')
        expect(text).toContain(',nofail\n')
        await host.sh('systemd-analyze verify --man=no "/etc/systemd/system/$1"', unit)
        expect(await run(host, 'unmount', [volume])).toMatchObject(success())
        expect(await host.sh('ls /etc/systemd/system')).toBe('')
        const calls = ['daemon-reload', `--quiet enable ${unit}`, `--quiet disable ${unit}`, 'daemon-reload']
        expect(await host.sh('cat /run/systemctl')).toBe(calls.join('\n'))
      },
    )
  })

  describe('checks', () => {
    test('that the volume is mounted, is the one it should be, and takes writes', async () => {
      const { host, volume } = await mountNew(bench, 64)
      const point = mountOf(volume)
      expect(await run(host, 'check', [volume])).toMatchObject(success())

      expect((await run(host, 'check', [volume], { member: 3 })).stderr).toMatch(/belongs to ensemble zoo, member 2/)
      await host.sh('mount -o remount,ro "$1"', point)
      expect(await run(host, 'check', [volume])).toMatchObject({ exitCode: 1, stdout: '' })
      expect(await run(host, 'mount', [volume])).toMatchObject(failure(32, 'mount-failed', /is mounted read-only/))
      await host.sh('mount -o remount,rw "$1"', point)
      expect(await run(host, 'unmount', [volume])).toMatchObject(success())
      expect((await run(host, 'check', [volume])).stderr).toMatch(/is not mounted at/)
    })

    test.skipIf(withoutPowerCuts !== '')(`that the file system has not shut down${withoutPowerCuts}`, async () => {
      const { host, volume } = await mountNew(bench, 64)
      await host.sh('xfs_io -x -c shutdown "$1"', mountOf(volume))
      expect((await run(host, 'check', [volume])).exitCode).toBe(1)
      expect(await run(host, 'mount', [volume])).toMatchObject(failure(32, 'mount-failed', /cannot be read|read-only/))
    })

    test('how full it is: a full one is mounted, and does not pass', async () => {
      const { host, volume } = await mountNew(bench, 64)
      const fill = (size: string) => host.sh('head -c "$2" /dev/zero >"$1/fill" || true', mountOf(volume), size)
      await fill('45M')
      const nearly = await run(host, 'check', [volume])
      expect(nearly).toMatchObject(success())
      expect(nearly.stderr).toMatch(/is 9\d % full/)
      await fill('100M')
      expect(await run(host, 'mount', [volume])).toMatchObject(success())
      expect((await run(host, 'check', [volume])).stderr).toMatch(/nothing can be written|no space left/)
      expect(await host.sh('ls -A "$1"', mountOf(volume))).toBe('.stayput\nfill\nlost+found')
    })
  })
})
