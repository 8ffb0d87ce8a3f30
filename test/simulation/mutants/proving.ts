import type { Observation } from '../../../shared/model/observation.ts'
import { type Mutant, seeing, planning, withEc2, steps } from './plant.ts'

const ageless = (seen: Observation): Observation => ({
  ...seen,
  commands: seen.commands.map((command) =>
    command.status === 'succeeded' && command.verb === 'takeOver' ? { ...command, sentAt: seen.now } : command,
  ),
  reaches: seen.reaches.map((reach) => ({ ...reach, sentAt: seen.now })),
})

/** Bugs in what is believed, and in what a host is told to do. */
export const proving: Readonly<Record<string, Mutant>> = {
  'no-proof-age': { is: 'takes a proof of any age', composition: { plan: seeing(ageless) } },
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
  'no-tombstone': { is: 'the hosts do not remember that they handed over', composition: {}, forgetful: true },
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
  'too-few-peers': {
    is: 'tells the host only of those peers whose tags are right',
    composition: { plan: seeing((seen) => ({ ...seen, tagFaults: [] })) },
  },
}
