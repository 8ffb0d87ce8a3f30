import { AwsError } from '../error.ts'
import type { Table } from '../table.ts'

/**
 * The refusals that many operations share, in EC2's own words. The texts were seen in public: radkawar/stackd
 * testdata/aws/ec2 (captured), and the error lines that users quoted in the issues of terraform-provider-aws,
 * aws-ebs-csi-driver and cilium.
 */

/** One kind of resource: how its ids look, and what EC2 says of ids that are malformed or unknown. */
export interface Kind {
  readonly prefix: string
  /** The request's parameter, as EC2's texts name it: singular, and in the plural that Describe calls use. */
  readonly parameter: string
  readonly listParameter: string
  readonly malformed: string
  readonly notFound: string
  readonly absent: (ids: readonly string[]) => string
}

const kind = (prefix: string, name: string, code: string, absent: Kind['absent'], malformed = code): Kind => ({
  prefix,
  parameter: `${name}Id`,
  listParameter: `${name}sSet`,
  malformed: `${malformed}.Malformed`,
  notFound: `${code}.NotFound`,
  absent,
})

export const kinds = {
  instance: kind('i', 'instance', 'InvalidInstanceID', (ids) =>
    ids.length === 1
      ? `The instance ID '${ids.join()}' does not exist`
      : `The instance IDs '${ids.join(', ')}' do not exist`,
  ),
  // The capital D of the one code and the small d of the other are EC2's own.
  networkInterface: kind(
    'eni',
    'networkInterface',
    'InvalidNetworkInterfaceID',
    ([id]) => `The networkInterface ID '${id}' does not exist`,
    'InvalidNetworkInterfaceId',
  ),
  interfaceAttachment: kind(
    'eni-attach',
    'attachment',
    'InvalidAttachmentID',
    ([id]) => `The attachment ID '${id}' does not exist`,
    'InvalidNetworkInterfaceAttachmentId',
  ),
  volume: kind('vol', 'volume', 'InvalidVolume', ([id]) => `The volume '${id}' does not exist.`, 'InvalidVolumeID'),
  subnet: kind('subnet', 'subnet', 'InvalidSubnetID', ([id]) => `The subnet ID '${id}' does not exist`),
  vpc: kind('vpc', 'vpc', 'InvalidVpcID', ([id]) => `The vpc ID '${id}' does not exist`),
  securityGroup: kind(
    'sg',
    'group',
    'InvalidGroup',
    ([id]) => `The security group '${id}' does not exist`,
    'InvalidGroupId',
  ),
  launchTemplate: kind(
    'lt',
    'launchTemplate',
    'InvalidLaunchTemplateId',
    ([id]) => `The specified launch template, with template ID ${id}, does not exist.`,
  ),
} as const

export function notFound(of: Kind, ids: readonly string[]): AwsError {
  return new AwsError(of.notFound, of.absent(ids))
}

export function missingParameter(name: string): AwsError {
  return new AwsError('MissingParameter', `The request must contain the parameter ${name}`)
}

export function invalidValue(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message)
}

export function invalidCombination(message: string): AwsError {
  return new AwsError('InvalidParameterCombination', message)
}

/** Answers the parameter, or refuses the request that lacks it. */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined || value === '') throw missingParameter(name)
  return value
}

/** EC2 tells an id that cannot be one from an id that is unknown; both the short and the long form are ids. */
export function checkId(of: Kind, id: string): string {
  const [, prefix, digits = ''] = /^(.*)-([0-9a-f]+)$/.exec(id) ?? []
  if (prefix === of.prefix && (digits.length === 8 || digits.length === 17)) return id
  throw new AwsError(of.malformed, `Invalid id: "${id}" (expecting "${of.prefix}-...")`)
}

/** The record as it truly is now, or the refusal: no id, malformed, unknown. */
export function requireRecord<T>(table: Table<T>, of: Kind, id: string | undefined): T {
  const known = checkId(of, required(id, of.parameter))
  const record = table.get(known)
  if (record === undefined) throw notFound(of, [known])
  return record
}
