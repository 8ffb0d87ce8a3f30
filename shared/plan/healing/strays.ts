import type { InstanceId } from '../../model/ids.ts'
import { limits } from '../../model/limits.ts'
import type { Member } from '../../model/member.ts'
import type { GroupInstance, Instance, Survey } from '../../model/observation.ts'
import { ec2Instance } from '../instances.ts'
import type { Treatment } from './heal.ts'
import { isBeingHealed, isOnItsWay, type Patient } from './patient.ts'

/**
 * Instances in service that are no member: they never saw their hook, or came in past it. Where a member of the zone is
 * free, the next launch becomes it, through the hook; where none is, somebody has asked for more instances than members.
 */
export function strays(seen: Survey, patients: readonly Patient[]): Treatment[] {
  return seen.groupInstances.filter((one) => isStray(seen, one)).map((one) => replaced(seen, patients, one))
}

function replaced(seen: Survey, patients: readonly Patient[], { instanceId }: GroupInstance): Treatment {
  const instance = ec2Instance(seen, instanceId)
  const because = `${instanceId} is in service and is no member`
  if (instance?.state !== 'running') {
    return { finding: { instance: instanceId, because: `${because}: it is ${instance?.state ?? 'not visible'}` } }
  }
  const free = patients.find(({ member }) => member.zone === instance.zone && isUnheld(member))
  if (!free) {
    return { finding: { instance: instanceId, because: `${because}: no member of its zone is free`, alarm: true } }
  }
  const age = seen.now - instance.launchTime
  const isBusy = patients.some((other) => isBeingHealed(seen, other)) || isAwaited(seen, instance, age)
  if (age < limits.strayAfter || isBusy || free.healing || seen.tagFaults.length > 0) {
    return { finding: { instance: instanceId, because: `${because}, and member ${free.member.id} is free` } }
  }
  const { id: networkInterfaceId } = free.member.networkInterface
  return {
    note: { kind: 'write-note', networkInterfaceId, note: { key: 'healing', step: 'replace', at: seen.now } },
    step: { kind: 'mark-unhealthy', instanceId },
    finding: { instance: instanceId, because: `${because}: it is replaced`, alarm: true },
  }
}

/**
 * Whether one is on its way that may come for the free member, or may be let have its time. Not for ever: one that holds
 * another member may be waiting for the quorum, which waits for this member.
 */
function isAwaited(seen: Survey, { zone }: Instance, age: number): boolean {
  const moving = seen.groupInstances.filter(isOnItsWay)
  const comes = moving.some((one) => one.zone === zone && !isPartHolder(seen, one.instanceId))
  return comes || (moving.length > 0 && age < limits.strayAfter + limits.onItsWayWithin)
}

function isStray(seen: Survey, { instanceId, lifecycleState }: GroupInstance): boolean {
  if (lifecycleState !== 'InService') return false
  return !isPartHolder(seen, instanceId)
}

const isPartHolder = (seen: Survey, id: InstanceId): boolean =>
  seen.members.some((member) => parts(member).some((one) => one.attachment?.instanceId === id))

const isUnheld = (member: Member): boolean => parts(member).every((one) => one.attachment === undefined)

const parts = (member: Member) => [member.networkInterface, ...member.volumes]
