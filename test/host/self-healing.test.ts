import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { LinuxHosts } from '../../lab/hosts/linux/linux.ts'
import type { ServiceClient, WriterReport } from '../../lab/hosts/service.ts'
import { inService, type LabMember, scale } from '../../lab/stack/ensemble.ts'
import { type Lab, openLab } from '../../lab/stack/lab.ts'
import { limits } from '../../shared/model/limits.ts'
import { reason, sh, skipped } from './linux-hosts.scene.ts'

/**
 * The whole of it: real ZooKeeper on real Linux, the bundled functions, the documents as they are deployed, and a client
 * that never stops writing. The sweep is told to come by instead of being waited for.
 */
const mount = '/var/lib/zookeeper'
const processes = `grep -lzx '/etc/stayput/zookeeper/zoo[.]cfg\\|-Dstayput[.]configuration=.*' /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3`

interface Line {
  readonly event: string
  readonly step?: string
  readonly because: string
}

describe.skipIf(reason !== undefined)(`an ensemble that heals itself${skipped}`, () => {
  const lines: Line[] = []
  let lab: Lab
  let writer: ServiceClient
  let written = 0

  const instanceOf = (member: LabMember): string => inService(lab.cloud, member) ?? ''
  const on = (member: LabMember, script: string) => sh(lab.hosts as unknown as LinuxHosts, instanceOf(member), script)
  const roles = () => Promise.all(lab.members.map((member) => lab.hosts.role(instanceOf(member))))
  const inRole = async (role: string): Promise<LabMember> => lab.members[(await roles()).indexOf(role as 'leader')]!
  const serving = async () => (await roles()).filter((role) => role === 'leader' || role === 'follower').length

  /** One pass of the sweep; answers the steps that it took, but for the questions and the notes. */
  async function sweeps(): Promise<string[]> {
    const from = lines.length
    await lab.invoke('sweep', { source: 'aws.scheduler' })
    const steps = lines.slice(from).filter((line) => line.event === 'step')
    return steps.map((line) => line.step ?? '').filter((step) => !/ask|note/.test(step))
  }

  async function until(isSo: () => Promise<boolean> | boolean, seconds = 90): Promise<void> {
    await vi.waitUntil(isSo, { timeout: seconds * 1000, interval: 100 })
  }

  /** Stops the writer, finds what it was told to be written, and starts it again. */
  async function nothingIsLost(): Promise<WriterReport> {
    const report = await writer.stopWriter()
    expect(Number(await writer.read('/writer'))).toBeGreaterThanOrEqual(report.written - 1)
    expect(report.written).toBeGreaterThan(0)
    written += report.written
    await writer.startWriter('/writer')
    return report
  }

  beforeAll(async () => {
    const onLine = (line: string): void => {
      if (line.startsWith('{')) lines.push(JSON.parse(line) as Line)
    }
    lab = await openLab({ hosts: 'linux', ensemble: 'zookeeper', members: 3, port: 0, speed: 1000, seed: 7, onLine })
    for (const member of lab.members) scale(lab.cloud, member, 1)
    await until(async () => (await serving()) === 3)
    writer = await lab.hosts.connect(
      'zookeeper',
      lab.members.map((member) => member.address),
    )
    await writer.startWriter('/writer')
  })
  afterAll(async () => {
    await writer.stopWriter()
    await writer.close()
    await lab.close()
  })

  // What was done for a member stands for a while, so that the next illness would be met by the next step.
  beforeEach(() => {
    const Resources = lab.members.map((member) => member.networkInterfaceId)
    lab.cloud.call('ec2.DeleteTags', { Resources, Tags: [{ Key: 'stayput:healing' }] })
  })

  test('a pass over an ensemble that is well takes no step', async () => {
    expect(await sweeps()).toEqual([])
  })

  test.each<[string, string]>([
    ['a deleted route', 'ip -4 rule del priority 7829'],
    ['an unmounted volume', `umount -l ${mount}`],
    ['a service that was killed', `kill -KILL $(${processes})`],
  ])('%s: what is missing is applied, by one pass', async (_, harm) => {
    const member = await inRole('follower')
    const instance = instanceOf(member)
    await on(member, harm)
    expect(await sweeps()).toEqual(['take-over'])
    await until(async () => (await serving()) === 3)
    expect(await sweeps()).toEqual([])
    expect(instanceOf(member)).toBe(instance)
    await nothingIsLost()
  })

  test('a service that hangs (SIGSTOP) is noticed by one pass and restarted by the next', async () => {
    const member = await inRole('follower')
    await on(member, `kill -STOP $(${processes})`)
    expect(await sweeps()).toEqual([])
    const noticed = Date.now()
    await until(() => Date.now() - noticed > limits.electionWithin)
    expect(await sweeps()).toEqual(['take-over'])
    await until(async () => (await serving()) === 3)
    expect(lines.some((line) => line.because.endsWith('its service is restarted'))).toBe(true)
    await nothingIsLost()
  })

  test('two members that are terminated by hand within a second both come back', async () => {
    const victims = [lab.members[0]!, lab.members[1]!]
    const before = victims.map(instanceOf)
    lab.cloud.call('ec2.TerminateInstances', { InstanceIds: before })
    await until(() => victims.every((member, place) => ![before[place], ''].includes(instanceOf(member))), 120)
    await until(async () => (await serving()) === 3)
    expect(await sweeps()).toEqual([])
    await nothingIsLost()
  })

  test('an instance refresh of all groups at once rolls one by one: two vote at any time', async () => {
    const before = lab.members.map(instanceOf)
    let fewest = 3
    const over = new AbortController()
    const watch = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const all = lab.cloud.ec2.instances.all().filter((instance) => instance.state === 'running')
        const told = await Promise.all(all.map((instance) => lab.hosts.role(instance.instanceId)))
        fewest = Math.min(fewest, told.filter((role) => role !== undefined).length)
      }
    }
    const watched = watch()
    for (const { groupName } of lab.members) {
      lab.cloud.call('autoscaling.StartInstanceRefresh', { AutoScalingGroupName: groupName })
    }
    try {
      await until(() => lab.members.every((member, place) => ![before[place], ''].includes(instanceOf(member))), 150)
      await until(async () => (await serving()) === 3)
    } finally {
      // It never pauses once nothing answers any more.
      over.abort()
      await watched
    }
    expect(fewest).toBe(2)
    const { errors, longestStallMs } = await nothingIsLost()
    process.stdout.write(`refresh of all: longest stall ${Math.round(longestStallMs)} ms, ${errors.length} errors\n`)
  })

  test('in all, every acknowledged write was found', () => {
    expect(written).toBeGreaterThan(1000)
  })
})
