import { describe, expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { Step } from '../../shared/model/plan.ts'
import { planFor } from '../../shared/plan/plan.ts'
import {
  attachedTo,
  command,
  failed,
  handedOver,
  heldBy,
  id,
  inGroup,
  instance,
  leaving,
  member,
  now,
  seconds,
  seen,
  self,
  terminating,
  volume,
} from './scene.ts'

const kinds = (steps: readonly Step[]): string[] => steps.map((step) => step.kind)
const mine = heldBy(self, member(1))

describe('handing over', () => {
  test('an instance that holds nothing is let go at once', () => {
    expect(planFor(leaving())).toMatchObject({ steps: [], verdict: 'CONTINUE', because: 'it holds no member' })
  })

  test('the host is told first, about every volume of the member, attached or not', () => {
    const two = heldBy(self, member(1, { volumes: [volume(1), volume(2, { mount: '/log' })] }))
    const half = { ...two, volumes: [two.volumes[0]!, volume(2, { mount: '/log' })] }
    expect(planFor(leaving({ members: [half] })).steps).toEqual([
      {
        kind: 'hand-over',
        instanceId: self,
        member: id(1),
        macAddress: '02:00:00:00:00:01',
        address: '10.0.1.10',
        volumes: half.volumes.map((disk) => ({ id: disk.id, mount: disk.mount })),
      },
    ])
  })

  test.each(['shutting-down', 'terminated', 'stopped'])('nothing is taken from an instance that is %s', (state) => {
    const plan = planFor(leaving({ members: [mine], instances: [instance(self, { state })] }))
    expect(plan).toMatchObject({ steps: [], verdict: 'CONTINUE' })
  })

  test('nothing is taken from a host that can not be asked', () => {
    expect(planFor(leaving({ members: [mine], agentOnline: false }))).toMatchObject({ steps: [], verdict: 'CONTINUE' })
  })

  test('an instance that EC2 does not show is unknown: nothing is done', () => {
    expect(planFor(leaving({ members: [mine], instances: [] }))).toMatchObject({ steps: [], verdict: 'WAIT' })
  })

  test('nothing is detached while the command runs', () => {
    const plan = planFor(leaving({ members: [mine], commands: [command('handOver', 'running')] }))
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT' })
  })

  test('after the confirmation the volumes go first, the claim last, and only then is it the end', () => {
    const commands = [handedOver(mine)]
    const first = planFor(leaving({ members: [mine], commands }))
    expect(first.steps).toEqual([{ kind: 'detach-volume', volumeId: mine.volumes[0]!.id, instanceId: self }])
    const detaching = { ...mine, volumes: [volume(1, attachedTo(self, 'detaching'))] }
    expect(planFor(leaving({ members: [detaching], commands }))).toMatchObject({ steps: [], verdict: 'WAIT' })
    const bare = { ...mine, volumes: [volume(1)] }
    expect(planFor(leaving({ members: [bare], commands })).steps).toEqual([
      {
        kind: 'detach-interface',
        networkInterfaceId: mine.networkInterface.id,
        attachmentId: 'eni-attach-1',
        instanceId: self,
        volumeIds: [volume(1).id],
      },
    ])
    const going = heldBy(self, member(1), { status: 'detaching' })
    expect(planFor(leaving({ members: [{ ...going, volumes: [volume(1)] }], commands }))).toMatchObject({
      steps: [],
      verdict: 'WAIT',
    })
    expect(planFor(leaving({ members: [member(1)], commands })).verdict).toBe('CONTINUE')
  })

  test('a confirmation that leaves out an attached volume is none', () => {
    const two = heldBy(self, member(1, { volumes: [volume(1), volume(2, { mount: '/log' })] }))
    const plan = planFor(leaving({ members: [two], commands: [handedOver(mine)] }))
    expect(kinds(plan.steps)).toEqual(['hand-over'])
  })

  test('what detaches for too long is left to EC2, with an alarm', () => {
    const detaching = { ...mine, volumes: [volume(1, attachedTo(self, 'busy'))] }
    const commands = [handedOver(mine, now - limits.detachWithin - 1)]
    expect(planFor(leaving({ members: [detaching], commands }))).toMatchObject({
      steps: [],
      verdict: 'CONTINUE',
      alarm: true,
    })
  })

  test('a host that can not unmount is asked three times, then nothing is taken from it', () => {
    const commands = [20, 40, 60].map((ago) => failed('handOver', 'still-mounted', seconds(ago)))
    expect(
      planFor(leaving({ members: [mine], commands: [failed('handOver', 'still-mounted', seconds(2))] })).steps,
    ).toEqual([])
    expect(kinds(planFor(leaving({ members: [mine], commands: commands.slice(1) })).steps)).toEqual(['hand-over'])
    expect(planFor(leaving({ members: [mine], commands }))).toMatchObject({
      steps: [],
      verdict: 'CONTINUE',
      alarm: true,
    })
  })

  test('a host that is busy with another command is asked again', () => {
    const commands = [20, 40, 60, 80].map((ago) => failed('handOver', 'busy', seconds(ago)))
    expect(kinds(planFor(leaving({ members: [mine], commands })).steps)).toEqual(['hand-over'])
  })

  test.each([command('handOver', 'lost'), command('handOver', 'running', '', now - limits.commandForgottenAfter - 1)])(
    'nothing is taken from a host that never answered',
    (unanswered) => {
      expect(planFor(leaving({ members: [mine], commands: [unanswered] }))).toMatchObject({
        steps: [],
        verdict: 'CONTINUE',
      })
    },
  )

  test('halves of two members are handed over together', () => {
    const stray = member(2, { volumes: [volume(2, attachedTo(self))] })
    const plan = planFor(leaving({ members: [mine, stray] }))
    expect(plan.steps).toMatchObject([{ kind: 'hand-over', volumes: [{ id: volume(1).id }, { id: volume(2).id }] }])
  })
})

describe('the lifecycle state decides, not the event', () => {
  test.each([
    ['InService', 'launching'],

    ['Pending:Proceed', 'launching'],
    ['Terminated', 'terminating'],
    ['Quarantined', 'terminating'],
  ] as const)('an instance that is %s has no open action', (state, transition) => {
    const plan = planFor(
      seen({ action: { ...terminating, transition }, groupInstances: [inGroup(self, state)], members: [mine] }),
    )
    expect(plan).toMatchObject({ steps: [], verdict: 'NOTHING' })
  })

  test.each(['Pending', 'Terminating', 'Warmed:Pending', 'Warmed:Terminating'])(
    'an instance that is still %s will wait for us: the event outran the read',
    (state) => {
      expect(planFor(seen({ groupInstances: [inGroup(self, state)] }))).toMatchObject({ steps: [], verdict: 'WAIT' })
    },
  )

  test('a late launch event does not take over for a terminating instance, nor a terminate event hand over for a launching one', () => {
    expect(planFor(seen({ groupInstances: [inGroup(self, 'Terminating:Wait')] })).verdict).toBe('NOTHING')
    expect(planFor(leaving({ groupInstances: [inGroup(self, 'Pending:Wait')], members: [mine] })).verdict).toBe(
      'NOTHING',
    )
  })

  test('an instance of no group of the ensemble, or of another group, is none of ours', () => {
    expect(planFor(seen({ groupInstances: [] })).verdict).toBe('NOTHING')
    const elsewhere = { ...inGroup(self, 'Pending:Wait'), groupName: 'another' }
    expect(planFor(seen({ groupInstances: [elsewhere] })).verdict).toBe('NOTHING')
  })

  test('an instance enters a warm pool without a member, and gives its member back when it returns', () => {
    const warmed = [inGroup(self, 'Warmed:Pending:Wait')]
    expect(planFor(seen({ groupInstances: warmed })).verdict).toBe('CONTINUE')
    expect(kinds(planFor(leaving({ groupInstances: warmed, members: [mine] })).steps)).toEqual(['hand-over'])
    const ending = [inGroup(self, 'Warmed:Terminating:Wait')]
    expect(planFor(leaving({ groupInstances: ending })).verdict).toBe('CONTINUE')
  })
})
