// The rule does not know test.prop for the test block that it is.
/* oxlint-disable vitest/no-standalone-expect */
import { test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { limits } from '../../shared/model/limits.ts'
import type { Member } from '../../shared/model/member.ts'
import type { Health, Observation } from '../../shared/model/observation.ts'
import { planFor } from '../../shared/plan/plan.ts'
import { cardHere, ec2State, lifecycleState, ofKind } from './judge.ts'
import { endings } from './endings.ts'
import { id, now, self } from './scene.ts'
import { sketched, sketches } from './worlds.ts'

/** The promise that we never spend the quorum, and that failures are counted before anything of them is given back. */

const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 500) }

const answerOf = (seen: Observation, name: string) => {
  const health = seen.healths.find((one) => one.instanceId === name)
  return health && typeof health.answer === 'object' && now - health.sentAt <= limits.healthAgeMax
    ? health.answer
    : undefined
}

const isSilent = ({ sentAt, answer }: Health): boolean =>
  answer === 'silent' || (answer === undefined && now - sentAt >= limits.healthWithin)

const roles = ['leader', 'follower']

/** What the host of a member tells that may serve: whoever holds no member has no server that could see others. */
function wordOf(seen: Observation, { networkInterface: { attachment } }: Member) {
  const host = attachment?.instanceId
  if (host === undefined || ec2State(seen, host) !== 'running') return undefined
  return ['InService', 'Terminating:Wait'].includes(lifecycleState(seen, host)) ? answerOf(seen, host) : undefined
}

/** In the quorum as far as its own host has told lately, or where that is silent, another one that serves itself. */
function isJoined(seen: Observation, { id: number, networkInterface }: Member): boolean {
  const host = networkInterface.attachment?.instanceId ?? ''
  const facts = answerOf(seen, host)
  // A server goes on with the files of a mount that is gone.
  if (facts) return facts.member === number && roles.includes(facts.service.role)
  const others = seen.members.flatMap((other) => wordOf(seen, other) ?? [])
  return (
    seen.healths.some((one) => one.instanceId === host && isSilent(one)) &&
    others.some(({ service, peers }) => roles.includes(service.role) && roles.includes(peers[number] ?? ''))
  )
}

function staysJoined(seen: Observation, member: Member): boolean {
  const { attachment, leaving, handingOver } = member.networkInterface
  const holder = attachment?.instanceId
  return (
    holder !== undefined &&
    ['InService', 'Terminating:Wait'].includes(lifecycleState(seen, holder)) &&
    ec2State(seen, holder) === 'running' &&
    leaving?.instanceId !== holder &&
    handingOver?.instanceId !== holder &&
    isJoined(seen, member)
  )
}

/** Its holder may have been told to go, and what was asked for may begin yet. */
function isDecided({ networkInterface: { attachment, handingOver } }: Member): boolean {
  const isNoted = handingOver !== undefined && handingOver.instanceId === attachment?.instanceId
  return isNoted && now - handingOver.at < limits.writeArrivesWithin
}

/** By the list that all servers tell; where nobody tells, everybody does. */
function votes(seen: Observation, { id: number }: Member): boolean {
  const lists = seen.healths.flatMap(({ answer }) => (typeof answer === 'object' ? (answer.service.voters ?? []) : []))
  return lists.length === 0 || lists.includes(number)
}

describe('the quorum', () => {
  test.prop([endings], runs)('is not spent: a member in sync leaves only while enough others stay that are', (seen) => {
    const [mine] = seen.members.filter(cardHere)
    const voters = seen.members.filter((one) => votes(seen, one))
    const quorum = Math.floor(voters.length / 2) + 1
    const begun = seen.commands.some((one) => one.verb === 'handOver')
    if (begun || !seen.agentOnline || ec2State(seen, self) !== 'running') return
    if (!mine || voters.length < 3 || seen.wanted === 0 || !isJoined(seen, mine)) return
    const plan = planFor(seen)
    if (ofKind(plan, 'hand-over').length === 0 && plan.verdict === 'WAIT') return
    expect(seen.members.filter((one) => one !== mine && staysJoined(seen, one)).length).toBeGreaterThanOrEqual(quorum)
    expect(seen.tagFaults).toEqual([])
    const { handingOver } = mine.networkInterface
    expect(handingOver?.instanceId).toBe(self)
    expect(now - handingOver!.at).toBeLessThan(limits.decisionAgeMax)
    expect(now - (seen.leavingSince.get(self) ?? now)).toBeGreaterThanOrEqual(limits.leavingSettles)
  })

  test.prop([endings], runs)(
    'loses no voter for good whose vote has not been taken, as far as a leader tells',
    (seen) => {
      const [mine] = seen.members.filter(cardHere)
      const begun = seen.commands.some((one) => one.verb === 'handOver')
      if (!mine || begun || !seen.agentOnline || ec2State(seen, self) !== 'running' || seen.wanted === 0) return
      const staying = seen.members.filter(({ networkInterface: { attachment } }) => {
        const state = attachment && lifecycleState(seen, attachment.instanceId)
        return state !== undefined && !state.startsWith('Terminat')
      })
      if (seen.groups.length === 0 || staying.length < seen.wanted || !votes(seen, mine)) return
      const plan = planFor(seen)
      expect(ofKind(plan, 'hand-over')).toEqual([])
      expect(plan.verdict).toBe('WAIT')
    },
  )

  test.prop([endings], runs)('is asked for by notes of this instance alone, on the member that it holds', (seen) => {
    const { steps } = planFor(seen)
    for (const step of steps) {
      if (step.kind !== 'write-note' && step.kind !== 'forget-note') continue
      const [mine] = seen.members.filter(cardHere)
      expect(step.networkInterfaceId).toBe(mine!.networkInterface.id)
      if (step.kind === 'write-note') {
        expect(['leaving', 'handingOver']).toContain(step.note.key)
        expect(step.note).toMatchObject({ instanceId: self, at: now })
      } else {
        const { leaving, handingOver } = mine!.networkInterface
        expect([
          { key: 'leaving', ...leaving },
          { key: 'handingOver', ...handingOver },
        ]).toContainEqual(step.note)
        expect(isDecided(mine!)).toBe(false)
        expect(mine!.id === id(1) && !seen.members.some((one) => one !== mine && isDecided(one))).toBe(false)
      }
    }
    expect(steps.filter((step) => step.kind === 'write-note').length).toBeLessThanOrEqual(1)
  })
})

describe('a failed launch', () => {
  const launches = sketches.map((sketch) => sketched({ ...sketch, own: 'Pending:Wait' }))

  test.prop([launches], runs)(
    'is counted before anything is given back and before it ends, and counted once',
    (seen) => {
      const plan = planFor(seen)
      if (plan.givesUp === undefined) return
      const [held] = seen.members.filter(cardHere)
      const counted = seen.members.some((one) => one.networkInterface.failures?.instanceId === self)
      const written = ofKind(plan, 'write-note')
      if (held && !counted) {
        expect(written).toMatchObject([{ note: { key: 'failures', instanceId: self } }])
        expect(plan.verdict).toBe('WAIT')
        expect(ofKind(plan, 'detach-interface')).toEqual([])
        expect(ofKind(plan, 'detach-volume')).toEqual([])
      }
      if (counted) expect(written).toEqual([])
    },
  )

  test.prop([launches], runs)(
    'ends half an hour after it began at the latest, once nothing is left to give back',
    (seen) => {
      const instances = seen.instances.map((one) => ({ ...one, launchTime: now - limits.launchAgainMost }))
      const members = seen.members.filter((one) => !cardHere(one))
      const plan = planFor({ ...seen, members, instances, givenUp: 'it failed' })
      const shown = instances.some((one) => one.id === self)
      const stray = members.some((one) => one.volumes.some((disk) => disk.attachment?.instanceId === self))
      if (lifecycleState(seen, self) !== 'Pending:Wait' || seen.action.transition !== 'launching' || !shown || stray)
        return
      expect(plan).toMatchObject({ steps: [], verdict: 'ABANDON' })
    },
  )
})
