import type { Sickness } from './faults.ts'
import { holderOf, memberOn, repairAfter, type Scene, votersOf } from './scene.ts'
import type { Mishap } from './swarm.ts'

/**
 * What befalls a member in service. Nobody puts it right but Stayput, except where only a person can: a disk that is full
 * of data. Each answers whether there was anybody to befall.
 */
type Fall = (scene: Scene, mishap: Mishap, instanceId: string) => boolean

const minute = 60_000

export const falls: Readonly<Record<Sickness, Fall>> = {
  'service-hangs': (scene, _mishap, id) => serves(scene, id) && done(() => scene.hosts.hangService(id, true)),
  'service-killed': (scene, _mishap, id) => serves(scene, id) && done(() => scene.hosts.killService(id)),
  'service-dies-again'(scene, { how }, id) {
    if (!serves(scene, id)) return false
    const times = 2 + Math.floor(how * 4)
    let isOver = false
    scene.repairs.push(() => {
      isOver = true
    })
    for (let time = 0; time < times; time++) {
      scene.cloud.kernel.clock.after(time * 1.5 * minute, () => {
        if (!isOver && serves(scene, id)) scene.hosts.killService(id)
      })
    }
    return true
  },
  'routes-lost'(scene, _mishap, id) {
    const member = memberOn(scene, id)
    if (!member || !serves(scene, id)) return false
    return done(() => scene.hosts.loseRoutes(id, member.address))
  },
  'mount-lost'(scene, { how }, id) {
    const mounts = memberOn(scene, id)?.mounts ?? []
    const mount = mounts[Math.floor(how * mounts.length)]
    return mount !== undefined && serves(scene, id) && done(() => scene.hosts.loseMount(id, mount))
  },
  'disk-full'(scene, { how }, id) {
    const volume = memberOn(scene, id)?.volumeIds[0]
    if (volume === undefined || !serves(scene, id)) return false
    if (how < 0.6) return done(() => scene.hosts.fillDisk(volume, 'snapshots'))
    scene.hosts.fillDisk(volume, 'data')
    repairAfter(scene, (1 + how * 8) * minute, () => scene.hosts.growDisk(volume))
    return true
  },
  'host-silent': (scene, _mishap, id) => serves(scene, id) && loseHost(scene, id),
  'two-down'(scene, { how }, id) {
    const first = memberOn(scene, id)
    const second = inService(scene).find(
      (other) => other !== id && memberOn(scene, other)?.ensemble === first?.ensemble,
    )
    if (!first || second === undefined || !serves(scene, id) || !serves(scene, second)) return false
    const [one, other] = ways[Math.floor(how * ways.length)] ?? ways[0]
    blows[one](scene, id)
    blows[other](scene, second)
    return true
  },
}

const blows = {
  kill: ({ hosts }: Scene, id: string) => hosts.killService(id),
  hang: ({ hosts }: Scene, id: string) => hosts.hangService(id, true),
  die: ({ cloud }: Scene, id: string) => cloud.ec2.fail(id),
} as const

type Blow = keyof typeof blows

/** How two go down at once, their volumes intact. */
const ways: readonly [readonly [Blow, Blow], ...(readonly [Blow, Blow])[]] = [
  ['kill', 'kill'],
  ['hang', 'hang'],
  ['die', 'die'],
  ['kill', 'die'],
  ['hang', 'die'],
]

/**
 * The machine runs, and nobody hears of it any more. One of an ensemble may stay like that for good; a second one would
 * take the quorum along, and without a quorum nobody can witness for anybody: that takes a person. So does one that is lost
 * before each of the others has had data.
 */
function loseHost(scene: Scene, id: string): boolean {
  const ensemble = memberOn(scene, id)?.ensemble ?? ''
  const bearsIt = canLoseOne(scene, ensemble)
  const set = (lost: boolean): void => {
    if (scene.cloud.ec2.instances.get(id)?.state !== 'running') return
    scene.hosts.cutNetwork(id, lost)
    scene.promises.disturb(id)
    if (lost) scene.cloud.ssm.stopAgent(id)
    else scene.cloud.ssm.startAgent(id)
  }
  set(true)
  if (scene.lost.has(ensemble) || !bearsIt) repairAfter(scene, 8 * minute, () => set(false))
  else scene.lost.set(ensemble, id)
  return true
}

/** With fewer than three that vote nobody is left who could witness that the silent one does not: that takes a person. */
function canLoseOne(scene: Scene, name: string): boolean {
  const ensemble = scene.ensembles.find((one) => one.name === name)
  if (!ensemble) return false
  const voters = votersOf(scene, ensemble)?.length ?? ensemble.members.length
  return voters >= 3 && ensemble.members.every((member) => serves(scene, holderOf(scene.cloud, member) ?? ''))
}

/** The instances that a sickness may befall. */
export const inService = ({ cloud }: Scene): string[] =>
  cloud.autoscaling.members.all().flatMap((one) => (one.lifecycleState === 'InService' ? one.instanceId : []))

function serves({ hosts, cloud }: Scene, id: string): boolean {
  const role = cloud.ec2.instances.get(id)?.state === 'running' ? hosts.role(id) : undefined
  return role !== undefined && role !== 'looking'
}

function done(act: () => void): boolean {
  act()
  return true
}
