/**
 * One Auto Scaling group a member, of one instance in the member's zone.
 *
 * A group of several members would launch a replacement wherever capacity is, two at once in one zone, and back off for
 * all members when the launches of one fail. A group of one zone has nothing to rebalance, so that AZRebalance, which
 * CloudFormation can't suspend, has nothing to do.
 */
'use strict'

const hooks = { launching: 'stayput-launch', terminating: 'stayput-terminate' }

/** The functions extend it as long as they have hope; a function that is not there is noticed after this time. */
const heartbeatSeconds = 900
/** At the end of the launch hook the service is proved, so that only EC2's own checks have to come up. */
const graceSeconds = 60

/** An instance that nobody vouches for must not serve; one that leaves goes either way, and the sweep sees the rest. */
const hook = (LifecycleHookName, transition) => ({
  LifecycleHookName,
  LifecycleTransition: `autoscaling:EC2_INSTANCE_${transition}`,
  HeartbeatTimeout: heartbeatSeconds,
  DefaultResult: 'ABANDON',
})
const ourHooks = [hook(hooks.launching, 'LAUNCHING'), hook(hooks.terminating, 'TERMINATING')]

/**
 * All that answers the first launch, and all that it takes: a group that came earlier could launch an instance whose
 * event nobody hears. The groups don't wait for each other: a first quorum takes several launches at once.
 */
const orchestrator = [
  'LaunchRule',
  'LaunchRulePermission',
  'TerminateRule',
  'TerminateRulePermission',
  'SweepRule',
  'SweepRulePermission',
  'LaunchLambdaEvConf',
  'TerminateLambdaEvConf',
  'SweepLambdaEvConf',
  'DeadLetterQueuePolicy',
  'TakeOverDocument',
  'HandOverDocument',
  'ReachDocument',
  'HealthDocument',
  'ReconfigureDocument',
]

/** What a member needs when its instance arrives. */
const belongings = ({ id, logVolume }) => [
  `Member${id}NetworkInterface`,
  `Member${id}Volume`,
  ...(logVolume ? [`Member${id}LogVolume`] : []),
]

const portsBetweenMembers = ['Quorum', 'Election', 'Client'].map((name) => `Member${name}Ingress`)

function group(ensemble, members, { id, group, subnet }) {
  return {
    Type: 'AWS::AutoScaling::AutoScalingGroup',
    // A first quorum takes all members, so that each group waits for what every member needs.
    DependsOn: [...orchestrator, ...portsBetweenMembers, ...members.flatMap(belongings)],
    Properties: {
      AutoScalingGroupName: group,
      LaunchTemplate: {
        LaunchTemplateId: { Ref: 'LaunchTemplate' },
        Version: { 'Fn::GetAtt': ['LaunchTemplate', 'LatestVersionNumber'] },
      },
      VPCZoneIdentifier: [subnet],
      MinSize: '0',
      MaxSize: '1',
      DesiredCapacity: '1',
      HealthCheckType: 'EC2',
      HealthCheckGracePeriod: graceSeconds,
      // The address can be in one place only. A successor that had to be in service before its predecessor leaves would
      // wait for the address, and the predecessor for it.
      InstanceMaintenancePolicy: { MinHealthyPercentage: 0, MaxHealthyPercentage: 100 },
      LifecycleHookSpecificationList: ourHooks,
      Tags: [
        { Key: 'stayput:ensemble', Value: ensemble, PropagateAtLaunch: true },
        // Where a zone has several members, each group's instances become its own, and its size says whether that is wanted.
        { Key: 'stayput:member', Value: String(id), PropagateAtLaunch: false },
        { Key: 'Name', Value: group, PropagateAtLaunch: true },
      ],
    },
  }
}

/** The same hooks for a group that is there already: its instances run, so there is no first launch to miss. */
function adoptedHooks(groupName, index) {
  const common = { AutoScalingGroupName: groupName }
  return ourHooks.map((one) => [
    `Group${index + 1}${one.LifecycleHookName === hooks.launching ? 'Launch' : 'Terminate'}Hook`,
    { Type: 'AWS::AutoScaling::LifecycleHook', DependsOn: orchestrator, Properties: { ...common, ...one } },
  ])
}

/** @returns {Record<string, object>} resources by logical id */
function groups({ ensemble, adopts, groups, members }) {
  if (adopts) return Object.fromEntries(groups.flatMap(adoptedHooks))
  return Object.fromEntries(members.map((one) => [`Member${one.id}Group`, group(ensemble, members, one)]))
}

module.exports = { groups, hooks }
