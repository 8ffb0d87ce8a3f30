import { expect } from 'vitest'
import { captured, create, expectRefusal, type Fact } from './ssm-facts.scene.ts'
import { type Answers, content } from './ssm.scene.ts'

const documents: Fact[] = [
  {
    fact: 'a document is Creating first and Active soon after, and its hash is of its bytes',
    grade: 'A',
    source: `${captured}/managed_execution_document_expiry.json: expiry-create-hardcoded, expiry-active-hardcoded-0`,
    async holds(scene) {
      const Content =
        '{"schemaVersion": "2.2", "description": "Owned expiry admission", "parameters": {}, "mainSteps": ' +
        '[{"action": "aws:runShellScript", "name": "step0", "inputs": {"runCommand": ["true"], "timeoutSeconds": "5"}}]}'
      const created = scene.call('CreateDocument', { Name: 'doc', Content }).DocumentDescription!
      expect(created).toEqual({
        Hash: '851ca0cdeb999075676cb7d8eb265d486957a825d9ac3e89ed056927f0c43d35',
        HashType: 'Sha256',
        Name: 'doc',
        Owner: '123456789012',
        CreatedDate: new Date(scene.clock.now()),
        Status: 'Creating',
        DocumentVersion: '1',
        Description: 'Owned expiry admission',
        Parameters: [],
        PlatformTypes: ['Linux', 'MacOS'],
        DocumentType: 'Command',
        SchemaVersion: '2.2',
        LatestVersion: '1',
        DefaultVersion: '1',
        DocumentFormat: 'JSON',
        Tags: [],
      })
      await scene.pass(2000)
      const told = scene.call('DescribeDocument', { Name: 'doc' }).Document!
      expect(told).toEqual({ ...created, Status: 'Active', Category: [], CategoryEnum: [] })
      expect(scene.call('GetDocument', { Name: 'doc' }).Content).toBe(Content)
    },
  },
  {
    fact: 'a deleted latest version gives the number back to nobody',
    grade: 'A',
    source: `${captured}/managed_execution_documents.json: document-update-after-latest-delete`,
    holds(scene) {
      create(scene)
      const update = (seconds: string) =>
        scene.call('UpdateDocument', {
          Name: 'doc',
          Content: content({ timeoutSeconds: seconds }),
          DocumentVersion: '$LATEST',
        }).DocumentDescription!
      expect(update('6')).toMatchObject({
        DocumentVersion: '2',
        LatestVersion: '2',
        DefaultVersion: '1',
        Status: 'Updating',
      })
      scene.call('DeleteDocument', { Name: 'doc', DocumentVersion: '$LATEST' })
      expect(scene.call('DescribeDocument', { Name: 'doc' }).Document!.LatestVersion).toBe('1')
      expect(update('7')).toMatchObject({ DocumentVersion: '3', LatestVersion: '3', DefaultVersion: '1' })
    },
  },
  {
    fact: 'a list’s default is told as JSON, and a default of null not at all',
    grade: 'A',
    source: `${captured}/managed_execution_document_schema.json: schema-create-null-string-default`,
    holds(scene) {
      create(scene, {}, { list: { type: 'StringList', default: ['a b'] }, none: { type: 'String', default: null } })
      expect(scene.call('DescribeDocument', { Name: 'doc' }).Document!.Parameters).toEqual([
        { Name: 'list', Type: 'StringList', DefaultValue: '["a b"]' },
        { Name: 'none', Type: 'String' },
      ])
    },
  },
  {
    fact: 'a default that its own allowedPattern does not match is accepted',
    grade: 'A',
    source: `${captured}/managed_execution_documents.json: document-invalid-pattern-default-throttle-retry`,
    holds(scene) {
      create(scene, {}, { digits: { type: 'String', default: 'abc', allowedPattern: '^[0-9]+$' } })
      expect(scene.ssm.documents.get('doc')).toBeDefined()
    },
  },
  {
    fact: 'an update of a version that is not the latest is refused',
    grade: 'E',
    source: 'hashicorp/terraform-provider-aws#31131',
    holds(scene) {
      scene.call('CreateDocument', { Name: 'doc', Content: content() })
      const update = { Name: 'doc', DocumentVersion: '1' }
      scene.call('UpdateDocument', { ...update, Content: content({ timeoutSeconds: '6' }) })
      expect(scene.refusal('UpdateDocument', { ...update, Content: content({ timeoutSeconds: '7' }) })).toBe(
        'InvalidDocumentVersion: Version provided for document doc is not latest. ' +
          'Please provide the latest version to update document doc',
      )
    },
  },
]

const body = (more: object) => JSON.stringify({ ...JSON.parse(content()), ...more })

const documentRefusals: readonly (readonly [string, string, keyof Answers, object, string | RegExp])[] = [
  [
    'content that is no JSON',
    'documents: document-invalid-malformed',
    'CreateDocument',
    { Name: 'new', Content: '{' },
    'InvalidDocumentContent: JSON not well-formed. at Line: 1, Column: 2',
  ],
  [
    'content without steps',
    'documents: document-invalid-no-steps',
    'CreateDocument',
    { Name: 'new', Content: '{"schemaVersion": "2.2"}' },
    'InvalidDocumentContent: Missing "mainSteps" in the document.',
  ],
  [
    'a plugin that does not exist',
    'documents: document-invalid-unknown-plugin',
    'CreateDocument',
    { Name: 'new', Content: body({ mainSteps: [{ action: 'aws:notAPlugin', name: 'unknown', inputs: {} }] }) },
    'InvalidDocumentContent: Unknown plugin name: aws:notAPlugin',
  ],
  [
    'a type that does not exist',
    'documents: document-invalid-unknown-type',
    'CreateDocument',
    { Name: 'new', Content: body({ parameters: { bad: { type: 'Number', default: 1 } } }) },
    /^InvalidDocumentContent: Parameter type: Number is invalid\./,
  ],
  [
    'a text as the default of a list',
    'documents: document-invalid-list-default-string-throttle-retry',
    'CreateDocument',
    { Name: 'new', Content: body({ parameters: { list: { type: 'StringList', default: 'echo hello' } } }) },
    /^InvalidDocumentContent: Wrong default value for a "StringList" parameters, got "echo hello"\./,
  ],
  [
    'a reference to a parameter that is not declared',
    'document_schema: schema-create-undeclared-reference',
    'CreateDocument',
    { Name: 'new', Content: content({ runCommand: '{{ missing }}' }) },
    'InvalidDocumentContent: Parameter "missing" is not declared.',
  ],
  [
    'a name that is taken',
    'documents: document-create-duplicate',
    'CreateDocument',
    { Name: 'doc', Content: content() },
    'DocumentAlreadyExists: Document with same name doc already exists',
  ],
  [
    'an update that names no version',
    'documents: document-update-omitted',
    'UpdateDocument',
    { Name: 'doc', Content: content({ timeoutSeconds: '9' }) },
    'InvalidDocumentVersion: Document version for UpdateDocument must be number or $LATEST',
  ],
  [
    'the deletion of the default version',
    'documents: document-delete-default-version',
    'DeleteDocument',
    { Name: 'doc', DocumentVersion: '1' },
    "InvalidDocumentOperation: Default version of the document can't be deleted.",
  ],
  [
    'the deletion of what does not exist',
    'documents: document-delete-absent',
    'DeleteDocument',
    { Name: 'absent' },
    'InvalidDocument: Document absent does not exist in your account',
  ],
  [
    'the description of what does not exist',
    'documents: document-preflight',
    'DescribeDocument',
    { Name: 'absent' },
    'InvalidDocument: Document with name absent does not exist.',
  ],
  [
    'a default version that does not exist',
    'documents: document-default-missing',
    'UpdateDocumentDefaultVersion',
    { Name: 'doc', DocumentVersion: '999' },
    'InvalidDocumentVersion: Document with name doc with version 999 does not exist.',
  ],
]

export const documentFacts: Fact[] = [
  ...documents,
  ...documentRefusals.map(([what, label, operation, input, told]): Fact => ({
    fact: `${what} is refused`,
    grade: 'A',
    source: `${captured}/managed_execution_${label}`,
    holds(scene) {
      scene.call('CreateDocument', { Name: 'doc', Content: content() })
      expectRefusal(scene, operation, input, told)
    },
  })),
]
