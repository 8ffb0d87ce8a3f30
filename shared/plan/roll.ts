import type { InstanceId } from '../model/ids.ts'
import { holderOf, type Member } from '../model/member.ts'
import type { Survey } from '../model/observation.ts'
import { conditionOf } from './healing/condition.ts'
import { isOnItsWay } from './healing/patient.ts'
import { ec2Instance } from './instances.ts'
import { electorateOf } from './standing.ts'

/** What is next when every member is to get a new instance. */
export type Roll =
  | { readonly kind: 'replace'; readonly member: Member; readonly instanceId: InstanceId; readonly role: string }
  /** Not everybody is well, or there: the next one waits for that. */
  | { readonly kind: 'wait'; readonly because: string }
  | { readonly kind: 'done' }

/**
 * The next member whose instance is older than `began` (milliseconds since the epoch): followers first, in the order of
 * their ids, the leader last, because each change of leader is a pause for every client. None while any member is not
 * well: whoever was replaced has to serve again before the next one leaves.
 */
export function planRoll(seen: Survey, began: number): Roll {
  const { voters } = electorateOf(seen)
  for (const member of seen.members) {
    // Without an instance and without a vote it is one that nobody wants for now.
    if (holderOf(member) === undefined && !voters.includes(member)) continue
    const condition = conditionOf(seen, member)
    if (condition.kind !== 'well') return { kind: 'wait', because: `member ${member.id}: ${condition.because}` }
  }
  const [fault] = seen.tagFaults
  if (fault !== undefined) return { kind: 'wait', because: fault }
  const moving = seen.groupInstances.find(isOnItsWay)
  if (moving) return { kind: 'wait', because: `${moving.instanceId} is ${moving.lifecycleState}` }

  const old = seen.members.flatMap((member) => {
    const instanceId = member.networkInterface.attachment?.instanceId
    const launched = instanceId && ec2Instance(seen, instanceId)?.launchTime
    if (instanceId === undefined || launched === undefined || launched >= began) return []
    return [{ kind: 'replace' as const, member, instanceId, role: roleOf(seen, instanceId) }]
  })
  return old.find(({ role }) => role !== 'leader') ?? old[0] ?? { kind: 'done' }
}

/** What the member's server says it is. */
export function roleOf(seen: Survey, instanceId: InstanceId): string {
  const answer = seen.healths.find((health) => health.instanceId === instanceId)?.answer
  return typeof answer === 'object' ? answer.service.role : 'unknown'
}
