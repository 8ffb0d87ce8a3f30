import type { Clock } from '../../../shared/clock.ts'
import type { Observation } from '../../../shared/model/observation.ts'
import type { Plan, Step } from '../../../shared/model/plan.ts'
import type { Ports } from '../../../shared/observe.ts'
import type { planFor } from '../../../shared/plan/plan.ts'
import type { Composition } from '../core.ts'

/** A bug that somebody could have made, put in place of what is right. Each has to be found. */
export interface Mutant {
  readonly is: string
  readonly composition: Composition
  readonly forgetful?: boolean
}

type Planner = typeof planFor

/** A planner that sees something else than what was observed. */
export const seeing =
  (change: (seen: Observation) => Observation): ((plan: Planner) => Planner) =>
  (plan) =>
  (seen) =>
    plan(change(seen))

/** A planner whose plan is changed. */
export const planning =
  (change: (planned: Plan, seen: Observation) => Plan): ((plan: Planner) => Planner) =>
  (plan) =>
  (seen) =>
    change(plan(seen), seen)

export const withEc2 = (change: (ec2: Ports['ec2'], clock: Clock) => Partial<Ports['ec2']>): Composition => ({
  ports: (ports, clock) => ({ ...ports, ec2: { ...ports.ec2, ...change(ports.ec2, clock) } }),
})

export const steps = (planned: Plan, change: (step: Step) => readonly Step[]): Plan => ({
  ...planned,
  steps: planned.steps.flatMap(change),
})

/** The plan for a member whose host is taken to have said what was wanted. */
export const lettingGo = (seen: Observation): Step[] => {
  const id = seen.action.instanceId
  return seen.members
    .flatMap((member) => member.volumes)
    .filter((volume) => volume.attachment?.instanceId === id && volume.attachment.state === 'attached')
    .map((volume): Step => ({ kind: 'detach-volume', volumeId: volume.id, instanceId: id }))
}
