import { beforeAll, describe, expect, test } from 'vitest'
import { functionNames } from '../../../lab/stack/functions.ts'
import type { RecordedCall, RecordedResource } from '../../../lab/stack/record.ts'
import { adoptingRoles, gather } from './evidence.ts'
import { decide, type Request } from './evaluate.ts'
import { actionsLike, readReference, type Reference } from './reference.ts'
import { requestOf } from './request.ts'
import type { Roles } from './roles.ts'
import type { Statement } from './statement.ts'

let roles: Roles
let adopting: Roles
let reference: Reference
/** One call of each function, action and document, from the life in which the function made it. */
let samples: readonly { readonly call: RecordedCall; readonly roles: Roles; readonly adopting: Roles }[]

beforeAll(async () => {
  const { lives, evidence } = await gather()
  const made = lives.flatMap((life, index) => {
    const known = { roles: evidence[index]!.roles, adopting: adoptingRoles(life) }
    return life.calls.filter(({ resources }) => resources.length > 0).map((call) => ({ call, ...known }))
  })
  samples = [...new Map(made.map((one) => [kindOf(one.call), one])).values()]
  roles = evidence[0]!.roles
  adopting = adoptingRoles(lives[0]!)
  reference = await readReference(samples.map(({ call }) => call.action))
}, 300_000)

function kindOf({ caller, action, resources }: RecordedCall): string {
  const document = resources.find(({ type }) => type === 'document')?.arn
  return [caller, action, document, resources.map(({ type }) => type)].join(' ')
}

const account = 'eu-central-1:123456789012'
const ours = { 'stayput:ensemble': 'zookeeper', 'stayput:member': '1' }
const others = { ...ours, 'stayput:ensemble': 'other' }

/** Resources that are not ours, by what gives them away. */
function strangers(type: RecordedResource['type'], profile: string | undefined): Record<string, RecordedResource> {
  switch (type) {
    case 'document':
      return {
        "another ensemble's": { type, arn: `arn:aws:ssm:${account}:document/stayput-other-take-over`, tags: others },
        "AWS's shell": { type, arn: 'arn:aws:ssm:eu-central-1::document/AWS-RunShellScript', tags: {} },
      }
    case 'autoScalingGroup': {
      const arn = `arn:aws:autoscaling:${account}:autoScalingGroup:0:autoScalingGroupName`
      return {
        "another ensemble's": { type, arn: `${arn}/other-1`, tags: others },
        'another that has our tag': { type, arn: `${arn}/other-1`, tags: ours },
        'of our name without our tag': { type, arn: `${arn}/zookeeper-1`, tags: {} },
      }
    }
    default: {
      const id = { instance: 'i-0', 'network-interface': 'eni-0', volume: 'vol-0' }[type]
      const arn = `arn:aws:ec2:${account}:${type}/${id}`
      return {
        "another ensemble's": { type, arn, tags: others, profile },
        'without any tag': { type, arn, tags: {}, profile },
      }
    }
  }
}

/** The call with each of its resources in turn replaced by what `others` are instead of it. */
function replaced(
  call: RecordedCall,
  others: (resource: RecordedResource) => Readonly<Record<string, RecordedResource>>,
): { what: string; call: RecordedCall }[] {
  return call.resources.flatMap((resource, at) =>
    Object.entries(others(resource)).map(([kind, stranger]) => ({
      what: `${call.caller}: ${call.action}: ${resource.type}: ${kind}`,
      call: { ...call, resources: call.resources.map((one, index) => (index === at ? stranger : one)) },
    })),
  )
}

const isAllowed = (by: Roles, call: RecordedCall): boolean =>
  decide(requestOf(call), by[call.caller], reference).allowed

describe('a call on what belongs to somebody else is denied', () => {
  test('there are calls of every function on every type of resource to try it with', () => {
    const types = samples.flatMap(({ call }) => call.resources.map(({ type }) => `${call.caller} ${type}`))
    expect(new Set(types).size).toBe(15)
    for (const { call, roles, adopting } of samples) {
      expect([isAllowed(roles, call), isAllowed(adopting, call)]).toEqual([true, true])
    }
  })

  test('whichever of its resources it is', () => {
    const all = samples.flatMap(({ call, ...by }) =>
      replaced(call, ({ type, profile }) => strangers(type, profile)).map((one) => ({ ...one, ...by })),
    )
    expect(all.length).toBeGreaterThan(100)
    expect(all.filter((one) => isAllowed(one.roles, one.call)).map(({ what }) => what)).toEqual([])
    expect(all.filter((one) => isAllowed(one.adopting, one.call)).map(({ what }) => what)).toEqual([])
  })

  test('where the stack owns them, our tags do not make an interface, a volume or an instance ours', () => {
    const profile = 'arn:aws:iam::123456789012:instance-profile/somebody'
    const disguised = samples
      .filter(({ call }) => call.action.startsWith('ec2:'))
      .flatMap(({ call, ...by }) =>
        replaced(call, ({ type, arn }) => {
          return { disguised: { type, arn: arn.replace(/[0-9a-f]{17}$/, '0'), tags: ours, profile } }
        }).map((one) => ({ ...one, ...by })),
      )
    expect(disguised.length).toBeGreaterThan(20)
    expect(disguised.filter((one) => isAllowed(one.roles, one.call)).map(({ what }) => what)).toEqual([])
  })
})

describe('tags', () => {
  type About = Extract<RecordedResource['type'], 'volume' | 'network-interface'>
  type Tagging = 'ec2:CreateTags' | 'ec2:DeleteTags'
  /** Which functions may, whether the stack owns the resource or adopts it. */
  const about = (action: Tagging, type: About, tagKeys: readonly string[]): string[] =>
    samples
      .filter(({ call }) => call.action === action && call.resources[0]?.type === type)
      .filter(({ call, roles, adopting }) => {
        const [one, other] = [roles, adopting].map((by) => isAllowed(by, { ...call, tagKeys }))
        expect(one).toBe(other)
        return one
      })
      .map(({ call }) => call.caller)
      .toSorted()
  const both = ['ec2:CreateTags', 'ec2:DeleteTags'] as const

  test('of a volume the functions that take over write the one key of their own, and take the permits away', () => {
    expect(about('ec2:CreateTags', 'volume', ['stayput:holder'])).toEqual(['launch', 'sweep'])
    expect(about('ec2:DeleteTags', 'volume', ['stayput:format', 'stayput:bootstrap'])).toEqual(['launch', 'sweep'])
  })

  test('of an interface each function writes and takes away the notes of its own', () => {
    for (const action of both) {
      for (const key of ['stayput:leaving', 'stayput:handing-over']) {
        expect(about(action, 'network-interface', [key])).toEqual(['sweep', 'terminate'])
      }
      expect(about(action, 'network-interface', ['stayput:failures'])).toEqual(['launch', 'sweep'])
      expect(about(action, 'network-interface', ['stayput:healing'])).toEqual(['sweep'])
      expect(about(action, 'network-interface', [])).toEqual([])
    }
  })

  test('what belongs on a volume is not written on an interface, nor the other way round', () => {
    for (const action of both) {
      for (const key of ['stayput:leaving', 'stayput:handing-over', 'stayput:failures', 'stayput:healing']) {
        expect(about(action, 'volume', [key])).toEqual([])
      }
      for (const key of ['stayput:holder', 'stayput:format', 'stayput:bootstrap']) {
        expect(about(action, 'network-interface', [key])).toEqual([])
      }
    }
  })

  test.each(['stayput:ensemble', 'stayput:member', 'stayput:mount', 'Name'])('%s is not theirs', (key) => {
    for (const action of both) {
      for (const keys of [[key], ['stayput:holder', key], ['stayput:format', key]]) {
        expect(about(action, 'volume', keys)).toEqual([])
      }
      for (const keys of [[key], ['stayput:leaving', key], ['stayput:failures', key]]) {
        expect(about(action, 'network-interface', keys)).toEqual([])
      }
    }
  })

  test('no permit is given, and no call takes all tags away', () => {
    expect(about('ec2:CreateTags', 'volume', ['stayput:format'])).toEqual([])
    expect(about('ec2:CreateTags', 'volume', ['stayput:holder', 'stayput:bootstrap'])).toEqual([])
    expect(about('ec2:CreateTags', 'volume', [])).toEqual([])
    expect(about('ec2:DeleteTags', 'volume', [])).toEqual([])
    expect(about('ec2:DeleteTags', 'volume', ['stayput:holder'])).toEqual([])
  })
})

test('only the sweep may have an instance replaced, and only one of its own groups', () => {
  const marks = samples.filter(({ call }) => call.action === 'autoscaling:SetInstanceHealth')
  expect(marks.map(({ call }) => call.caller)).toEqual(['sweep'])
  for (const { call, roles: own } of marks) {
    const others = ['launch', 'terminate'] as const
    expect(others.filter((caller) => isAllowed(own, { ...call, caller }))).toEqual([])
  }
})

describe('what is denied for good holds even where everything is allowed', () => {
  const everything: Statement = {
    sid: 'Everything',
    effect: 'Allow',
    allButActions: false,
    actions: ['*'],
    resources: ['*'],
    conditions: [],
  }
  const denials = (statements: readonly Statement[]) => statements.filter(({ effect }) => effect === 'Deny')
  const because = (request: Request, facts: Reference): string =>
    decide(request, [everything, ...roles.launch], facts).because

  test('to every function alike, adopting or not', () => {
    for (const name of functionNames) {
      expect(denials(roles[name])).toEqual(denials(roles.launch))
      expect(denials(adopting[name])).toEqual(denials(roles.launch))
    }
  })

  test('each action that makes or ends something', async () => {
    const { actions = [] } = roles.launch.find(({ sid }) => sid === 'NeverMakeOrEnd') ?? {}
    const all = (await Promise.all(actions.map(actionsLike))).flat()
    expect(all).toEqual(expect.arrayContaining(['ec2:TerminateInstances', 'ec2:DeleteVolume', 'iam:PassRole']))
    const facts = await readReference(all)
    for (const action of all) {
      const types = [...facts.get(action)!.resourceTypes]
      const required = types.filter(([, { required }]) => required)
      const chosen = required.length > 0 ? required : types.slice(0, 1)
      const context = new Map<string, string[]>()
      const resources = chosen.map(([type, { example }]) => ({ type, arn: example, context }))
      expect([action, because({ action, resources }, facts)]).toEqual([action, 'NeverMakeOrEnd denies it'])
    }
  })

  const launchCall = (action: string): RecordedCall =>
    samples.find(({ call }) => call.caller === 'launch' && call.action === action)!.call
  const denied = (call: RecordedCall): string => because(requestOf(call), reference)

  test("another ensemble's volume, another key, a permit, all tags", () => {
    const attach = launchCall('ec2:AttachVolume')
    const foreign = attach.resources.map((one) => ({ ...one, tags: others }))
    expect(denied({ ...attach, resources: foreign })).toBe('NeverAnotherEnsemble denies it')
    const [create, remove] = [launchCall('ec2:CreateTags'), launchCall('ec2:DeleteTags')]
    expect(denied({ ...create, tagKeys: ['stayput:member'] })).toBe('NeverIdentity denies it')
    expect(denied({ ...create, tagKeys: ['stayput:bootstrap'] })).toBe('NeverGrantPermits denies it')
    expect(denied({ ...remove, tagKeys: [] })).toBe('NeverAllTags denies it')
  })

  test('an attribute of an instance or an interface that is not about the end of the instance', () => {
    const instance = launchCall('ec2:ModifyInstanceAttribute')
    const card = launchCall('ec2:ModifyNetworkInterfaceAttribute')
    expect(denied({ ...instance, attribute: 'userData' })).toBe('NeverOtherOfInstances denies it')
    expect(denied({ ...card, attribute: 'Groups' })).toBe('NeverOtherOfInterfaces denies it')
  })
})
