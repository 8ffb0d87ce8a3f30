/**
 * What outlives every instance: a network interface and one or two volumes for each member. Neither deleting the stack
 * nor taking a member out of it deletes them; only a first deployment that fails takes its own creations away again.
 */
'use strict'

/** `stayput:mount`: where a volume's file system belongs. Of two volumes the one named after logs has the log. */
const dataMount = '/var/lib/zookeeper'
const logMount = '/var/lib/zookeeper-log'

const tag = (Key, Value) => ({ Key, Value })
const identity = (ensemble, { id }) => [
  tag('Name', `${ensemble}-${id}`),
  tag('stayput:ensemble', ensemble),
  tag('stayput:member', String(id)),
]

/** Retained, and never replaced unnoticed: see the stack policy in serverless.yml. */
const kept = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' }

function networkInterface(ensemble, member) {
  return {
    Type: 'AWS::EC2::NetworkInterface',
    ...kept,
    Properties: {
      Description: `The static address of member ${member.id} of ${ensemble}`,
      SubnetId: member.subnet,
      ...(member.address !== undefined && { PrivateIpAddress: member.address }),
      GroupSet: [{ Ref: 'MemberSecurityGroup' }],
      Tags: identity(ensemble, member),
    },
  }
}

/**
 * The two permits stand in the tags with which the volume is created. They never change afterwards, and nothing else
 * that is in these tags does: CloudFormation touches the tags of a volume only where the template's have changed, and
 * would then give permits back that the functions have withdrawn. docs/deploy.md has the argument.
 */
function volume(ensemble, member, { size, type = 'gp3', iops, throughput, key }, mount) {
  return {
    Type: 'AWS::EC2::Volume',
    ...kept,
    Properties: {
      AvailabilityZone: member.zone,
      Size: size,
      VolumeType: type,
      Encrypted: true,
      ...(key !== undefined && { KmsKeyId: key }),
      ...(iops !== undefined && { Iops: iops }),
      ...(throughput !== undefined && { Throughput: throughput }),
      Tags: [
        ...identity(ensemble, member),
        tag('stayput:mount', mount),
        tag('stayput:format', 'permitted'),
        tag('stayput:bootstrap', 'permitted'),
      ],
    },
  }
}

/** @returns {Record<string, object>} resources by logical id */
function members({ ensemble, members }) {
  const resources = members.flatMap((member) => [
    [`Member${member.id}NetworkInterface`, networkInterface(ensemble, member)],
    [`Member${member.id}Volume`, volume(ensemble, member, member.volume, dataMount)],
    ...(member.logVolume
      ? [[`Member${member.id}LogVolume`, volume(ensemble, member, member.logVolume, logMount)]]
      : []),
  ])
  return Object.fromEntries(resources)
}

module.exports = { dataMount, logMount, members }
