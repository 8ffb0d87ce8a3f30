/** The protocol of EC2 alone: query parameters in, XML out, with a spelling of its own on both ways. */
import { AwsError } from '../cloud/error.ts'
import { type Dialect, missingAuthenticationToken } from './dialect.ts'
import { parseParameters, readStructure, unreadParameter, type Parameter, type Spelling } from './parameters.ts'
import { missingMembers } from './required.ts'
import { type Operation, type Schema, spelledAs } from './schemas.ts'
import { writeMembers, writeXml, xmlReply } from './xml.ts'

const namespace = 'http://ec2.amazonaws.com/doc/2016-11-15/'

/** In upper camel case, unless the model gives another name for this very purpose. */
function spell(name: string, schema: Schema): string {
  const spelled = spelledAs(schema, 'xmlName') ?? name
  return spelledAs(schema, 'ec2QueryName') ?? spelled.charAt(0).toUpperCase() + spelled.slice(1)
}

/** Between a list and its numbers nothing stands. */
const spelling: Spelling = {
  member: spell,
  refuse: (name, value) =>
    new AwsError('InvalidParameterValue', `Value (${value}) for parameter ${name} is invalid. Expected another type.`),
}

/** What a query may carry beside the input: the call's own name and version, and signatures in the address. */
const common = /^(Action|Version|AWSAccessKeyId|Signature\w*|Timestamp|Expires|SecurityToken|X-Amz-[\w-]+)$/

/** EC2 does not name all that is missing as the model names it (asserted by moto's authors; reported by many users). */
const ownWords: Readonly<Record<string, AwsError>> = {
  'TerminateInstances InstanceId': new AwsError('InvalidParameterCombination', 'No instances specified'),
  'CreateTags ResourceId': missingParameter('resourceIdSet'),
  'CreateTags Tag': missingParameter('tagSet'),
}

function missingParameter(name: string): AwsError {
  return new AwsError('MissingParameter', `The request must contain the parameter ${name}`)
}

function checkComplete(operation: Operation, input: object): void {
  const [missing] = missingMembers(operation.input, input, { member: spell, item: String })
  if (missing) throw ownWords[`${operation.name} ${missing}`] ?? missingParameter(missing)
}

function checkKnown(root: Parameter, read: Set<Parameter>): void {
  for (const [name, parameter] of root.children) if (common.test(name)) read.add(parameter)
  const unread = unreadParameter(root, read)
  if (unread) throw new AwsError('UnknownParameter', `The parameter ${unread.name} is not recognized`)
}

const errorSchema: Parameters<typeof writeXml>[0] = [
  3,
  'ec2',
  'Response',
  0,
  ['Errors', 'RequestID'],
  [() => [3, 'ec2', 'Errors', 0, ['Error'], [() => [3, 'ec2', 'Error', 0, ['Code', 'Message'], [0, 0]]]], 0],
]

export const ec2Query: Dialect = {
  service: 'ec2',
  action: (request) => parseParameters(request).children.get('Action')?.value,
  async decode(operation, request) {
    const root = parseParameters(request)
    const read = new Set<Parameter>()
    const input = readStructure(operation.input, root, spelling, read)
    checkKnown(root, read)
    checkComplete(operation, input)
    return input
  },
  encode({ name, output }, answer, requestId) {
    // An operation without an answer says `true`, as it did before there were HTTP statuses to rely on.
    const members = output.isUnitSchema() ? '<return>true</return>' : writeMembers(output, answer)
    const xml = `<${name}Response xmlns="${namespace}"><requestId>${requestId}</requestId>${members}</${name}Response>`
    return xmlReply(200, xml)
  },
  refuse: ({ code, message, status }, requestId) =>
    xmlReply(
      status,
      writeXml(errorSchema, { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId }),
    ),
  unknownAction: (action) =>
    action === undefined
      ? new AwsError('MissingAction', 'The request must contain the parameter Action')
      : new AwsError('InvalidAction', `The action ${action} is not valid for this web service.`),
  internalError: () => new AwsError('InternalError', 'An internal error has occurred', 500),
  unsigned: () => missingAuthenticationToken('MissingAuthenticationToken', 403),
}
