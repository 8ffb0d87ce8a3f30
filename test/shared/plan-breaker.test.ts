import { describe, expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { Member } from '../../shared/model/member.ts'
import type { Observation } from '../../shared/model/observation.ts'
import { planFor } from '../../shared/plan/plan.ts'
import {
  command,
  failed,
  handedOver,
  heldBy,
  id,
  instance,
  member,
  noted,
  now,
  other,
  seconds,
  seen,
  self,
  takenOver,
} from './scene.ts'

const minutes = (count: number): number => count * 60_000
const mine = heldBy(self, member(1))
const networkInterfaceId = mine.networkInterface.id
const failures = (count: number, of = self) => ({ failures: { count, instanceId: of, at: seconds(1) } })
const unfit = failed('takeOver', 'volume-unfit')
const kinds = (change: Partial<Observation>) => planFor(seen(change)).steps.map((step) => step.kind)

const counted = (count: number, of: Member = mine) => ({
  kind: 'write-note',
  networkInterfaceId: of.networkInterface.id,
  note: { key: 'failures', count, instanceId: self, at: now },
})

/** The launch has failed for the `count`-th time in a row, `ago` ms after it began, and its member is free again. */
const given = (count: number, ago: number, change: Partial<Observation> = {}) =>
  planFor(
    seen({
      members: [noted(member(1), failures(count))],
      commands: [handedOver(mine), unfit],
      instances: [instance(self, { launchTime: now - ago })],
      ...change,
    }),
  )

describe('a launch that fails is counted', () => {
  test('on the interface of its member, beside the hand-over', () => {
    const plan = planFor(seen({ members: [mine], commands: [unfit] }))
    expect(plan).toMatchObject({ verdict: 'WAIT', member: 1, givesUp: 'volume-unfit: it is volume-unfit' })
    expect(plan.steps).toEqual([expect.objectContaining({ kind: 'hand-over' }), counted(1)])
  })

  test('after those of the instances before it', () => {
    const before = noted(mine, failures(4, other))
    expect(planFor(seen({ members: [before], commands: [unfit] })).steps).toContainEqual(counted(5))
  })

  test('once: who is counted already is not counted again', () => {
    expect(kinds({ members: [noted(mine, failures(2))], commands: [unfit] })).toEqual(['hand-over'])
  })

  test('before anything is given back', () => {
    const commands = [handedOver(mine), unfit]
    expect(kinds({ members: [mine], commands })).toEqual(['write-note'])
    expect(kinds({ members: [noted(mine, failures(1))], commands })).toEqual(['detach-volume'])
    const bare = { ...mine, volumes: member(1).volumes }
    expect(kinds({ members: [bare], commands })).toEqual(['write-note'])
    expect(kinds({ members: [noted(bare, failures(1))], commands })).toEqual(['detach-interface'])
  })

  test('before the end, also where nothing can be taken from the host', () => {
    const dying = { members: [mine], instances: [instance(self, { state: 'shutting-down' })] }
    expect(planFor(seen(dying))).toMatchObject({ steps: [counted(1)], verdict: 'WAIT' })
    const ended = planFor(seen({ ...dying, members: [noted(mine, failures(1))] }))
    expect(ended).toMatchObject({ steps: [], verdict: 'ABANDON' })
  })

  test('while the hand-over command runs', () => {
    expect(kinds({ members: [mine], commands: [command('handOver', 'running'), unfit] })).toEqual(['write-note'])
  })

  test('where it could not claim its member for a device that is taken', () => {
    const networkInterfaces = [{ id: 'eni-0123456789abcdef0', deviceIndex: 1 }]
    const world = { members: [member(1)], instances: [instance(self, { networkInterfaces })] }
    expect(planFor(seen(world)).steps).toEqual([counted(1)])
    const plan = planFor(seen({ ...world, members: [noted(member(1), failures(2))] }))
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT' })
  })

  test('but not where there was no member for it', () => {
    const launchTime = now - limits.memberFreeWithin
    const held = [noted(heldBy(other, member(1)), failures(3, other))]
    const plan = planFor(seen({ members: held, instances: [instance(self, { launchTime }), instance(other)] }))
    expect(plan).toMatchObject({ steps: [], verdict: 'ABANDON' })
    expect(plan.because).not.toContain('in a row')
  })
})

describe('the more failures in a row, the later the next launch', () => {
  test.each([
    [2, 2],
    [3, 4],
    [4, 8],
    [5, 16],
    [6, 30],
    [7, 30],
    [900_000, 30],
  ])('%i: ABANDON %i minutes after the launch', (count, after) => {
    const early = given(count, minutes(after) - 1)
    expect(early).toMatchObject({ steps: [], verdict: 'WAIT', givesUp: 'volume-unfit: it is volume-unfit' })
    expect(early.because).toContain(`the next one is to come after ${new Date(now + 1).toISOString()}`)
    expect(given(count, minutes(after))).toMatchObject({ steps: [], verdict: 'ABANDON' })
  })

  test('the first: ABANDON at once', () => {
    expect(given(1, 0)).toMatchObject({ steps: [], verdict: 'ABANDON' })
  })

  test('the third raises an alarm while it waits', () => {
    expect(given(2, 0)).not.toHaveProperty('alarm')
    expect(given(3, 0)).toMatchObject({ alarm: true })
  })

  test.each([0, minutes(30)])('count, reason and evidence are told %i ms after the launch', (ago) => {
    const { because } = given(4, ago)
    expect(because).toContain('giving up, volume-unfit: it is volume-unfit: it holds no member')
    expect(because).toContain('failed launches of member 1 in a row: 4')
    expect(because).toContain(`aws ssm get-command-invocation --command-id ${unfit.id} --instance-id ${self}`)
  })

  test('a command that was lost is evidence as well, one that succeeded or runs is none', () => {
    const lost = command('takeOver', 'lost')
    const commands = [handedOver(mine), command('takeOver', 'running'), takenOver(mine), lost]
    expect(given(4, 0, { commands }).because).toContain(`--command-id ${lost.id}`)
    const refused = failed('handOver', 'still-mounted')
    expect(given(4, 0, { commands: [refused, ...commands] }).because).toContain(`--command-id ${lost.id}`)
    expect(given(4, 0, { commands: commands.slice(0, 3) }).because).toContain('in a row: 4; the next one')
  })

  test('a member whose failures another launch has counted since holds nobody up', () => {
    const plan = given(1, 0, { members: [noted(member(1), failures(5, other))] })
    expect(plan).toMatchObject({ steps: [], verdict: 'ABANDON' })
    expect(plan.because).not.toContain('in a row')
  })

  test('the hand-over is not held up', () => {
    const commands = [handedOver(mine), unfit]
    const bare = { ...noted(mine, failures(6)), volumes: member(1).volumes }
    const plan = planFor(seen({ members: [bare], commands }))
    expect(plan.steps.map((step) => step.kind)).toEqual(['detach-interface'])
    expect(plan.because).toBe('giving up, volume-unfit: it is volume-unfit: the host has let go')
  })
})

describe('a launch that becomes the member', () => {
  test.each([self, other])('makes the failures forgotten before it is continued, those of %s too', (name) => {
    const members = [noted(mine, failures(2, name))]
    const note = { key: 'failures', ...failures(2, name).failures }
    const forget = { kind: 'forget-note', networkInterfaceId, note }
    expect(planFor(seen({ members, commands: [takenOver(mine)] })).steps).toEqual([forget])
  })

  test('leaves those of other members', () => {
    const members = [mine, noted(member(2), failures(2, other))]
    expect(planFor(seen({ members, commands: [takenOver(mine)] }))).toMatchObject({
      steps: [],
      verdict: 'CONTINUE',
      member: id(1),
    })
  })
})
