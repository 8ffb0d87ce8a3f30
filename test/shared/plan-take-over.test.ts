import { describe, expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { Observation, Wish } from '../../shared/model/observation.ts'
import type { Step } from '../../shared/model/plan.ts'
import { planFor } from '../../shared/plan/plan.ts'
import {
  attachedTo,
  command,
  failed,
  heldBy,
  id,
  inGroup,
  instance,
  member,
  noted,
  now,
  other,
  reach,
  seconds,
  seen,
  self,
  takenOver,
  third,
  volume,
} from './scene.ts'

const kinds = (steps: readonly Step[]): string[] => steps.map((step) => step.kind)
const mine = heldBy(self, member(1))

describe('choosing a member', () => {
  test('a free member of the zone is claimed by its interface alone', () => {
    const plan = planFor(seen())
    expect(plan.steps).toEqual([
      { kind: 'attach-interface', networkInterfaceId: member(1).networkInterface.id, instanceId: self },
    ])
    expect(plan.verdict).toBe('WAIT')
  })

  test('of several free members the lowest is claimed, in whatever order they were read', () => {
    const members = [member(1, { zone: 'eu-central-1b' }), member(2), member(3)]
    expect(planFor(seen({ members })).member).toBe(2)
  })

  test('a member of another zone is never claimed', () => {
    const plan = planFor(seen({ members: [member(1, { zone: 'eu-central-1b' })] }))
    expect(plan.steps).toEqual([])
    expect(plan.because).toContain('zone eu-central-1a has no member')
  })

  test('an instance becomes the member that its group names, and none that another group names', () => {
    const members = [member(1), member(2)]
    const first = { name: 'zookeeper-1', wanted: 1, member: id(1) }
    const own = (named?: number) => ({ name: 'zookeeper', wanted: 1, ...(named && { member: id(named) }) })
    const chosen = (...groups: readonly Wish[]) => planFor(seen({ members, groups })).member
    expect(chosen(own(2))).toBe(2)
    expect(chosen(first, own(2))).toBe(2)
    expect(chosen(first, own())).toBe(2)
    expect(chosen(own())).toBe(1)
  })

  test('an instance whose group names a member waits for that one, though another is free', () => {
    const plan = planFor(
      seen({
        members: [member(1), heldBy(other, member(2))],
        groups: [{ name: 'zookeeper', wanted: 1, member: id(2) }],
        instances: [instance(self), instance(other)],
      }),
    )
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(plan.because).toContain(`member 2 is held by ${other}`)
    expect(plan.because).not.toContain('member 1')
  })

  test('a member whose holder is healthy is not claimed, and after a while the newcomer goes', () => {
    const held = {
      members: [heldBy(other, member(1))],
      groupInstances: [inGroup(self, 'Pending:Wait'), inGroup(other, 'InService')],
    }
    const early = planFor(seen({ ...held, instances: [instance(self), instance(other)] }))
    expect(early).toMatchObject({ steps: [], verdict: 'WAIT' })
    const launchTime = now - limits.memberFreeWithin
    const late = planFor(seen({ ...held, instances: [instance(self, { launchTime }), instance(other)] }))
    expect(late).toMatchObject({ steps: [], verdict: 'ABANDON' })
    expect(late.because).toContain(`member 1 is held by ${other} (running, InService)`)
  })

  test.each([
    ['shutting-down', 'InService'],
    ['terminated', 'Terminating:Wait'],
    ['running', 'Terminating:Wait'],
  ])('a holder that is %s and %s is waited for, however long', (state, lifecycleState) => {
    const plan = planFor(
      seen({
        members: [heldBy(other, member(1))],
        groupInstances: [inGroup(self, 'Pending:Wait'), inGroup(other, lifecycleState)],
        instances: [instance(self, { launchTime: seconds(3600) }), instance(other, { state })],
      }),
    )
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT', alarm: true })
  })

  test('a holder that EC2 does not show is unknown, and unknown is never free', () => {
    const plan = planFor(seen({ members: [heldBy(other, member(1))] }))
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT' })
    expect(plan.because).toContain('not visible')
  })

  test('an interface is not claimed while a volume of its member is with an instance that keeps it', () => {
    const split = member(1, { volumes: [volume(1, attachedTo(other))] })
    const plan = planFor(seen({ members: [split], instances: [instance(self), instance(other)] }))
    expect(plan.steps).toEqual([])
    expect(plan.because).toContain('still attached')
  })

  test('an interface is claimed early while a volume is still on its way from a dead instance', () => {
    const split = member(1, { volumes: [volume(1, attachedTo(other))] })
    const dead = instance(other, { state: 'terminated' })
    expect(kinds(planFor(seen({ members: [split], instances: [instance(self), dead] })).steps)).toEqual([
      'attach-interface',
    ])
  })

  test('a foreign interface at device index 1 ends the launch before anything is attached', () => {
    const networkInterfaces = [{ id: 'eni-0123456789abcdef0', deviceIndex: 1 }]
    const failures = { count: 1, instanceId: self, at: now }
    const members = [noted(member(1), { failures })]
    const plan = planFor(seen({ members, instances: [instance(self, { networkInterfaces })] }))
    expect(plan).toMatchObject({ steps: [], verdict: 'ABANDON' })
    expect(plan.because).toContain('device index 1')
  })

  test('an instance that won two members gives them up', () => {
    const plan = planFor(seen({ members: [mine, heldBy(self, member(2))] }))
    expect(kinds(plan.steps)).toEqual(['hand-over', 'write-note'])
  })

  test('what is wrong with the tags is part of the reason', () => {
    const plan = planFor(seen({ members: [], tagFaults: ['member 1 has no volume'] }))
    expect(plan.because).toContain('member 1 has no volume')
  })

  test.each(['pending', 'stopped'])('an instance that is %s is not given anything', (state) => {
    expect(planFor(seen({ instances: [instance(self, { state })] }))).toMatchObject({ steps: [], verdict: 'WAIT' })
  })

  test('an instance that EC2 does not show yet is waited for', () => {
    expect(planFor(seen({ instances: [] }))).toMatchObject({ steps: [], verdict: 'WAIT' })
  })

  test('an instance that dies while it waits is abandoned', () => {
    const plan = planFor(seen({ instances: [instance(self, { state: 'shutting-down' })] }))
    expect(plan).toMatchObject({ steps: [], verdict: 'ABANDON' })
  })
})

describe('attaching', () => {
  const claimed = heldBy(self, member(1))
  const bare = { ...claimed, volumes: [volume(1), volume(2, { mount: '/log' })] }

  test('all volumes are attached together, each under a name of its own that the instance does not use', () => {
    const devices = ['/dev/xvda', '/dev/sdf']
    const plan = planFor(seen({ members: [bare], instances: [instance(self, { devices })] }))
    expect(plan.steps).toEqual([
      { kind: 'attach-volume', volumeId: bare.volumes[0]!.id, instanceId: self, device: '/dev/sdg' },
      { kind: 'attach-volume', volumeId: bare.volumes[1]!.id, instanceId: self, device: '/dev/sdh' },
    ])
  })

  test('a volume that was announced for this instance is never attached again', () => {
    const announced = (at: number) => ({ ...claimed, volumes: [volume(1, { intent: { instanceId: self, at } })] })
    expect(planFor(seen({ members: [announced(seconds(5))] }))).toMatchObject({ steps: [], verdict: 'WAIT' })
    const settled = planFor(seen({ members: [announced(now - limits.intentSettlesAfter - 1)] }))
    expect(kinds(settled.steps)).toEqual(['hand-over', 'write-note'])
    expect(settled.because).toContain('never twice')
  })

  test('an attach that EC2 refused to this invocation is repeated', () => {
    const announced = volume(1, { intent: { instanceId: self, at: seconds(1) } })
    const refusedAttaches = new Set([announced.id])
    const plan = planFor(seen({ members: [{ ...claimed, volumes: [announced] }], refusedAttaches }))
    expect(kinds(plan.steps)).toEqual(['attach-volume'])
  })

  test('a volume that was announced for an earlier instance is attached', () => {
    const earlier = volume(1, { intent: { instanceId: other, at: seconds(3600) } })
    expect(kinds(planFor(seen({ members: [{ ...claimed, volumes: [earlier] }] })).steps)).toEqual(['attach-volume'])
  })

  test('a volume that is stuck attaching costs the instance its place', () => {
    const stuck = heldBy(self, member(1), {}, { state: 'attaching', attachTime: now - limits.attachStuckAfter - 1 })
    expect(kinds(planFor(seen({ members: [stuck] })).steps)).toEqual(['hand-over', 'write-note'])
    const young = heldBy(self, member(1), {}, { state: 'attaching' })
    expect(planFor(seen({ members: [young] }))).toMatchObject({
      steps: [],
      because: expect.stringContaining('attaching'),
    })
  })

  test.each(['detaching', 'busy'])(
    'a volume that is %s from this instance was taken away, and the launch ends',
    (state) => {
      expect(kinds(planFor(seen({ members: [heldBy(self, member(1), {}, { state })] })).steps)).toEqual([
        'hand-over',
        'write-note',
      ])
    },
  )

  test('a volume that is still with its last holder is waited for', () => {
    const late = { ...claimed, volumes: [volume(1, attachedTo(other, 'detaching'))] }
    const plan = planFor(
      seen({ members: [late], instances: [instance(self), instance(other, { state: 'terminated' })] }),
    )
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT' })
  })

  test('a volume that a healthy instance keeps ends the launch after a while', () => {
    const kept = { ...claimed, volumes: [volume(1, attachedTo(other))] }
    const launchTime = now - limits.memberFreeWithin - 1
    const plan = planFor(seen({ members: [kept], instances: [instance(self, { launchTime }), instance(other)] }))
    expect(kinds(plan.steps)).toEqual(['hand-over', 'write-note'])
  })

  test('a volume that is not available is waited for, and one too many for the device names ends the launch', () => {
    const creating = { ...claimed, volumes: [volume(1, { state: 'creating' })] }
    expect(planFor(seen({ members: [creating] }))).toMatchObject({ steps: [], verdict: 'WAIT' })
    const many = {
      ...claimed,
      volumes: Array.from({ length: 12 }, (_, index) => volume(index + 1, { mount: `/m${index}` })),
    }
    expect(kinds(planFor(seen({ members: [many] })).steps)).toEqual(['hand-over', 'write-note'])
  })

  test('DeleteOnTermination is made false on interface and volumes before anything else is proved', () => {
    const mortal = heldBy(self, member(1), { deleteOnTermination: true }, { deleteOnTermination: true })
    expect(kinds(planFor(seen({ members: [mortal] })).steps)).toEqual(['retain-interface', 'retain-volume'])
  })

  test('a volume of another member on this instance ends the launch: no instance holds two halves', () => {
    const stray = member(2, { volumes: [volume(2, attachedTo(self))] })
    const plan = planFor(seen({ members: [mine, stray] }))
    expect(kinds(plan.steps)).toEqual(['hand-over', 'write-note'])
  })

  test('an interface that somebody is detaching ends the launch', () => {
    const plan = planFor(seen({ members: [heldBy(self, member(1), { status: 'detaching' })] }))
    expect(kinds(plan.steps)).toEqual(['hand-over', 'write-note'])
  })

  test('an interface that is still attaching is waited for', () => {
    const plan = planFor(seen({ members: [heldBy(self, member(1), { status: 'attaching' })] }))
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT' })
  })
})

describe('the host', () => {
  test('nothing is sent before the agent is online, and an agent that never comes ends the launch', () => {
    expect(planFor(seen({ members: [mine], agentOnline: false }))).toMatchObject({ steps: [], verdict: 'WAIT' })
    const launchTime = now - limits.agentOnlineWithin - 1
    const counted = noted(mine, { failures: { count: 1, instanceId: self, at: now } })
    const plan = planFor(seen({ members: [counted], agentOnline: false, instances: [instance(self, { launchTime })] }))
    expect(plan).toMatchObject({ steps: [], verdict: 'ABANDON' })
    expect(plan.because).toContain('agent')
  })

  test('the command carries the member, every peer, and only the permits that there are', () => {
    const permitted = heldBy(
      self,
      member(1, { volumes: [volume(1, { formatPermitted: true }), volume(2, { mount: '/log' })] }),
    )
    const plan = planFor(seen({ members: [permitted, member(2), member(3)] }))
    expect(plan.steps).toEqual([
      {
        kind: 'take-over',
        instanceId: self,
        member: id(1),
        macAddress: '02:00:00:00:00:01',
        address: '10.0.1.10',
        subnetCidr: '10.0.1.0/24',
        volumes: permitted.volumes.map((disk) => ({ id: disk.id, mount: disk.mount })),
        peers: [1, 2, 3].map((number) => ({ id: number, address: `10.0.${number}.10` })),
        format: [permitted.volumes[0]!.id],
        bootstrap: false,
        restart: false,
      },
    ])
  })

  test('a command is not sent without the range of its subnet', () => {
    expect(planFor(seen({ members: [mine], subnetCidrs: new Map() }))).toMatchObject({ steps: [], verdict: 'WAIT' })
  })

  test('a running command is waited for, one that SSM has forgotten is sent again', () => {
    expect(planFor(seen({ members: [mine], commands: [command('takeOver', 'running')] }))).toMatchObject({ steps: [] })
    const forgotten = command('takeOver', 'running', '', now - limits.commandForgottenAfter - 1)
    expect(kinds(planFor(seen({ members: [mine], commands: [forgotten] })).steps)).toEqual(['take-over'])
  })

  test.each(['busy', 'too-late', 'no-quorum'])('%s is tried again for as long as the hook allows', (word) => {
    const commands = Array.from({ length: 9 }, (_, index) => failed('takeOver', word, seconds(20 + index * 20)))
    expect(kinds(planFor(seen({ members: [mine], commands })).steps)).toEqual(['take-over'])
    expect(planFor(seen({ members: [mine], commands: [failed('takeOver', word, seconds(2))] })).steps).toEqual([])
  })

  test('three failures of the host cost it its place', () => {
    const commands = [20, 40, 60].map((ago) => failed('takeOver', 'mount-failed', seconds(ago)))
    expect(kinds(planFor(seen({ members: [mine], commands: commands.slice(1) })).steps)).toEqual(['take-over'])
    expect(kinds(planFor(seen({ members: [mine], commands })).steps)).toEqual(['hand-over', 'write-note'])
  })

  test('a command that may never have run counts as a failure, not as a success', () => {
    const commands = [20, 40, 60].map((ago) => command('takeOver', 'lost', '', seconds(ago)))
    expect(kinds(planFor(seen({ members: [mine], commands })).steps)).toEqual(['hand-over', 'write-note'])
  })

  test('a volume that must not be formatted costs the instance its place, and the reason is told', () => {
    const plan = planFor(seen({ members: [mine], commands: [failed('takeOver', 'volume-unfit')] }))
    expect(kinds(plan.steps)).toEqual(['hand-over', 'write-note'])
    expect(plan.because).toContain('volume-unfit: it is volume-unfit')
  })

  test('a host with a tombstone, or one that was told to hand over, never takes over again', () => {
    expect(kinds(planFor(seen({ members: [mine], commands: [failed('takeOver', 'handed-over')] })).steps)).toEqual([
      'hand-over',
      'write-note',
    ])
    const counted = noted(mine, { failures: { count: 1, instanceId: self, at: now } })
    const told = planFor(seen({ members: [counted], commands: [command('handOver', 'running')] }))
    expect(told).toMatchObject({
      steps: [],
      verdict: 'WAIT',
      because: expect.stringContaining('the hand-over command is running'),
    })
  })
})

describe('CONTINUE means proved', () => {
  const proved = seen({ members: [mine], commands: [takenOver(mine)] })

  test('a fresh verification of this very member, with no peer to ask, is proof', () => {
    const plan = planFor(proved)
    expect(plan).toMatchObject({ steps: [], verdict: 'CONTINUE', member: 1 })
    expect(plan.because).toContain('zookeeper 3.8.0 is follower')
  })

  test('a verification that was sent more than a minute ago is not', () => {
    const old = { ...proved, commands: [takenOver(mine, seconds(61))] }
    expect(kinds(planFor(old).steps)).toEqual(['take-over'])
  })

  test.each([
    ['another member', { member: 2 }],
    ['another address', { address: '10.0.1.11' }],
    ['another mount', { volumes: [{ volume: mine.volumes[0]!.id, mount: '/elsewhere', formatted: false }] }],
    ['no volume', { volumes: [] }],
    ['no role', { service: { role: 'looking', version: 'zookeeper 3.8.0' } }],
    ['no routes', { routes: 'missing' }],
  ])('facts of %s prove nothing', (_, change) => {
    const plan = planFor({ ...proved, commands: [takenOver(mine, seconds(20), change)] })
    expect(kinds(plan.steps)).toEqual(['take-over'])
  })

  test('a success without facts proves nothing, nor does output that only begins with them', () => {
    for (const output of ['', 'done', '{"attempt":"a"']) {
      expect(planFor({ ...proved, commands: [command('takeOver', 'succeeded', output, seconds(5))] }).verdict).toBe(
        'WAIT',
      )
    }
    const trailing = { ...takenOver(mine, seconds(5)) }
    const plan = planFor({ ...proved, commands: [{ ...trailing, output: `${trailing.output}and more` }] })
    expect(plan.verdict).toBe('WAIT')
  })

  test('the format permits are withdrawn once the volumes are in use, and only then is it the end', () => {
    const permitted = heldBy(self, member(1, { volumes: [volume(1, { formatPermitted: true })] }))
    const plan = planFor(seen({ members: [permitted], commands: [takenOver(permitted)] }))
    expect(plan.steps).toEqual([{ kind: 'withdraw-permit', permit: 'format', volumeId: permitted.volumes[0]!.id }])
  })

  test('a first quorum ends the bootstrap on every volume of the ensemble, before any launch is continued', () => {
    const fresh = (number: number) => member(number, { volumes: [volume(number, { bootstrapPermitted: true })] })
    const first = heldBy(self, fresh(1))
    const plan = planFor(seen({ members: [first, fresh(2)], commands: [takenOver(first)] }))
    expect(plan.steps).toEqual(
      [1, 2].map((number) => ({ kind: 'withdraw-permit', permit: 'bootstrap', volumeId: volume(number).id })),
    )
  })

  test('a member without data may bootstrap only while every volume of every member permits it', () => {
    const fresh = (number: number, bootstrapPermitted: boolean) =>
      member(number, { volumes: [volume(number, { bootstrapPermitted })] })
    const bootstrap = (others: boolean) => {
      const [step] = planFor(seen({ members: [heldBy(self, fresh(1, true)), fresh(2, others)] })).steps
      return step?.kind === 'take-over' && step.bootstrap
    }
    expect(bootstrap(true)).toBe(true)
    expect(bootstrap(false)).toBe(false)
  })

  test('while a tag is in doubt no server is told of its peers: one that knows too few needs too few for a quorum', () => {
    const plan = planFor(seen({ members: [mine], tagFaults: ['member 3 has no volume'] }))
    expect(plan).toMatchObject({ steps: [], verdict: 'WAIT', alarm: true })
    expect(plan.because).toContain('member 3 has no volume')
  })

  describe('from outside', () => {
    const peers = seen({
      members: [mine, heldBy(other, member(2)), heldBy(third, member(3))],
      groupInstances: [inGroup(self, 'Pending:Wait'), inGroup(other, 'InService'), inGroup(third, 'InService')],
      instances: [instance(self), instance(other), instance(third)],
      commands: [takenOver(mine)],
    })

    test('nothing is given up for a volume that a person gave it, once it serves: the quorum may rest on it', () => {
      const astray = { ...peers, members: [mine, member(2, { volumes: [volume(2, attachedTo(self))] })] }
      for (const ago of [5, 70]) {
        expect(planFor({ ...astray, commands: [takenOver(mine, seconds(ago))] })).toMatchObject({
          steps: [],
          verdict: 'WAIT',
          alarm: true,
          because: `${volume(2).id} of member 2 is attached here, beside member 1: detach it`,
        })
      }
      expect(kinds(planFor({ ...astray, commands: [] }).steps)).toContain('hand-over')
    })

    test('a peer in service is asked to reach the address', () => {
      expect(planFor(peers).steps).toEqual([{ kind: 'ask-peer', peer: other, own: '10.0.2.10', address: '10.0.1.10' }])
    })

    test('the peer is asked while the take-over is verified anew', () => {
      const plan = planFor({ ...peers, commands: [takenOver(mine, seconds(70))] })
      expect(kinds(plan.steps)).toEqual(['ask-peer', 'take-over'])
    })

    test('its yes is the proof, for a minute', () => {
      expect(planFor({ ...peers, reaches: [reach(other, 'reached')] }).verdict).toBe('CONTINUE')
      expect(planFor({ ...peers, reaches: [reach(other, 'reached', seconds(61))] }).verdict).toBe('WAIT')
    })

    test('a peer that is still thinking is waited for', () => {
      expect(planFor({ ...peers, reaches: [reach(other, 'running')] })).toMatchObject({ steps: [], verdict: 'WAIT' })
    })

    test('a peer that does not answer is left alone, the next is asked, and if none answers nobody could', () => {
      const silent = { ...peers, reaches: [reach(other, 'unasked')] }
      expect(planFor(silent).steps).toEqual([{ kind: 'ask-peer', peer: third, own: '10.0.3.10', address: '10.0.1.10' }])
      expect(planFor({ ...silent, reaches: [...silent.reaches, reach(third, 'unasked')] }).verdict).toBe('CONTINUE')
      const before = [reach(other, 'unasked', seconds(61)), reach(third, 'unasked')]
      expect(planFor({ ...peers, reaches: before }).steps).toMatchObject([{ kind: 'ask-peer', peer: other }])
    })

    test('a member that no peer reaches is not in service: another peer, again, and in the end ABANDON', () => {
      const first = { ...peers, reaches: [reach(other, 'unreachable', seconds(5))] }
      expect(planFor(first).steps).toEqual([{ kind: 'ask-peer', peer: third, own: '10.0.3.10', address: '10.0.1.10' }])
      const both = { ...peers, reaches: [...first.reaches, reach(third, 'unreachable', seconds(4))] }
      expect(planFor(both)).toMatchObject({ steps: [], verdict: 'WAIT', alarm: true })
      const later = {
        ...peers,
        reaches: [reach(other, 'unreachable', seconds(30)), reach(third, 'unreachable', seconds(20))],
      }
      expect(kinds(planFor(later).steps)).toEqual(['ask-peer'])
      const launchTime = now - limits.reachableWithin - 1
      const end = planFor({ ...both, instances: [instance(self, { launchTime }), instance(other), instance(third)] })
      expect(kinds(end.steps)).toEqual(['hand-over', 'write-note'])
    })

    test('one that serves is given up for that only where the others are a quorum without it', () => {
      const launched = instance(self, { launchTime: now - limits.reachableWithin - 1 })
      const outOfReach = { ...peers, reaches: [reach(other, 'unreachable', seconds(4))] }
      const beside = (change: Partial<Observation>) => planFor({ ...outOfReach, ...change })
      const down = instance(third, { state: 'shutting-down' })
      expect(beside({ instances: [launched, instance(other), down] })).toMatchObject({
        steps: [],
        verdict: 'WAIT',
        alarm: true,
        because: `${other} can't reach 10.0.1.10`,
      })
      const two = beside({ instances: [launched, instance(other)], members: peers.members.slice(0, 2) })
      expect(kinds(two.steps)).toEqual(['hand-over', 'write-note'])
    })

    test('a peer that could not reach it a moment ago is asked again, though it does not answer once', () => {
      const lonely = { ...peers, instances: [instance(self), instance(other)], members: peers.members.slice(0, 2) }
      const once = [reach(other, 'unreachable', seconds(90)), reach(other, 'unasked', seconds(35))]
      expect(planFor({ ...lonely, reaches: once })).toMatchObject({
        verdict: 'WAIT',
        steps: [{ kind: 'ask-peer', peer: other }],
      })
      const long = [reach(other, 'unreachable', seconds(91)), reach(other, 'unasked', seconds(35))]
      expect(planFor({ ...lonely, reaches: long }).verdict).toBe('CONTINUE')
    })

    test('a peer that EC2 does not show is unknown, not absent', () => {
      const hidden = { ...peers, instances: [instance(self)] }
      expect(planFor(hidden)).toMatchObject({ steps: [], verdict: 'WAIT' })
    })

    test('an answer about another address says nothing', () => {
      const plan = planFor({ ...peers, reaches: [reach(other, 'reached', seconds(5), '10.0.9.9')] })
      expect(kinds(plan.steps)).toEqual(['ask-peer'])
    })
  })
})
