import type { Member } from './ensembles.ts'
import type { PromiseName } from './promises/watch.ts'
import { holderOf, type Scene, votersOf } from './scene.ts'

/** The second half of a run: no faults any more, and everything has to come right by itself, or nearly. */

/**
 * Milliseconds within which everything has to be in service. The slowest way: a member that was replaced just before is
 * not replaced again for half an hour, is looked at for three minutes, waits ten for another that is on its way, and then
 * for its replacement; every launch that fails besides takes its time.
 */
export const convergenceMs = 60 * 60_000
const lookEveryMs = 5000
/** Milliseconds for which everything has to have been right, so that a passing moment does not count. */
const steadyMs = 30_000

/** Why the world is not as it has to be in the end, by the promise that this breaks; undefined when it is. */
export function unsettled(scene: Scene): { readonly promise: PromiseName; readonly what: string } | undefined {
  const { cloud } = scene
  for (const ensemble of scene.ensembles) {
    for (const { name, size } of ensemble.groups) {
      const instances = cloud.autoscaling.members.all().filter((one) => one.groupName === name)
      const waiting = instances.find((one) => one.lifecycleState.endsWith(':Wait'))
      if (waiting) return { promise: 'L3', what: `${waiting.instanceId} of ${name} is ${waiting.lifecycleState}` }
      const serving = instances.filter((one) => one.lifecycleState === 'InService' && one.healthStatus === 'Healthy')
      if (serving.length !== size || instances.length !== size) {
        const states = instances.map((one) => `${one.instanceId} ${one.lifecycleState}`).join(', ')
        return { promise: 'L1', what: `${name} has ${serving.length} of ${size} in service (${states || 'nothing'})` }
      }
    }
    const half = ensemble.members.map((member) => halfOf(scene, member)).find((what) => what !== undefined)
    if (half !== undefined) return { promise: 'L2', what: half }
    const votes = votersOf(scene, ensemble)
    const without = ensemble.members.find(({ id }) => votes?.includes(id) === false)
    if (without) return { promise: 'L1', what: `member ${without.id} of ${ensemble.name} has no vote` }
  }
  return undefined
}

function halfOf(scene: Scene, member: Member): string | undefined {
  const { cloud, hosts } = scene
  const holder = holderOf(cloud, member)
  const name = `member ${member.id} of ${member.ensemble}`
  if (holder === undefined) return `nobody holds ${name}`
  for (const id of member.volumeIds) {
    const { instanceId, state } = cloud.ec2.volumes.get(id)?.attachment ?? {}
    if (instanceId !== holder || state !== 'attached') {
      return `${id} of ${name} is ${state ?? 'free'}, its interface with ${holder}`
    }
  }
  const role = hosts.role(holder)
  return role === undefined || role === 'looking'
    ? `${name} on ${holder} does not serve (${role ?? 'stopped'})`
    : undefined
}

/** Watches until everything has been right for a while. Nobody helps. */
export class Recovery {
  settledAt: number | undefined
  readonly #scene: Scene
  #rightSince: number | undefined

  constructor(scene: Scene) {
    this.#scene = scene
    this.#look()
  }

  #look(): void {
    const { clock } = this.#scene.cloud.kernel
    const now = clock.now()
    this.#rightSince = unsettled(this.#scene) ? undefined : (this.#rightSince ?? now)
    if (this.#rightSince !== undefined && now - this.#rightSince >= steadyMs) {
      this.settledAt = this.#rightSince
      return
    }
    clock.after(lookEveryMs, () => this.#look())
  }
}
