import { limits } from '../../../shared/model/limits.ts'
import type { Member } from '../../../shared/model/member.ts'
import type { Observation, Survey } from '../../../shared/model/observation.ts'
import type { Step } from '../../../shared/model/plan.ts'
import type { planHealing } from '../../../shared/plan/healing/heal.ts'
import { leaderOf } from '../../../shared/plan/standing.ts'
import { type Mutant, seeing } from './plant.ts'

type Healer = typeof planHealing

const withHealing = (seen: Survey, change: (member: Member) => Member['networkInterface']['healing']): Survey => ({
  ...seen,
  members: seen.members.map((member) => {
    const { healing: _healing, ...networkInterface } = member.networkInterface
    const healing = change(member)
    return { ...member, networkInterface: { ...networkInterface, ...(healing && { healing }) } }
  }),
})

/** The plan of each member as if none of the others were ever healed, nor on its way. */
const careless =
  (plan: Healer): Healer =>
  (seen) => {
    const plans = seen.members.map(({ networkInterface: { id, healing, attachment } }) => {
      const alone = withHealing(seen, (one) => (one.networkInterface.id === id ? healing : undefined))
      const groupInstances = seen.groupInstances.map((one) => ({ ...one, lifecycleState: 'InService' }))
      const planned = plan({ ...alone, groupInstances })
      const own = ({ steps, notes }: typeof planned): readonly Step[][] => [
        notes.filter((note) => 'networkInterfaceId' in note && note.networkInterfaceId === id),
        steps.filter((step) => 'instanceId' in step && step.instanceId === attachment?.instanceId),
      ]
      const [notes = [], steps = []] = own(planned)
      return { notes, steps, findings: planned.findings }
    })
    return {
      ...plan(seen),
      notes: plans.flatMap(({ notes }) => notes),
      steps: plans.flatMap(({ steps }) => steps),
    }
  }

/** Bugs in what is done for members in service, and in who may leave. */
export const healing: Readonly<Record<string, Mutant>> = {
  'heals-all-at-once': { is: 'heals every member as if it were alone', composition: { healing: careless } },
  'replaces-for-quorum': {
    is: 'replaces those that run without a role because there is no quorum',
    composition: {
      healing: (plan) => (seen) => {
        const planned = plan(seen)
        const lost = planned.findings.filter(({ because }) => because.endsWith('the ensemble has no quorum'))
        const steps = lost.flatMap(({ member }): Step[] => {
          const holder = seen.members.find((one) => one.id === member)?.networkInterface.attachment?.instanceId
          return holder === undefined ? [] : [{ kind: 'mark-unhealthy', instanceId: holder }]
        })
        return { ...planned, steps: [...planned.steps, ...steps] }
      },
    },
  },
  'no-settling': {
    is: 'takes the next step of healing without giving the last one its time',
    composition: {
      healing: (plan) => (seen) =>
        plan(
          withHealing(seen, ({ networkInterface: { healing: noted } }) =>
            noted ? { ...noted, at: noted.at - limits.healedAfter } : undefined,
          ),
        ),
    },
  },
  'no-guard': {
    is: 'hands over whatever the others are',
    composition: { plan: seeing((seen) => ({ ...seen, wanted: 0 })) },
  },
  'keeps-the-vote': {
    is: 'lets go for good whoever still votes',
    composition: { plan: seeing((seen) => ({ ...seen, groups: [] })) },
  },
  'votes-beside-a-loss': {
    is: 'gives a vote while somebody who has one is away',
    composition: {
      healing: (plan) => (seen) => {
        const planned = plan(seen)
        return { ...planned, steps: [...planned.steps, ...hastyVote(seen)] }
      },
    },
  },
  'looks-before-it-writes': {
    is: 'asks how the others are without having told that it is to leave',
    composition: { plan: seeing(unannounced) },
  },
}

/** A vote for anybody in service who has none. */
function hastyVote(seen: Survey): Step[] {
  const leader = leaderOf(seen)
  const joining = seen.members.find(({ id, networkInterface: { attachment } }) => {
    const inGroup = seen.groupInstances.find((one) => one.instanceId === attachment?.instanceId)
    return leader?.voters?.includes(id) === false && inGroup?.lifecycleState === 'InService'
  })
  if (!leader || !joining) return []
  const { address } = leader.member.networkInterface
  const change = { kind: 'add', member: joining.id, address: joining.networkInterface.address } as const
  return [{ kind: 'reconfigure', instanceId: leader.instanceId, member: leader.member.id, address, change }]
}

/** As if its own wish had been seen for long, and the decision too, and nobody else had any. */
function unannounced(seen: Observation): Observation {
  const id = seen.action.instanceId
  const leaving = { instanceId: id, at: seen.now - limits.leavingSettles }
  return {
    ...seen,
    leavingSince: new Map([[id, leaving.at]]),
    members: seen.members.map((member) => {
      const { leaving: _leaving, handingOver: _handingOver, ...networkInterface } = member.networkInterface
      const mine = networkInterface.attachment?.instanceId === id
      return { ...member, networkInterface: { ...networkInterface, ...(mine && { leaving, handingOver: leaving }) } }
    }),
  }
}
