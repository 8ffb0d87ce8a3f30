import { advance, type World } from './advance.ts'
import { heal } from './heal.ts'
import type { LifecycleAction, Outcome, Transition } from './model/action.ts'
import type { GroupInstance } from './model/observation.ts'

/** In which transitions an instance of this state may be waiting; a warm pool waits in one state for both. */
const waitingStates: ReadonlyMap<string, readonly Transition[]> = new Map([
  ['Pending:Wait', ['launching']],
  ['Terminating:Wait', ['terminating']],
  ['Warmed:Pending:Wait', ['launching', 'terminating']],
  ['Warmed:Terminating:Wait', ['terminating']],
])

export interface Swept {
  readonly action: LifecycleAction
  readonly outcome: Outcome
}

/**
 * Drives every action that is still open in the ensemble's groups. Auto Scaling's events are best effort, functions
 * die, and some waits take hours: to the sweep these are one case. No API tells the tokens of open actions, so they are
 * named by instance and hook, which is the same action as long as the instance waits in that state.
 *
 * At the same time it looks after the members in service.
 * @throws {CallFailure} when the groups can't be read; what goes wrong with one action is its own outcome.
 */
export async function sweep(world: World, signal: AbortSignal): Promise<Swept[]> {
  const groups = await world.ports.autoScaling.groups(world.config.ensemble)
  const actions = groups
    .flatMap((group) => group.instances)
    .flatMap((instance) => openActions(instance, world.config.hooks))
  const [swept] = await Promise.all([
    Promise.all(actions.map(async (action) => ({ action, outcome: await advance(action, world, signal, 'patient') }))),
    heal(world, signal),
  ])
  return swept
}

function openActions(instance: GroupInstance, hooks: Readonly<Record<Transition, string>>): LifecycleAction[] {
  const transitions = waitingStates.get(instance.lifecycleState) ?? []
  return transitions.map((transition) => ({
    instanceId: instance.instanceId,
    groupName: instance.groupName,
    transition,
    hookName: hooks[transition],
  }))
}
