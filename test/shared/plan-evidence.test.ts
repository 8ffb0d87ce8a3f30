import { describe, expect, test } from 'vitest'
import type { Observation } from '../../shared/model/observation.ts'
import { bootstrapPermitted } from '../../shared/plan/permits.ts'
import { planFor } from '../../shared/plan/plan.ts'
import { takeOverCommand } from '../../shared/plan/proof.ts'
import {
  attachedTo,
  command,
  failed,
  handedOver,
  heldBy,
  inGroup,
  instance,
  leaving,
  member,
  other,
  seconds,
  seen,
  self,
  takenOver,
  third,
  volume,
} from './scene.ts'

const mine = heldBy(self, member(1))
const two = heldBy(self, member(1, { volumes: [volume(1), volume(2, { mount: '/log' })] }))
const kinds = (world: Observation) => planFor(world).steps.map((step) => step.kind)

describe('what a command proves', () => {
  test('nothing when it failed, whatever it printed', () => {
    const { output } = takenOver(mine)
    expect(kinds(seen({ members: [mine], commands: [command('takeOver', 'failed', output)] }))).toEqual(['take-over'])
    const gaveBack = command('handOver', 'failed', handedOver(mine).output)
    expect(kinds(leaving({ members: [mine], commands: [gaveBack] }))).toEqual(['hand-over'])
  })

  test('nothing of a member when a foreign volume is mounted in its place, or one of two is not told of', () => {
    const volumes = [{ volume: volume(9).id, mount: volume(1).mount, formatted: false }]
    const foreign = takenOver(mine, seconds(20), { volumes })
    expect(kinds(seen({ members: [mine], commands: [foreign] }))).toEqual(['take-over'])
    expect(kinds(seen({ members: [two], commands: [takenOver(mine)] }))).toEqual(['take-over'])
    expect(planFor(seen({ members: [two], commands: [takenOver(two)] })).verdict).toBe('CONTINUE')
  })

  test('nothing when it was to hand over', () => {
    const commands = [command('handOver', 'running')]
    expect(takeOverCommand(seen({ members: [mine], commands }), mine).kind).toBe('never')
  })

  test('an earlier success is no failure: it does not count against the host', () => {
    const commands = [failed('takeOver', 'mount-failed'), takenOver(mine, seconds(70)), takenOver(mine, seconds(80))]
    expect(kinds(seen({ members: [mine], commands }))).toEqual(['take-over'])
  })

  test('three successes without facts cost the host its place', () => {
    const commands = [20, 40, 60].map((ago) => command('takeOver', 'succeeded', 'done', seconds(ago)))
    expect(kinds(seen({ members: [mine], commands }))).toEqual(['hand-over', 'write-note'])
  })
})

describe('the reason why a launch was given up', () => {
  const asked = failed('handOver', 'still-mounted', seconds(2))

  test('is the failure that came before the hand-over, not what came of that', () => {
    const commands = [asked, takenOver(mine, seconds(70)), failed('takeOver', 'volume-unfit', seconds(90))]
    expect(planFor(seen({ members: [mine], commands })).givesUp).toBe('volume-unfit: it is volume-unfit')
  })

  test('is the hand-over itself where nothing failed before it', () => {
    const commands = [asked, takenOver(mine, seconds(70))]
    expect(planFor(seen({ members: [mine], commands })).givesUp).toContain('was told to hand over')
  })
})

describe('a peer', () => {
  const peers: Partial<Observation> = {
    members: [mine, heldBy(other, member(2))],
    groupInstances: [inGroup(self, 'Pending:Wait'), inGroup(other, 'InService')],
    instances: [instance(self), instance(other)],
  }

  test('is not asked before the host has answered once: there is nothing to be reached yet', () => {
    expect(kinds(seen(peers))).toEqual(['take-over'])
    expect(kinds(seen({ ...peers, commands: [failed('takeOver', 'busy')] }))).toEqual(['take-over'])
  })

  test.each([['Pending:Wait'], ['Terminating:Wait'], [undefined]])(
    'that is %s is not asked: only one in service can be expected to answer',
    (state) => {
      const groupInstances = [inGroup(self, 'Pending:Wait'), ...(state ? [inGroup(other, state)] : [])]
      const plan = planFor(seen({ ...peers, groupInstances, commands: [takenOver(mine)] }))
      expect(plan).toMatchObject({ steps: [], verdict: 'CONTINUE' })
    },
  )
})

describe('the parts of a member', () => {
  test('are all waited for, the first as the last', () => {
    const [first, last] = two.volumes
    const volumes = [first!, { ...last!, ...attachedTo(self, 'attaching') }]
    expect(planFor(seen({ members: [{ ...two, volumes }] }))).toMatchObject({ steps: [], verdict: 'WAIT' })
  })

  test('have their device names by their place, though the first is attached already', () => {
    const half = { ...two, volumes: [two.volumes[0]!, volume(2, { mount: '/log' })] }
    const instances = [instance(self, { devices: ['/dev/xvda', '/dev/sdf'] })]
    expect(planFor(seen({ members: [half], instances })).steps).toMatchObject([
      { kind: 'attach-volume', volumeId: volume(2).id, device: '/dev/sdg' },
    ])
  })

  test('are all to be gone from the instance before the claim is given up, each with that of its own member', () => {
    const free = (number: number) => ({ ...heldBy(self, member(number)), volumes: [volume(number)] })
    const bare = [{ ...two, volumes: [volume(1), volume(2, { mount: '/log' })] }, free(3)]
    expect(planFor(leaving({ members: bare, commands: [handedOver(two)] })).steps).toMatchObject([
      { kind: 'detach-interface', instanceId: self, volumeIds: [volume(1).id, volume(2).id] },
      { kind: 'detach-interface', instanceId: self, volumeIds: [volume(3).id] },
    ])
  })

  test('of the ensemble at the device index are a claim that is not shown yet, no obstacle', () => {
    const networkInterfaces = [{ id: member(2).networkInterface.id, deviceIndex: 1 }]
    const instances = [instance(self, { networkInterfaces }), instance(third)]
    expect(kinds(seen({ members: [member(1), member(2)], instances }))).toEqual(['attach-interface'])
  })
})

describe('the bootstrap', () => {
  const fresh = (...permits: boolean[]) =>
    member(1, { volumes: permits.map((bootstrapPermitted, index) => volume(index + 1, { bootstrapPermitted })) })

  test('is denied to all when one of two volumes has lost its permit', () => {
    expect(bootstrapPermitted(seen({ members: [fresh(true, true)] }))).toBe(true)
    expect(bootstrapPermitted(seen({ members: [fresh(true, false)] }))).toBe(false)
  })

  test('is denied to all when a member may have been overlooked', () => {
    expect(bootstrapPermitted(seen({ members: [fresh(true)], tagFaults: ['member 2 has no volume'] }))).toBe(false)
  })
})
