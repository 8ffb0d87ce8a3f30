import { describe, expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { Observation } from '../../shared/model/observation.ts'
import { planFor } from '../../shared/plan/plan.ts'
import { attachedTo, heldBy, instance, leaving, member, now, seen, self, takenOver, volume } from './scene.ts'

describe('a volume here whose interface is not here', () => {
  const half = member(2, { volumes: [volume(2, attachedTo(self))] })

  test('no other member is claimed beside it, though one is free', () => {
    const plan = planFor(seen({ members: [member(1), half] }))
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(plan.because).toContain('the interface of its member 2 is not')
  })

  test('after a while the instance is given up: first the host is told to let go', () => {
    const launchTime = now - limits.memberFreeWithin
    const plan = planFor(seen({ members: [member(1), half], instances: [instance(self, { launchTime })] }))
    expect(plan.steps.map((step) => step.kind)).toEqual(['hand-over'])
    expect(plan.givesUp).toContain('the interface of its member 2 is not')
  })
})

describe('tags in doubt', () => {
  test('no host is told of peers while any are in doubt: too few of them make too small a quorum', () => {
    const world = { members: [heldBy(self, member(1)), member(2)] }
    expect(planFor(seen(world)).steps.map((step) => step.kind)).toEqual(['take-over'])
    const doubtful = planFor(seen({ ...world, tagFaults: ['member 3 has no volume'] }))
    expect(doubtful).toMatchObject({ steps: [], verdict: 'WAIT', alarm: true })
    expect(doubtful.because).toContain('member 3 has no volume')
  })

  test('nobody is continued unasked while any are in doubt: the peer to ask may be the one in doubt', () => {
    const mine = heldBy(self, member(1))
    const world = { members: [mine], commands: [takenOver(mine)] }
    expect(planFor(seen(world)).verdict).toBe('CONTINUE')
    const doubtful = planFor(seen({ ...world, tagFaults: ['member 2 has no volume'] }))
    expect(doubtful).toMatchObject({ steps: [], verdict: 'WAIT', alarm: true })
  })

  test('one that has an interface, perhaps of the member in doubt, is not let go as if it were nobody', () => {
    const ending = (more: Partial<Observation>) => planFor(leaving({ members: [], ...more }))
    const cards = [0, 1, 2].map((deviceIndex) => ({ id: member(3 + deviceIndex).networkInterface.id, deviceIndex }))
    const has = (count: number) => ({ instances: [instance(self, { networkInterfaces: cards.slice(0, count) })] })
    const tagFaults = ['member 3 has 2 network interfaces']
    const doubtful = ending({ ...has(2), tagFaults })
    expect(doubtful).toMatchObject({ steps: [], verdict: 'WAIT', alarm: true })
    expect(doubtful.because).toContain('member 3 has 2 network interfaces')
    const several = ending({ ...has(3), tagFaults: [...tagFaults, 'member 4 has no volume'] })
    expect(several.because).toContain(
      `with ${cards[1]!.id}, ${cards[2]!.id}, is in doubt: ${tagFaults[0]}; member 4 has no volume`,
    )
    expect(ending({ ...has(1), tagFaults }).verdict).toBe('CONTINUE')
    expect(ending(has(2)).verdict).toBe('CONTINUE')
  })
})
