import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parse } from 'yaml'
import type { DocumentContent } from '../hosts/host.ts'
import { names } from './environment.ts'
import { projectFile } from './project.ts'

const load = createRequire(import.meta.url)

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Properties: { readonly Content: DocumentContent } }>>
}

/** By the names of the template, which on AWS have the ensemble's name in them. */
const documentNames: Readonly<Record<string, string>> = {
  TakeOverDocument: names.takeOver,
  HandOverDocument: names.handOver,
  ReachDocument: names.reach,
  HealthDocument: names.health,
  ReconfigureDocument: names.reconfigure,
}

/** The SSM documents as they are deployed, by name. */
export function readDocuments(): ReadonlyMap<string, DocumentContent> {
  const template = parse(readFileSync(projectFile('infra/documents.yml'), 'utf8'), { merge: true }) as Template
  return new Map(
    Object.entries(template.Resources).map(([id, { Properties }]) => [
      documentNames[id] ?? id,
      whole(Properties.Content),
    ]),
  )
}

/** With every part of a script in its place, as the deployment puts it there. */
function whole(content: DocumentContent): DocumentContent {
  const mainSteps = content.mainSteps.map((step) => ({
    ...step,
    inputs: { ...step.inputs, runCommand: step.inputs.runCommand.map(includePart) },
  }))
  return { ...content, mainSteps }
}

/** A line that is nothing but the framework's reference to a part of a script stands for that part. */
function includePart(line: string): string {
  const [, file, name] = /^\$\{file\((.+)\):(.+)\}$/.exec(line) ?? []
  if (file === undefined || name === undefined) return line
  const { parts } = load(projectFile(file)) as { readonly parts: Readonly<Record<string, string>> }
  const part = parts[name]
  if (part === undefined) throw new Error(`${file} has no part ${name}`)
  return part
}
