import type { InstanceId } from '../../model/ids.ts'
import { limits } from '../../model/limits.ts'
import type { Survey } from '../../model/observation.ts'
import type { AskHealth } from '../../model/plan.ts'
import { askHealth } from '../ask-health.ts'
import { ec2Instance, groupInstance } from '../instances.ts'

export type Consultation =
  | { readonly kind: 'ask'; readonly step: AskHealth }
  | { readonly kind: 'awaited' }
  /** Everybody has answered, or has had all the time to. */
  | { readonly kind: 'told' }

/** Whether the hosts of the members in service have told how they are, all of them with one command. */
export function planConsultation(seen: Survey): Consultation {
  const hosts = hostsToAsk(seen)
  if (hosts.some((id) => !seen.healths.some((health) => health.instanceId === id))) {
    const step = askHealth(seen, hosts)
    return step ? { kind: 'ask', step } : { kind: 'awaited' }
  }
  return seen.healths.some((health) => isAwaited(seen, health)) ? { kind: 'awaited' } : { kind: 'told' }
}

const isAwaited = (seen: Survey, { answer, sentAt }: Survey['healths'][number]): boolean =>
  answer === undefined && seen.now - sentAt < limits.healthWithin

/**
 * Those whose members serve. Whoever waits to leave is looked after by its own action, and serves until then: it can tell
 * how the others are. Whoever is on its way in may not be known to Systems Manager yet, which would refuse the whole command.
 */
const servingStates = new Set(['InService', 'Terminating:Wait'])

function hostsToAsk(seen: Survey): InstanceId[] {
  return seen.members
    .flatMap((member) => member.networkInterface.attachment?.instanceId ?? [])
    .filter((id) => servingStates.has(groupInstance(seen, id)?.lifecycleState ?? ''))
    .filter((id) => ec2Instance(seen, id)?.state === 'running')
}
