import { describe, expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { HealthFacts } from '../../shared/model/facts.ts'
import type { Member } from '../../shared/model/member.ts'
import type { Health, Observation } from '../../shared/model/observation.ts'
import { planFor } from '../../shared/plan/plan.ts'
import {
  decision,
  note,
  mine,
  peers,
  instances,
  groupInstances,
  stopped,
  leads,
  silent,
  asked,
  well,
  ending,
  ids,
  goes,
  waits,
  unseen,
  without,
} from './ending-scene.ts'
import {
  command,
  health,
  heldBy,
  inGroup,
  instance,
  member,
  noted,
  now,
  other,
  seconds,
  self,
  subnetCidrs,
  takenOver,
  third,
} from './scene.ts'

describe('who leaves writes before it looks', () => {
  const unwritten = heldBy(self, member(1))

  test.each<[string, Member]>([
    ['no note', unwritten],
    ['the note of another holder', noted(unwritten, { leaving: { instanceId: other, at: now } })],
  ])('with %s there it is noted first, and nothing else is done', (_, one) => {
    const plan = planFor(ending({ members: [one, ...peers], leavingSince: new Map() }))
    expect(plan.because).toBe('member 1 is to leave, and says so first')
    const networkInterfaceId = unwritten.networkInterface.id
    expect(plan.steps).toEqual([
      { kind: 'write-note', networkInterfaceId, note: { key: 'leaving', instanceId: self, at: now } },
    ])
  })

  test('a take-over command of before is no hand-over that has begun', () => {
    const plan = planFor(ending({ commands: [takenOver(mine)], leavingSince: new Map() }))
    expect(plan).toMatchObject({ ...waits, because: expect.stringContaining('has some seconds to be seen') })
  })

  test('what the hosts have told does not count before the note was seen for some seconds', () => {
    expect(planFor(ending({ leavingSince: new Map() }))).toMatchObject(waits)
    const since = (ms: number) => planFor(ending({ leavingSince: new Map([[self, now - ms]]) }))
    expect(since(limits.leavingSettles - 1)).toMatchObject(waits)
    expect(since(limits.leavingSettles).steps).toMatchObject([{ kind: 'ask-health' }])
  })

  test('only what the hosts were asked for after that counts', () => {
    const since = (ms: number) => ids({ leavingSince: new Map([[self, seconds(5) - ms]]) })
    expect(since(limits.leavingSettles)).toEqual(['hand-over'])
    expect(since(limits.leavingSettles - 1)).toEqual([self, other, third])
  })

  const second = heldBy(self, member(2))
  const wish = { leaving: { instanceId: other, at: seconds(1) } }
  const first = noted(heldBy(other, member(1)), wish)
  /** This instance is member 2; member 1 is to leave as well. */
  const behind = (change: Partial<Observation> = {}) => {
    const healths = [health(other, first, leads), health(self, second), health(third, member(3))]
    const groups = [groupInstances[0]!, inGroup(other, 'Terminating:Wait'), groupInstances[2]!]
    const members = [first, noted(second, note), heldBy(third, member(3))]
    return planFor(ending({ members, healths, groupInstances: groups, ...change }))
  }

  test('a smaller member comes first: its wish keeps that of a greater one from being written', () => {
    const plan = behind({ members: [first, second, heldBy(third, member(3))] })
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT', because: 'member 1 leaves first' })
  })

  test('a wish that was there before is taken back, once what it may have led to is to be seen', () => {
    const since = (ms: number) =>
      behind({
        leavingSince: new Map([
          [self, 0],
          [other, now - ms],
        ]),
      })
    expect(since(limits.standsBackAfter - 1)).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(behind()).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(since(limits.standsBackAfter).steps).toEqual([
      {
        kind: 'forget-note',
        networkInterfaceId: second.networkInterface.id,
        note: { key: 'leaving', ...note.leaving },
      },
    ])
  })

  test('later where its group gives it up: a change that takes its vote may be under way for as long', () => {
    const since = (ms: number, wanted: number) =>
      behind({
        groups: [{ name: 'zookeeper', wanted }],
        leavingSince: new Map([
          [self, 0],
          [other, now - ms],
        ]),
      })
    const enough = limits.standsBackAfter + limits.changeNotAfter + limits.healthAgeMax
    expect(since(enough - 1, 1)).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(since(enough, 1).steps).toMatchObject([{ kind: 'forget-note' }])
    expect(since(limits.standsBackAfter, 2).steps).toMatchObject([{ kind: 'forget-note' }])
  })

  test('or once the smaller wish is so old that the clocks do not matter: a sweep does not live to see it for that long', () => {
    const written = (ms: number) => {
      const old = noted(heldBy(other, member(1)), { leaving: { instanceId: other, at: now - ms } })
      return behind({ members: [old, noted(second, note), heldBy(third, member(3))], leavingSince: new Map() })
    }
    const enough = limits.writeArrivesWithin + limits.standsBackAfter
    expect(written(enough - 1)).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(written(enough).steps).toMatchObject([{ kind: 'forget-note' }])
  })

  test('a server that is missed by nobody does not wait for the smaller member: that one may be waiting for it', () => {
    const world = (own: Member, ms: number, change: Partial<HealthFacts> = stopped) =>
      behind({
        members: [first, own, heldBy(third, member(3))],
        healths: [health(other, first, leads), health(self, own, change), health(third, member(3))],
        leavingSince: new Map([
          [self, now - ms],
          [other, now - limits.standsBackAfter],
        ]),
      })
    expect(world(second, 0).steps).toMatchObject([{ kind: 'write-note', note: { key: 'leaving' } }])
    const own = noted(second, note)
    expect(world(own, limits.leavingSettles - 1)).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(world(own, limits.leavingSettles).steps).toMatchObject([{ kind: 'ask-health' }])
    expect(world(noted(own, decision), 60_000)).toMatchObject(goes)
    expect(world(own, 60_000).because).toContain('so the quorum loses nothing')
    // It has found its way back meanwhile.
    expect(world(own, 60_000, {}).steps).toMatchObject([{ kind: 'forget-note' }])
    expect(world(second, 0, {})).toMatchObject({ steps: [], because: 'member 1 leaves first' })
  })

  test('whether it is missed is asked before its wish is kept back', () => {
    const plan = behind({ members: [first, second, heldBy(third, member(3))], healths: [] })
    expect(plan.steps).toMatchObject([{ kind: 'ask-health' }])
    const electing = behind({
      members: [first, second, heldBy(third, member(3))],
      healths: [health(self, second, { ...without, peers: {} })],
    })
    expect(electing.steps).toMatchObject([{ kind: 'ask-health', instanceIds: [other, third] }])
    const waiting = behind({ members: [first, second, heldBy(third, member(3))], healths: [asked(self)] })
    expect(waiting).toMatchObject({ steps: [], because: 'the hosts are asked how their members are' })
  })

  test.each(['shutting-down', 'terminated'])('one that is %s already is not waited for', (state) => {
    const dying = [instance(self), instance(other, { state }), instance(third)]
    const plan = behind({ instances: dying, healths: [health(self, second), health(third, member(3), leads)] })
    expect(plan.because).not.toContain('leaves first')
    expect(plan.because).toContain(`member 1: its holder is ${other} (${state}`)
  })

  test('one that is not shown may be about to leave', () => {
    expect(behind({ instances: [instance(self), instance(third)] }).because).toContain('member 1 leaves first')
  })

  test('one that waits as well, and has taken its wish back, is counted upon', () => {
    const ends = [...groupInstances.slice(0, 2), inGroup(third, 'Terminating:Wait')]
    expect(planFor(ending({ groupInstances: ends }))).toMatchObject(goes)
    expect(ids({ groupInstances: ends, healths: [] })).toEqual([self, other, third])
    const beyond = [...groupInstances.slice(0, 2), inGroup(third, 'Terminating')]
    expect(planFor(ending({ groupInstances: beyond }))).toMatchObject(waits)
  })

  test('the wish of a greater member is not waited out: it is counted out', () => {
    const greater = noted(peers[1], { leaving: { instanceId: third, at: seconds(3600) } })
    const plan = planFor(ending({ members: [mine, peers[0], greater] }))
    expect(plan.because).toContain('member 3: it is to leave as well')
  })

  test('a note of a holder before does not count', () => {
    const old = noted(peers[0], { leaving: { instanceId: self, at: now } })
    expect(planFor(ending({ members: [mine, old, peers[1]] }))).toMatchObject(goes)
  })
})

describe('that it leaves is noted before its host is told, because a request may land late', () => {
  const wish = noted(heldBy(self, member(1)), note)
  const decided = (ms: number, by = self) => noted(wish, { handingOver: { instanceId: by, at: now - ms } })
  const noting = {
    steps: [
      {
        kind: 'write-note',
        networkInterfaceId: wish.networkInterface.id,
        note: { key: 'handingOver', instanceId: self, at: now },
      },
    ],
    verdict: 'WAIT',
    because: '2 others are in sync: member 1 is about to leave, and that is noted first',
    member: 1,
  }
  const alone = (one: Member, change: Partial<Observation> = {}) =>
    planFor(ending({ members: [one, ...peers], ...change }))

  test('whoever sees no such note writes it, and does nothing else', () => {
    expect(alone(wish)).toEqual(noting)
    expect(alone(decided(1000, other))).toEqual(noting)
  })

  test('whoever sees it goes, unless it is old: then it is written again', () => {
    expect(alone(decided(limits.decisionAgeMax - 1))).toMatchObject(goes)
    expect(alone(decided(limits.decisionAgeMax))).toEqual(noting)
  })

  test('not where others are no quorum, whatever was noted', () => {
    const healths = [health(self, wish), health(other, peers[0], stopped), health(third, peers[1], leads)]
    expect(alone(wish, { healths })).toMatchObject(waits)
    expect(alone(decided(1000), { healths })).toMatchObject(waits)
  })

  test('nor is the end told without it', () => {
    const output = JSON.stringify({ attempt: 'a', failed: 'too-late', because: 'so it is' })
    const commands = [20, 40, 60].map((ago) => command('handOver', 'failed', output, seconds(ago)))
    expect(alone(wish, { commands }).steps).toEqual(noting.steps)
    expect(alone(decided(1000), { commands })).toMatchObject({ steps: [], verdict: 'CONTINUE', alarm: true })
  })

  test('nor is it noted before the host is to be told again', () => {
    const output = JSON.stringify({ attempt: 'a', failed: 'busy', because: 'so it is' })
    const since = (ms: number) => alone(wish, { commands: [command('handOver', 'failed', output, now - ms)] })
    expect(since(limits.commandAgainAfter)).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(since(limits.commandAgainAfter + 1).steps).toEqual(noting.steps)
  })

  describe('of two that are to leave', () => {
    const wishOf = (host: typeof self) => ({ leaving: { instanceId: host, at: seconds(50) } })
    const decidedBy = (host: typeof self, ms: number) => ({ handingOver: { instanceId: host, at: now - ms } })
    /** This instance is the member of that number, of the first two; the notes have been there for an hour. */
    const as = (number: 1 | 2, own: Parameters<typeof noted>[1], theirs: Parameters<typeof noted>[1]) => {
      const mine = noted(heldBy(self, member(number)), own)
      const beside = noted(heldBy(other, member(number === 1 ? 2 : 1)), theirs)
      const last = heldBy(third, member(3))
      return planFor(
        ending({
          members: [mine, beside, last].toSorted((a, b) => a.id - b.id),
          groupInstances: [groupInstances[0]!, inGroup(other, 'Terminating:Wait'), groupInstances[2]!],
          healths: [health(self, mine), health(other, beside), health(third, last, leads)],
          leavingSince: new Map([self, other].map((host) => [host, now - 3_600_000])),
        }),
      )
    }
    const late = limits.writeArrivesWithin

    test('the one that may have been told does not stand back, for as long as a request may land', () => {
      const since = (ms: number) => as(2, { ...wishOf(self), ...decidedBy(self, ms) }, wishOf(other))
      for (const ms of [0, limits.decisionAgeMax, late - 1]) {
        expect(since(ms)).toMatchObject({
          steps: [],
          verdict: 'WAIT',
          because: expect.stringContaining('without member 2'),
        })
      }
      const networkInterfaceId = member(2).networkInterface.id
      expect(since(late).steps).toEqual([
        { kind: 'forget-note', networkInterfaceId, note: { key: 'leaving', ...wishOf(self).leaving } },
        { kind: 'forget-note', networkInterfaceId, note: { key: 'handingOver', ...decidedBy(self, late).handingOver } },
      ])
      expect(as(2, decidedBy(self, late), wishOf(other)).steps).toMatchObject([{ note: { key: 'handingOver' } }])
    })

    test('the other one stands back behind it, although its member is the smaller one', () => {
      const since = (ms: number) => as(1, wishOf(self), { ...wishOf(other), ...decidedBy(other, ms) })
      for (const ms of [0, late - 1]) {
        expect(since(ms)).toMatchObject({
          steps: [{ kind: 'forget-note', note: { key: 'leaving' } }],
          because: 'member 2 leaves first, so member 1 stands back',
        })
      }
      expect(since(late).because).toContain('without member 1')
      expect(as(1, {}, decidedBy(other, 0))).toMatchObject({ steps: [], because: 'member 2 leaves first' })
      expect(as(1, wishOf(self), { ...wishOf(other), ...decidedBy(third, 0) }).because).toContain('without member 1')
    })

    test('where both are decided, neither is told, and the greater one stands back once no request can land', () => {
      const both = (number: 1 | 2, ms: number) =>
        as(number, { ...wishOf(self), ...decidedBy(self, ms) }, { ...wishOf(other), ...decidedBy(other, ms) })
      for (const ms of [0, late]) {
        expect(both(1, ms)).toMatchObject({ steps: [], because: expect.stringContaining('without member 1') })
      }
      expect(both(2, late - 1)).toMatchObject({ steps: [], because: 'member 1 leaves first' })
      expect(both(2, late).steps).toMatchObject([{ kind: 'forget-note' }, { kind: 'forget-note' }])
    })
  })
})

describe('the hosts are asked', () => {
  test('all at once, with every member', () => {
    const { steps } = planFor(ending({ healths: [] }))
    expect(steps).toEqual([
      {
        kind: 'ask-health',
        instanceIds: [self, other, third],
        members: [mine, ...peers].map((one) => ({
          member: one.id,
          macAddress: one.networkInterface.macAddress,
          address: one.networkInterface.address,
          subnetCidr: `10.0.${one.id}.0/24`,
          volumes: one.volumes.map(({ id, mount }) => ({ id, mount })),
        })),
      },
    ])
  })

  test('those alone that are in service and run', () => {
    expect(ids({ healths: [], instances: instances.slice(0, 2) })).toEqual([self, other])
    const standby = [groupInstances[0]!, inGroup(other, 'Standby'), groupInstances[2]!]
    expect(ids({ healths: [], groupInstances: standby })).toEqual([self, third])
  })

  test('again when what they told is old, and only those', () => {
    const aged = (ms: number) => [well[0]!, well[1]!, health(third, peers[1], {}, now - ms)]
    expect(ids({ healths: aged(limits.healthAgeMax) })).toEqual(['hand-over'])
    expect(ids({ healths: aged(limits.healthAgeMax + 1) })).toEqual([third])
    const quiet = (ms: number): Health[] => [...unseen, { ...silent(third), sentAt: now - ms }]
    expect(ids({ healths: quiet(limits.silenceAgeMax) })).toEqual([])
    expect(ids({ healths: quiet(limits.silenceAgeMax + 1) })).toEqual([third])
  })

  test('and waited for; one that has not answered in time is silent', () => {
    const late = (ms: number) => planFor(ending({ healths: [...unseen, asked(third, ms / 1000)] }))
    expect(late(limits.healthWithin - 1)).toMatchObject({ ...waits, because: expect.stringContaining('are asked') })
    expect(late(limits.healthWithin).because).toContain(`its host ${third} does not answer`)
    expect(late(limits.silenceAgeMax).because).toContain(`its host ${third} does not answer`)
  })

  test('but not waited for where the answer does not matter', () => {
    expect(planFor(ending({ healths: [health(self, mine, stopped), asked(other), asked(third)] }))).toMatchObject(goes)
    const waiting = planFor(ending({ healths: [asked(self), well[1]!, well[2]!] }))
    expect(waiting).toMatchObject(waits)
    expect(ids({ healths: [asked(self), asked(other)] })).toEqual([third])
  })

  test('a silent host is not believed to be gone before all peers were heard', () => {
    const blind = health(other, peers[0], { peers: { 1: 'absent' } })
    expect(planFor(ending({ healths: [silent(self), blind, asked(third)] }))).toMatchObject(waits)
    expect(ids({ healths: [silent(self), blind] })).toEqual([third])
  })

  test('not while the range of a subnet is unknown', () => {
    const plan = planFor(ending({ healths: [], subnetCidrs: new Map([...subnetCidrs].slice(0, 2)) }))
    expect(plan).toMatchObject(waits)
    expect(plan.because).toContain('range of a subnet is unknown')
  })
})
