import { calm } from '../../lab/cloud/settings.ts'
import { functionEnvironment } from '../../lab/stack/environment.ts'
import { autoScalingPort } from '../../shared/aws/auto-scaling.ts'
import { ec2Port } from '../../shared/aws/ec2.ts'
import type { Operation, Send } from '../../shared/aws/operations.ts'
import { ssmPort } from '../../shared/aws/ssm.ts'
import { readConfig } from '../../shared/config.ts'
import type { Member, Volume } from '../../shared/model/member.ts'
import type { Command, Instance, Observation } from '../../shared/model/observation.ts'
import type { Ports } from '../../shared/observe.ts'

/** AWS as it answers at the rim, told in the same facts as an observation: what goes in here is to be observed. */

export const config = readConfig(functionEnvironment('zookeeper', calm))

type Input = Readonly<Record<string, unknown>>
/** What an operation answers; an Error is thrown. Where nothing is given the answer is empty. */
export type Answers = Partial<Record<Operation, (input: Input) => unknown>>

export interface Rim {
  readonly ports: Ports
  /** Every call, in order. */
  readonly calls: readonly (readonly [Operation, Input])[]
  readonly inputs: (operation: Operation) => Input[]
}

/** The ports on a `send` that answers from the table; `answers` may be changed between the calls. */
export function rim(answers: Answers): Rim {
  const calls: [Operation, Input][] = []
  const send = (async (operation: Operation, input: Input) => {
    calls.push([operation, input])
    const answer = await answers[operation]?.(input)
    if (answer instanceof Error) throw answer
    return answer ?? {}
  }) as Send
  return {
    ports: { ec2: ec2Port(send), autoScaling: autoScalingPort(send), ssm: ssmPort(send) },
    calls,
    inputs: (operation) => calls.filter(([name]) => name === operation).map(([, input]) => input),
  }
}

/** AWS's refusal, or its failure from 500 on. */
export const refusal = (name: string, status = 400, message = 'no'): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } })

/** The answers to all reads by which exactly this is observed. */
export function answersOf(seen: Observation): Answers {
  return {
    'autoscaling.DescribeAutoScalingGroups': () => ({
      AutoScalingGroups: seen.groupInstances.map(({ instanceId, groupName, zone, lifecycleState }, place) => ({
        AutoScalingGroupName: groupName,
        DesiredCapacity: place === 0 ? seen.wanted : 0,
        Instances: [{ InstanceId: instanceId, AvailabilityZone: zone, LifecycleState: lifecycleState }],
      })),
    }),
    'ec2.DescribeNetworkInterfaces': () => ({ NetworkInterfaces: seen.members.map(card) }),
    'ec2.DescribeVolumes': () => ({
      Volumes: seen.members.flatMap((member) => member.volumes.map((one) => disk(member, one))),
    }),
    'ec2.DescribeInstances': () => ({ Reservations: seen.instances.map((one) => ({ Instances: [machine(one)] })) }),
    'ec2.DescribeSubnets': () => ({
      Subnets: [...seen.subnetCidrs].map(([SubnetId, CidrBlock]) => ({ SubnetId, CidrBlock })),
    }),
    'ssm.DescribeInstanceInformation': () => ({
      InstanceInformationList: [
        { InstanceId: seen.action.instanceId, PingStatus: seen.agentOnline ? 'Online' : 'ConnectionLost' },
      ],
    }),
    'ssm.ListCommandInvocations': () => ({ CommandInvocations: seen.commands.map(listed) }),
    'ssm.GetCommandInvocation': ({ CommandId }) => {
      const found = seen.commands.find((one) => one.id === CommandId)
      return found ? { ...listed(found), StandardOutputContent: found.output } : refusal('InvocationDoesNotExist')
    },
  }
}

function card({ id, zone, networkInterface }: Member) {
  const { attachment } = networkInterface
  return {
    NetworkInterfaceId: networkInterface.id,
    AvailabilityZone: zone,
    MacAddress: networkInterface.macAddress,
    PrivateIpAddress: networkInterface.address,
    SubnetId: networkInterface.subnetId,
    TagSet: [{ Key: 'stayput:member', Value: String(id) }, ...noteTags(networkInterface)],
    Attachment: attachment && {
      AttachmentId: attachment.id,
      InstanceId: attachment.instanceId,
      DeviceIndex: attachment.deviceIndex,
      Status: attachment.status,
      DeleteOnTermination: attachment.deleteOnTermination,
    },
  }
}

const noteTags = ({ leaving, handingOver, failures }: Member['networkInterface']) =>
  [
    leaving && { Key: 'stayput:leaving', Value: `${leaving.instanceId}@${new Date(leaving.at).toISOString()}` },
    handingOver && {
      Key: 'stayput:handing-over',
      Value: `${handingOver.instanceId}@${new Date(handingOver.at).toISOString()}`,
    },
    failures && {
      Key: 'stayput:failures',
      Value: `${failures.count}@${failures.instanceId}@${new Date(failures.at).toISOString()}`,
    },
  ].filter((tag) => tag !== undefined)

function disk({ id, zone }: Member, { attachment, intent, ...volume }: Volume) {
  const tags: Record<string, string | false | undefined> = {
    'stayput:member': String(id),
    'stayput:mount': volume.mount,
    'stayput:format': volume.formatPermitted && 'permitted',
    'stayput:bootstrap': volume.bootstrapPermitted && 'permitted',
    'stayput:holder': intent && `${intent.instanceId}@${new Date(intent.at).toISOString()}`,
  }
  return {
    VolumeId: volume.id,
    AvailabilityZone: zone,
    State: volume.state,
    Tags: Object.entries(tags).flatMap(([Key, Value]) => (Value ? [{ Key, Value }] : [])),
    Attachments: attachment && [
      {
        InstanceId: attachment.instanceId,
        Device: attachment.device,
        State: attachment.state,
        AttachTime: new Date(attachment.attachTime),
        DeleteOnTermination: attachment.deleteOnTermination,
      },
    ],
  }
}

const machine = (one: Instance) => ({
  InstanceId: one.id,
  State: { Name: one.state },
  Placement: { AvailabilityZone: one.zone },
  LaunchTime: new Date(one.launchTime),
  NetworkInterfaces: one.networkInterfaces.map(({ id, deviceIndex }) => ({
    NetworkInterfaceId: id,
    Attachment: { DeviceIndex: deviceIndex },
  })),
  BlockDeviceMappings: one.devices.map((DeviceName) => ({ DeviceName })),
})

const statuses = { running: 'InProgress', succeeded: 'Success', failed: 'Failed', lost: 'TimedOut' } as const

const listed = (one: Command) => ({
  CommandId: one.id,
  DocumentName: config.documents[one.verb],
  RequestedDateTime: new Date(one.sentAt),
  Status: statuses[one.status],
})
