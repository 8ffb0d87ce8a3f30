import { expect, test } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { Observation } from '../../shared/model/observation.ts'
import { planFor } from '../../shared/plan/plan.ts'
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

/** What a person reads at night: each reason names the things that it is about and the state that they are in. */

const mine = heldBy(self, member(1))
const card = mine.networkInterface.id
const disk = volume(1).id
const bare = (change: object) => ({ ...mine, volumes: [volume(1, change)] })
const late = [instance(self, { launchTime: now - limits.agentOnlineWithin - 1 })]
const peers: Partial<Observation> = {
  members: [mine, heldBy(other, member(2)), heldBy(third, member(3))],
  groupInstances: [inGroup(self, 'Pending:Wait'), inGroup(other, 'InService'), inGroup(third, 'InService')],
  instances: [self, other, third].map((name) => instance(name)),
  commands: [takenOver(mine)],
}
const going = [inGroup(self, 'Terminating:Wait')]

const launches: [string, Partial<Observation>, string[]][] = [
  ['not shown', { instances: [] }, ['EC2 does not show the instance']],
  ['dying', { instances: [instance(self, { state: 'shutting-down' })] }, ['the instance is shutting-down']],
  ['not running', { instances: [instance(self, { state: 'pending' })] }, ['pending, not running']],
  ['on its way', { groupInstances: [inGroup(self, 'Pending')] }, [self, 'Pending, not waiting']],
  ['over', { groupInstances: [inGroup(self, 'InService')] }, [self, 'InService', 'nobody waits']],
  ['in another transition', { groupInstances: going }, ['Terminating:Wait', 'another transition']],
  ['elsewhere', { groupInstances: [{ ...inGroup(self, ''), groupName: 'b' }] }, ['in group b, not in zookeeper']],
  ['free', {}, ['member 1 is free']],
  ['held twice', { members: [mine, heldBy(self, member(2))] }, [`${self} holds the interfaces of members 1 and 2`]],
  [
    'none free',
    { members: [heldBy(other, member(1)), heldBy(third, member(2))], tagFaults: ['member 9 has no volume'] },
    [
      'no member of zone eu-central-1a is free; ',
      `member 1 is held by ${other} (not visible); member 2 is held by ${third}`,
      '; member 9 has no volume',
    ],
  ],
  ['claimed', { members: [bare({})] }, ['member 1 is claimed']],
  ['without agent', { members: [mine], agentOnline: false }, [`SSM agent of ${self} is not online`]],
  ['without agent for long', { members: [mine], agentOnline: false, instances: late }, ['not online after 7 minutes']],
  ['detached', { members: [heldBy(self, member(1), { status: 'detaching' })] }, [`${card} is detaching, somebody`]],
  ['attaching', { members: [heldBy(self, member(1), { status: 'attaching' })] }, [`${card} is attaching`]],
  [
    'with a half of another',
    { members: [mine, member(2, { volumes: [volume(2, attachedTo(self))] })] },
    [`${volume(2).id} of member 2 is attached here, beside member 1`],
  ],
  [
    'waiting for a volume elsewhere',
    { members: [bare(attachedTo(other, 'detaching'))] },
    [`${disk} is detaching to ${other} (not visible)`],
  ],
  ['announced', { members: [bare({ intent: { instanceId: self, at: now } })] }, [`${disk} is announced for ${self}`]],
  ['waiting for a volume', { members: [bare({ state: 'creating' })] }, [`${disk} is creating`]],
  ['without its volume', { members: [bare(attachedTo(self, 'busy'))] }, [`${disk} is busy from ${self}`, 'taken away']],
  [
    'stuck',
    { members: [bare(attachedTo(self, 'attaching', { attachTime: 0 }))] },
    [`${disk} is stuck attaching to ${self}`],
  ],
  [
    'without a device name left',
    { members: [{ ...mine, volumes: Array.from({ length: 12 }, (_, index) => volume(index + 1)) }] },
    [`${self} has no device name left for ${volume(12).id}`],
  ],
  ['ready', { members: [mine] }, ['everything is attached and the agent is online']],
  [
    'in doubt of its peers',
    { members: [mine], tagFaults: ['member 8 has no volume', 'member 9 has no volume'] },
    ['in doubt: member 8 has no volume; member 9 has no volume'],
  ],
  [
    'in doubt of whom to ask',
    { members: [mine], commands: [takenOver(mine)], tagFaults: ['member 8 has no volume', 'member 9 has no volume'] },
    ['in doubt: member 8 has no volume; member 9 has no volume'],
  ],
  ['at work', { members: [mine], commands: [command('takeOver', 'running')] }, ['the take-over command is running']],
  ['long proved', { members: [mine], commands: [takenOver(mine, seconds(70))] }, ['too old']],
  ['failed', { members: [mine], commands: [failed('takeOver', 'busy')] }, ['once more: busy: it is busy']],
  [
    'failed for good',
    { members: [mine], commands: [20, 30, 40].map((ago) => failed('takeOver', 'mount-failed', seconds(ago))) },
    ['3 take-over commands failed; the last: mount-failed: it is mount-failed'],
  ],
  ['never answered', { members: [mine], commands: [command('takeOver', 'lost')] }, ['is lost and told nothing']],
  ['without facts', { members: [mine], commands: [command('takeOver', 'succeeded')] }, ['succeeded but told no facts']],
  [
    'reached',
    { ...peers, reaches: [reach(other, 'reached')] },
    [`zookeeper 3.8.0 is follower; ${other} reaches 10.0.1.10`],
  ],
  ['asking', { ...peers, reaches: [reach(other, 'running')] }, [`asking ${other} whether it reaches 10.0.1.10`]],
  [
    'not reached',
    { ...peers, reaches: [reach(other, 'unreachable'), reach(third, 'unreachable')] },
    [`${other}, ${third} can't reach 10.0.1.10`],
  ],
  [
    'alone',
    { members: [mine], commands: [takenOver(mine)] },
    ['member 1 is proved: ', 'there is no peer in service to ask'],
  ],
  [
    'in doubt of a peer',
    { ...peers, instances: [instance(self)] },
    [`EC2 does not show ${other}, which is in service`],
  ],
  [
    'proved with permits',
    {
      members: [heldBy(self, member(1, { volumes: [volume(1, { formatPermitted: true })] }))],
      commands: [takenOver(mine)],
    },
    ['the permits have served'],
  ],
]

test.each(launches)('a launch that is %s', (_, change, words) => {
  const { because } = planFor(seen(change))
  for (const word of words) expect(because).toContain(word)
})

test('a launch whose subnet has no range to be seen', () => {
  const { because } = planFor(seen({ members: [mine], subnetCidrs: new Map() }))
  expect(because).toContain(`the range of ${mine.networkInterface.subnetId} is unknown`)
})

test.each<[string, Partial<Observation>, string]>([
  ['not shown', { instances: [] }, `EC2 does not show ${self}`],
  ['dying', { instances: [instance(self, { state: 'shutting-down' })] }, 'it is shutting-down'],
  ['not to be asked', { agentOnline: false }, 'its agent is not online'],
  ['told', {}, 'the host is to stop the service and let go of the volumes'],
  ['at work', { commands: [command('handOver', 'running')] }, 'the hand-over command is running'],
  ['confirmed', { commands: [handedOver(mine)] }, 'the host has let go'],
  ['failed', { commands: [failed('handOver', 'busy')] }, 'once more: busy: it is busy'],
  ['without an answer', { commands: [command('handOver', 'lost')] }, 'the hand-over command is lost; nothing is taken'],
  ['detaching', { members: [bare(attachedTo(self, 'detaching'))], commands: [handedOver(mine)] }, 'detaching'],
  [
    'detaching for long',
    { members: [bare(attachedTo(self, 'busy'))], commands: [handedOver(mine, 0)] },
    'takes too long to wait for',
  ],
])('a termination that is %s', (_, change, words) => {
  expect(planFor(leaving({ members: [mine], ...change })).because).toContain(words)
})

test('a plan speaks of a member only where there is one', () => {
  expect(planFor(seen({ instances: [] }))).not.toHaveProperty('member')
  expect(planFor(seen())).toHaveProperty('member', 1)
})
