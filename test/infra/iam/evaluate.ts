import { type Context, holds, wildcard } from './conditions.ts'
import { type ActionFacts, type Reference, tells } from './reference.ts'
import { BadPolicy, type Statement } from './statement.ts'

/** One call as IAM sees it: an action, and everything that it is carried out upon. */
export interface Request {
  /** Like ec2:AttachVolume. */
  readonly action: string
  /** None for an action that knows no resources. */
  readonly resources: readonly RequestedResource[]
}

interface RequestedResource {
  /** As the Service Authorization Reference calls it, like network-interface. */
  readonly type: string
  readonly arn: string
  readonly context: Context
}

export interface Decision {
  readonly allowed: boolean
  /** What denied it: a Sid, or the resource to which no statement allows it. */
  readonly because: string
}

/**
 * Whether a role with these statements may make the call: for each resource of it some statement must allow it and none
 * may deny it (IAM User Guide, "Policy evaluation logic"; identity-based policies of one account alone).
 * @throws {BadPolicy} where a statement asks for something that AWS would not tell: IAM takes such a condition for
 * absent without a word, and the statement never holds.
 */
export function decide(request: Request, statements: readonly Statement[], reference: Reference): Decision {
  const facts = reference.get(request.action)
  if (!facts) throw new Error(`${request.action} is not in the reference`)
  checkComplete(request, facts)
  const targets = facts.wildcardOnly ? [undefined] : request.resources
  for (const target of targets) {
    const matching = statements.filter((statement) => matches(statement, request.action, target, facts))
    const denial = matching.find(({ effect }) => effect === 'Deny')
    if (denial) return { allowed: false, because: `${denial.sid} denies it` }
    if (matching.length === 0) return { allowed: false, because: `no statement allows it on ${target?.arn ?? '*'}` }
  }
  return { allowed: true, because: 'each of its resources is allowed' }
}

/** A call whose resources were not all named would look more harmless than it is. */
function checkComplete({ action, resources }: Request, { wildcardOnly, resourceTypes }: ActionFacts): void {
  if (!wildcardOnly && resources.length === 0) throw new Error(`${action} is about no resource`)
  for (const [type, { required }] of resourceTypes) {
    if (required && !resources.some((one) => one.type === type)) throw new Error(`${action} without any ${type}`)
  }
  for (const { type, arn } of resources) {
    const facts = resourceTypes.get(type)
    if (!facts) throw new Error(`${action} is never about a resource of type ${type}`)
    if (!facts.arn.test(arn)) throw new Error(`${arn} is no ARN of a ${type}`)
  }
}

function matches(
  statement: Statement,
  action: string,
  target: RequestedResource | undefined,
  facts: ActionFacts,
): boolean {
  const named = statement.actions.some((pattern) => wildcard(pattern, 'i').test(action))
  if (named === statement.allButActions) return false
  // Of an action without resources AWS asks for the permission on everything.
  if (!statement.resources.some((pattern) => (target ? wildcard(pattern).test(target.arn) : pattern === '*')))
    return false
  return statement.conditions.every((condition) => {
    if (!tells(facts, target?.type, condition.key)) {
      const subject = target ? `${action} on a ${target.type}` : action
      throw new BadPolicy(`${statement.sid}: AWS does not tell ${condition.key} for ${subject}`)
    }
    return holds(condition, target?.context ?? new Map())
  })
}
