import type {
  CreateDocumentRequest,
  CreateDocumentResult,
  DeleteDocumentRequest,
  DescribeDocumentRequest,
  DescribeDocumentResult,
  DocumentDescription,
  DocumentIdentifier,
  DocumentKeyValuesFilter,
  GetDocumentRequest,
  GetDocumentResult,
  ListDocumentsRequest,
  ListDocumentsResult,
  UpdateDocumentDefaultVersionRequest,
  UpdateDocumentDefaultVersionResult,
  UpdateDocumentRequest,
  UpdateDocumentResult,
} from '@aws-sdk/client-ssm'
import { AwsError } from '../error.ts'
import type { Kernel } from '../kernel.ts'
import type { OperationTable } from '../operation.ts'
import { Constraints, requirePageSize } from './constraint.ts'
import { describeParameters } from './content.ts'
import {
  type Document,
  type Documents,
  type DocumentVersion,
  latest,
  missing,
  missingVersion,
  selectVersion,
} from './documents.ts'
import { nextToken, page } from './page.ts'

/** The pattern that the operations on one's own documents demand; reading accepts ARNs as well. */
const ownName = String.raw`^[a-zA-Z0-9_\-.]{3,128}$`

/** The operations on documents. */
export function createCatalogue(kernel: Kernel, documents: Documents): OperationTable {
  return { ...writing(kernel, documents), ...reading(kernel, documents) }
}

function writing(kernel: Kernel, documents: Documents): OperationTable {
  const owner = kernel.settings.accountId
  const describe = (document: Document) => describeVersion(document, latest(document), owner)

  return {
    CreateDocument(input: CreateDocumentRequest): CreateDocumentResult {
      const { Name = '', Content = '', DocumentType = 'Command', VersionName, Tags = [] } = input
      new Constraints()
        .require(new RegExp(ownName).test(Name), 'name', `satisfy regular expression pattern: ${ownName}`, Name)
        .enforce()
      requireJson(input.DocumentFormat)
      if (DocumentType !== 'Command') throw notSimulated(`DocumentType ${DocumentType}`)
      const tags = Object.fromEntries(Tags.map((tag) => [tag.Key ?? '', tag.Value ?? '']))
      const document = documents.create({ name: Name, text: Content, versionName: VersionName, tags })
      return { DocumentDescription: describe(document) }
    },
    UpdateDocument(input: UpdateDocumentRequest): UpdateDocumentResult {
      requireJson(input.DocumentFormat)
      const { Name = '', Content = '', DocumentVersion, VersionName } = input
      const document = documents.update(Name, Content, DocumentVersion, VersionName)
      return { DocumentDescription: describe(document) }
    },
    UpdateDocumentDefaultVersion(input: UpdateDocumentDefaultVersionRequest): UpdateDocumentDefaultVersionResult {
      const document = documents.setDefault(input.Name ?? '', input.DocumentVersion ?? '')
      return { Description: { Name: document.name, DefaultVersion: String(document.defaultVersion) } }
    },
    DeleteDocument(input: DeleteDocumentRequest): object {
      documents.delete(input.Name ?? '', input.DocumentVersion)
      return {}
    },
  }
}

function reading(kernel: Kernel, documents: Documents): OperationTable {
  const owner = kernel.settings.accountId

  const find = (name: string | undefined, selector: string | undefined): [Document, DocumentVersion] => {
    const key = documentName(name ?? '')
    const document = documents.table.get(key)
    if (!document) throw missing(key)
    const version = selectVersion(document, selector)
    if (!version) throw missingVersion(key, selector ?? '')
    return [document, version]
  }
  return {
    DescribeDocument(input: DescribeDocumentRequest): DescribeDocumentResult {
      const [document, version] = find(input.Name, input.DocumentVersion)
      return { Document: { ...describeVersion(document, version, owner), Category: [], CategoryEnum: [] } }
    },
    GetDocument(input: GetDocumentRequest): GetDocumentResult {
      requireJson(input.DocumentFormat)
      const [document, version] = find(input.Name, input.DocumentVersion)
      return {
        Name: document.name,
        CreatedDate: new Date(version.createdAt),
        ...(version.versionName === undefined ? {} : { VersionName: version.versionName }),
        DocumentVersion: String(version.version),
        Status: version.status,
        Content: version.text,
        DocumentType: 'Command',
        DocumentFormat: 'JSON',
      }
    },
    ListDocuments(input: ListDocumentsRequest): ListDocumentsResult {
      const constraints = new Constraints()
      requirePageSize(constraints, input.MaxResults, 1)
      constraints.enforce()
      const listed = documents.table
        .past(kernel.lag())
        .filter((document) => (input.Filters ?? []).every((filter) => passes(document, filter)))
        .map((document) => identify(document, owner))
      const { rows, nextToken: token } = page(listed, input.MaxResults ?? 50, input.NextToken)
      return { DocumentIdentifiers: [...rows], ...nextToken(token) }
    },
  }
}

/** A document may be named by its ARN. */
export function documentName(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1) : nameOrArn
}

function describeVersion(document: Document, version: DocumentVersion, owner: string): DocumentDescription {
  return {
    Hash: version.hash,
    HashType: 'Sha256',
    Name: document.name,
    ...(version.versionName === undefined ? {} : { VersionName: version.versionName }),
    Owner: owner,
    CreatedDate: new Date(version.createdAt),
    Status: version.status,
    DocumentVersion: String(version.version),
    ...(version.content.description === undefined ? {} : { Description: version.content.description }),
    Parameters: describeParameters(version.content),
    PlatformTypes: ['Linux', 'MacOS'],
    DocumentType: 'Command',
    SchemaVersion: version.content.schemaVersion,
    LatestVersion: String(latest(document).version),
    DefaultVersion: String(document.defaultVersion),
    DocumentFormat: 'JSON',
    Tags: tagList(document),
  }
}

function identify(document: Document, owner: string): DocumentIdentifier {
  return {
    Name: document.name,
    Owner: owner,
    PlatformTypes: ['Linux', 'MacOS'],
    DocumentVersion: String(document.defaultVersion),
    DocumentType: 'Command',
    SchemaVersion: latest(document).content.schemaVersion,
    DocumentFormat: 'JSON',
    Tags: tagList(document),
  }
}

function tagList(document: Document): { Key: string; Value: string }[] {
  return Object.entries(document.tags).map(([Key, Value]) => ({ Key, Value }))
}

function passes(document: Document, { Key = '', Values = [] }: DocumentKeyValuesFilter): boolean {
  if (Key.startsWith('tag:')) return Values.includes(document.tags[Key.slice('tag:'.length)] ?? '')
  switch (Key) {
    case 'Name':
      return Values.some((value) => document.name.startsWith(value))
    case 'Owner':
      return Values.some((value) => value === 'Self' || value === 'All')
    case 'DocumentType':
      return Values.includes('Command')
    case 'PlatformTypes':
      return Values.includes('Linux')
    default:
      throw new AwsError('InvalidFilterKey', "The specified key isn't valid.")
  }
}

function requireJson(format: string | undefined): void {
  if (format !== undefined && format !== 'JSON') throw notSimulated(`DocumentFormat ${format}`)
}

function notSimulated(what: string): AwsError {
  return new AwsError('NotImplemented', `${what} is not simulated by the local cloud.`, 501)
}
