// The rule does not know test.prop for the test block that it is.
/* oxlint-disable vitest/no-standalone-expect */
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { Observation } from '../../shared/model/observation.ts'
import { planFor } from '../../shared/plan/plan.ts'
import { cardHere, disksHere, ec2State, facts, lifecycleState, provesFreshly } from './judge.ts'
import { deepFrozen } from './orders.ts'
import { satisfied } from './satisfied.ts'
import { heldBy, inGroup, instance, member, now, other, self } from './scene.ts'
import { observations } from './worlds.ts'

/** What CONTINUE must mean. */

const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 500) }

describe('CONTINUE', () => {
  /** A peer that could be asked: it holds another member's interface, it is in service, and EC2 shows it running. */
  const peersOf = (seen: Observation) =>
    seen.members
      .flatMap((one) => one.networkInterface.attachment?.instanceId ?? [])
      .filter((one) => one !== self && lifecycleState(seen, one) === 'InService' && ec2State(seen, one) === 'running')

  test.prop([fc.oneof(observations, satisfied)], runs)(
    'for a launch it means: all attached here, proved a minute ago at most, from inside and outside',
    (seen) => {
      const plan = planFor(seen)
      if (plan.verdict !== 'CONTINUE' || lifecycleState(seen, self) !== 'Pending:Wait') return
      const [held, ...more] = seen.members.filter(cardHere)
      expect(more).toEqual([])
      expect(held!.id).toBe(plan.member)
      expect(held!.networkInterface.attachment).toMatchObject({ status: 'attached', deleteOnTermination: false })
      for (const { attachment, formatPermitted } of held!.volumes) {
        expect(attachment).toMatchObject({ instanceId: self, state: 'attached', deleteOnTermination: false })
        expect(formatPermitted).toBe(false)
      }
      expect(seen.members.filter((one) => one !== held).flatMap(disksHere)).toEqual([])
      expect(seen.members.flatMap((one) => one.volumes).filter((disk) => disk.bootstrapPermitted)).toEqual([])
      expect(seen.commands.some((one) => provesFreshly(one, held!))).toBe(true)
      expect(seen.commands.filter((one) => one.verb === 'handOver')).toEqual([])
      expect(ec2State(seen, self)).toBe('running')

      const { address } = held!.networkInterface
      const answers = seen.reaches.filter((one) => one.address === address)
      const reached = answers.some((one) => one.answer === 'reached' && now - one.sentAt <= limits.proofAgeMax)
      const silent = peersOf(seen).filter(
        (peer) => !answers.some((one) => one.peer === peer && one.answer !== 'reached'),
      )
      if (!reached) expect(silent).toEqual([])
    },
  )

  test.prop([satisfied], runs)('the plan of a satisfied world is empty, and stays so', (seen) => {
    expect(planFor(deepFrozen(seen))).toMatchObject({ steps: [], verdict: 'CONTINUE', member: 1 })
  })

  test.prop([satisfied, fc.integer({ min: 1, max: 3_600_000 })], runs)(
    'it is over once the proof is older than a minute',
    (seen, ms) => {
      const sentAt = now - limits.proofAgeMax - ms
      const commands = seen.commands.map((one) => (one.verb === 'takeOver' ? { ...one, sentAt } : one))
      expect(planFor({ ...seen, commands }).verdict).toBe('WAIT')
    },
  )

  test.prop([observations], runs)(
    'an instance that holds nothing is let go when it terminates, unless whose its interface is, is in doubt',
    (seen) => {
      const members = seen.members.filter((one) => !cardHere(one) && disksHere(one).length === 0)
      if (lifecycleState(seen, self) !== 'Terminating:Wait' || seen.action.transition === 'launching') return
      const plan = planFor({ ...seen, members })
      const here = seen.instances.find((one) => one.id === self)
      const isInDoubt = seen.tagFaults.length > 0 && (here?.networkInterfaces.length ?? 0) > 1
      expect(plan.steps).toEqual([])
      if (plan.verdict !== 'CONTINUE') expect([isInDoubt, plan.verdict, plan.alarm]).toEqual([true, 'WAIT', true])
      expect(planFor({ ...seen, members, tagFaults: [] })).toMatchObject({ steps: [], verdict: 'CONTINUE' })
    },
  )

  /** A satisfied world in which one thing about member 1 is not so, the rest being as it was. */
  const spoilt: Record<string, (seen: Observation) => Observation> = {
    'its interface would die with the instance': (seen) => first(seen, { deleteOnTermination: true }, {}),
    'its interface is still attaching': (seen) => first(seen, { status: 'attaching' }, {}),
    'its volumes would die with the instance': (seen) => first(seen, {}, { deleteOnTermination: true }),
    'its volumes are still attaching': (seen) => first(seen, {}, { state: 'attaching' }),
    'its volumes are being taken away': (seen) => first(seen, {}, { state: 'detaching' }),
    'a volume may still be formatted': (seen) => permit(seen, { formatPermitted: true }),
    'the ensemble may still bootstrap': (seen) => permit(seen, { bootstrapPermitted: true }),
    'the host told of none of its volumes': (seen) => retold(seen, () => []),
    'the host told of all volumes but one': (seen) => retold(seen, (volumes) => volumes.slice(1)),
    'the agent is not online': (seen) => ({ ...seen, agentOnline: false }),
    'the peer was asked too long ago': (seen) => ({
      ...seen,
      members: [seen.members[0]!, heldBy(other, member(9))],
      groupInstances: [inGroup(self, 'Pending:Wait'), inGroup(other, 'InService')],
      instances: [instance(self), instance(other)],
      reaches: seen.reaches
        .filter((one) => one.answer === 'reached')
        .map((one) => ({ ...one, sentAt: now - limits.proofAgeMax - 1 })),
    }),
  }
  const first = (seen: Observation, card: object, disk: object): Observation => ({
    ...seen,
    members: seen.members.map((one) => (cardHere(one) ? heldBy(self, one, card, disk) : one)),
  })
  const permit = (seen: Observation, change: object): Observation => ({
    ...seen,
    members: seen.members.map((one) => ({ ...one, volumes: one.volumes.map((disk) => ({ ...disk, ...change })) })),
  })
  const retold = (seen: Observation, change: (volumes: unknown[]) => unknown[]): Observation => ({
    ...seen,
    commands: seen.commands.map((one) => {
      const told = facts(one)
      const volumes = told?.['volumes']
      return Array.isArray(volumes) ? { ...one, output: JSON.stringify({ ...told, volumes: change(volumes) }) } : one
    }),
  })

  test.prop([satisfied, fc.constantFrom(...Object.keys(spoilt))], runs)(
    'it takes everything: with one thing spoilt the launch goes on or ends otherwise',
    (seen, how) => {
      expect(planFor(seen)).toMatchObject({ steps: [], verdict: 'CONTINUE' })
      const { steps, verdict } = planFor(spoilt[how]!(seen))
      expect(verdict === 'CONTINUE' && steps.length === 0 ? how : undefined).toBeUndefined()
    },
  )
})
