import { limits } from '../../model/limits.ts'
import type { Member } from '../../model/member.ts'
import type { GroupInstance, Survey } from '../../model/observation.ts'
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
  const isBusy = patients.some((other) => isBeingHealed(seen, other)) || seen.groupInstances.some(isOnItsWay)
  if (seen.now - instance.launchTime < limits.strayAfter || isBusy || free.healing || seen.tagFaults.length > 0) {
    return { finding: { instance: instanceId, because: `${because}, and member ${free.member.id} is free` } }
  }
  const { id: networkInterfaceId } = free.member.networkInterface
  return {
    note: { kind: 'write-note', networkInterfaceId, note: { key: 'healing', step: 'replace', at: seen.now } },
    step: { kind: 'mark-unhealthy', instanceId },
    finding: { instance: instanceId, because: `${because}: it is replaced`, alarm: true },
  }
}

function isStray(seen: Survey, { instanceId, lifecycleState }: GroupInstance): boolean {
  if (lifecycleState !== 'InService') return false
  return !seen.members.some((member) => parts(member).some((one) => one.attachment?.instanceId === instanceId))
}

const isUnheld = (member: Member): boolean => parts(member).every((one) => one.attachment === undefined)

const parts = (member: Member) => [member.networkInterface, ...member.volumes]
