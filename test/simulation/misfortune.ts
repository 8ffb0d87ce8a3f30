import type { VolumeContent } from '../../lab/hosts/modelled/disk.ts'
import { limits } from '../../shared/model/limits.ts'
import { bookkeepingTags, permitted } from '../../shared/model/tags.ts'
import type { Member } from './ensembles.ts'
import type { MishapKind } from './faults.ts'
import { membersOf, repairAfter, type Scene } from './scene.ts'
import type { Mishap } from './swarm.ts'

/** What befalls machines, agents, networks and disks. Each answers whether it found anybody to befall. */
type Misfortune = (scene: Scene, mishap: Mishap, instanceId: string) => boolean

const minute = 60_000
/** Milliseconds after which no command begins any more. */
const commandLifeMs = limits.commandNotAfter

export const misfortunes: Partial<Readonly<Record<MishapKind, Misfortune>>> = {
  'instance-dies'({ cloud }, _mishap, id) {
    cloud.ec2.fail(id)
    return true
  },
  'instance-reboots'({ cloud }, _mishap, id) {
    if (cloud.ec2.instances.get(id)?.state !== 'running') return false
    cloud.call('ec2.RebootInstances', { InstanceIds: [id] })
    return true
  },
  'zone-outage'(scene, { how }, id) {
    const { cloud } = scene
    const zone = cloud.ec2.instances.get(id)?.zone
    const struck = cloud.autoscaling.members.all().filter((one) => one.zone === zone)
    for (const { instanceId } of struck) {
      cutOff(scene, instanceId, how * 8 * minute)
      silence(scene, instanceId, how * 8 * minute)
    }
    return true
  },
  'network-cut'(scene, { how }, id) {
    return cutOff(scene, id, how * 8 * minute)
  },
  'holder-hangs'({ hanging }, _mishap, id) {
    hanging.add(id)
    return true
  },
  'agent-dies'(scene, _mishap, id) {
    return silence(scene, id, 60 * minute)
  },
  'agent-restarts'(scene, { how }, id) {
    return silence(scene, id, how * 3 * minute)
  },
  'command-twice'({ cloud }, { whom, how }, id) {
    const to = whom < 0.5 ? id : undefined
    cloud.ssm.duplicateNextDelivery(to)
    // The one at once, the other while it may still begin: as an agent does that crashes, or a machine that reboots.
    if (how > 0.3) cloud.ssm.delayNextDelivery(how * commandLifeMs, to)
    return true
  },
  'command-late'({ cloud }, { whom, how }, id) {
    // Mostly within the time in which it may still begin.
    cloud.ssm.delayNextDelivery(how < 0.75 ? how * commandLifeMs : how * 5 * minute, whom < 0.5 ? id : undefined)
    return true
  },
  'address-hidden'(scene, { how }, id) {
    if (!exists(scene, id)) return false
    const hide = (hidden: boolean): void => {
      scene.promises.hide(id, hidden)
      if (exists(scene, id)) scene.hosts.hideAddress(id, hidden)
    }
    hide(true)
    // A long one outlasts the faults of a short seed: only then does anybody give up.
    scene.cloud.kernel.clock.after(how < 0.6 ? how * 5 * minute : how * 25 * minute, () => hide(false))
    return true
  },
  'unmount-fails': (scene, _mishap, id) => breaks(scene, id, 'unmount'),
  'mount-fails': (scene, _mishap, id) => breaks(scene, id, 'mount'),
  'routes-fail': (scene, _mishap, id) => breaks(scene, id, 'routes'),
  'service-fails': (scene, _mishap, id) => breaks(scene, id, 'service'),
  'volume-blank': (scene, mishap) => replaceContent(scene, mishap, { kind: 'blank' }),
  'volume-foreign': (scene, mishap) => replaceContent(scene, mishap, { kind: 'foreign' }),
  'volume-corrupt': (scene, mishap) =>
    replaceContent(scene, mishap, { kind: mishap.how < 0.5 ? 'corrupt' : 'unreadable' }),
  'volume-swapped'(scene, mishap) {
    const idle = idleVolumes(scene)
    const first = idle[Math.floor(mishap.whom * idle.length)]
    const second = idle[Math.floor(mishap.how * idle.length)]
    if (!first || !second || first === second) return false
    const [one, other] = [scene.hosts.volumeContent(first), scene.hosts.volumeContent(second)]
    put(scene, first, { ...other }, one)
    put(scene, second, { ...one }, other)
    return true
  },
}

function cutOff(scene: Scene, id: string, ms: number): boolean {
  if (!exists(scene, id)) return false
  const cut = (off: boolean): void => {
    if (exists(scene, id) && (off || !isLost(scene, id))) scene.hosts.cutNetwork(id, off)
    scene.promises.disturb(id)
  }
  cut(true)
  repairAfter(scene, ms, () => cut(false))
  return true
}

function silence(scene: Scene, id: string, ms: number): boolean {
  if (!scene.cloud.ssm.agents.get(id)?.running) return false
  scene.cloud.ssm.stopAgent(id)
  repairAfter(scene, ms, () => {
    // Until now SSM may have said that it is lost.
    scene.promises.disturb(id)
    if (!isLost(scene, id)) scene.cloud.ssm.startAgent(id)
  })
  return true
}

/** Nothing that ends brings it back: one that serves and has no agent for good takes a person, who is told. */
const isLost = ({ lost }: Scene, id: string): boolean => [...lost.values()].includes(id)

function breaks(scene: Scene, id: string, what: Parameters<Scene['hosts']['breakNext']>[1]): boolean {
  if (!exists(scene, id)) return false
  scene.hosts.breakNext(id, what)
  return true
}

/** A machine exists from its first boot on. */
function exists({ cloud }: Scene, id: string): boolean {
  return cloud.ec2.instances.get(id)?.state === 'running'
}

/**
 * Volumes on which nothing is mounted: only there does a disk change under nobody's hands. Of an ensemble that has lost a
 * host for good none: with a second disk gone that may still be formatted, only a person could say what is left.
 */
function idleVolumes(scene: Scene): string[] {
  const members = membersOf(scene).filter(({ ensemble }) => !scene.lost.has(ensemble))
  return members.flatMap((member) =>
    member.volumeIds.filter((id) => {
      const holder = scene.cloud.ec2.volumes.get(id)?.attachment?.instanceId
      const idle = holder === undefined || !scene.hosts.inUse(holder, id)
      const isThere = !scene.tampered.has(id) && scene.hosts.volumeContent(id).kind === 'formatted'
      return idle && isThere && canSpare(scene, member, id)
    }),
  )
}

/**
 * Data that may be formatted away, because nobody has withdrawn the permit yet, is spared unless enough others have it: what
 * only a minority has, nobody could bring back.
 */
function canSpare(scene: Scene, member: Member, volumeId: string): boolean {
  const hasData = (id: string): boolean => {
    const content = scene.hosts.volumeContent(id)
    return content.kind === 'formatted' && content.data !== undefined
  }
  const mayBeFormatted = scene.cloud.ec2.volumes.get(volumeId)?.tags[bookkeepingTags.format] === permitted
  if (!mayBeFormatted || !hasData(volumeId)) return true
  const all = membersOf(scene).filter(({ ensemble }) => ensemble === member.ensemble)
  const others = all.filter(({ id, volumeIds }) => id !== member.id && volumeIds.some(hasData))
  return others.length > all.length / 2
}

function replaceContent(scene: Scene, { whom }: Mishap, content: VolumeContent): boolean {
  const idle = idleVolumes(scene)
  const id = idle[Math.floor(whom * idle.length)]
  if (id === undefined) return false
  put(scene, id, content, scene.hosts.volumeContent(id))
  return true
}

/** The right content comes back when the faults end, unless somebody has written to the wrong one. */
function put(scene: Scene, id: string, wrong: VolumeContent, right: VolumeContent): void {
  const { hosts, promises, tampered } = scene
  promises.disturb(id)
  tampered.add(id)
  promises.byHand(() => hosts.setVolumeContent(id, wrong))
  repairAfter(scene, 10 * minute, () => {
    tampered.delete(id)
    if (hosts.volumeContent(id) === wrong) promises.byHand(() => hosts.setVolumeContent(id, right))
  })
}
