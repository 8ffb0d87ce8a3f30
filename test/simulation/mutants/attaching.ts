import type { Observation } from '../../../shared/model/observation.ts'
import type { VolumeId } from '../../../shared/model/ids.ts'
import type { Step } from '../../../shared/model/plan.ts'
import { ec2Instance, groupInstance } from '../../../shared/plan/instances.ts'
import { type Mutant, seeing, planning, withEc2, steps } from './plant.ts'

const withoutIntents = (seen: Observation): Observation => ({
  ...seen,
  members: seen.members.map((member) => ({
    ...member,
    volumes: member.volumes.map(({ intent: _intent, ...volume }) => volume),
  })),
})

/** Bugs on the way in: what is attached, when, and how often. */
export const attaching: Readonly<Record<string, Mutant>> = {
  'volume-first': {
    is: 'attaches the volumes of a free member side by side with the claim',
    composition: {
      plan: planning((planned, seen) =>
        steps(planned, (step) =>
          step.kind === 'attach-interface'
            ? [
                step,
                ...(seen.members.find((one) => one.networkInterface.id === step.networkInterfaceId)?.volumes ?? []).map(
                  (volume, index): Step => ({
                    kind: 'attach-volume',
                    volumeId: volume.id,
                    instanceId: step.instanceId,
                    device: `/dev/sd${'fg'[index]}`,
                  }),
                ),
              ]
            : [step],
        ),
      ),
    },
  },
  'no-one-shot': {
    is: 'attaches a volume again that was attached to this instance before',
    composition: { plan: seeing(withoutIntents) },
  },
  'retry-attach-blindly': {
    is: 'repeats AttachVolume until it is told yes',
    composition: withEc2((ec2, clock) => ({
      async attachVolume(id, instance, device) {
        for (let tries = 0; ; tries++) {
          const answer = await ec2.attachVolume(id, instance, device)
          if (answer.done === 'yes' || tries === 20) return answer
          await clock.pause(5000, new AbortController().signal)
        }
      },
    })),
  },
  'attach-failure-is-refusal': {
    is: 'takes every failure of AttachVolume for a refusal',
    composition: withEc2((ec2) => ({
      async attachVolume(id: VolumeId, instance, device) {
        const answer = await ec2.attachVolume(id, instance, device)
        return answer.done === 'unknown' ? { ...answer, done: 'no' } : answer
      },
    })),
  },
  'reattach-stuck': {
    is: 'detaches a volume that is stuck attaching, and attaches it again',
    composition: {
      plan: (plan) => (seen) => {
        const planned = plan(withoutIntents(seen))
        const stuck = seen.members
          .flatMap((member) => member.volumes)
          .find((volume) => volume.attachment?.state === 'attaching')
        if (!stuck || planned.givesUp?.includes('attaching') !== true) return planned
        const { givesUp: _givesUp, ...rest } = planned
        const again: Step = { kind: 'detach-volume', volumeId: stuck.id, instanceId: seen.action.instanceId }
        return { ...rest, steps: [again], verdict: 'WAIT' }
      },
    },
  },
  'keep-deletion': {
    is: 'leaves DeleteOnTermination as it is',
    composition: withEc2(() => ({
      retainVolume: () => Promise.resolve({ done: 'yes', result: undefined }),
      retainInterface: () => Promise.resolve({ done: 'yes', result: undefined }),
    })),
  },
  'ignore-deletion': {
    is: 'does not plan for DeleteOnTermination',
    composition: {
      plan: seeing((seen) => ({
        ...seen,
        members: seen.members.map((member) => ({
          ...member,
          networkInterface: {
            ...member.networkInterface,
            ...(member.networkInterface.attachment && {
              attachment: { ...member.networkInterface.attachment, deleteOnTermination: false },
            }),
          },
          volumes: member.volumes.map((volume) => ({
            ...volume,
            ...(volume.attachment && { attachment: { ...volume.attachment, deleteOnTermination: false } }),
          })),
        })),
      })),
    },
  },
  'steal-volume': {
    is: 'takes the volumes and the interface from whoever holds them',
    composition: {
      plan: planning((planned, seen) => {
        const self = groupInstance(seen, seen.action.instanceId)
        const zone = ec2Instance(seen, seen.action.instanceId)?.zone
        if (self?.lifecycleState !== 'Pending:Wait' || planned.member !== undefined) return planned
        const member = seen.members.find((one) => one.zone === zone)
        const stolen = member?.volumes.flatMap((volume): Step[] =>
          volume.attachment && volume.attachment.instanceId !== self.instanceId
            ? [{ kind: 'detach-volume', volumeId: volume.id, instanceId: volume.attachment.instanceId }]
            : [],
        )
        return stolen?.length ? { ...planned, steps: stolen, verdict: 'WAIT' } : planned
      }),
    },
  },
}
