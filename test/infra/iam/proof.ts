import type { FunctionName } from '../../../lab/stack/functions.ts'
import { decide, type Request } from './evaluate.ts'
import type { Reference } from './reference.ts'
import type { Roles } from './roles.ts'
import type { Statement } from './statement.ts'

/** The calls of one deployment, with the roles as they are there. */
export interface Evidence {
  readonly calls: readonly { readonly caller: FunctionName; readonly request: Request }[]
  readonly roles: Roles
}

/** Every call that a role does not allow, in a line each. */
export function missing(evidence: readonly Evidence[], reference: Reference): string[] {
  const lines = evidence.flatMap(({ calls, roles }) =>
    calls.flatMap(({ caller, request }) => {
      const { allowed, because } = decide(request, roles[caller], reference)
      return allowed ? [] : [`${caller}: ${request.action}: ${because}`]
    }),
  )
  return [...new Set(lines)].toSorted()
}

/** A grant in its smallest parts: an action of a statement, or a resource of it. */
interface Part {
  readonly caller: FunctionName
  readonly sid: string
  readonly what: string
  readonly without: (statement: Statement) => Statement
}

/**
 * Every part of every grant that no call needs: taken away, each call is allowed as before. So a grant that another one
 * repeats is found as well.
 */
export function unused(evidence: readonly Evidence[], reference: Reference): string[] {
  const [first] = evidence
  if (!first) throw new Error('no evidence')
  const parts = Object.entries(first.roles).flatMap(([caller, statements]) => {
    if (caller !== 'launch' && caller !== 'terminate' && caller !== 'sweep') throw new Error(`no function ${caller}`)
    return statements.filter(({ effect }) => effect === 'Allow').flatMap((statement) => partsOf(caller, statement))
  })
  return parts
    .filter((part) => !isNeeded(part, evidence, reference))
    .map((part) => `${part.caller}: ${part.sid}: ${part.what}`)
}

function partsOf(caller: FunctionName, { sid, actions, resources }: Statement): Part[] {
  const less = <Item>(list: readonly Item[], index: number): Item[] => list.filter((_, at) => at !== index)
  return [
    ...actions.map((what, index) => ({
      caller,
      sid,
      what,
      without: (one: Statement): Statement => ({ ...one, actions: less(one.actions, index) }),
    })),
    ...resources.map((what, index) => ({
      caller,
      sid,
      what,
      without: (one: Statement): Statement => ({ ...one, resources: less(one.resources, index) }),
    })),
  ]
}

function isNeeded(part: Part, evidence: readonly Evidence[], reference: Reference): boolean {
  return evidence.some(({ calls, roles }) => {
    const lessened = roles[part.caller].map((one) => (one.sid === part.sid ? part.without(one) : one))
    const made = calls.filter(({ caller }) => caller === part.caller)
    return made.some(({ request }) => !decide(request, lessened, reference).allowed)
  })
}

/** Each distinct call once: thousands are alike. */
export function distinct(calls: Evidence['calls']): Evidence['calls'] {
  const seen = new Map(
    calls.map((call) => {
      const { action, resources } = call.request
      const told = resources.map(({ type, arn, context }) => [type, arn, [...context]])
      return [JSON.stringify([call.caller, action, told]), call]
    }),
  )
  return [...seen.values()]
}
