import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { DocumentContent } from '../hosts/host.ts'
import { projectFile } from './project.ts'

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Properties: { readonly Name: string; readonly Content: DocumentContent } }>
  >
}

/** The SSM documents as they are deployed, by name. */
export function readDocuments(): ReadonlyMap<string, DocumentContent> {
  const template = parse(readFileSync(projectFile('infra/documents.yml'), 'utf8'), { merge: true }) as Template
  return new Map(Object.values(template.Resources).map(({ Properties }) => [Properties.Name, Properties.Content]))
}
