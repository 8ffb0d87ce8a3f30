import * as fc from 'fast-check'
import type { InstanceId } from '../../shared/model/ids.ts'
import { limits } from '../../shared/model/limits.ts'
import { holderOf, type Member } from '../../shared/model/member.ts'
import type { Health } from '../../shared/model/observation.ts'
import { age } from './ages.ts'
import { health, member, noted, now, other, self, third } from './scene.ts'

/** What may be noted on the members' interfaces, and told by their hosts, in the worlds of the properties. */

/** Notes of any holder, most often of the one that holds the member. */
export const noteSketches = fc.record({
  leaving: fc.constantFrom('none', 'none', 'none', 'own', 'own', 'other'),
  handingOver: fc.constantFrom('none', 'none', 'own', 'other'),
  failures: fc.constantFrom('none', 'none', 'own', 'other'),
  ago: age,
  count: fc.integer({ min: 1, max: 8 }),
})

type NoteSketch = typeof noteSketches extends fc.Arbitrary<infer Sketch> ? Sketch : never

export function withNotes({ leaving, handingOver, failures, ago, count }: NoteSketch, one: Member): Member {
  const at = now - ago
  const by = (word: string) => (word === 'own' ? (holderOf(one) ?? self) : third)
  return noted(one, {
    ...(leaving !== 'none' && { leaving: { instanceId: by(leaving), at } }),
    ...(handingOver !== 'none' && { handingOver: { instanceId: by(handingOver), at } }),
    ...(failures !== 'none' && { failures: { count, instanceId: by(failures), at } }),
  })
}

/** What a host may tell; one that is well is frequent, because a quorum takes several of them. */
export const healthSketches = fc.record({
  asked: fc.constantFrom(true, true, true, false),
  ago: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: limits.healthAgeMax }) },
    { weight: 1, arbitrary: age },
  ),
  answer: fc.constantFrom('well', 'well', 'well', 'well', 'busy', 'stopped', 'waiting', 'unmounted', 'silent', 'none'),
})
type HealthSketch = typeof healthSketches extends fc.Arbitrary<infer Sketch> ? Sketch : never

export function sketchedHealth(
  { asked, ago, answer }: HealthSketch,
  host: InstanceId,
  members: readonly Member[],
  voters: readonly number[] | null = null,
): Health[] {
  if (!asked) return []
  const sentAt = now - ago
  const held = members.find((one) => holderOf(one) === host) ?? member(9)
  if (answer === 'silent' || answer === 'none') {
    return [{ instanceId: host, sentAt, answer: answer === 'silent' ? answer : undefined }]
  }
  const running = answer !== 'stopped'
  const role = answer === 'waiting' || !running ? 'none' : host === other ? 'leader' : 'follower'
  const list = role === 'none' || voters === null ? null : [...voters]
  const service = { running, role, zxid: '', connections: 0, latency: 0, synced: null, voters: list } as const
  const volumes = answer === 'unmounted' ? { volumes: [] } : {}
  return [health(host, held, { service, busy: answer === 'busy', ...volumes }, sentAt)]
}
