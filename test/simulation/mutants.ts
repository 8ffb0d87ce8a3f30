import type { Clock } from '../../shared/clock.ts'
import { CallFailure } from '../../shared/aws/failure.ts'
import type { VolumeId } from '../../shared/model/ids.ts'
import type { Observation } from '../../shared/model/observation.ts'
import type { Plan, Step } from '../../shared/model/plan.ts'
import type { Ports } from '../../shared/observe.ts'
import type { planFor } from '../../shared/plan/plan.ts'
import { ec2Instance, groupInstance } from '../../shared/plan/instances.ts'
import type { Composition } from './core.ts'

/** A bug that somebody could have made, put in place of what is right. Each has to be found. */
export interface Mutant {
  readonly is: string
  readonly composition: Composition
  readonly forgetful?: boolean
}

type Planner = typeof planFor

/** A planner that sees something else than what was observed. */
const seeing =
  (change: (seen: Observation) => Observation): ((plan: Planner) => Planner) =>
  (plan) =>
  (seen) =>
    plan(change(seen))

/** A planner whose plan is changed. */
const planning =
  (change: (planned: Plan, seen: Observation) => Plan): ((plan: Planner) => Planner) =>
  (plan) =>
  (seen) =>
    change(plan(seen), seen)

const withEc2 = (change: (ec2: Ports['ec2'], clock: Clock) => Partial<Ports['ec2']>): Composition => ({
  ports: (ports, clock) => ({ ...ports, ec2: { ...ports.ec2, ...change(ports.ec2, clock) } }),
})

const steps = (planned: Plan, change: (step: Step) => readonly Step[]): Plan => ({
  ...planned,
  steps: planned.steps.flatMap(change),
})

/** The plan for a member whose host is taken to have said what was wanted. */
const lettingGo = (seen: Observation): Step[] => {
  const id = seen.action.instanceId
  return seen.members
    .flatMap((member) => member.volumes)
    .filter((volume) => volume.attachment?.instanceId === id && volume.attachment.state === 'attached')
    .map((volume): Step => ({ kind: 'detach-volume', volumeId: volume.id, instanceId: id }))
}

const ageless = (seen: Observation): Observation => ({
  ...seen,
  commands: seen.commands.map((command) =>
    command.status === 'succeeded' && command.verb === 'takeOver' ? { ...command, sentAt: seen.now } : command,
  ),
  reaches: seen.reaches.map((reach) => ({ ...reach, sentAt: seen.now })),
})

export const mutants: Readonly<Record<string, Mutant>> = {
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
  'no-tombstone': { is: 'the hosts do not remember that they handed over', composition: {}, forgetful: true },
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
    composition: {
      plan: seeing((seen) => ({
        ...seen,
        members: seen.members.map((member) => ({
          ...member,
          volumes: member.volumes.map(({ intent: _intent, ...volume }) => volume),
        })),
      })),
    },
  },
  'no-proof-age': { is: 'takes a proof of any age', composition: { plan: seeing(ageless) } },
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
  'no-peer-proof': {
    is: 'CONTINUES without asking a peer',
    composition: {
      plan: seeing((seen) => ({
        ...seen,
        reaches: seen.members.map((member) => ({
          peer: seen.action.instanceId,
          address: member.networkInterface.address,
          sentAt: seen.now,
          answer: 'reached' as const,
        })),
      })),
    },
  },
  'continue-on-failure': {
    is: 'CONTINUES where it should ABANDON',
    composition: {
      plan: planning((planned) => (planned.verdict === 'ABANDON' ? { ...planned, verdict: 'CONTINUE' } : planned)),
    },
  },
  'unknown-is-free': {
    is: 'takes a failed read of the volumes and interfaces for an empty one',
    composition: withEc2((ec2) => ({
      instances: (ids) => ec2.instances(ids).catch(() => []),
      volumes: (ensemble) => ec2.volumes(ensemble).catch(() => []),
      networkInterfaces: (ensemble) => ec2.networkInterfaces(ensemble).catch(() => []),
    })),
  },
  'complete-other-instance': {
    is: 'completes the action of another instance that waits',
    composition: {
      ports: (ports) => ({
        ...ports,
        autoScaling: {
          ...ports.autoScaling,
          async complete(action, result) {
            const waiting = await ports.autoScaling.instances('zookeeper').catch(() => [])
            const other = waiting.find((one) => one.lifecycleState.endsWith(':Wait'))
            const { token: _token, ...rest } = action
            const wrong = other ? { ...rest, instanceId: other.instanceId, groupName: other.groupName } : action
            return ports.autoScaling.complete(wrong, result)
          },
        },
      }),
    },
  },
  'no-sweep': { is: 'has no sweep', composition: { sweeps: false } },
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
  'ignore-ensemble': {
    is: 'looks at the interfaces and volumes of every ensemble whose name begins like its own',
    composition: withEc2((ec2) => ({
      networkInterfaces: async (ensemble) => [
        ...(await ec2.networkInterfaces(ensemble)),
        ...(await ec2.networkInterfaces(`${ensemble}-2`)).map((one) => ({ ...one, member: `${one.member}1` })),
      ],
      volumes: async (ensemble) => [
        ...(await ec2.volumes(ensemble)),
        ...(await ec2.volumes(`${ensemble}-2`)).map((one) => ({ ...one, member: `${one.member}1` })),
      ],
    })),
  },
  'format-anything': {
    is: 'permits every volume to be formatted, always',
    composition: {
      plan: planning((planned) =>
        steps(planned, (step) =>
          step.kind === 'take-over' ? [{ ...step, format: step.volumes.map(({ id }) => id) }] : [step],
        ),
      ),
    },
  },
  'keep-permits': {
    is: 'never withdraws a permit',
    composition: withEc2(() => ({
      withdrawPermit: () => Promise.resolve({ done: 'yes', result: undefined }),
    })),
  },
  'interface-before-volumes': {
    is: 'gives up the claim together with the volumes',
    composition: {
      plan: planning((planned, seen) => {
        if (!planned.steps.some((step) => step.kind === 'detach-volume')) return planned
        const cards = seen.members.flatMap(({ networkInterface: { id, attachment } }): Step[] =>
          attachment?.instanceId === seen.action.instanceId && attachment.status === 'attached'
            ? [{ kind: 'detach-interface', networkInterfaceId: id, attachmentId: attachment.id }]
            : [],
        )
        return { ...planned, steps: [...cards, ...planned.steps] }
      }),
    },
  },
  'trust-the-event': {
    is: 'believes the event, whatever state the instance is in by now',
    composition: {
      plan: seeing((seen) => ({
        ...seen,
        groupInstances: seen.groupInstances.map((one) =>
          one.instanceId === seen.action.instanceId
            ? { ...one, lifecycleState: seen.action.transition === 'launching' ? 'Pending:Wait' : 'Terminating:Wait' }
            : one,
        ),
      })),
    },
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
      plan: planning((planned, seen) => {
        if (planned.givesUp === undefined || !planned.givesUp.includes('attaching')) return planned
        const stuck = seen.members
          .flatMap((member) => member.volumes)
          .find((volume) => volume.attachment?.state === 'attaching')
        if (!stuck) return planned
        const { givesUp: _givesUp, ...rest } = planned
        const again: Step = { kind: 'detach-volume', volumeId: stuck.id, instanceId: seen.action.instanceId }
        return { ...rest, steps: [again], verdict: 'WAIT' }
      }),
    },
  },
  'ignore-leaving': {
    is: 'sends a take-over command although the instance has been told to hand over',
    composition: {
      plan: seeing((seen) => {
        const { givenUp: _givenUp, ...rest } = seen
        return seen.action.transition === 'launching'
          ? { ...rest, commands: seen.commands.filter((command) => command.verb !== 'handOver') }
          : seen
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
  'forget-half': {
    is: 'does not wait for the volumes to be attached',
    composition: {
      plan: planning((planned) =>
        planned.verdict === 'WAIT' && planned.because.endsWith('attaching')
          ? { ...planned, verdict: 'CONTINUE' }
          : planned,
      ),
    },
  },
  'read-fails-means-gone': {
    is: 'ends the action when a read fails',
    composition: {
      ports: (ports) => ({
        ...ports,
        ssm: {
          ...ports.ssm,
          invocations: (instance, since) =>
            ports.ssm.invocations(instance, since).catch((error: unknown) => {
              if (error instanceof CallFailure) return []
              throw error
            }),
        },
      }),
    },
  },
  'too-few-peers': {
    is: 'tells the host only of those peers whose tags are right',
    composition: { plan: seeing((seen) => ({ ...seen, tagFaults: [] })) },
  },
}
