import { AwsError } from '../../lab/cloud/error.ts'
import type { Settings } from '../../lab/cloud/settings.ts'
import { calm } from '../../lab/cloud/settings.ts'
import type { MishapKind, Sickness } from './faults.ts'
import { sicknesses } from './faults.ts'
import { misfortunes } from './misfortune.ts'
import { watchMoments } from './moments.ts'
import { deeds, restoreGroup } from './operator.ts'
import { groupsOf, quietly, type Scene } from './scene.ts'
import { falls, inService } from './sickness.ts'
import { type Mishap, type Swarm, usual } from './swarm.ts'

/** Sets the faults of a seed going, and ends them. */
export function scheduleChaos(scene: Scene, swarm: Swarm): void {
  const { clock } = scene.cloud.kernel
  for (const kind of swarm.tempers) scene.tally.add(`fault ${kind}`)
  clock.after(swarm.from, () => setTemper(scene, { ...calm, ...usual, ...swarm.temper }))
  for (const mishap of swarm.mishaps.filter(({ upon }) => upon === undefined)) {
    clock.after(mishap.at, () => strike(scene, mishap, whomOf(scene, mishap)))
  }
  awaitMoments(scene, swarm)
  if (swarm.deleteOnTermination > 0) hijackTerminationFlags(scene, swarm)
}

/** Milliseconds, at the most, between a moment and what strikes upon it: half of the time at once. */
const uponMostMs = 6000

/** Those mishaps that wait for a moment, each for the first that comes after its time. */
function awaitMoments(scene: Scene, { mishaps, until }: Swarm): void {
  const { clock } = scene.cloud.kernel
  const start = clock.now()
  const waiting = new Set(mishaps.filter(({ upon }) => upon !== undefined))
  if (waiting.size === 0) return
  const since = (): number => clock.now() - start
  watchMoments(scene, (moment, instanceId) => {
    for (const mishap of waiting) {
      if (mishap.upon !== moment || since() < mishap.at) continue
      waiting.delete(mishap)
      clock.after(Math.max(1, (mishap.whom * 2 - 1) * uponMostMs), () => {
        if (since() <= until) strike(scene, mishap, instanceId)
      })
    }
  })
}

function strike(scene: Scene, mishap: Mishap, instanceId: string): void {
  const sickness = sicknessOf(mishap.kind)
  const target = sickness === undefined ? instanceId : whoServes(scene, mishap)
  const act = sickness === undefined ? (misfortunes[mishap.kind] ?? deeds[mishap.kind]) : falls[sickness]
  try {
    scene.promises.disturb(target)
    if (target === '' || !act?.(scene, mishap, target)) return
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return
  }
  scene.tally.add(`fault ${mishap.kind}`)
  scene.journal.note(
    `mishap ${mishap.kind}`,
    () => `!! ${mishap.kind} (${target})${mishap.upon ? ` upon ${mishap.upon}` : ''}`,
  )
}

const sicknessOf = (kind: MishapKind): Sickness | undefined => sicknesses.find((one) => one === kind)

function whoServes(scene: Scene, { whom }: Mishap): string {
  const among = inService(scene)
  return among[Math.floor(whom * among.length)] ?? ''
}

/** Half of the time somebody on the way in or out, where there is one: there the most can go wrong. */
function whomOf({ cloud }: Scene, { whom }: Mishap): string {
  const instances = cloud.autoscaling.members.all()
  const moving = instances.filter((one) => one.lifecycleState !== 'InService')
  const [among, share] = whom < 0.5 && moving.length > 0 ? [moving, whom * 2] : [instances, whom]
  return among[Math.floor(share * among.length)]?.instanceId ?? ''
}

/** The cloud's settings are what every service reads at each use; only the simulation changes them on the way. */
function setTemper({ cloud, journal }: Scene, settings: Settings): void {
  Object.assign(cloud.kernel.settings, settings)
  journal.note('temper', () => '!! the temper of the cloud changes')
}

/** Some account's automation sets DeleteOnTermination on what is attached to an instance that is being launched. */
function hijackTerminationFlags(scene: Scene, { deleteOnTermination, until }: Swarm): void {
  const { ec2 } = scene.cloud
  const { volumes, networkInterfaces } = ec2
  const { clock } = scene.cloud.kernel
  const end = clock.now() + until
  const hijacked = new Map<string, string>()
  const attached = (id: string, instanceId: string): void => {
    if (clock.now() > end || !scene.random.chance(deleteOnTermination)) return
    clock.after(1, () => {
      const waits = scene.cloud.autoscaling.members.get(instanceId)?.lifecycleState === 'Pending:Wait'
      if (!waits || !setDeletion(scene, id, instanceId, true)) return
      hijacked.set(id, instanceId)
      scene.tally.add('fault delete-on-termination')
    })
  }
  volumes.watch((id, before, { attachment } = {} as never) => {
    if (before && attachment && attachment.attachmentId !== before.attachment?.attachmentId) {
      attached(id, attachment.instanceId)
    }
  })
  networkInterfaces.watch((id, before, { attachment } = {} as never) => {
    if (before && attachment && attachment.attachmentId !== before.attachment?.attachmentId) {
      attached(id, attachment.instanceId)
    }
  })
  // Whoever dies before anybody could mend it would take the disk along: that is the automation's doing, not ours.
  ec2.onInstanceState(({ instanceId, state }) => {
    if (state !== 'shutting-down' && state !== 'terminated') return
    for (const [id, holder] of hijacked) if (holder === instanceId) setDeletion(scene, id, instanceId, false)
  })
}

function setDeletion({ cloud }: Scene, id: string, instanceId: string, deleteOnTermination: boolean): boolean {
  const { volumes, networkInterfaces } = cloud.ec2
  const disk = volumes.get(id)?.attachment
  const card = networkInterfaces.get(id)?.attachment
  if (disk?.instanceId === instanceId) volumes.change(id, { attachment: { ...disk, deleteOnTermination } })
  if (card?.instanceId === instanceId) networkInterfaces.change(id, { attachment: { ...card, deleteOnTermination } })
  return disk?.instanceId === instanceId || card?.instanceId === instanceId
}

/** The faults end: the operator puts right what only a person can. */
export function endChaos(scene: Scene): void {
  setTemper(scene, { ...calm, ...usual })
  scene.hanging.clear()
  for (const repair of scene.repairs.splice(0)) quietly(repair)
  for (const group of groupsOf(scene)) {
    quietly(() => restoreGroup(scene, group))
    // A refresh that launches first waits for ever where each member is held: only its operator can end that.
    quietly(() => void scene.cloud.call('autoscaling.CancelInstanceRefresh', { AutoScalingGroupName: group.name }))
  }
  const lost = new Set(scene.lost.values())
  for (const { instanceId } of scene.cloud.autoscaling.members.all()) {
    if (!lost.has(instanceId)) scene.cloud.ssm.startAgent(instanceId)
  }
}
