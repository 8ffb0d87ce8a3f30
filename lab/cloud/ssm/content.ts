import type { DocumentContent, DocumentParameter } from '../../hosts/host.ts'
import { AwsError } from '../error.ts'
import { isRecord, isTextList } from './shape.ts'

/** SSM's limit of a document's content, in bytes. */
const maxContentBytes = 64 * 1024

/** Plugins that AWS knows and no host of the lab can run. */
const foreignPlugins = new Set([
  'aws:applications',
  'aws:configurePackage',
  'aws:downloadContent',
  'aws:refreshAssociation',
  'aws:runDockerAction',
  'aws:runDocument',
  'aws:runPowerShellScript',
  'aws:softwareInventory',
  'aws:updateSsmAgent',
])

/**
 * Parses a Command document of schema 2.2 and refuses what AWS refuses, in its words (captured: radkawar/stackd,
 * managed_execution_documents and managed_execution_document_schema).
 */
export function parseContent(text: string): DocumentContent {
  if (Buffer.byteLength(text) > maxContentBytes) {
    throw new AwsError('MaxDocumentSizeExceeded', 'The size limit of a document is 64 KB.')
  }
  const document = parseJson(text)
  if (!isRecord(document)) throw invalid('JSON not well-formed. at Line: 1, Column: 1')
  requireSchema(document['schemaVersion'])
  const { parameters, mainSteps } = document
  checkParameters(parameters)
  if (!Array.isArray(mainSteps) || mainSteps.length === 0) throw invalid('Missing "mainSteps" in the document.')
  for (const step of mainSteps) checkStep(step)
  checkReferences(mainSteps, isRecord(parameters) ? parameters : {})
  // Every member that is used was checked above; AWS keeps further members as they are, and so does the store.
  return document as unknown as DocumentContent
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = /position (\d+)/.exec(String(error))?.[1]
    const before = text.slice(0, position === undefined ? text.length : Number(position)).split('\n')
    throw invalid(`JSON not well-formed. at Line: ${before.length}, Column: ${(before.at(-1) ?? '').length + 1}`)
  }
}

function requireSchema(version: unknown): void {
  if (version === '2.2' || version === '2.0') return
  if (version === '1.2') throw new AwsError('NotImplemented', 'Schema 1.2 is not simulated by the local cloud.', 501)
  throw new AwsError('InvalidDocumentSchemaVersion', "The version of the document schema isn't supported.")
}

function checkParameters(parameters: unknown): void {
  if (parameters === undefined) return
  if (!isRecord(parameters)) throw invalid('"parameters" must be an object.')
  for (const parameter of Object.values(parameters)) {
    if (!isRecord(parameter)) throw invalid('A parameter must be an object.')
    checkParameter(parameter['type'], parameter['default'])
  }
}

/** A default that does not match its own allowedPattern is accepted: captured. */
function checkParameter(type: unknown, value: unknown): void {
  if (type !== 'String' && type !== 'StringList') throw invalid(`Parameter type: ${String(type)} is invalid.`)
  if (value === undefined || value === null) return
  const fits = type === 'String' ? typeof value === 'string' : isTextList(value)
  if (!fits) throw invalid(`Wrong default value for a "${type}" parameters, got ${JSON.stringify(value)}.`)
}

function checkStep(step: unknown): void {
  if (!isRecord(step)) throw invalid('A step must be an object.')
  const { action, name, inputs } = step
  if (typeof action === 'string' && foreignPlugins.has(action)) {
    throw new AwsError('NotImplemented', `${action} is not simulated by the local cloud.`, 501)
  }
  if (action !== 'aws:runShellScript') throw invalid(`Unknown plugin name: ${String(action)}`)
  if (typeof name !== 'string' || name === '') throw invalid('Missing "name" in a step of the document.')
  if (!isRecord(inputs)) throw invalid('Missing "inputs" in a step of the document.')
  const { runCommand } = inputs
  if (!isTextList(runCommand) && typeof runCommand !== 'string') throw invalid('Missing "runCommand" in a step.')
}

/** References with a colon, like {{ssm:name}} and {{global:DATE}}, are to things outside the document. */
function checkReferences(mainSteps: readonly unknown[], parameters: Readonly<Record<string, unknown>>): void {
  for (const [, name] of JSON.stringify(mainSteps).matchAll(/\{\{\s*([\w:.-]+)\s*\}\}/g)) {
    if (name === undefined || name.includes(':') || Object.hasOwn(parameters, name)) continue
    throw invalid(`Parameter "${name}" is not declared.`)
  }
}

/** How DescribeDocument tells the parameters: a list's default as JSON, a default of null not at all. */
export function describeParameters(content: DocumentContent): {
  Name: string
  Type: DocumentParameter['type']
  Description?: string
  DefaultValue?: string
}[] {
  return Object.entries(content.parameters ?? {}).map(([name, parameter]) => {
    const value: unknown = parameter.default
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return {
      Name: name,
      Type: parameter.type,
      ...(parameter.description === undefined ? {} : { Description: parameter.description }),
      ...(value === undefined || value === null ? {} : { DefaultValue: text }),
    }
  })
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidDocumentContent', message)
}
