import { readFileSync } from 'node:fs'
import { BadTemplate, isRecord, references } from './resolve.ts'

/** A CloudFormation template as `serverless package` compiles it. */
export interface Template {
  readonly resources: Readonly<Record<string, Resource>>
}

export interface Resource {
  readonly type: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly dependsOn: readonly string[]
}

/** @throws {BadTemplate} when it is none, or has a part that is not known here. */
export function readTemplate(file: string): Template {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isRecord(parsed)) throw new BadTemplate(`${file} is no template`)
  return parseTemplate(parsed)
}

/** Outputs and a description have no effect; parameters and conditions would, and are not in use. */
const harmless = new Set(['AWSTemplateFormatVersion', 'Description', 'Metadata', 'Outputs', 'Resources'])

export function parseTemplate(parsed: Readonly<Record<string, unknown>>): Template {
  const unknown = Object.keys(parsed).filter((part) => !harmless.has(part))
  if (unknown.length > 0) throw new BadTemplate(`the template has ${unknown.join(', ')}: not known here`)
  const { Resources } = parsed
  if (!isRecord(Resources)) throw new BadTemplate('the template has no resources')
  return { resources: Object.fromEntries(Object.entries(Resources).map(([id, one]) => [id, readResource(id, one)])) }
}

function readResource(id: string, given: unknown): Resource {
  if (!isRecord(given)) throw new BadTemplate(`${id} is no resource`)
  if ('Condition' in given) throw new BadTemplate(`${id} has a Condition: not known here`)
  const { Type: type, Properties = {}, DependsOn = [] } = given
  if (typeof type !== 'string') throw new BadTemplate(`${id} has no Type`)
  if (!isRecord(Properties)) throw new BadTemplate(`${id} has Properties that are none`)
  const dependsOn: unknown[] = Array.isArray(DependsOn) ? DependsOn : [DependsOn]
  return { type, properties: Properties, dependsOn: dependsOn.map(String) }
}

/** The part of a template that is about these members and what they share. */
export function withMembers(template: Template, isWanted: (id: number) => boolean): Template {
  const stays = (logicalId: string): boolean => {
    const member = /^Member(\d+)/.exec(logicalId)?.[1]
    return member === undefined || isWanted(Number(member))
  }
  const kept = Object.entries(template.resources).filter(([id]) => stays(id))
  const size = kept.filter(([id]) => /^Member\d+NetworkInterface$/.test(id)).length
  return {
    resources: Object.fromEntries(
      kept.map(([id, one]) => [id, { ...told(one, size), dependsOn: one.dependsOn.filter(stays) }]),
    ),
  }
}

/** A function is told how many members there are. */
function told(resource: Resource, size: number): Resource {
  const { Environment } = resource.properties
  if (resource.type !== 'AWS::Lambda::Function' || !isRecord(Environment) || !isRecord(Environment['Variables'])) {
    return resource
  }
  const Variables = { ...Environment['Variables'], STAYPUT_MEMBERS: String(size) }
  return { ...resource, properties: { ...resource.properties, Environment: { ...Environment, Variables } } }
}

/**
 * Logical ids in an order in which each comes after all that it needs, as CloudFormation creates them. Of a resource that
 * is not `looked` into, what its properties refer to does not count.
 */
export function inOrder({ resources }: Template, looked: (resource: Resource) => boolean): string[] {
  const ordered = new Set<string>()
  const underWay = new Set<string>()
  const place = (id: string, neededBy: string): void => {
    const resource = resources[id]
    if (!resource) throw new BadTemplate(`${neededBy} refers to ${id}, which there is not`)
    if (ordered.has(id)) return
    if (underWay.has(id)) throw new BadTemplate(`${id} needs itself`)
    underWay.add(id)
    const referred = looked(resource) ? references(resource.properties) : []
    for (const needed of [...resource.dependsOn, ...referred]) place(needed, id)
    ordered.add(id)
  }
  for (const id of Object.keys(resources)) place(id, 'the template')
  return [...ordered]
}
