import { createHash } from 'node:crypto'
import type { DocumentContent } from '../../hosts/host.ts'
import { AwsError } from '../error.ts'
import type { Kernel } from '../kernel.ts'
import type { Table } from '../table.ts'
import { parseContent } from './content.ts'

export interface DocumentVersion {
  readonly version: number
  readonly versionName?: string
  /** As it was sent, byte for byte: the hash is over it. */
  readonly text: string
  readonly content: DocumentContent
  readonly hash: string
  readonly createdAt: number
  readonly status: 'Creating' | 'Updating' | 'Active'
}

export interface Document {
  readonly name: string
  /** Oldest first, never empty. */
  readonly versions: readonly DocumentVersion[]
  readonly defaultVersion: number
  /** The highest number ever given: a deleted version's number is not given again (captured). */
  readonly lastNumber: number
  readonly tags: Readonly<Record<string, string>>
}

export interface NewDocument {
  readonly name: string
  readonly text: string
  readonly versionName?: string | undefined
  readonly tags?: Readonly<Record<string, string>>
}

/** What follows from a text alone is computed once: a world for each seed registers the same documents again and again. */
const read = new Map<string, Pick<DocumentVersion, 'content' | 'hash'>>()
const texts = new WeakMap<DocumentContent, string>()

function readText(text: string): Pick<DocumentVersion, 'content' | 'hash'> {
  const known = read.get(text)
  if (known) return known
  const facts = { content: parseContent(text), hash: createHash('sha256').update(text).digest('hex') }
  read.set(text, facts)
  return facts
}

function textOf(content: DocumentContent): string {
  const text = texts.get(content) ?? JSON.stringify(content, null, 2)
  texts.set(content, text)
  return text
}

/** The account's documents, with all their versions. */
export class Documents {
  readonly table: Table<Document>
  readonly #kernel: Kernel

  constructor(kernel: Kernel) {
    this.table = kernel.table<Document>()
    this.#kernel = kernel
  }

  create({ name, text, versionName, tags }: NewDocument): Document {
    if (this.table.get(name)) {
      throw new AwsError('DocumentAlreadyExists', `Document with same name ${name} already exists`)
    }
    return this.#add(name, this.#version(text, 1, 'Creating', versionName), undefined, tags)
  }

  /** Adds a version to the latest one, which `of` must name. It does not become the default. */
  update(name: string, text: string, of: string | undefined, versionName: string | undefined): Document {
    const document = this.#get(name)
    requireLatest(document, of)
    const added = this.#version(text, document.lastNumber + 1, 'Updating', versionName)
    if (latest(document).hash === added.hash) {
      throw new AwsError(
        'DuplicateDocumentContent',
        'The content of the document is the same as in its latest version.',
      )
    }
    return this.#add(name, added, document)
  }

  setDefault(name: string, selector: string): Document {
    const document = this.#get(name)
    const chosen = selectVersion(document, selector)
    if (!chosen) throw missingVersion(name, selector)
    return this.#put({ ...document, defaultVersion: chosen.version })
  }

  /** Deletes one version, or the document. */
  delete(name: string, selector: string | undefined): void {
    const document = this.table.get(name)
    if (!document) throw new AwsError('InvalidDocument', `Document ${name} does not exist in your account`)
    if (selector === undefined) {
      this.table.remove(name)
      return
    }
    const chosen = selectVersion(document, selector)
    if (!chosen) throw missingVersion(name, selector)
    if (chosen.version === document.defaultVersion) {
      throw new AwsError('InvalidDocumentOperation', "Default version of the document can't be deleted.")
    }
    this.#put({ ...document, versions: document.versions.filter((each) => each !== chosen) })
  }

  /** Registers a document, Active at once, or a new default version of it if its content is another. */
  register(name: string, content: DocumentContent): void {
    const before = this.table.get(name)
    const added = this.#version(textOf(content), (before?.lastNumber ?? 0) + 1, 'Active')
    if (before && selectVersion(before, undefined)?.hash === added.hash) return
    this.#put({ ...this.#add(name, added, before), defaultVersion: added.version })
  }

  #get(name: string): Document {
    const document = this.table.get(name)
    if (!document) throw missing(name)
    return document
  }

  #put(document: Document): Document {
    return this.table.put(document.name, document)
  }

  #version(text: string, version: number, status: DocumentVersion['status'], versionName?: string): DocumentVersion {
    return {
      version,
      ...(versionName === undefined ? {} : { versionName }),
      text,
      ...readText(text),
      createdAt: this.#kernel.clock.now(),
      status,
    }
  }

  #add(name: string, added: DocumentVersion, before?: Document, tags: NewDocument['tags'] = {}): Document {
    if (added.status !== 'Active') this.#kernel.later('mutation', () => this.#activate(name, added.version))
    return this.#put({
      name,
      versions: [...(before?.versions ?? []), added],
      defaultVersion: before?.defaultVersion ?? added.version,
      lastNumber: added.version,
      tags: before?.tags ?? tags,
    })
  }

  #activate(name: string, version: number): void {
    const document = this.table.get(name)
    if (!document) return
    const active = (each: DocumentVersion): DocumentVersion =>
      each.version === version ? { ...each, status: 'Active' } : each
    this.#put({ ...document, versions: document.versions.map(active) })
  }
}

export function latest(document: Document): DocumentVersion {
  const version = document.versions.at(-1)
  if (!version) throw new Error(`document ${document.name} has no version`)
  return version
}

/** The version that a selector names: $DEFAULT when left out, $LATEST, or a number. */
export function selectVersion(document: Document, selector: string | undefined): DocumentVersion | undefined {
  if (selector === '$LATEST') return latest(document)
  const number = selector === undefined || selector === '$DEFAULT' ? document.defaultVersion : Number(selector)
  return document.versions.find((each) => each.version === number)
}

/**
 * Only the latest version can be updated, and it must be named: no selector and $DEFAULT are refused (captured:
 * radkawar/stackd, managed_execution_document_history; the second text: hashicorp/terraform-provider-aws#31131).
 */
function requireLatest(document: Document, selector: string | undefined): void {
  if (selector === undefined || !/^(\d+|\$LATEST)$/.test(selector)) {
    throw new AwsError('InvalidDocumentVersion', 'Document version for UpdateDocument must be number or $LATEST')
  }
  const chosen = selectVersion(document, selector)
  if (!chosen) throw missingVersion(document.name, selector)
  if (chosen !== latest(document)) {
    throw new AwsError(
      'InvalidDocumentVersion',
      `Version provided for document ${document.name} is not latest. ` +
        `Please provide the latest version to update document ${document.name}`,
    )
  }
}

export function missing(name: string): AwsError {
  return new AwsError('InvalidDocument', `Document with name ${name} does not exist.`)
}

export function missingVersion(name: string, version: string): AwsError {
  return new AwsError('InvalidDocumentVersion', `Document with name ${name} with version ${version} does not exist.`)
}
