// The rule does not know test.prop for the test block that it is.
/* oxlint-disable vitest/no-standalone-expect */
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { InstanceId } from '../../shared/model/ids.ts'
import { planFor } from '../../shared/plan/plan.ts'
import {
  ofKind,
  attaching,
  detaching,
  lifecycleState,
  ec2State,
  isLeaving,
  cardHere,
  disksHere,
  memberOf,
  confirmed,
} from './judge.ts'
import { decision, deepFrozen, inOtherOrder } from './orders.ts'
import { heldBy, self } from './scene.ts'
import { observations } from './worlds.ts'

/**
 * What the plan must keep to on every observation, however unlikely. PROPERTY_RUNS sets how many of them each property
 * meets; a failing one prints the seed and the path that lead to it again.
 */

const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 500) }

/** An instance of no group, of which EC2 shows nothing. */
const stranger = 'i-0ddddddddddddddd0' as InstanceId

describe('whatever is seen', () => {
  test.prop([observations], runs)('there is a plan with a reason, and the facts are left as they are', (seen) => {
    const plan = planFor(deepFrozen(seen))
    expect(plan.because).not.toBe('')
    expect(planFor(seen)).toEqual(plan)
    if (plan.steps.length > 0) expect(plan.verdict).toBe('WAIT')
  })

  test.prop([observations, fc.nat()], runs)('the order of the facts does not matter', (seen, key) => {
    expect(decision(planFor(inOtherOrder(seen, key)))).toEqual(decision(planFor(seen)))
  })

  test.prop([observations], runs)('no plan gives and takes at once', (seen) => {
    const kinds = planFor(seen).steps.map((step) => step.kind)
    expect(kinds.some((kind) => attaching.has(kind)) && kinds.some((kind) => detaching.has(kind))).toBe(false)
  })

  test.prop([observations], runs)('nothing is done for an instance that does not wait for us', (seen) => {
    const waiting = /^(Warmed:)?(Pending|Terminating):Wait$/.test(lifecycleState(seen, self))
    if (!waiting) expect(planFor(seen)).toMatchObject({ steps: [] })
    if (!waiting) expect(['NOTHING', 'WAIT']).toContain(planFor(seen).verdict)
  })
})

describe('the unknown is never free', () => {
  test.prop([observations], runs)('nothing is done while EC2 does not show the instance itself', (seen) => {
    const hidden = { ...seen, instances: seen.instances.filter((one) => one.id !== self) }
    expect(planFor(hidden).steps).toEqual([])
    expect(planFor(hidden).verdict).not.toBe('ABANDON')
    if (seen.members.some((one) => cardHere(one) || disksHere(one).length > 0)) {
      expect(planFor(hidden).verdict).not.toBe('CONTINUE')
    }
  })

  test.prop([observations], runs)(
    'an interface is claimed only if it is unattached, and each volume is free or with an instance that is known to leave',
    (seen) => {
      for (const step of ofKind(planFor(seen), 'attach-interface')) {
        const { networkInterface, volumes, zone } = memberOf(seen, step.networkInterfaceId)
        expect(networkInterface.attachment).toBeUndefined()
        expect(step.instanceId).toBe(self)
        expect(zone).toBe(seen.instances.find((one) => one.id === self)?.zone)
        const users = volumes.flatMap((disk) => disk.attachment?.instanceId ?? [])
        expect(users.filter((user) => !isLeaving(seen, user))).toEqual([])
      }
    },
  )

  test.prop([observations, fc.constantFrom('attached', 'detaching', 'odd')], runs)(
    'of a holder that nobody knows nothing is taken, whatever the attachment looks like',
    (seen, status) => {
      const held = seen.members.map((one) => heldBy(stranger, one, { status }))
      const { steps } = planFor({ ...seen, members: held })
      expect(steps).toEqual([])
    },
  )

  test.prop([observations, fc.constantFrom('attached', 'detaching', 'odd')], runs)(
    'a free interface is not claimed while a volume of its member is with a holder that nobody knows',
    (seen, state) => {
      const halves = seen.members.map((one) => ({ ...one, volumes: heldBy(stranger, one, {}, { state }).volumes }))
      const { steps } = planFor({ ...seen, members: halves })
      expect(steps.filter((step) => step.kind === 'attach-interface')).toEqual([])
    },
  )

  test.prop([observations], runs)(
    'a volume is attached only if EC2 calls it available and shows no attachment',
    (seen) => {
      for (const step of ofKind(planFor(seen), 'attach-volume')) {
        const disk = memberOf(seen, step.volumeId).volumes.find((one) => one.id === step.volumeId)!
        expect(disk).toMatchObject({ state: 'available' })
        expect(disk.attachment).toBeUndefined()
      }
    },
  )
})

describe('the claim', () => {
  test.prop([observations], runs)(
    'a plan names interface and volumes of one member alone, the one that is claimed',
    (seen) => {
      const plan = planFor(seen)
      const named = plan.steps.flatMap((step): string[] => {
        if (step.kind === 'attach-interface' || step.kind === 'retain-interface') return [step.networkInterfaceId]
        if (step.kind === 'attach-volume' || step.kind === 'retain-volume') return [step.volumeId]
        if (step.kind === 'take-over') return step.volumes.map((disk) => disk.id)
        return step.kind === 'withdraw-permit' && step.permit === 'format' ? [step.volumeId] : []
      })
      for (const id of named) expect(memberOf(seen, id).id).toBe(plan.member)
      for (const step of ofKind(plan, 'take-over')) {
        const { networkInterface, volumes } = seen.members.find((one) => one.id === step.member)!
        expect(step).toMatchObject({
          member: plan.member,
          macAddress: networkInterface.macAddress,
          address: networkInterface.address,
          volumes: volumes.map(({ id, mount }) => ({ id, mount })),
        })
      }
      // What is attached already is what counts: but for the claim itself, the member must be held here, and no other.
      if (named.length > 0 && ofKind(plan, 'attach-interface').length === 0) {
        expect(seen.members.filter(cardHere).map((one) => one.id)).toEqual([plan.member])
      }
    },
  )

  test.prop([observations], runs)(
    'at most one interface is claimed, and only by an instance that holds none',
    (seen) => {
      const claims = ofKind(planFor(seen), 'attach-interface')
      expect(claims.length).toBeLessThanOrEqual(1)
      if (claims.length > 0) expect(seen.members.filter(cardHere)).toEqual([])
    },
  )

  test.prop([observations], runs)(
    'a volume that was announced for this instance is never attached to it again, unless EC2 refused it here',
    (seen) => {
      for (const { volumeId } of ofKind(planFor(seen), 'attach-volume')) {
        const disk = memberOf(seen, volumeId).volumes.find((one) => one.id === volumeId)!
        if (disk.intent?.instanceId === self) expect(seen.refusedAttaches.has(volumeId)).toBe(true)
      }
    },
  )

  test.prop([observations], runs)('the volumes of one plan get device names of their own', (seen) => {
    const devices = ofKind(planFor(seen), 'attach-volume').map((step) => step.device)
    expect(new Set(devices).size).toBe(devices.length)
  })

  test.prop([observations], runs)('an instance that was told to hand over never takes anything over', (seen) => {
    const { steps } = planFor(seen)
    if (!seen.commands.some((one) => one.verb === 'handOver') && seen.givenUp === undefined) return
    expect(steps.filter((step) => attaching.has(step.kind))).toEqual([])
  })

  test.prop([observations], runs)('an instance that leaves is given nothing', (seen) => {
    if (!isLeaving(seen, self)) return
    expect(planFor(seen).steps.filter((step) => attaching.has(step.kind))).toEqual([])
  })
})

describe('the host', () => {
  test.prop([observations], runs)(
    'it is told to take over only what is attached, with no permit that was not given',
    (seen) => {
      for (const step of ofKind(planFor(seen), 'take-over')) {
        const member = seen.members.find((one) => one.id === step.member)!
        expect(member.networkInterface.attachment).toMatchObject({ instanceId: self, status: 'attached' })
        for (const disk of member.volumes) {
          expect(disk.attachment).toMatchObject({ instanceId: self, state: 'attached', deleteOnTermination: false })
          expect(step.format.includes(disk.id)).toBe(disk.formatPermitted)
        }
        expect(seen.agentOnline).toBe(true)
        const disks = seen.members.flatMap((one) => one.volumes)
        expect(step.bootstrap).toBe(seen.tagFaults.length === 0 && disks.every((disk) => disk.bootstrapPermitted))
      }
    },
  )

  test.prop([observations], runs)(
    'nothing is detached before the host has confirmed that it let go of all of it',
    (seen) => {
      const plan = planFor(seen)
      const released = [...ofKind(plan, 'detach-volume'), ...ofKind(plan, 'detach-interface')]
      if (released.length === 0) return
      expect(confirmed(seen)).toBe(true)
      expect(ec2State(seen, self)).toBe('running')
      for (const step of ofKind(plan, 'detach-volume')) {
        const disk = memberOf(seen, step.volumeId).volumes.find((one) => one.id === step.volumeId)!
        expect(disk.attachment).toMatchObject({ instanceId: self, state: 'attached' })
        expect(step.instanceId).toBe(self)
      }
      for (const step of ofKind(plan, 'detach-interface')) {
        const { networkInterface } = memberOf(seen, step.networkInterfaceId)
        expect(networkInterface.attachment).toMatchObject({ id: step.attachmentId, instanceId: self })
        // The claim is given up last.
        expect(seen.members.flatMap(disksHere)).toEqual([])
      }
    },
  )

  test.prop([observations], runs)(
    'a hand-over names every volume of every member that has a part here, and no other',
    (seen) => {
      for (const step of ofKind(planFor(seen), 'hand-over')) {
        const parts = seen.members.filter((one) => cardHere(one) || disksHere(one).length > 0)
        expect(step.instanceId).toBe(self)
        expect(step.volumes.map((disk) => disk.id).toSorted()).toEqual(
          parts.flatMap((one) => one.volumes.map((disk) => disk.id)).toSorted(),
        )
      }
    },
  )
})
