import { inService, type LabMember, scale } from '../lab/stack/ensemble.ts'
import type { Lab } from '../lab/stack/lab.ts'
import { drawTakeOver, type Page } from './timeline.ts'
import type { TakeOver, Watcher } from './watch.ts'

/** What the main job is played with. */
export interface Scene {
  readonly lab: Lab
  readonly members: readonly LabMember[]
  readonly page: Page
  readonly watcher: Watcher
  /** How long any one thing is waited for. */
  readonly patienceMs: number
}

/** Brings all members up from nothing. */
export async function launchAll(scene: Scene): Promise<void> {
  const { lab, members, page, watcher } = scene
  page.heading('Three members launch')
  const launches = members.map((member) => watcher.begin(member, undefined, 'scale-out from nothing'))
  for (const member of members) scale(lab.cloud, member, 1)
  await until(scene, 'all members are in service', () =>
    members.every((member) => inService(lab.cloud, member) !== undefined),
  )
  for (const launch of launches) await launch.finish()
  page.good(`${members.length} members in service`)
}

/** The instance of a follower, or of the leader, is gone from one moment to the next. */
export async function lose(scene: Scene, role: 'follower' | 'leader'): Promise<TakeOver> {
  const [member, instance] = await holderOf(scene, role)
  scene.page.heading(`The instance of member ${member.id}, a ${role}, dies without warning`)
  return change(scene, member, instance, `the instance of a ${role} died without warning`, () =>
    scene.lab.cloud.ec2.fail(instance),
  )
}

/** Auto Scaling is told to replace an instance that is well: it hands over. */
export async function replace(scene: Scene): Promise<TakeOver> {
  const [member, InstanceId] = await holderOf(scene, 'follower')
  scene.page.heading(`The instance of member ${member.id} is replaced as planned`)
  return change(scene, member, InstanceId, 'planned replacement', () =>
    scene.lab.cloud.call('autoscaling.TerminateInstanceInAutoScalingGroup', {
      InstanceId,
      ShouldDecrementDesiredCapacity: false,
    }),
  )
}

/** The member is taken out of service, and brought back. */
export async function scaleInAndOut(scene: Scene): Promise<TakeOver> {
  const { lab, page, watcher } = scene
  const [member, from] = await holderOf(scene, 'follower')
  page.heading(`Member ${member.id} is scaled in, and out again`)
  const out = watcher.begin(member, from, 'scale-in')
  scale(lab.cloud, member, 0)
  await until(scene, `member ${member.id} is free`, () => lab.cloud.autoscaling.members.get(from) === undefined)
  const { steps } = await out.finish()
  const names = steps.filter((step) => !step.name.startsWith('wait')).map((step) => step.name)
  page.good(`${from} has handed over (${names.join(', ')})`)
  page.line()
  return change(scene, member, from, 'scale-out', () => scale(lab.cloud, member, 1))
}

/** Lets something befall a member and watches until another instance is in service as it. */
export async function change(
  scene: Scene,
  member: LabMember,
  from: string,
  cause: string,
  strike: () => void,
): Promise<TakeOver> {
  const { lab, page, watcher } = scene
  const watch = watcher.begin(member, from, cause)
  strike()
  await until(scene, `member ${member.id} is in service again`, () => {
    const instance = inService(lab.cloud, member)
    return instance !== undefined && instance !== from
  })
  const takeover = await watch.finish()
  drawTakeOver(page, takeover)
  return takeover
}

/** A member whose service has this role, and its instance. */
export async function holderOf(
  { lab, members }: Scene,
  role: 'follower' | 'leader',
): Promise<readonly [LabMember, string]> {
  // The last one first, so that two scenes in a row strike different members.
  for (const member of members.toReversed()) {
    const instance = inService(lab.cloud, member)
    if (instance !== undefined && (await lab.hosts.role(instance)) === role) return [member, instance]
  }
  throw new Error(`no member is a ${role}`)
}

/** Looks until it is so, and gives up with what was awaited. */
async function until({ patienceMs }: Scene, what: string, isSo: () => boolean): Promise<void> {
  const end = Date.now() + patienceMs
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`waited ${Math.round(patienceMs / 1000)} s in vain until ${what}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
}
