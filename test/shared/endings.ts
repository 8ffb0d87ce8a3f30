import * as fc from 'fast-check'
import type { Member } from '../../shared/model/member.ts'
import type { Observation } from '../../shared/model/observation.ts'
import { healthSketches, noteSketches, sketchedHealth, withNotes } from './notes.ts'
import { heldBy, inGroup, instance, leaving, member, now, other, self, third } from './scene.ts'
import { sketched, sketches } from './worlds.ts'

const hosts = [self, other, third]
const mostly = <Value>(usual: Value, ...unusual: readonly Value[]) =>
  fc.constantFrom<Value>(...Array.from({ length: 6 * unusual.length }, () => usual), ...unusual)

/**
 * Worlds in which this instance is to end and holds one of three members; that each other one is in service on an instance
 * that runs is frequent, for three things have to be so at once before it may go.
 */
const threes: fc.Arbitrary<Observation> = fc
  .record({
    place: fc.integer({ min: 0, max: 2 }),
    held: fc.tuple(mostly(true, false), mostly(true, false)),
    states: fc.tuple(mostly('running', 'shutting-down', 'stopped'), mostly('running', 'terminated', 'hidden')),
    lifecycles: fc.tuple(mostly('InService', 'Terminating:Wait'), mostly('InService', 'Pending:Wait', 'Standby')),
    notes: fc.tuple(noteSketches, noteSketches, noteSketches),
    healths: fc.tuple(healthSketches, healthSketches, healthSketches),
    /** Every host tells that its member is well, so that the rest decides. */
    healthy: fc.boolean(),
    /** Wish and decision of this instance are noted, and no others are. */
    alone: fc.boolean(),
    settled: fc.constantFrom(1000, 5000, 30_000, 60_000),
    tagFaults: mostly([], ['member 9 has no volume']),
    wanted: fc.constantFrom(3, 3, 3, 3, 3, 2, 2, 1, 0),
    /** Who votes, as all servers tell. */
    voters: mostly<readonly number[] | null>([1, 2, 3], null, [1, 2], [2, 3]),
  })
  .map(({ place, held, states, lifecycles, notes, healths, healthy, alone, settled, tagFaults, wanted, voters }) => {
    const order = [other, third]
    order.splice(place, 0, self)
    const members = order.map((host, index): Member => {
      const plain = member(index + 1)
      const isHeld = host === self || held[host === other ? 0 : 1]
      const word = host === self ? 'own' : 'none'
      const wish = alone ? ({ leaving: word, handingOver: word } as const) : {}
      return withNotes({ ...notes[index]!, ...wish }, isHeld ? heldBy(host, plain) : plain)
    })
    const [second, last] = states
    return leaving({
      members,
      groupInstances: hosts.map((host, index) => inGroup(host, ['Terminating:Wait', ...lifecycles][index]!)),
      instances: hosts.flatMap((host, index) => {
        const state = ['running', second, last][index]!
        return state === 'hidden' ? [] : [instance(host, { state })]
      }),
      healths: hosts.flatMap((host, index) =>
        sketchedHealth(healthy ? { asked: true, ago: 1000, answer: 'well' } : healths[index]!, host, members, voters),
      ),
      leavingSince: new Map(hosts.map((host) => [host, now - settled])),
      tagFaults,
      wanted,
      groups: [{ name: 'zookeeper', wanted }],
    })
  })

/** Worlds of any kind besides. */
export const endings: fc.Arbitrary<Observation> = fc.oneof(
  { weight: 4, arbitrary: threes },
  { weight: 1, arbitrary: sketches.map((sketch) => sketched({ ...sketch, calm: true, own: 'Terminating:Wait' })) },
)
