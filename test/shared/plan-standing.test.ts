import { describe, expect, test } from 'vitest'
import type { HealthFacts } from '../../shared/model/facts.ts'
import { limits } from '../../shared/model/limits.ts'
import type { Member } from '../../shared/model/member.ts'
import type { Health, Observation } from '../../shared/model/observation.ts'
import { planFor } from '../../shared/plan/plan.ts'
import { standingOfSelf } from '../../shared/plan/standing.ts'
import {
  asked,
  beside,
  ending,
  goes,
  groupInstances,
  leads,
  mine,
  peers,
  service,
  silent,
  waits,
  without,
} from './ending-scene.ts'
import { health, heldBy, inGroup, instance, member, noted, now, other, self, third } from './scene.ts'

type Seen = HealthFacts['peers']

/** Any election has had its time since it said that it is to leave. */
const long = noted(mine, { leaving: { instanceId: self, at: now - limits.rolelessAfter } })
/** It has no role, and sees nobody who has one. */
const nobody = { ...without, peers: { 1: 'none', 2: 'none', 3: 'none' } } as const

/** The others being as they are told, once any election has had its time. */
const later = (second: Health, last: Health, own: Health, change: Partial<Observation> = {}) =>
  planFor(ending({ members: [long, ...peers], healths: [own, second, last], ...change }))

describe('a silent host of five, once any election has had its time', () => {
  const hosts = [self, other, third, ...[4, 5].map((number) => `i-0000000000000000${number}` as typeof self)]
  const five: readonly Member[] = hosts.map((host, place) => (place === 0 ? long : heldBy(host, member(place + 1))))

  interface Server extends Partial<HealthFacts> {
    readonly peers: Seen
  }
  /** The others as they are told: what a host tells that is not silent. */
  const among = (...others: (Server | 'silent')[]): Observation =>
    ending({
      members: five,
      wanted: 5,
      instances: hosts.map((host) => instance(host)),
      groupInstances: hosts.map((host) => inGroup(host, host === self ? 'Terminating:Wait' : 'InService')),
      healths: [
        silent(self),
        ...others.map((told, place) => {
          const host = hosts[place + 1]!
          return told === 'silent' ? silent(host) : health(host, five[place + 1]!, told)
        }),
      ],
    })

  const down: Server = { ...service({ running: false }), peers: {} }

  test('is in the quorum while those that are known to serve are too few for one, whoever else is silent', () => {
    const seen = among({ ...leads, peers: { 4: 'follower' } }, 'silent', { peers: { 2: 'leader' } }, down)
    expect(standingOfSelf(seen, long, self)).toEqual({ kind: 'in' })
    expect(planFor(seen)).toMatchObject(waits)
  })

  test('is missed by nobody where they are enough with one that is silent and that others see serve', () => {
    const seen = among(
      { ...leads, peers: { 3: 'follower', 4: 'follower' } },
      'silent',
      { peers: { 2: 'leader' } },
      down,
    )
    expect(standingOfSelf(seen, long, self)).toEqual({
      kind: 'out',
      because: 'its host is silent and nobody sees it serve, and the others are a quorum',
    })
    expect(planFor(seen)).toMatchObject(goes)
  })

  test('goes as one of the quorum where enough others are in sync, though the silent ones may be one themselves', () => {
    const sees = { 4: 'follower', 5: 'follower' } as const
    const plan = planFor(among({ ...leads, peers: sees }, { peers: sees }, 'silent', 'silent'))
    expect(plan).toMatchObject(goes)
    expect(plan.because).toContain('4 others are in sync')
  })
})

describe('a silent host of three', () => {
  test('that nobody sees serve goes while the others are a quorum, which is said', () => {
    const blind: Seen = { 1: 'absent' }
    const plan = beside(
      health(other, peers[0], { ...leads, peers: blind }),
      health(third, peers[1], { peers: blind }),
      silent(self),
    )
    expect(plan).toMatchObject(goes)
    expect(plan.because).toContain('its host is silent and nobody sees it serve, and the others are a quorum')
  })

  test('that only one of the others sees serve is in the quorum: it waits for one at which a command is at work', () => {
    const busy = health(third, peers[1], { busy: true, peers: { 1: 'absent' } })
    const sees = (role: Seen[string]) => health(other, peers[0], { ...leads, peers: { 1: role } })
    expect(beside(sees('follower'), busy, silent(self))).toMatchObject(waits)
    expect(beside(sees('none'), busy, silent(self))).toMatchObject(goes)
  })

  test('waits for one that is on its way in, however long: they may be the quorum of the next election', () => {
    const coming = [...groupInstances.slice(0, 2), inGroup(third, 'Pending:Wait')]
    const healths = [silent(self), health(other, peers[0], nobody)]
    const change = { members: [long, ...peers], healths, groupInstances: coming }
    expect(planFor(ending(change))).toMatchObject(waits)
    // A holder in no group is on no way that anybody waits for.
    expect(planFor(ending({ ...change, groupInstances: coming.slice(0, 2) }))).toMatchObject(goes)
  })
})

describe('a server without a role, once any election has had its time', () => {
  test('waits for all who were asked: they may know a leader still', () => {
    const plan = later(health(other, peers[0], nobody), asked(third), health(self, mine, nobody))
    expect(plan).toMatchObject({ ...waits, because: 'the hosts are asked how their members are' })
  })

  test('goes though another says that it leads: it has no part in what that one leads', () => {
    const plan = later(health(other, peers[0], nobody), health(third, peers[1], leads), health(self, mine, nobody))
    expect(plan).toMatchObject(goes)
    expect(plan.because).toContain('it has no role, and the others are no quorum either')
  })

  test('goes where the hosts of all others are silent: what quorum they may be is one without it', () => {
    expect(later(silent(other), silent(third), health(self, mine, nobody))).toMatchObject(goes)
  })
})

describe('a server that hangs', () => {
  const stuck = health(self, mine, service({ role: 'unknown' }))
  const waited = { instanceId: other, at: now - limits.rolelessAfter }

  test('may still follow one that leads, however long a third one has waited to leave', () => {
    const members = [mine, noted(peers[0], { leaving: waited }), peers[1]]
    const last = (change: Partial<HealthFacts>) => health(third, peers[1], change)
    const own = (one: Health) => planFor(ending({ members, healths: [stuck, health(other, peers[0], without), one] }))
    expect(own(last(leads))).toMatchObject(waits)
    expect(own(last(without))).toMatchObject(goes)
  })

  test('does not go by the note of a holder before: nobody has waited since then', () => {
    const members = [mine, peers[0], noted(peers[1], { leaving: waited })]
    const healths = [stuck, health(other, peers[0], without), health(third, peers[1], without)]
    expect(planFor(ending({ members, healths }))).toMatchObject(waits)
  })
})
