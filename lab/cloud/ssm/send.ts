import type { SendCommandRequest, SendCommandResult } from '@aws-sdk/client-ssm'
import { AwsError } from '../error.ts'
import type { Kernel } from '../kernel.ts'
import type { Agents } from './agents.ts'
import { documentName } from './catalogue.ts'
import type { Command } from './commands.ts'
import { Constraints } from './constraint.ts'
import type { Delivery } from './deliver.ts'
import { type Documents, type DocumentVersion, selectVersion } from './documents.ts'
import { countedSeconds, fillParameters } from './parameters.ts'
import { checkTargets, type Instances, selectNodes } from './targets.ts'
import { tellCommand } from './tell.ts'

/** Seconds of SendCommand's TimeoutSeconds: its default and its limits (AWS Systems Manager API Reference). */
const deliverySeconds = { usual: 3600, least: 30, most: 2_592_000 }
const maxComment = 100
const maxInstanceIds = 50
/** Bytes of document and parameters together; the text calls it 97KB (captured: managed_execution_admission). */
const maxPayloadBytes = 100_000

const concurrencyPattern = '^([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$'
const errorsPattern = '^([1-9][0-9]*|[0]|[1-9][0-9]%|[0-9]%|100%)$'

/**
 * SendCommand has no client token: the same request sent twice is two commands. It answers before anything was sent;
 * the invocations can be seen a little later.
 */
export function createSend(
  kernel: Kernel,
  ec2: Instances,
  documents: Documents,
  agents: Agents,
  delivery: Delivery,
): (input: SendCommandRequest) => SendCommandResult {
  return (input) => {
    checkConstraints(input)
    const instanceIds = input.InstanceIds ?? []
    const targets = (input.Targets ?? []).map(({ Key = '', Values = [] }) => ({ key: Key, values: Values }))
    if (instanceIds.length > 0 === targets.length > 0) {
      throw new AwsError('ValidationException', 'Specify either InstanceIds or Targets.')
    }
    const { content } = findVersion(documents, input)
    const given = input.Parameters ?? {}
    const parameters = fillParameters(content, given)
    checkPayload(content, given)
    checkNodes(agents, instanceIds)
    checkTargets(targets)
    const id = kernel.random.uuid()
    const command = newCommand(input, id, kernel.clock.now(), { content, given, parameters, instanceIds, targets })
    delivery.admit(command, () =>
      targets.length === 0 ? instanceIds : selectNodes(targets, ec2.instances.all(), agents),
    )
    return { Command: tellCommand(command, kernel.settings.region) }
  }
}

function findVersion(documents: Documents, input: SendCommandRequest): DocumentVersion {
  const document = documents.table.get(documentName(input.DocumentName ?? ''))
  // The texts are empty in the capture.
  if (!document) throw new AwsError('InvalidDocument', '')
  const version = selectVersion(document, input.DocumentVersion)
  if (!version) throw new AwsError('InvalidDocumentVersion', '')
  const { DocumentHash: hash } = input
  if (hash !== undefined && hash !== version.hash) {
    // Seen in aws-samples/aws-security-reference-architecture-examples#301.
    throw new AwsError('InvalidDocument', `document hash ${hash} does not match ${input.DocumentHashType ?? 'Sha256'}.`)
  }
  return version
}

function checkNodes(agents: Agents, instanceIds: readonly string[]): void {
  if (new Set(instanceIds).size < instanceIds.length) throw new AwsError('DuplicateInstanceId', '')
  if (instanceIds.every((instanceId) => agents.accepts(instanceId))) return
  throw new AwsError('InvalidInstanceId', 'Instances not in a valid state for account')
}

type Admitted = Pick<Command, 'content' | 'given' | 'parameters' | 'instanceIds' | 'targets'>

function newCommand(input: SendCommandRequest, commandId: string, now: number, admitted: Admitted): Command {
  const timeoutSeconds = input.TimeoutSeconds ?? deliverySeconds.usual
  return {
    ...admitted,
    commandId,
    documentName: input.DocumentName ?? '',
    documentVersion: input.DocumentVersion ?? '$DEFAULT',
    comment: input.Comment ?? '',
    timeoutSeconds,
    requestedAt: now,
    deliverBy: now + timeoutSeconds * 1000,
    expiresAt: now + (timeoutSeconds + countedSeconds(admitted.content, admitted.given)) * 1000,
    maxConcurrency: input.MaxConcurrency ?? '50',
    maxErrors: input.MaxErrors ?? '0',
    outputS3BucketName: input.OutputS3BucketName ?? '',
    outputS3KeyPrefix: input.OutputS3KeyPrefix ?? '',
    status: 'Pending',
    statusDetails: 'Pending',
    // Nodes that are selected by target are not counted before the service has looked for them (captured).
    targetCount: admitted.instanceIds.length,
    completedCount: 0,
    errorCount: 0,
    deliveryTimedOutCount: 0,
  }
}

function checkConstraints(input: SendCommandRequest): void {
  const { TimeoutSeconds: seconds, Comment: comment = '', InstanceIds: instanceIds = [] } = input
  const { MaxConcurrency: concurrency, MaxErrors: errors } = input
  const least = `have value greater than or equal to ${deliverySeconds.least}`
  const most = `have value less than or equal to ${deliverySeconds.most}`
  const longest = `have length less than or equal to ${maxComment}`
  const constraints = new Constraints()
    .require(seconds === undefined || seconds >= deliverySeconds.least, 'timeoutSeconds', least, seconds)
    .require(seconds === undefined || seconds <= deliverySeconds.most, 'timeoutSeconds', most, seconds)
    .require(comment.length <= maxComment, 'comment', longest, comment)
    .require(instanceIds.length <= maxInstanceIds, 'instanceIds', `have length less than or equal to ${maxInstanceIds}`)
  requirePattern(constraints, 'maxConcurrency', concurrencyPattern, concurrency)
  requirePattern(constraints, 'maxErrors', errorsPattern, errors)
  constraints.enforce()
}

function requirePattern(constraints: Constraints, at: string, pattern: string, value: string | undefined): void {
  if (value === undefined) return
  constraints.require(new RegExp(pattern).test(value), at, `satisfy regular expression pattern: ${pattern}`, value)
}

/** The content of a version of a document never changes. */
const bytesOf = new WeakMap<object, number>()

function checkPayload(content: object, given: object): void {
  const contentBytes = bytesOf.get(content) ?? Buffer.byteLength(JSON.stringify(content))
  bytesOf.set(content, contentBytes)
  if (contentBytes + Buffer.byteLength(JSON.stringify(given)) <= maxPayloadBytes) return
  throw new AwsError(
    'MaxDocumentSizeExceeded',
    'The total size of your parameter(s) and document exceeds the 97KB limit.',
  )
}
