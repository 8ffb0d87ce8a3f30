import type { HealthFacts } from '../../shared/model/facts.ts'
import type { Health, Observation } from '../../shared/model/observation.ts'
import { planFor } from '../../shared/plan/plan.ts'
import { health, heldBy, inGroup, instance, leaving, member, noted, other, seconds, self, third } from './scene.ts'

export const note = { leaving: { instanceId: self, at: seconds(60) } }
export const decision = { handingOver: { instanceId: self, at: seconds(3) } }
export const mine = noted(heldBy(self, member(1)), { ...note, ...decision })
export const peers = [heldBy(other, member(2)), heldBy(third, member(3))] as const
export const instances = [self, other, third].map((name) => instance(name))
export const groupInstances = [
  inGroup(self, 'Terminating:Wait'),
  inGroup(other, 'InService'),
  inGroup(third, 'InService'),
]
export const long = new Map([[self, seconds(120)]])

export const service = (change: Partial<HealthFacts['service']>) => ({
  service: {
    running: true,
    role: 'none',
    zxid: '',
    connections: 0,
    latency: 0,
    synced: null,
    voters: null,
    ...change,
  } as const,
})
export const without = service({ role: 'none' })
export const stopped = service({ running: false })
export const leads = service({ role: 'leader' })
export const silent = (host: typeof self): Health => ({ instanceId: host, sentAt: seconds(26), answer: 'silent' })
export const asked = (host: typeof self, ago = 5): Health => ({
  instanceId: host,
  sentAt: seconds(ago),
  answer: undefined,
})
/** Nobody sees the servers of the others that are silent. */
export const blind = { peers: { 1: 'follower', 2: 'absent', 3: 'absent' } } as const
export const unseen = [health(self, mine, blind), health(other, peers[0], { ...leads, ...blind })] as const
export const well = [health(self, mine), health(other, peers[0], leads), health(third, peers[1])]

/** Three members that are well; the first is to end, its wish to leave has long been seen, and the decision is there. */
export const ending = (change: Partial<Observation> = {}): Observation =>
  leaving({
    members: [mine, ...peers],
    instances,
    groupInstances,
    wanted: 3,
    healths: well,
    leavingSince: long,
    ...change,
  })
/** The others of three being as they are told here. */
export const beside = (second: Health, last: Health, own: Health = health(self, mine)) =>
  planFor(ending({ healths: [own, second, last] }))

/** Who is asked, or else what is done. */
export const ids = (change: Partial<Observation>) =>
  planFor(ending(change)).steps.flatMap((step): string[] =>
    step.kind === 'ask-health' ? [...step.instanceIds] : [step.kind],
  )

export const goes = { steps: [{ kind: 'hand-over' }], verdict: 'WAIT' }
export const waits = { steps: [], verdict: 'WAIT', member: 1 }
