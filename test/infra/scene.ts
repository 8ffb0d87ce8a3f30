import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parse } from 'yaml'
import { projectFile } from '../../lab/stack/project.ts'
import type { Resource, Resources } from './packaging.ts'

const load = createRequire(import.meta.url)
const { settings } = load('../../infra/settings.cjs') as { readonly settings: (raw: unknown, file: string) => Settings }
const { resources } = load('../../infra/stack.cjs') as { readonly resources: (settings: Settings) => Resources }

/** The settings as the templates get them, as far as tests look into them. */
export interface Settings {
  readonly ensemble: string
  readonly adopts: boolean
  readonly groups: readonly string[]
  readonly members: readonly Member[]
}

interface Member {
  readonly id: number
  readonly zone: string
  readonly subnet: string
  readonly address?: string
}

/** The settings of the repository, as somebody has written them. */
export const sample = (): Record<string, unknown> =>
  parse(readFileSync(projectFile('stayput.yml'), 'utf8')) as Record<string, unknown>

/** Settings that adopt what is there. */
export const adopting = {
  ensemble: 'orders',
  region: 'eu-central-1',
  adopt: { groups: ['zookeeper-a', 'zookeeper-b'], members: 2, mounts: ['/data'] },
}

/** @throws {Error} naming every fault */
export const checked = (raw: unknown): Settings => settings(raw, 'stayput.yml')

/** The resources that depend on the settings: what infra/stack.cjs adds to the template. */
export const resourcesOf = (raw: unknown): Resources => resources(checked(raw))

/** What checking these settings says is wrong, a line each. */
export function faultsOf(raw: unknown): string[] {
  try {
    checked(raw)
    return []
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return error.message.split('\n  ').slice(1)
  }
}

export const ofType = (all: Resources, type: string): [string, Resource][] =>
  Object.entries(all).filter(([, one]) => one.Type === type)

/** The tags of an interface or a volume. */
export const tagsOf = ({ Properties }: Resource): Record<string, string> =>
  Object.fromEntries(
    (Properties['Tags'] as readonly { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]),
  )

/** Every logical id that a resource comes after, directly or not. */
export function needs(all: Resources, id: string): string[] {
  const found = new Set<string>()
  const visit = (one: string): void => {
    const resource = all[one]
    for (const next of [resource?.DependsOn ?? [], ...references(resource?.Properties)].flat()) {
      if (!Object.hasOwn(all, next) || found.has(next)) continue
      found.add(next)
      visit(next)
    }
  }
  visit(id)
  return [...found]
}

/** Every logical id that a value refers to, by Ref, Fn::GetAtt or Fn::Sub. */
function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref' && typeof inner === 'string') return [inner]
    if (key === 'Fn::GetAtt') return [String(Array.isArray(inner) ? inner[0] : inner).split('.')[0] ?? '']
    if (key === 'Fn::Sub') {
      const text = String(Array.isArray(inner) ? inner[0] : inner)
      return [...text.matchAll(/\$\{([A-Za-z0-9]+)[.}]/g)].map(([, id = '']) => id)
    }
    return references(inner)
  })
}
