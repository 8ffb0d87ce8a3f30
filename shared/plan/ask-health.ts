import type { InstanceId } from '../model/ids.ts'
import type { Survey } from '../model/observation.ts'
import type { AskHealth } from '../model/plan.ts'

/**
 * The one question to all these hosts. It names every member, because a host knows which one it is, and asks of the
 * others how it sees them. Undefined while the range of a member's subnet is not seen.
 */
export function askHealth(seen: Survey, instanceIds: readonly InstanceId[]): AskHealth | undefined {
  const members = seen.members.flatMap(({ id, networkInterface, volumes }) => {
    const { macAddress, address, subnetId } = networkInterface
    const subnetCidr = seen.subnetCidrs.get(subnetId)
    if (subnetCidr === undefined) return []
    return [
      {
        member: id,
        macAddress,
        address,
        subnetCidr,
        volumes: volumes.map((one) => ({ id: one.id, mount: one.mount })),
      },
    ]
  })
  return members.length === seen.members.length ? { kind: 'ask-health', instanceIds, members } : undefined
}
