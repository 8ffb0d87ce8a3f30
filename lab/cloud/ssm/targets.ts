import type { Ec2, Instance } from '../ec2/ec2.ts'
import { AwsError } from '../error.ts'
import type { Agents } from './agents.ts'
import type { Target } from './commands.ts'

/** The registered and running nodes that every target selects; a target's values are alternatives. */
export function selectNodes(
  targets: readonly Target[],
  instances: readonly Instance[],
  agents: Pick<Agents, 'accepts'>,
): string[] {
  return instances
    .filter((instance) => instance.state === 'running' && agents.accepts(instance.instanceId))
    .filter((instance) => targets.every((target) => selects(target, instance)))
    .map((instance) => instance.instanceId)
}

function selects({ key, values }: Target, instance: Instance): boolean {
  if (key === 'InstanceIds') return values.includes(instance.instanceId)
  if (key === 'tag-key') return values.some((value) => Object.hasOwn(instance.tags, value))
  const value = instance.tags[key.slice('tag:'.length)]
  return value !== undefined && values.includes(value)
}

export function checkTargets(targets: readonly Target[]): void {
  for (const { key } of targets) {
    if (key.startsWith('resource-groups:')) {
      throw new AwsError('NotImplemented', `Targets by ${key} are not simulated by the local cloud.`, 501)
    }
    if (key === 'InstanceIds' || key === 'tag-key' || key.startsWith('tag:')) continue
    throw new AwsError('InvalidTarget', `The target isn't valid: ${key}.`)
  }
}

export type Instances = Pick<Ec2, 'instances'>
