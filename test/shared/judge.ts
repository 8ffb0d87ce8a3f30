import type { InstanceId } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import type { Member } from '../../shared/model/member.ts'
import type { Command, Observation } from '../../shared/model/observation.ts'
import type { Plan, Step } from '../../shared/model/plan.ts'
import { now, self } from './scene.ts'

/** Judges facts and plans anew, by the promises alone: nothing here may ask the planner's own code. */

export const ofKind = <Kind extends Step['kind']>(plan: Plan, kind: Kind) =>
  plan.steps.filter((step): step is Extract<Step, { kind: Kind }> => step.kind === kind)
export const attaching = new Set<Step['kind']>(['attach-interface', 'attach-volume', 'take-over'])
export const detaching = new Set<Step['kind']>(['detach-interface', 'detach-volume', 'hand-over'])

export const lifecycleState = (seen: Observation, name: InstanceId) =>
  seen.groupInstances.find((one) => one.instanceId === name)?.lifecycleState ?? ''
export const ec2State = (seen: Observation, name: InstanceId) => seen.instances.find((one) => one.id === name)?.state
/** Positively on its way out: told so by EC2 or by Auto Scaling, never by a silence. */
export const isLeaving = (seen: Observation, name: InstanceId) =>
  /^(Warmed:)?Terminat/.test(lifecycleState(seen, name)) ||
  ['shutting-down', 'terminated'].includes(ec2State(seen, name) ?? '')

export const cardHere = (member: Member) => member.networkInterface.attachment?.instanceId === self
export const disksHere = (member: Member) => member.volumes.filter((disk) => disk.attachment?.instanceId === self)
export const memberOf = (seen: Observation, id: string) =>
  seen.members.find((one) => [one.networkInterface, ...one.volumes].some((resource) => resource.id === id))!

/** The last line of what a successful command printed. */
export function facts(command: Command): Record<string, unknown> | undefined {
  if (command.status !== 'succeeded') return undefined
  try {
    return JSON.parse(command.output.trimEnd().split('\n').at(-1)!) as Record<string, unknown>
  } catch {
    return undefined
  }
}

export function provesFreshly(command: Command, { id, networkInterface, volumes }: Member): boolean {
  const told = command.verb === 'takeOver' ? facts(command) : undefined
  const mounts = (told?.['volumes'] ?? []) as { volume: string; mount: string }[]
  return (
    told?.['member'] === id &&
    told['address'] === networkInterface.address &&
    volumes.every((disk) => mounts.some((one) => one.volume === disk.id && one.mount === disk.mount)) &&
    now - command.sentAt <= limits.proofAgeMax
  )
}

/** A hand-over that the host itself has confirmed, for all volumes that are still attached to it. */
export function confirmed(seen: Observation): boolean {
  const attached = seen.members.flatMap(disksHere).map((disk) => disk.id)
  return seen.commands.some((command) => {
    const told = command.verb === 'handOver' ? facts(command) : undefined
    const unmounted = (told?.['unmounted'] ?? []) as string[]
    return told?.['tombstone'] === true && attached.every((disk) => unmounted.includes(disk))
  })
}
