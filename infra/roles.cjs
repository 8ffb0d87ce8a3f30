/**
 * The roles: one a function, with the calls that it makes and no others, and one for the instances. docs/security.md
 * says why each statement is there; test/infra/iam proves that none is missing and none is too much.
 *
 * Groups and instances are named by name and by tag, not by reference: a group comes after the functions that answer its
 * first launch, so that a role that referred to it would close a circle.
 */
'use strict'

/** The tags that say what belongs together. Nobody but who creates the stack writes them. */
const ensembleTag = 'stayput:ensemble'
/** Of volumes: the one tag that the functions write, and the ones that they only ever take away. */
const written = ['stayput:holder']
const withdrawn = ['stayput:format', 'stayput:bootstrap']
/** Of interfaces: what they note there and take away again. */
const notes = {
  leaving: 'stayput:leaving',
  handingOver: 'stayput:handing-over',
  healing: 'stayput:healing',
  failures: 'stayput:failures',
}

const arn = (service, resource) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${resource}`,
})
const allow = (Sid, Action, Resource, Condition) => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
})
const deny = (Sid, Action, Resource, Condition) => ({ ...allow(Sid, Action, Resource, Condition), Effect: 'Deny' })

/** What belongs to the ensemble: what the stack has created by its very ARN, what it has adopted by its tag. */
function belongings({ ensemble, members, groups, logVolumes, adopts }) {
  const ours = { StringEquals: { [`aws:ResourceTag/${ensembleTag}`]: ensemble } }
  const named = groups.map((name) => arn('autoscaling', `autoScalingGroup:*:autoScalingGroupName/${name}`))
  const owned = { groups: [named, ours] }
  const all = (type) => [[arn('ec2', `${type}/*`)], ours]
  if (adopts) {
    return { ...owned, interfaces: all('network-interface'), volumes: all('volume'), instances: all('instance') }
  }
  const created = (suffix, type) => members.map(({ id }) => arn('ec2', `${type}/\${Member${id}${suffix}}`))
  const profile = { ArnEquals: { 'ec2:InstanceProfile': { 'Fn::GetAtt': ['InstanceProfile', 'Arn'] } } }
  return {
    ...owned,
    interfaces: [created('NetworkInterface', 'network-interface')],
    volumes: [[...created('Volume', 'volume'), ...(logVolumes ? created('LogVolume', 'volume') : [])]],
    instances: [[arn('ec2', 'instance/*')], { ...ours, ...profile }],
  }
}

/** The functions look at everything, because AWS knows no resources for these actions. */
const look = (more) =>
  allow(
    'Look',
    [
      'autoscaling:DescribeAutoScalingGroups',
      ...more,
      'ec2:DescribeInstances',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DescribeVolumes',
      'ssm:DescribeInstanceInformation',
      'ssm:GetCommandInvocation',
      'ssm:ListCommandInvocations',
    ],
    '*',
  )

const tellVerdict = ({ groups }, more) =>
  allow(
    'TellVerdict',
    ['autoscaling:CompleteLifecycleAction', 'autoscaling:RecordLifecycleActionHeartbeat', ...more],
    ...groups,
  )

/** What is done to a member is done to its interface or volume and to the instance: AWS asks for each of them. */
function move({ interfaces, volumes, instances }, ofInterfaces, ofVolumes) {
  return [
    allow('MoveInterfaces', ofInterfaces, ...interfaces),
    allow('MoveVolumes', ofVolumes, ...volumes),
    allow('MoveAtInstances', [...ofInterfaces, ...ofVolumes], ...instances),
  ]
}

const takeOver = (owned) => [
  ...move(
    owned,
    ['ec2:AttachNetworkInterface', 'ec2:DetachNetworkInterface', 'ec2:ModifyNetworkInterfaceAttribute'],
    ['ec2:AttachVolume', 'ec2:DetachVolume', 'ec2:ModifyInstanceAttribute'],
  ),
  keepBooks('AnnounceAttach', ['ec2:CreateTags'], owned.volumes, written),
  keepBooks('WithdrawPermits', ['ec2:DeleteTags'], owned.volumes, withdrawn),
]

const keepNotes = ({ interfaces }, ...keys) =>
  keepBooks('KeepNotes', ['ec2:CreateTags', 'ec2:DeleteTags'], interfaces, keys)

const handOver = (owned) => move(owned, ['ec2:DetachNetworkInterface'], ['ec2:DetachVolume'])

/** ForAllValues holds over no key at all, and DeleteTags without keys takes all tags away: hence Null. */
function keepBooks(sid, actions, [resources, condition = {}], keys) {
  return allow(sid, actions, resources, {
    ...condition,
    'ForAllValues:StringEquals': { 'aws:TagKeys': keys },
    Null: { 'aws:TagKeys': 'false' },
  })
}

/** Two statements, because the tag can be asked of the instance only, not of the document. */
const command = ({ ensemble }, documents) => [
  allow(
    'SendDocuments',
    ['ssm:SendCommand'],
    documents.map((name) => arn('ssm', `document/\${${name}}`)),
  ),
  allow('CommandInstances', ['ssm:SendCommand'], [arn('ec2', 'instance/*')], {
    StringEquals: { [`ssm:resourceTag/${ensembleTag}`]: ensemble },
  }),
]

/** EC2 decrypts a volume with a grant that it makes in the name of whoever attaches it, where the key is not AWS's own. */
function lendKeys({ members }) {
  const keys = members
    .flatMap(({ volume, logVolume }) => [volume?.key, logVolume?.key])
    .filter((key) => key !== undefined)
  if (keys.length === 0) return []
  const viaEc2 = { StringEquals: { 'kms:ViaService': { 'Fn::Sub': 'ec2.${AWS::Region}.${AWS::URLSuffix}' } } }
  const grant = { ...viaEc2, Bool: { 'kms:GrantIsForAWSResource': 'true' } }
  return [
    allow('LendKeys', ['kms:CreateGrant'], [...new Set(keys)], grant),
    allow('UseKeys', ['kms:Decrypt', 'kms:DescribeKey'], [...new Set(keys)], viaEc2),
  ]
}

/** Lambda's own calls in the function's name: its log, and where it leaves the events that it could not bring. */
const runtime = (name) => [
  allow('WriteLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], [{ 'Fn::GetAtt': [`${name}LogGroup`, 'Arn'] }]),
  allow('KeepFailures', ['sqs:SendMessage'], [{ 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] }]),
]

/**
 * What no function may do, whatever else may be attached to its role some day. A policy of its own, because those of a
 * role together may have 10,240 characters, which seven members of two volumes come near.
 */
const never = ({ ensemble }) => [
  deny(
    'NeverMakeOrEnd',
    [
      'autoscaling:CreateAutoScalingGroup',
      'autoscaling:Delete*',
      'autoscaling:Put*',
      'autoscaling:SetDesiredCapacity',
      'autoscaling:TerminateInstanceInAutoScalingGroup',
      'autoscaling:UpdateAutoScalingGroup',
      'ec2:CreateNetworkInterface',
      'ec2:CreateVolume',
      'ec2:DeleteNetworkInterface',
      'ec2:DeleteSnapshot',
      'ec2:DeleteVolume',
      'ec2:ModifyVolume',
      'ec2:RebootInstances',
      'ec2:RunInstances',
      'ec2:StartInstances',
      'ec2:StopInstances',
      'ec2:TerminateInstances',
      'iam:*',
      'ssm:CreateDocument',
      'ssm:DeleteDocument',
      'ssm:ModifyDocumentPermission',
      'ssm:StartSession',
      'ssm:UpdateDocument*',
      'sts:AssumeRole',
    ],
    '*',
  ),
  deny(
    'NeverAnotherEnsemble',
    [
      'autoscaling:SetInstanceHealth',
      'ec2:AttachNetworkInterface',
      'ec2:AttachVolume',
      'ec2:CreateTags',
      'ec2:DeleteTags',
      'ec2:DetachNetworkInterface',
      'ec2:DetachVolume',
    ],
    '*',
    { StringNotEquals: { [`aws:ResourceTag/${ensembleTag}`]: ensemble } },
  ),
  deny('NeverIdentity', ['ec2:CreateTags', 'ec2:DeleteTags'], '*', {
    'ForAnyValue:StringNotEquals': { 'aws:TagKeys': [...written, ...withdrawn, ...Object.values(notes)] },
  }),
  deny('NeverGrantPermits', ['ec2:CreateTags'], '*', {
    'ForAnyValue:StringEquals': { 'aws:TagKeys': withdrawn },
  }),
  deny('NeverAllTags', ['ec2:DeleteTags'], '*', { Null: { 'aws:TagKeys': 'true' } }),
  // Of an instance only whether it takes its volumes along; of an interface only whether its instance takes it along.
  deny('NeverOtherOfInstances', ['ec2:ModifyInstanceAttribute'], [arn('ec2', 'instance/*')], {
    StringEqualsIgnoreCase: { 'ec2:Attribute': otherAttributes.instance },
  }),
  deny('NeverOtherOfInterfaces', ['ec2:ModifyNetworkInterfaceAttribute'], [arn('ec2', 'network-interface/*')], {
    StringEqualsIgnoreCase: { 'ec2:Attribute': otherAttributes.networkInterface },
  }),
]

/** The attributes by the names of the two calls' parameters. */
const otherAttributes = {
  instance: [
    'DisableApiStop',
    'DisableApiTermination',
    'EbsOptimized',
    'EnaSupport',
    'Groups',
    'InstanceInitiatedShutdownBehavior',
    'InstanceType',
    'Kernel',
    'Ramdisk',
    'SourceDestCheck',
    'SriovNetSupport',
    'UserData',
  ],
  networkInterface: [
    'AssociatePublicIpAddress',
    'ConnectionTrackingSpecification',
    'Description',
    'EnaSrdSpecification',
    'EnablePrimaryIpv6',
    'Groups',
    'SourceDestCheck',
  ],
}

const trusting = (service) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
})

const role = (service, Statement, ManagedPolicyArns) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: trusting(service),
    ManagedPolicyArns,
    Policies: [{ PolicyName: 'stayput', PolicyDocument: { Version: '2012-10-17', Statement } }],
  },
})

const documents = ['TakeOverDocument', 'HandOverDocument', 'ReachDocument']

const functionRole = (name, statements) =>
  role('lambda.amazonaws.com', [...statements, ...runtime(name)], [{ Ref: 'FunctionDenials' }])

function functionRoles(stack) {
  const owned = belongings(stack)
  const { leaving, handingOver, healing, failures } = notes
  // A launch that is given up hands over.
  const launch = [
    look([]),
    tellVerdict(owned, []),
    ...takeOver(owned),
    keepNotes(owned, failures),
    ...lendKeys(stack),
    ...command(stack, documents),
  ]
  const terminate = [
    look([]),
    tellVerdict(owned, []),
    ...handOver(owned),
    keepNotes(owned, leaving, handingOver),
    ...command(stack, ['HandOverDocument', 'HealthDocument', 'ReconfigureDocument']),
  ]
  // The sweep takes up any action that is open, and heals: it alone may have an instance replaced.
  const sweep = [
    look(['autoscaling:DescribeLifecycleHooks']),
    tellVerdict(owned, ['autoscaling:SetInstanceHealth']),
    ...takeOver(owned),
    keepNotes(owned, leaving, handingOver, healing, failures),
    ...lendKeys(stack),
    ...command(stack, [...documents, 'HealthDocument', 'ReconfigureDocument']),
  ]
  return {
    LaunchRole: functionRole('Launch', launch),
    TerminateRole: functionRole('Terminate', terminate),
    SweepRole: functionRole('Sweep', sweep),
    FunctionDenials: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        Description: `What no function of Stayput of ${stack.ensemble} may do`,
        PolicyDocument: { Version: '2012-10-17', Statement: never(stack) },
      },
    },
  }
}

/**
 * Nothing but the Systems Manager agent's own calls. AWS's policy for managed instances by default, because unlike
 * AmazonSSMManagedInstanceCore it can't read the account's parameters.
 */
const instanceRole = () => ({
  InstanceRole: role(
    'ec2.amazonaws.com',
    [
      deny(
        'NeverActOnAws',
        ['autoscaling:*', 'ec2:*', 'events:*', 'iam:*', 'lambda:*', 'ssm:SendCommand', 'ssm:StartSession', 'sts:*'],
        '*',
      ),
    ],
    [{ 'Fn::Sub': 'arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedEC2InstanceDefaultPolicy' }],
  ),
  InstanceProfile: { Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: [{ Ref: 'InstanceRole' }] } },
})

/**
 * @param stack the settings, as settings.cjs gives them
 * @returns {Record<string, object>} resources by logical id; an ensemble that was there before has instance roles of its own
 */
const roles = (stack) => ({ ...functionRoles(stack), ...(stack.adopts ? {} : instanceRole()) })

module.exports = { roles }
