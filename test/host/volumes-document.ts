/** What the tests of the volumes' parts share: the main of a document that is about volumes alone, and how it is run. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { type Bench, digest, type DocumentResult, type Host, hasTool, type Volume } from './loop-device.ts'

/** What take-over and hand-over do with volumes, and nothing else. */
export const main = `
read_parameter ensemble Ensemble '[a-z][a-z0-9-]{0,31}'
read_parameter member Member '[1-9][0-9]{0,2}'
attempt=1
volume_wait_seconds=1
volume_unmount_seconds=1
volume_ids=() mounts=() format=()
for pair in \${SSM_Volumes//,/ }; do
  volume_ids+=("\${pair%%=*}")
  mounts+=("\${pair#*=}")
done
file_system=\${SSM_FileSystem:-any}
[[ $SSM_Format == none ]] || format=(\${SSM_Format//,/ })
case $SSM_Verb in
  mount) volumes_mount ;;
  check) volumes_check || { told=yes; exit 1; } ;;
  unmount) volumes_unmount ;;
esac
printf '{"formatted":"%s"}\\n' "\${formatted[*]-}"
`

export interface Wanted {
  readonly ensemble?: string
  readonly member?: number
  readonly permit?: boolean
  readonly fileSystem?: 'any' | 'xfs' | 'ext4'
}

export function run(
  host: Host,
  verb: 'mount' | 'check' | 'unmount',
  volumes: readonly Volume[],
  { ensemble = 'zoo', member = 2, permit = false, fileSystem = 'any' }: Wanted = {},
): Promise<DocumentResult> {
  return host.document(main, {
    Verb: verb,
    Ensemble: ensemble,
    Member: String(member),
    Volumes: volumes.map((volume) => `${volume.id}=${mountOf(volume)}`).join(','),
    FileSystem: fileSystem,
    Format: permit ? volumes.map(({ id }) => id).join(',') : 'none',
  })
}

export const mountOf = ({ id }: Volume): string => `/mnt/${id}`

/** What a result must match. If it does not, the difference shows what the document said. */
export function success(): object {
  return { facts: expect.not.objectContaining({ failed: expect.anything() }), exitCode: 0 }
}

export function failure(exitCode: number, word: string, because: string | RegExp): object {
  return { facts: { failed: word, because: expect.stringMatching(because) }, exitCode }
}

export function unfitAndUntouched(because: string | RegExp): object {
  return { ...failure(31, 'volume-unfit', because), touched: false }
}

/** The file systems that a blank volume of a size gets, and why one of them can't be tested here. */
export const kinds = [
  { kind: 'ext4', mebibytes: 64, without: '' },
  {
    kind: 'xfs',
    mebibytes: 320,
    without: ['mkfs.xfs', 'xfs_growfs'].every(hasTool) ? '' : ' (skipped: needs xfsprogs)',
  },
]

/** xfs_io makes any file system drop what is not on the disk yet. */
export const withoutPowerCuts = hasTool('xfs_io') ? '' : ' (skipped: needs xfs_io)'

/** Root inside a container often lacks this one; ext4 asks for it before it grows while mounted. */
export function withoutResourceCapability(): string {
  const effective = /CapEff:\s+(\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return (BigInt(`0x${effective}`) >> 24n) & 1n ? '' : ' (skipped: needs CAP_SYS_RESOURCE)'
}

/** A host on which one volume was formatted and mounted by a take-over. */
export async function mountNew(bench: Bench, mebibytes: number): Promise<{ host: Host; volume: Volume; loop: string }> {
  const volume = bench.volume(mebibytes)
  const host = bench.host()
  const loop = await host.plug(volume)
  expect(await run(host, 'mount', [volume], { permit: true })).toMatchObject(success())
  return { host, volume, loop }
}

/** Mounts a volume on a host of its own, and tells whether one byte of it was changed. */
export async function tryToMount(
  bench: Bench,
  volume: Volume,
  wanted: Wanted,
): Promise<DocumentResult & { touched: boolean }> {
  const host = bench.host()
  await host.plug(volume)
  const before = digest(volume)
  const result = await run(host, 'mount', [volume], wanted)
  await bench.closeHosts()
  return { ...result, touched: digest(volume) !== before }
}

/** Nothing more reaches the disk, as when the machine loses its power. */
export async function cutPower(host: Host, volume: Volume): Promise<void> {
  await host.sh('xfs_io -x -c shutdown "$1"', mountOf(volume))
  await host.close()
}
