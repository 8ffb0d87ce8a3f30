import { beforeAll, describe, expect, test } from 'vitest'
import { type FunctionName, functionNames } from '../../../lab/stack/functions.ts'
import { adoptingRoles, gather } from './evidence.ts'
import { type Evidence, missing, unused } from './proof.ts'
import { readReference, type Reference } from './reference.ts'
import type { Life } from './scenes.ts'
import type { Statement } from './statement.ts'

let lives: Life[]
let evidence: Evidence[]
let reference: Reference

beforeAll(async () => {
  ;({ lives, evidence } = await gather())
  reference = await readReference(evidence.flatMap(({ calls }) => calls.map(({ request }) => request.action)))
}, 300_000)

describe('the roles of the template', () => {
  test('are held against thousands of calls, some sixty distinct ones by each way of working', () => {
    for (const { calls } of evidence) expect(calls.length).toBeGreaterThan(50)
  })

  test('allow every call that the functions make', () => {
    expect(missing(evidence, reference)).toEqual([])
  })

  test('allow nothing that the functions do not need: no action, no resource of any statement', () => {
    expect(unused(evidence, reference)).toEqual([])
  })
})

/** The evidence with other statements for one of the functions. */
const changed = (caller: FunctionName, change: (statements: readonly Statement[]) => Statement[]): Evidence[] =>
  evidence.map(({ calls, roles }) => ({ calls, roles: { ...roles, [caller]: change(roles[caller]) } }))

const granting = (actions: string[], resources: string[] = ['*']): Statement => ({
  sid: 'Added',
  effect: 'Allow',
  allButActions: false,
  actions,
  resources,
  conditions: [],
})

describe('the proof finds', () => {
  test('each statement that is taken away', () => {
    for (const caller of functionNames) {
      const sids = evidence[0]!.roles[caller].filter(({ effect }) => effect === 'Allow').map(({ sid }) => sid)
      for (const sid of sids) {
        const less = changed(caller, (statements) => statements.filter((one) => one.sid !== sid))
        expect([sid, missing(less, reference)]).not.toEqual([sid, []])
      }
    }
  })

  test('a permission that nobody uses, and one that another repeats', () => {
    const more = (statement: Statement): string[] =>
      unused(
        changed('sweep', (all) => [...all, statement]),
        reference,
      )
    expect(more(granting(['ec2:CreateSnapshot']))).toContain('sweep: Added: ec2:CreateSnapshot')
    expect(more(granting(['ec2:DescribeVolumes']))).toEqual([
      'sweep: Look: ec2:DescribeVolumes',
      'sweep: Added: ec2:DescribeVolumes',
      'sweep: Added: *',
    ])
  })

  test('a denial that goes too far', () => {
    const denial: Statement = { ...granting(['ec2:Detach*']), effect: 'Deny' }
    expect(
      missing(
        changed('terminate', (all) => [...all, denial]),
        reference,
      ),
    ).toEqual([
      'terminate: ec2:DetachNetworkInterface: Added denies it',
      'terminate: ec2:DetachVolume: Added denies it',
    ])
  })
})

describe('an ensemble that was there before', () => {
  const adopting = (): Evidence[] =>
    evidence.map(({ calls }, index) => ({ calls, roles: adoptingRoles(lives[index]!) }))

  test('is allowed every call, and nothing that is not needed', () => {
    expect(missing(adopting(), reference)).toEqual([])
    expect(unused(adopting(), reference)).toEqual([])
  })
})
