import type { Observation } from '../model/observation.ts'
import type { Plan } from '../model/plan.ts'
import { decidedFirst, quorumGuard } from './guard.ts'
import { planHandOver } from './hand-over.ts'
import { groupInstance } from './instances.ts'
import { planVote } from './membership.ts'
import { nothing, wait } from './verdicts.ts'
import { planTakeOver } from './take-over.ts'

/**
 * What to do next, from nothing but what was seen. The instance's lifecycle state decides the direction, not the event
 * that woke us: events come twice, late and out of order.
 */
export function planFor(seen: Observation): Plan {
  const { instanceId, groupName, transition } = seen.action
  const self = groupInstance(seen, instanceId)
  if (!self) return nothing(`${instanceId} is in no group of this ensemble`)
  if (self.groupName !== groupName) return nothing(`${instanceId} is in group ${self.groupName}, not in ${groupName}`)

  switch (self.lifecycleState) {
    // The event may outrun what the APIs show: an instance on its way into the wait is one that will wait for us.
    case 'Pending':
    case 'Terminating':
    case 'Warmed:Pending':
    case 'Warmed:Terminating':
      return wait(`${instanceId} is ${self.lifecycleState}, not waiting for us yet`)
    case 'Pending:Wait':
      return transition === 'launching' ? planTakeOver(seen) : otherTransition(self.lifecycleState)
    // An instance enters a warm pool without any member; one that returns to it gives its member back.
    case 'Warmed:Pending:Wait':
    case 'Warmed:Terminating:Wait':
      return planHandOver(seen, 'CONTINUE')
    case 'Terminating:Wait':
      return transition === 'terminating' ? planEnd(seen) : otherTransition(self.lifecycleState)
    default:
      return nothing(`${instanceId} is ${self.lifecycleState}: nobody waits for us`)
  }
}

/** The way out of service, where the quorum allows it. */
function planEnd(seen: Observation): Plan {
  const way = quorumGuard(seen)
  if (way.kind === 'held') return way.plan
  const voting = planVote(seen)
  if (voting) return voting
  const plan = decidedFirst(seen, way, planHandOver(seen, 'CONTINUE'))
  return way.because === undefined ? plan : { ...plan, because: `${way.because}: ${plan.because}` }
}

const otherTransition = (state: string): Plan => nothing(`the instance is ${state} by now, in another transition`)
