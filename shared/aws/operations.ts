import type * as autoscaling from '@aws-sdk/client-auto-scaling'
import type * as ec2 from '@aws-sdk/client-ec2'
import type * as ssm from '@aws-sdk/client-ssm'

/**
 * Every AWS call that Stayput makes, and no other: the narrow port between the core and AWS, in AWS's own shapes. It is
 * implemented by the SDK's clients (sdk.ts) and by the local cloud; permissions are derived from this list.
 */
export interface Operations {
  'autoscaling.CompleteLifecycleAction': Call<
    autoscaling.CompleteLifecycleActionCommandInput,
    autoscaling.CompleteLifecycleActionCommandOutput
  >
  'autoscaling.DescribeAutoScalingGroups': Call<
    autoscaling.DescribeAutoScalingGroupsCommandInput,
    autoscaling.DescribeAutoScalingGroupsCommandOutput
  >
  'autoscaling.DescribeLifecycleHooks': Call<
    autoscaling.DescribeLifecycleHooksCommandInput,
    autoscaling.DescribeLifecycleHooksCommandOutput
  >
  'autoscaling.RecordLifecycleActionHeartbeat': Call<
    autoscaling.RecordLifecycleActionHeartbeatCommandInput,
    autoscaling.RecordLifecycleActionHeartbeatCommandOutput
  >
  'autoscaling.SetInstanceHealth': Call<
    autoscaling.SetInstanceHealthCommandInput,
    autoscaling.SetInstanceHealthCommandOutput
  >
  'ec2.AttachNetworkInterface': Call<ec2.AttachNetworkInterfaceCommandInput, ec2.AttachNetworkInterfaceCommandOutput>
  'ec2.AttachVolume': Call<ec2.AttachVolumeCommandInput, ec2.AttachVolumeCommandOutput>
  'ec2.CreateTags': Call<ec2.CreateTagsCommandInput, ec2.CreateTagsCommandOutput>
  'ec2.DeleteTags': Call<ec2.DeleteTagsCommandInput, ec2.DeleteTagsCommandOutput>
  'ec2.DescribeInstances': Call<ec2.DescribeInstancesCommandInput, ec2.DescribeInstancesCommandOutput>
  'ec2.DescribeNetworkInterfaces': Call<
    ec2.DescribeNetworkInterfacesCommandInput,
    ec2.DescribeNetworkInterfacesCommandOutput
  >
  'ec2.DescribeSubnets': Call<ec2.DescribeSubnetsCommandInput, ec2.DescribeSubnetsCommandOutput>
  'ec2.DescribeVolumes': Call<ec2.DescribeVolumesCommandInput, ec2.DescribeVolumesCommandOutput>
  'ec2.DetachNetworkInterface': Call<ec2.DetachNetworkInterfaceCommandInput, ec2.DetachNetworkInterfaceCommandOutput>
  'ec2.DetachVolume': Call<ec2.DetachVolumeCommandInput, ec2.DetachVolumeCommandOutput>
  'ec2.ModifyInstanceAttribute': Call<ec2.ModifyInstanceAttributeCommandInput, ec2.ModifyInstanceAttributeCommandOutput>
  'ec2.ModifyNetworkInterfaceAttribute': Call<
    ec2.ModifyNetworkInterfaceAttributeCommandInput,
    ec2.ModifyNetworkInterfaceAttributeCommandOutput
  >
  'ssm.DescribeInstanceInformation': Call<
    ssm.DescribeInstanceInformationCommandInput,
    ssm.DescribeInstanceInformationCommandOutput
  >
  'ssm.GetCommandInvocation': Call<ssm.GetCommandInvocationCommandInput, ssm.GetCommandInvocationCommandOutput>
  'ssm.ListCommandInvocations': Call<ssm.ListCommandInvocationsCommandInput, ssm.ListCommandInvocationsCommandOutput>
  'ssm.SendCommand': Call<ssm.SendCommandCommandInput, ssm.SendCommandCommandOutput>
}

interface Call<Input, Output> {
  readonly input: Input
  readonly output: Omit<Output, '$metadata'>
}

export type Operation = keyof Operations

/** One try of one call. Rejects with what AWS or the network said; failure.ts knows what that means. */
export type Send = <Name extends Operation>(
  operation: Name,
  input: Operations[Name]['input'],
) => Promise<Operations[Name]['output']>
