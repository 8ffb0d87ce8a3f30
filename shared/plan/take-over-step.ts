import type { InstanceId } from '../model/ids.ts'
import type { Member } from '../model/member.ts'
import type { Survey } from '../model/observation.ts'
import type { TakeOver } from '../model/plan.ts'
import { bootstrapPermitted } from './permits.ts'

/**
 * The command that makes the instance the member, or finds that it is. Undefined while the range of its subnet is not
 * seen. With `restart` a service that has no role is started anew although it runs.
 */
export function takeOverStep(
  seen: Survey,
  instanceId: InstanceId,
  member: Member,
  restart = false,
): TakeOver | undefined {
  const { macAddress, address, subnetId } = member.networkInterface
  const subnetCidr = seen.subnetCidrs.get(subnetId)
  if (subnetCidr === undefined) return undefined
  return {
    kind: 'take-over',
    instanceId,
    member: member.id,
    macAddress,
    address,
    subnetCidr,
    volumes: member.volumes.map(({ id, mount }) => ({ id, mount })),
    peers: seen.members.map((peer) => ({ id: peer.id, address: peer.networkInterface.address })),
    format: member.volumes.filter((volume) => volume.formatPermitted).map((volume) => volume.id),
    bootstrap: bootstrapPermitted(seen),
    restart,
  }
}
