import { expect } from 'vitest'
import { captured, create, expectRefusal, type Fact, userGuide } from './ssm-facts.scene.ts'
import { type Answers, i1 } from './ssm.scene.ts'

const unknownCommand = '00000000-0000-4000-8000-999000999000'
const twoParameters = {
  plain: { type: 'String', default: 'x' },
  digits: { type: 'String', default: '1', allowedPattern: '^[0-9]+$' },
}

const sendRefusals: readonly (readonly [string, string, object, string])[] = [
  [
    'a delivery timeout below 30',
    'send-timeout-too-small',
    { TimeoutSeconds: 1 },
    "ValidationException: 1 validation error detected: Value '1' at 'timeoutSeconds' failed to satisfy constraint: " +
      'Member must have value greater than or equal to 30',
  ],
  [
    'a concurrency of 0',
    'send-concurrency-zero',
    { MaxConcurrency: '0' },
    "ValidationException: 1 validation error detected: Value '0' at 'maxConcurrency' failed to satisfy constraint: " +
      'Member must satisfy regular expression pattern: ^([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$',
  ],
  [
    'more than 100 % of errors',
    'send-errors-over-percent',
    { MaxErrors: '101%' },
    "ValidationException: 1 validation error detected: Value '101%' at 'maxErrors' failed to satisfy constraint: " +
      'Member must satisfy regular expression pattern: ^([1-9][0-9]*|[0]|[1-9][0-9]%|[0-9]%|100%)$',
  ],
  [
    'a parameter that is not declared',
    'send-unknown-parameter',
    { Parameters: { unknown: ['x'] } },
    'InvalidParameters: Parameters provided in document are invalid or not supported.',
  ],
  ['an unknown document', 'send-missing-document', { DocumentName: 'missing' }, 'InvalidDocument: '],
  ['an unknown version', 'send-missing-version', { DocumentVersion: '999999' }, 'InvalidDocumentVersion: '],
]

const otherSendRefusals: Fact[] = [
  {
    fact: 'a value that does not match its allowedPattern is refused',
    grade: 'D',
    source: `${userGuide}, "Command document schema: allowedPattern"; @aws-sdk/client-ssm, InvalidParameters`,
    holds(scene) {
      create(scene, {}, twoParameters)
      for (const digits of ['1x', '', '1\n', 'x1']) {
        const input = { DocumentName: 'doc', InstanceIds: [i1], Parameters: { digits: [digits] } }
        expect(scene.refusal('SendCommand', input)).toMatch(/^InvalidParameters/)
      }
    },
  },
  {
    fact: 'a parameter without a default that is left out is refused',
    grade: 'D',
    source: '@aws-sdk/client-ssm, InvalidParameters',
    holds(scene) {
      create(scene, {}, { needed: { type: 'String' } })
      expect(scene.refusal('SendCommand', { DocumentName: 'doc', InstanceIds: [i1] })).toMatch(/^InvalidParameters/)
    },
  },
  {
    fact: 'a hash that is not the document’s is refused',
    grade: 'E',
    source: 'aws-samples/aws-security-reference-architecture-examples#301',
    holds(scene) {
      create(scene)
      const DocumentHash = 'ee02200c65f0b5f76be341511a1520e7880c15312ca8b5455aebf1847d08705f'
      const input = { DocumentName: 'doc', InstanceIds: [i1], DocumentHash, DocumentHashType: 'Sha256' }
      expect(scene.refusal('SendCommand', input)).toBe(
        `InvalidDocument: document hash ${DocumentHash} does not match Sha256.`,
      )
    },
  },
  {
    fact: 'a comment of more than 100 characters is refused',
    grade: 'D',
    source: 'boto/botocore, ssm service-2.json, Comment',
    holds(scene) {
      create(scene)
      const input = { DocumentName: 'doc', InstanceIds: [i1], Comment: 'x'.repeat(101) }
      expect(scene.refusal('SendCommand', input)).toMatch(/^ValidationException: .* at 'comment' failed/)
    },
  },
  {
    fact: 'a node named twice is refused',
    grade: 'D',
    source: '@aws-sdk/client-ssm, DuplicateInstanceId',
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      const input = { DocumentName: 'doc', InstanceIds: [i1, i1] }
      expect(scene.refusal('SendCommand', input)).toMatch(/^DuplicateInstanceId/)
    },
  },
]

const commandRefusals: readonly (readonly [string, string, keyof Answers, object, string])[] = [
  [
    'an unknown command cannot be cancelled',
    'cancel-missing-command',
    'CancelCommand',
    { CommandId: unknownCommand },
    `InvalidCommandId: Command id ${unknownCommand} does not exist.`,
  ],
  [
    'a malformed command id is told twice',
    'cancel-malformed-command',
    'CancelCommand',
    { CommandId: 'invalid' },
    "ValidationException: 2 validation errors detected: Value 'invalid' at 'commandId' failed to satisfy constraint: " +
      "Member must have length greater than or equal to 36; Value 'invalid' at 'commandId' failed to satisfy " +
      'constraint: Member must satisfy regular expression pattern: ' +
      '^[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}$',
  ],
  [
    'a malformed instance id is told twice',
    'invocation-invalid-id',
    'GetCommandInvocation',
    { CommandId: unknownCommand, InstanceId: 'invalid' },
    "ValidationException: 2 validation errors detected: Value 'invalid' at 'instanceId' failed to satisfy constraint: " +
      "Member must have length greater than or equal to 10; Value 'invalid' at 'instanceId' failed to satisfy " +
      String.raw`constraint: Member must satisfy regular expression pattern: (^i-(\w{8}|\w{17})$)|(^mi-\w{17}$)`,
  ],
  [
    'the invocation of an unknown command does not exist',
    'invocation-missing-command',
    'GetCommandInvocation',
    { CommandId: unknownCommand, InstanceId: i1 },
    `InvocationDoesNotExist: Invocation not found for ${unknownCommand}, ${i1}`,
  ],
]

export const refusalFacts: Fact[] = [
  ...sendRefusals.map(([what, label, more, told]): Fact => ({
    fact: `SendCommand refuses ${what}`,
    grade: 'A',
    source: `${captured}/managed_execution_current.json: ${label}`,
    async holds(scene) {
      create(scene)
      await scene.online(i1)
      expectRefusal(scene, 'SendCommand', { DocumentName: 'doc', InstanceIds: [i1], ...more }, told)
    },
  })),
  ...otherSendRefusals,
  ...commandRefusals.map(([fact, label, operation, input, told]): Fact => ({
    fact,
    grade: 'A',
    source: `${captured}/managed_execution_{control_edges,current}.json: ${label}`,
    holds: (scene) => expectRefusal(scene, operation, input, told),
  })),
]
