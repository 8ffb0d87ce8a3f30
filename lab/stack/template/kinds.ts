import type { CreateNetworkInterfaceCommandOutput, CreateVolumeCommandOutput } from '@aws-sdk/client-ec2'
import type { CreateLaunchTemplateCommandOutput, CreateSecurityGroupCommandOutput } from '@aws-sdk/client-ec2'
import type { OperationName } from '../../cloud/operation.ts'

/** What a resource is once it is there: what `Ref` gives, and `Fn::GetAtt` by attribute. */
export interface Created {
  readonly ref: string
  readonly attributes?: Readonly<Record<string, string>>
}

/** How a type of resource is carried out in the local cloud. */
export interface Kind {
  readonly used: readonly string[]
  /** Properties that have no counterpart there, each with the reason. */
  readonly left?: Readonly<Record<string, string>>
  readonly create: (properties: Properties, create: Call) => Created
}

/** A resource's properties with every function in them resolved; which ones there may be is checked against the kind. */
export type Properties = Readonly<Record<string, unknown>>
/** An operation of the local cloud. */
export type Call = (operation: OperationName, input: object) => object

const tags = (ResourceType: string, { Tags }: Properties) => ({
  ...(Tags !== undefined && { TagSpecifications: [{ ResourceType, Tags }] }),
})

/** CloudFormation takes numbers as texts, the API does not. */
const numbers = (properties: Properties, ...names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => name in properties).map((name) => [name, Number(properties[name])]))

/** A name that CloudFormation makes where the template gives none. */
const madeName = (what: string): string => `stayput-${what}`

const networkInterface: Kind = {
  used: ['Description', 'SubnetId', 'PrivateIpAddress', 'GroupSet', 'Tags'],
  create({ Description, SubnetId, PrivateIpAddress, GroupSet, ...rest }, call) {
    const input = { Description, SubnetId, PrivateIpAddress, Groups: GroupSet, ...tags('network-interface', rest) }
    const { NetworkInterface } = call('ec2.CreateNetworkInterface', input) as CreateNetworkInterfaceCommandOutput
    return { ref: NetworkInterface?.NetworkInterfaceId ?? '' }
  },
}

const volume: Kind = {
  used: ['AvailabilityZone', 'Size', 'VolumeType', 'Encrypted', 'Iops', 'Throughput', 'Tags'],
  left: { KmsKeyId: 'the local cloud encrypts nothing' },
  create({ Tags, ...properties }, call) {
    const { VolumeId } = call('ec2.CreateVolume', {
      ...properties,
      ...tags('volume', { Tags }),
    }) as CreateVolumeCommandOutput
    return { ref: VolumeId ?? '' }
  },
}

const securityGroup: Kind = {
  used: ['GroupDescription', 'VpcId', 'Tags'],
  create({ GroupDescription: Description, VpcId, ...rest }, call) {
    const input = { GroupName: madeName('members'), Description, VpcId, ...tags('security-group', rest) }
    const { GroupId = '' } = call('ec2.CreateSecurityGroup', input) as CreateSecurityGroupCommandOutput
    return { ref: GroupId, attributes: { GroupId } }
  },
}

const launchTemplate: Kind = {
  used: ['LaunchTemplateName', 'LaunchTemplateData'],
  create(properties, call) {
    const { LaunchTemplate } = call('ec2.CreateLaunchTemplate', properties) as CreateLaunchTemplateCommandOutput
    const version = String(LaunchTemplate?.LatestVersionNumber ?? 1)
    return {
      ref: LaunchTemplate?.LaunchTemplateId ?? '',
      attributes: { LatestVersionNumber: version, DefaultVersionNumber: version },
    }
  },
}

const group: Kind = {
  used: [
    'AutoScalingGroupName',
    'LaunchTemplate',
    'VPCZoneIdentifier',
    'MinSize',
    'MaxSize',
    'DesiredCapacity',
    'HealthCheckType',
    'HealthCheckGracePeriod',
    'InstanceMaintenancePolicy',
    'LifecycleHookSpecificationList',
    'Tags',
  ],
  create(properties, call) {
    const { AutoScalingGroupName, VPCZoneIdentifier } = properties
    call('autoscaling.CreateAutoScalingGroup', {
      ...properties,
      ...numbers(properties, 'MinSize', 'MaxSize', 'DesiredCapacity'),
      VPCZoneIdentifier: Array.isArray(VPCZoneIdentifier) ? VPCZoneIdentifier.join(',') : VPCZoneIdentifier,
    })
    return { ref: String(AutoScalingGroupName) }
  },
}

const hook: Kind = {
  used: ['AutoScalingGroupName', 'LifecycleHookName', 'LifecycleTransition', 'HeartbeatTimeout', 'DefaultResult'],
  create(properties, call) {
    call('autoscaling.PutLifecycleHook', properties)
    return { ref: String(properties['LifecycleHookName']) }
  },
}

const document: Kind = {
  used: ['Name', 'Content', 'DocumentType', 'DocumentFormat'],
  left: { UpdateMethod: 'the local cloud is never updated' },
  create({ Name, Content, DocumentType, DocumentFormat }, call) {
    call('ssm.CreateDocument', { Name, Content: JSON.stringify(Content), DocumentType, DocumentFormat })
    return { ref: String(Name) }
  },
}

/** What is created through the cloud's own operations. */
export const kinds: Readonly<Record<string, Kind>> = {
  'AWS::AutoScaling::AutoScalingGroup': group,
  'AWS::AutoScaling::LifecycleHook': hook,
  'AWS::EC2::LaunchTemplate': launchTemplate,
  'AWS::EC2::NetworkInterface': networkInterface,
  'AWS::EC2::SecurityGroup': securityGroup,
  'AWS::EC2::Volume': volume,
  'AWS::SSM::Document': document,
}

/** Types that have no counterpart in the local cloud, each with the reason. They get names, for who refers to them. */
export const unsimulated: Readonly<Record<string, string>> = {
  'AWS::CloudWatch::Alarm': 'there are no metrics',
  'AWS::EC2::SecurityGroupIngress': 'the network lets everything pass',
  'AWS::IAM::InstanceProfile': 'instances ask for nothing',
  'AWS::IAM::ManagedPolicy': 'as with roles',
  'AWS::IAM::Role': 'the wire lets everybody do everything; test/infra/iam holds the calls against the policies',
  'AWS::Lambda::Permission': 'rules call functions without being asked who they are',
  'AWS::Logs::LogGroup': 'logs go to whoever started the lab',
  'AWS::Logs::MetricFilter': 'there are no metrics',
  'AWS::S3::Bucket': 'functions are run from dist',
  'AWS::S3::BucketPolicy': 'functions are run from dist',
  'AWS::SQS::Queue': 'the local cloud keeps its dead letters itself',
  'AWS::SQS::QueuePolicy': 'the local cloud keeps its dead letters itself',
}
