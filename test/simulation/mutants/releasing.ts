import type { Step } from '../../../shared/model/plan.ts'
import { type Mutant, planning, lettingGo, withEc2 } from './plant.ts'

/** Bugs on the way out. */
export const releasing: Readonly<Record<string, Mutant>> = {
  'detach-before-stop': {
    is: 'detaches the volumes together with the command that stops the service',
    composition: {
      plan: planning((planned, seen) =>
        planned.steps.some((step) => step.kind === 'hand-over')
          ? { ...planned, steps: [...planned.steps, ...lettingGo(seen)] }
          : planned,
      ),
    },
  },
  'interface-before-volumes': {
    is: 'gives up the claim together with the volumes',
    composition: {
      plan: planning((planned, seen) => {
        if (!planned.steps.some((step) => step.kind === 'detach-volume')) return planned
        const cards = seen.members.flatMap(({ networkInterface: { id, attachment } }): Step[] =>
          attachment?.instanceId === seen.action.instanceId && attachment.status === 'attached'
            ? [
                {
                  kind: 'detach-interface',
                  networkInterfaceId: id,
                  attachmentId: attachment.id,
                  instanceId: attachment.instanceId,
                  volumeIds: [],
                },
              ]
            : [],
        )
        return { ...planned, steps: [...cards, ...planned.steps] }
      }),
    },
  },
  'hand-over-unconfirmed': {
    is: 'takes a hand-over command that has ended in any way for a success',
    composition: {
      plan: planning((planned, seen) => {
        const ended = seen.commands.some((one) => one.verb === 'handOver' && one.status !== 'running')
        const volumes = lettingGo(seen)
        return ended && planned.steps.length === 0 && volumes.length > 0 ? { ...planned, steps: volumes } : planned
      }),
    },
  },
  'one-witness': {
    is: 'gives up the claim as soon as one read shows no volume, which may be one of the past',
    composition: withEc2(() => ({ confirmDetached: () => Promise.resolve({ done: 'yes', result: undefined }) })),
  },
}
