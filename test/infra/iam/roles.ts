import { type Physical, resolve } from '../../../lab/stack/template/resolve.ts'
import type { FunctionName } from '../../../lab/stack/functions.ts'
import { readPolicy, type Statement } from './statement.ts'

export type Roles = Readonly<Record<FunctionName, readonly Statement[]>>

interface RoleProperties {
  readonly Policies: readonly Policy[]
  readonly ManagedPolicyArns: readonly { readonly Ref: string }[]
}

interface Policy {
  readonly PolicyDocument: unknown
}

/** The statements of each function's role, those of the policies that are attached to it too, references resolved. */
export function readRoles(
  resources: Readonly<Record<string, { readonly properties: object } | undefined>>,
  physical: Physical,
): Roles {
  const propertiesOf = (logicalId: string): object => {
    const properties = resources[logicalId]?.properties
    if (!properties) throw new Error(`the template has no ${logicalId}`)
    return properties
  }
  const read = (logicalId: string): Statement[] => {
    const { Policies, ManagedPolicyArns } = propertiesOf(logicalId) as RoleProperties
    const managed = ManagedPolicyArns.map(({ Ref }) => propertiesOf(Ref) as Policy)
    return [...Policies, ...managed].flatMap(({ PolicyDocument }) => readPolicy(resolve(PolicyDocument, physical)))
  }
  return { launch: read('LaunchRole'), terminate: read('TerminateRole'), sweep: read('SweepRole') }
}
