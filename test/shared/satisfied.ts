import * as fc from 'fast-check'
import { limits } from '../../shared/model/limits.ts'
import type { Member } from '../../shared/model/member.ts'
import type { Observation } from '../../shared/model/observation.ts'
import { heldBy, instance, launching, member, now, other, reach, self, takenOver, volume } from './scene.ts'
import { intents, memberSketches, sketched, sketchedMember, sketches } from './worlds.ts'

/** Worlds in which this instance has become member 1 and everything about it is as it should be. */
export const satisfied: fc.Arbitrary<Observation> = fc
  .record({
    sketch: sketches,
    disks: fc.integer({ min: 1, max: 3 }),
    strangers: fc.array(memberSketches, { maxLength: 2 }),
    provedAgo: fc.integer({ min: 0, max: limits.proofAgeMax }),
    reachedAgo: fc.integer({ min: 0, max: limits.proofAgeMax }),
    intent: intents,
  })
  .map(({ sketch, disks, strangers, provedAgo, reachedAgo, intent }) => {
    const volumes = Array.from({ length: disks }, (_, place) =>
      volume(16 + place, { mount: `/data/${place}`, ...(intent && { intent }) }),
    )
    const mine = heldBy(self, member(1, { volumes }))
    const members = [mine, ...strangers.map((one, index) => elsewhere(sketchedMember(one, index + 1)))]
    const seen = sketched({ ...sketch, own: 'Pending:Wait', inGroup: true, action: launching })
    // What was tried and went wrong before is over; but an instance that was told to hand over never is satisfied.
    const earlier = seen.commands.filter((one) => one.verb === 'takeOver' && one.sentAt < now - provedAgo)
    const { givenUp: _, ...rest } = seen
    return {
      ...rest,
      members,
      instances: [instance(self), ...seen.instances.filter((one) => one.id !== self)],
      agentOnline: true,
      commands: [takenOver(mine, now - provedAgo), ...earlier],
      reaches: [...seen.reaches, reach(other, 'reached', now - reachedAgo)],
    }
  })

/** The same member with nothing at this instance and its permits withdrawn. */
function elsewhere(one: Member): Member {
  const { attachment, ...card } = one.networkInterface
  const volumes = one.volumes.map(({ attachment: at, ...disk }) => ({
    ...disk,
    bootstrapPermitted: false,
    ...(at && at.instanceId !== self && { attachment: at }),
  }))
  const kept = attachment && attachment.instanceId !== self
  return { ...one, networkInterface: { ...card, ...(kept && { attachment }) }, volumes }
}
