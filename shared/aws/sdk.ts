import * as autoscaling from '@aws-sdk/client-auto-scaling'
import * as ec2 from '@aws-sdk/client-ec2'
import * as ssm from '@aws-sdk/client-ssm'
import type { Operation, Operations, Send } from './operations.ts'

export interface SdkSettings {
  readonly region: string
  /** Another place than AWS's own, like the local cloud's. */
  readonly endpoint?: string | undefined
}

/** Reads may be repeated by the SDK as it likes. */
const readTries = 4
/**
 * What changes something is sent once: EC2's attach and SSM's send know no client token, so that a silent second try
 * would answer VolumeInUse for a success, or run a command twice. Whether to try again is decided above, after looking.
 */
const mutationTries = 1

/** The one place that knows the AWS SDK. Credentials come from the SDK's own chain. */
export function sdkSend(settings: SdkSettings): Send {
  const reading = clients(settings, readTries)
  const changing = clients(settings, mutationTries)

  const table: { [Name in Operation]: (input: Operations[Name]['input']) => Promise<Operations[Name]['output']> } = {
    'autoscaling.CompleteLifecycleAction': (input) =>
      changing.autoscaling.send(new autoscaling.CompleteLifecycleActionCommand(input)),
    'autoscaling.DescribeAutoScalingGroups': (input) =>
      reading.autoscaling.send(new autoscaling.DescribeAutoScalingGroupsCommand(input)),
    'autoscaling.DescribeLifecycleHooks': (input) =>
      reading.autoscaling.send(new autoscaling.DescribeLifecycleHooksCommand(input)),
    'autoscaling.RecordLifecycleActionHeartbeat': (input) =>
      changing.autoscaling.send(new autoscaling.RecordLifecycleActionHeartbeatCommand(input)),
    'autoscaling.SetInstanceHealth': (input) =>
      changing.autoscaling.send(new autoscaling.SetInstanceHealthCommand(input)),
    'ec2.AttachNetworkInterface': (input) => changing.ec2.send(new ec2.AttachNetworkInterfaceCommand(input)),
    'ec2.AttachVolume': (input) => changing.ec2.send(new ec2.AttachVolumeCommand(input)),
    'ec2.CreateTags': (input) => changing.ec2.send(new ec2.CreateTagsCommand(input)),
    'ec2.DeleteTags': (input) => changing.ec2.send(new ec2.DeleteTagsCommand(input)),
    'ec2.DescribeInstances': (input) => reading.ec2.send(new ec2.DescribeInstancesCommand(input)),
    'ec2.DescribeNetworkInterfaces': (input) => reading.ec2.send(new ec2.DescribeNetworkInterfacesCommand(input)),
    'ec2.DescribeSubnets': (input) => reading.ec2.send(new ec2.DescribeSubnetsCommand(input)),
    'ec2.DescribeVolumes': (input) => reading.ec2.send(new ec2.DescribeVolumesCommand(input)),
    'ec2.DetachNetworkInterface': (input) => changing.ec2.send(new ec2.DetachNetworkInterfaceCommand(input)),
    'ec2.DetachVolume': (input) => changing.ec2.send(new ec2.DetachVolumeCommand(input)),
    'ec2.ModifyInstanceAttribute': (input) => changing.ec2.send(new ec2.ModifyInstanceAttributeCommand(input)),
    'ec2.ModifyNetworkInterfaceAttribute': (input) =>
      changing.ec2.send(new ec2.ModifyNetworkInterfaceAttributeCommand(input)),
    'ssm.DescribeInstanceInformation': (input) => reading.ssm.send(new ssm.DescribeInstanceInformationCommand(input)),
    'ssm.GetCommandInvocation': (input) => reading.ssm.send(new ssm.GetCommandInvocationCommand(input)),
    'ssm.ListCommandInvocations': (input) => reading.ssm.send(new ssm.ListCommandInvocationsCommand(input)),
    'ssm.SendCommand': (input) => changing.ssm.send(new ssm.SendCommandCommand(input)),
  }
  return (operation, input) => table[operation](input)
}

function clients({ region, endpoint }: SdkSettings, maxAttempts: number) {
  const settings = { region, maxAttempts, ...(endpoint !== undefined && { endpoint }) }
  return {
    ec2: new ec2.EC2Client(settings),
    autoscaling: new autoscaling.AutoScalingClient(settings),
    ssm: new ssm.SSMClient(settings),
  }
}
