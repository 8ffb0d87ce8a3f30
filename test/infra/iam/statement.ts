/**
 * One statement of an IAM policy, read strictly: an element that the evaluator does not know would change the meaning
 * of the policy without anybody noticing, so it is an error (IAM User Guide, "IAM JSON policy elements").
 */
export interface Statement {
  readonly sid: string
  readonly effect: 'Allow' | 'Deny'
  /** True where the statement is about every action but the named ones. */
  readonly allButActions: boolean
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  readonly conditions: readonly Condition[]
}

/** `operator` as it stands in the policy; `key` in lower case, because IAM does not tell them apart by case. */
export interface Condition {
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
}

export class BadPolicy extends Error {
  override readonly name = 'BadPolicy'
}

const elements = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'Condition'])

/** Reads a policy document whose intrinsic functions have been resolved. @throws {BadPolicy} for what it does not know. */
export function readPolicy(document: unknown): Statement[] {
  const { Version, Statement, ...rest } = record(document, 'a policy')
  if (Version !== '2012-10-17') throw new BadPolicy(`Version ${JSON.stringify(Version)} is not 2012-10-17`)
  if (Object.keys(rest).length > 0) throw new BadPolicy(`unknown elements ${Object.keys(rest).join(', ')}`)
  if (!Array.isArray(Statement)) throw new BadPolicy('Statement is not a list')
  const statements = Statement.map(readStatement)
  const sids = new Set(statements.map(({ sid }) => sid))
  if (sids.size < statements.length) throw new BadPolicy('two statements have the same Sid')
  return statements
}

function readStatement(given: unknown): Statement {
  const statement = record(given, 'a statement')
  const { Sid, Effect, Action, NotAction, Resource, Condition } = statement
  const sid = typeof Sid === 'string' && /^[A-Za-z0-9]+$/.test(Sid) ? Sid : ''
  const unknown = Object.keys(statement).filter((element) => !elements.has(element))
  if (sid === '') throw new BadPolicy(`${JSON.stringify(Sid)} is no Sid`)
  if (unknown.length > 0) throw new BadPolicy(`${sid}: unknown elements ${unknown.join(', ')}`)
  if (Effect !== 'Allow' && Effect !== 'Deny') throw new BadPolicy(`${sid}: Effect ${JSON.stringify(Effect)}`)
  if ((Action === undefined) === (NotAction === undefined))
    throw new BadPolicy(`${sid}: Action or NotAction, one of them`)
  return {
    sid,
    effect: Effect,
    allButActions: Action === undefined,
    actions: texts(Action ?? NotAction, `${sid}: Action`),
    resources: texts(Resource, `${sid}: Resource`),
    conditions: Condition === undefined ? [] : readConditions(Condition, sid),
  }
}

function readConditions(given: unknown, sid: string): Condition[] {
  return Object.entries(record(given, `${sid}: Condition`)).flatMap(([operator, keys]) =>
    Object.entries(record(keys, `${sid}: ${operator}`)).map(([key, values]) => ({
      operator,
      key: key.toLowerCase(),
      values: texts(values, `${sid}: ${key}`),
    })),
  )
}

function record(given: unknown, what: string): Record<string, unknown> {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return { ...given }
  throw new BadPolicy(`${what} is ${JSON.stringify(given)}`)
}

function texts(given: unknown, what: string): string[] {
  const list: unknown[] = Array.isArray(given) ? given : [given]
  if (list.length === 0) throw new BadPolicy(`${what} is empty`)
  return list.map((one) => {
    if (typeof one === 'string' && one !== '') return one
    if (typeof one === 'boolean') return String(one)
    throw new BadPolicy(`${what} contains ${JSON.stringify(one)}`)
  })
}
