/** What the members of a new ensemble share: who may reach them, and how their instances are made. */
'use strict'
const { readFileSync } = require('node:fs')
const { join } = require('node:path')

const ports = { client: 2181, quorum: 2888, election: 3888 }

const fromMembers = { Ref: 'MemberSecurityGroup' }

function ingress(description, port, source) {
  return {
    Type: 'AWS::EC2::SecurityGroupIngress',
    Properties: {
      GroupId: { Ref: 'MemberSecurityGroup' },
      Description: description,
      IpProtocol: 'tcp',
      FromPort: port,
      ToPort: port,
      SourceSecurityGroupId: source,
    },
  }
}

/**
 * Members ask each other at the client port who serves, before one of them without data may vote. The group stays where
 * the interfaces stay: one that is in use can't be deleted, and the deletion of the stack would end there.
 */
function securityGroup({ ensemble, vpc, clients }) {
  const fromClients = clients.map((source, index) => [
    `Clients${index + 1}Ingress`,
    ingress('Clients', ports.client, source),
  ])
  return {
    MemberSecurityGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        GroupDescription: `Members of ${ensemble}`,
        VpcId: vpc,
        Tags: [{ Key: 'Name', Value: ensemble }],
      },
    },
    MemberQuorumIngress: ingress('Followers to their leader', ports.quorum, fromMembers),
    MemberElectionIngress: ingress('Elections', ports.election, fromMembers),
    MemberClientIngress: ingress('Members that ask who serves', ports.client, fromMembers),
    ...Object.fromEntries(fromClients),
  }
}

const install = readFileSync(join(__dirname, 'install-zookeeper.sh'), 'utf8')

function launchTemplate({ ensemble, image, rootDevice, instanceType }) {
  return {
    LaunchTemplate: {
      Type: 'AWS::EC2::LaunchTemplate',
      Properties: {
        LaunchTemplateName: `stayput-${ensemble}`,
        LaunchTemplateData: {
          ImageId: image,
          InstanceType: instanceType,
          IamInstanceProfile: { Arn: { 'Fn::GetAtt': ['InstanceProfile', 'Arn'] } },
          SecurityGroupIds: [{ Ref: 'MemberSecurityGroup' }],
          // Nothing on the host asks the metadata service through a container's extra hop.
          MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
          BlockDeviceMappings: [
            { DeviceName: rootDevice, Ebs: { Encrypted: true, VolumeType: 'gp3', DeleteOnTermination: true } },
          ],
          UserData: { 'Fn::Base64': install },
        },
      },
    },
  }
}

/** @returns {Record<string, object>} resources by logical id */
const ensemble = (settings) => (settings.adopts ? {} : { ...securityGroup(settings), ...launchTemplate(settings) })

module.exports = { ensemble, ports }
