import type { HealthFacts } from '../../shared/model/facts.ts'
import type { InstanceId } from '../../shared/model/ids.ts'
import type { Healing, Member } from '../../shared/model/member.ts'
import type { Health, Survey } from '../../shared/model/observation.ts'
import { heldBy, inGroup, instance, member, now, other, self, subnetCidrs, third } from './scene.ts'

/** Building blocks for an ensemble of three that serves: member 1 leads on `self`, 2 and 3 follow. */

export const holders: readonly InstanceId[] = [self, other, third]

type Service = HealthFacts['service']

export interface Told extends Partial<Omit<HealthFacts, 'service' | 'volumes'>> {
  readonly service?: Partial<Service>
  readonly volumes?: readonly Partial<HealthFacts['volumes'][number]>[]
}

export const one = (number: number, healing?: Healing): Member => {
  const whole = heldBy(holders[number - 1]!, member(number, { zone: `eu-central-1${'abc'[number - 1]}` }))
  return { ...whole, networkInterface: { ...whole.networkInterface, ...(healing && { healing }) } }
}

/** What the host of a member tells that serves as it should. */
export function facts(number: number, { service, volumes = [{}], ...rest }: Told = {}): HealthFacts {
  const role = number === 1 ? 'leader' : 'follower'
  const others = [1, 2, 3].filter((peer) => peer !== number)
  return {
    member: number,
    busy: false,
    handedOver: false,
    routes: 'verified',
    volumes: volumes.map((change) => ({
      volume: member(number).volumes[0]!.id,
      mount: '/var/lib/zookeeper',
      mounted: true,
      used: 12,
      ...change,
    })),
    service: { running: true, role, zxid: '0x1', connections: 1, latency: 0, synced: null, voters: null, ...service },
    peers: Object.fromEntries(others.map((peer) => [String(peer), peer === 1 ? 'leader' : 'follower'])),
    settleSeconds: 30,
    ...rest,
  }
}

export const health = (number: number, answer: Health['answer'], sentAt = now - 2000): Health => ({
  instanceId: holders[number - 1]!,
  sentAt,
  answer,
})

/** Three members in service; `told` is what the host of each tells, where it is not that all is well. */
export function ensemble(
  told: Partial<Record<1 | 2 | 3, Health['answer']>> = {},
  change: Partial<Survey> = {},
): Survey {
  const numbers = [1, 2, 3] as const
  return {
    now,
    groupInstances: holders.map((id) => inGroup(id, 'InService')),
    wanted: 3,
    groups: [],
    instances: holders.map((id, index) => instance(id, { zone: `eu-central-1${'abc'[index]}` })),
    members: numbers.map((number) => one(number)),
    tagFaults: [],
    subnetCidrs,
    healths: numbers.map((number) => health(number, number in told ? told[number] : facts(number))),
    ...change,
  }
}

/** The same, of which one member bears a note. */
export const noted = (number: number, step: Healing['step'], secondsAgo: number): Member[] =>
  [1, 2, 3].map((each) => one(each, each === number ? { step, at: now - secondsAgo * 1000 } : undefined))
