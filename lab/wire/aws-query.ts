/** The protocol of Auto Scaling: query parameters in, XML out. */
import { AwsError } from '../cloud/error.ts'
import { type Dialect, missingAuthenticationToken } from './dialect.ts'
import { parseParameters, readStructure, type Spelling } from './parameters.ts'
import { nullMembers } from './required.ts'
import { services, spelledAs } from './schemas.ts'
import { writeMembers, writeXml, xmlReply } from './xml.ts'

const namespace = 'http://autoscaling.amazonaws.com/doc/2011-01-01/'

/** Parameters with no place in the input are passed over: only EC2 refuses them. */
const spelling: Spelling = {
  member: (name, schema) => spelledAs(schema, 'xmlName') ?? name,
  list: 'member',
  refuse: (name, value) => new AwsError('MalformedInput', `Invalid value for ${name}: "${value}"`),
}

const errorSchema: Parameters<typeof writeXml>[0] = [
  3,
  'autoscaling',
  'ErrorResponse',
  0,
  ['Error', 'RequestId'],
  [() => [3, 'autoscaling', 'Error', 0, ['Type', 'Code', 'Message'], [0, 0, 0]], 0],
]

export const awsQuery: Dialect = {
  service: 'autoscaling',
  action: (request) => parseParameters(request).children.get('Action')?.value,
  async decode({ input }, request) {
    const decoded = readStructure(input, parseParameters(request), spelling)
    const complaint = nullMembers(input, decoded)
    if (complaint) throw new AwsError('ValidationError', complaint)
    return decoded
  },
  encode({ name, output }, answer, requestId) {
    // An operation without an answer has no result element at all; one with an empty answer has an empty one.
    const result = output.isUnitSchema() ? '' : `<${name}Result>${writeMembers(output, answer)}</${name}Result>`
    const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`
    return xmlReply(200, `<${name}Response xmlns="${namespace}">${result}${metadata}</${name}Response>`)
  },
  refuse({ code, message, status }, requestId) {
    const error = {
      Type: status < 500 ? 'Sender' : 'Receiver',
      Code: services.autoscaling.errors.get(code)?.code ?? code,
      Message: message,
    }
    return xmlReply(status, writeXml(errorSchema, { Error: error, RequestId: requestId }, namespace))
  },
  unknownAction: (action) =>
    action === undefined
      ? new AwsError('MissingAction', 'Missing Action')
      : new AwsError('InvalidAction', `Could not find operation ${action} for version 2011-01-01`),
  internalError: () => new AwsError('InternalFailure', 'We encountered an internal error. Please try again.', 500),
  unsigned: () => missingAuthenticationToken('MissingAuthenticationToken', 403),
}
