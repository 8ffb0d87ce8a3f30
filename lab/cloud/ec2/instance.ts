import type {
  DescribeInstancesCommandInput,
  DescribeInstancesCommandOutput,
  DescribeInstanceStatusCommandInput,
  DescribeInstanceStatusCommandOutput,
  InstanceStatus,
  InstanceStatusSummary,
  RebootInstancesCommandInput,
  RunInstancesCommandInput,
  RunInstancesCommandOutput,
  StartInstancesCommandInput,
  StartInstancesCommandOutput,
  StopInstancesCommandInput,
  StopInstancesCommandOutput,
  InstanceStateChange,
  TerminateInstancesCommandInput,
  TerminateInstancesCommandOutput,
} from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import type { FilterTable } from './filter.ts'
import { instanceAnswer, type InstanceView, reservations, stateAnswer, viewInstances } from './instance-answer.ts'
import { reboot, start, stop, terminate } from './lifecycle.ts'
import type { Instance } from './records.ts'
import { invalidCombination, kinds, notFound } from './refusal.ts'
import { runInstances } from './run-instances.ts'
import { select } from './selection.ts'
import { isVisible, once, requireInstance, type State } from './state.ts'

/** The operations on instances. Like EC2's, a call for several instances is refused as a whole or done for each. */

function askedInstances(state: State, ids: readonly string[] | undefined): Instance[] {
  if (!ids?.length) throw invalidCombination('No instances specified')
  const known = new Set(
    state.instances
      .all()
      .filter((each) => isVisible(state, each))
      .map((each) => each.instanceId),
  )
  const unknown = ids.filter((id) => /^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id) && !known.has(id))
  if (unknown.length > 1) throw notFound(kinds.instance, unknown)
  return ids.map((id) => requireInstance(state, id))
}

function change(state: State, before: Instance): InstanceStateChange {
  return {
    InstanceId: before.instanceId,
    PreviousState: stateAnswer(before.state),
    CurrentState: stateAnswer(state.instances.get(before.instanceId)?.state ?? before.state),
  }
}

function terminateInstances(state: State, input: TerminateInstancesCommandInput): InstanceStateChange[] {
  const instances = askedInstances(state, input.InstanceIds)
  const guarded = instances.find((each) => each.disableApiTermination)
  if (guarded) {
    throw new AwsError(
      'OperationNotPermitted',
      `The instance '${guarded.instanceId}' may not be terminated. ` +
        "Modify its 'disableApiTermination' instance attribute and try again.",
    )
  }
  return instances.map((instance) => {
    terminate(state, instance.instanceId, input.SkipOsShutdown ? 'abrupt' : 'graceful')
    return change(state, instance)
  })
}

function stopInstances(state: State, input: StopInstancesCommandInput): InstanceStateChange[] {
  const instances = askedInstances(state, input.InstanceIds)
  for (const { instanceId, state: now } of instances) {
    if (now === 'pending') {
      throw new AwsError(
        'IncorrectInstanceState',
        `Instance '${instanceId}' cannot be stopped as it has never reached the 'running' state.`,
      )
    }
    if (now === 'shutting-down' || now === 'terminated') {
      throw new AwsError(
        'IncorrectInstanceState',
        `This instance '${instanceId}' is not in a state from which it can be stopped.`,
      )
    }
  }
  return instances.map((instance) => {
    const abrupt = input.Force === true || input.SkipOsShutdown === true
    if (instance.state === 'running') stop(state, instance.instanceId, abrupt ? 'abrupt' : 'graceful')
    return change(state, instance)
  })
}

function startInstances(state: State, input: StartInstancesCommandInput): InstanceStateChange[] {
  const instances = askedInstances(state, input.InstanceIds)
  const unfit = instances.find((each) => !['pending', 'running', 'stopped'].includes(each.state))
  if (unfit) {
    throw new AwsError(
      'IncorrectInstanceState',
      `The instance '${unfit.instanceId}' is not in a state from which it can be started.`,
    )
  }
  return instances.map((instance) => {
    if (instance.state === 'stopped') start(state, instance.instanceId)
    return change(state, instance)
  })
}

/** The status checks pass about two minutes after the instance runs (an estimate; AWS names no figure). */
const statusChecksMs = 120_000

function statusAnswer(state: State, { instance }: InstanceView): InstanceStatus {
  const { clock, settings } = state.kernel
  const since = instance.state === 'running' ? instance.runningSince : undefined
  const settled = since !== undefined && clock.now() - since >= statusChecksMs / settings.speed
  const summary: InstanceStatusSummary =
    since === undefined
      ? { Status: 'not-applicable' }
      : {
          Status: settled ? 'ok' : 'initializing',
          Details: [{ Name: 'reachability', Status: settled ? 'passed' : 'initializing' }],
        }
  return {
    InstanceId: instance.instanceId,
    AvailabilityZone: instance.zone,
    AvailabilityZoneId: instance.zoneId,
    InstanceState: stateAnswer(instance.state),
    InstanceStatus: summary,
    SystemStatus: summary,
  }
}

const statusFilters: FilterTable<InstanceView> = {
  'availability-zone': ({ instance }) => [instance.zone],
  'instance-state-code': ({ instance }) => [String(stateAnswer(instance.state).Code)],
  'instance-state-name': ({ instance }) => [instance.state],
}

const filters: FilterTable<InstanceView> = {
  ...statusFilters,
  architecture: ({ instance }) => [/^[a-z]+\d+g/.test(instance.instanceType) ? 'arm64' : 'x86_64'],
  'client-token': ({ instance }) => [instance.clientToken],
  'iam-instance-profile.arn': ({ instance }) => [instance.iamInstanceProfile],
  'image-id': ({ instance }) => [instance.imageId],
  'instance-id': ({ instance }) => [instance.instanceId],
  'instance-type': ({ instance }) => [instance.instanceType],
  'instance.group-id': ({ instance }) => instance.securityGroupIds,
  'key-name': ({ instance }) => [instance.keyName],
  'launch-time': ({ instance }) => [new Date(instance.launchTime).toISOString()],
  'reservation-id': ({ instance }) => [instance.reservationId],
  'root-device-name': ({ instance }) => [instance.rootDeviceName],
  'private-ip-address': ({ instance }) => [present(instance)?.privateIpAddress],
  'subnet-id': ({ instance }) => [present(instance)?.subnetId],
  'vpc-id': ({ instance }) => [present(instance)?.vpcId],
  'block-device-mapping.volume-id': ({ volumes }) => volumes.map((each) => each.volumeId),
  'block-device-mapping.device-name': ({ volumes }) => volumes.map((each) => each.attachment?.device),
  'block-device-mapping.status': ({ volumes }) => volumes.map((each) => each.attachment?.state),
  'network-interface.network-interface-id': ({ interfaces }) => interfaces.map((each) => each.networkInterfaceId),
  'network-interface.attachment.attachment-id': ({ interfaces }) =>
    interfaces.map((each) => each.attachment?.attachmentId),
  'network-interface.addresses.private-ip-address': ({ interfaces }) =>
    interfaces.flatMap((each) => [each.privateIpAddress, ...each.secondaryPrivateIpAddresses]),
  'network-interface.subnet-id': ({ interfaces }) => interfaces.map((each) => each.subnetId),
}

function present(instance: Instance): Instance | undefined {
  return instance.state === 'terminated' ? undefined : instance
}

function selectViews(
  state: State,
  input: DescribeInstancesCommandInput,
  filterTable: FilterTable<InstanceView>,
  shows: (view: InstanceView) => boolean,
) {
  const seen = viewInstances(state, state.kernel.lag()).filter((view) => isVisible(state, view.instance) && shows(view))
  return select(
    seen,
    {
      kind: kinds.instance,
      idOf: ({ instance }) => instance.instanceId,
      filterTable,
      tagsOf: ({ instance }) => instance.tags,
      ids: input.InstanceIds,
      filters: input.Filters,
      maxResults: input.MaxResults,
      nextToken: input.NextToken,
    },
    state.kernel.random,
  )
}

export function instanceOperations(state: State): OperationTable {
  return {
    RunInstances: (input: RunInstancesCommandInput): Answer<RunInstancesCommandOutput> =>
      once(state, 'RunInstances', input, () => {
        const launched = new Set(runInstances(state, input).map((each) => each.instanceId))
        const views = viewInstances(state, 0).filter(({ instance }) => launched.has(instance.instanceId))
        return {
          ReservationId: views[0]?.instance.reservationId,
          OwnerId: state.kernel.settings.accountId,
          Groups: [],
          Instances: views.map((view) => instanceAnswer(state, view)),
        }
      }),
    DescribeInstances(input: DescribeInstancesCommandInput): Answer<DescribeInstancesCommandOutput> {
      const page = selectViews(state, input, filters, () => true)
      return { Reservations: reservations(state, page.records), NextToken: page.nextToken }
    },
    DescribeInstanceStatus(input: DescribeInstanceStatusCommandInput): Answer<DescribeInstanceStatusCommandOutput> {
      const everything = selectViews(state, input, statusFilters, () => true)
      const told = everything.records.filter((view) => input.IncludeAllInstances || view.instance.state === 'running')
      return { InstanceStatuses: told.map((view) => statusAnswer(state, view)), NextToken: everything.nextToken }
    },
    TerminateInstances: (input: TerminateInstancesCommandInput): Answer<TerminateInstancesCommandOutput> => ({
      TerminatingInstances: terminateInstances(state, input),
    }),
    StopInstances: (input: StopInstancesCommandInput): Answer<StopInstancesCommandOutput> => ({
      StoppingInstances: stopInstances(state, input),
    }),
    StartInstances: (input: StartInstancesCommandInput): Answer<StartInstancesCommandOutput> => ({
      StartingInstances: startInstances(state, input),
    }),
    RebootInstances(input: RebootInstancesCommandInput): object {
      for (const { instanceId, state: now } of askedInstances(state, input.InstanceIds)) {
        if (now !== 'running') throw new AwsError('IncorrectState', `Instance '${instanceId}' is not 'running'.`)
        reboot(state, instanceId)
      }
      return {}
    },
  }
}
