import type {
  AttachNetworkInterfaceCommandInput,
  AttachNetworkInterfaceCommandOutput,
  DetachNetworkInterfaceCommandInput,
} from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import { cardOf, hasPower, interfacesOf, takesAttachments, volumesOf } from './device.ts'
import { limitsOf, nitroAttachments } from './instance-type.ts'
import { inUseError } from './network-interface.ts'
import type { Instance, InterfaceAttachment, NetworkInterface } from './records.ts'
import { checkId, invalidCombination, invalidValue, kinds, notFound, required, requireRecord } from './refusal.ts'
import { requireInstance, type State } from './state.ts'

/**
 * The attachment of network interfaces. An interface has at most one attachment, and the check and the claim are one
 * synchronous step on the truth: this is what makes an attached interface a lock.
 */

function attach(state: State, input: AttachNetworkInterfaceCommandInput): InterfaceAttachment {
  const record = requireRecord(state.networkInterfaces, kinds.networkInterface, input.NetworkInterfaceId)
  const instance = requireInstance(state, input.InstanceId)
  const deviceIndex = required(input.DeviceIndex, 'deviceIndex')
  checkAttach(state, record, instance, deviceIndex)
  if ((input.NetworkCardIndex ?? 0) !== 0) {
    throw invalidValue(`Network card index ${input.NetworkCardIndex} is not valid for this instance type.`)
  }
  const attachment: InterfaceAttachment = {
    attachmentId: state.kernel.id('eni-attach'),
    instanceId: instance.instanceId,
    deviceIndex,
    networkCardIndex: 0,
    status: 'attaching',
    attachTime: state.kernel.clock.now(),
    deleteOnTermination: false,
  }
  state.networkInterfaces.change(record.networkInterfaceId, { status: 'in-use', attachment })
  state.kernel.later('interfaceAttach', () => {
    completeAttach(state, record.networkInterfaceId, attachment.attachmentId)
  })
  return attachment
}

/** In EC2's order, so far as it can be told: existence, the instance's state, place, in use, device index, limit. */
function checkAttach(state: State, record: NetworkInterface, instance: Instance, deviceIndex: number): void {
  if (!takesAttachments(instance)) {
    throw new AwsError('IncorrectState', `Instance '${instance.instanceId}' is not 'running'.`)
  }
  if (record.zone !== instance.zone) {
    throw invalidCombination(
      'You may not attach a network interface to an instance if they are not in the same availability zone',
    )
  }
  if (record.vpcId !== instance.vpcId) {
    throw invalidCombination('You may not attach a network interface to an instance if they are not in the same VPC')
  }
  if (record.attachment) throw inUseError(record.networkInterfaceId)
  const attached = interfacesOf(state, instance.instanceId)
  if (attached.some((each) => each.attachment?.deviceIndex === deviceIndex)) {
    throw invalidValue(
      `Instance '${instance.instanceId}' already has an interface attached at device index '${deviceIndex}'.`,
    )
  }
  const count = attached.length + 1
  if (
    count > limitsOf(instance.instanceType).interfaces ||
    count + volumesOf(state, instance.instanceId).length > nitroAttachments
  ) {
    throw new AwsError(
      'AttachmentLimitExceeded',
      `Interface count ${count} exceeds the limit for ${instance.instanceType}`,
    )
  }
}

/** The record, if it still has this very attachment: what was begun for one attachment must not touch the next. */
function still(state: State, networkInterfaceId: string, attachmentId: string) {
  const record = state.networkInterfaces.get(networkInterfaceId)
  const attachment = record?.attachment
  return record && attachment?.attachmentId === attachmentId ? { record, attachment } : undefined
}

function completeAttach(state: State, networkInterfaceId: string, attachmentId: string): void {
  const before = still(state, networkInterfaceId, attachmentId)
  if (before?.attachment.status !== 'attaching') return
  const { instanceId } = before.attachment
  const attached = (): void => {
    const now = still(state, networkInterfaceId, attachmentId)
    if (now?.attachment.status !== 'attaching') return
    state.networkInterfaces.change(networkInterfaceId, { attachment: { ...now.attachment, status: 'attached' } })
  }
  if (hasPower(state.instances.get(instanceId))) {
    void state.machines.plugInterface(instanceId, cardOf(state, before.record)).then(attached)
  } else {
    attached()
  }
}

function detach(state: State, input: DetachNetworkInterfaceCommandInput): void {
  const attachmentId = checkId(kinds.interfaceAttachment, required(input.AttachmentId, 'attachmentId'))
  const record = state.networkInterfaces.all().find((each) => each.attachment?.attachmentId === attachmentId)
  const attachment = record?.attachment
  if (!record || !attachment) throw notFound(kinds.interfaceAttachment, [attachmentId])
  if (attachment.deviceIndex === 0) {
    throw new AwsError(
      'OperationNotPermitted',
      'The network interface at device index 0 and networkCard index 0 cannot be detached.',
    )
  }
  // Forced, the machine loses the interface at once and without being asked; EC2's bookkeeping takes its time.
  if (input.Force) void state.machines.unplugInterface(attachment.instanceId, record.networkInterfaceId)
  if (attachment.status === 'detaching') return
  state.networkInterfaces.change(record.networkInterfaceId, { attachment: { ...attachment, status: 'detaching' } })
  freeInterfaceLater(state, record, attachmentId, false)
}

/**
 * Frees the interface after the time it takes: pulled out of the machine first, available only then. With
 * `mayDelete`, which only the end of an instance gives, DeleteOnTermination is heeded.
 */
export function freeInterfaceLater(
  state: State,
  { networkInterfaceId }: NetworkInterface,
  attachmentId: string,
  mayDelete: boolean,
): void {
  const free = (): void => {
    const now = still(state, networkInterfaceId, attachmentId)
    if (!now) return
    if (mayDelete && now.attachment.deleteOnTermination) state.networkInterfaces.remove(networkInterfaceId)
    else state.networkInterfaces.change(networkInterfaceId, { status: 'available', attachment: undefined })
  }
  state.kernel.later('interfaceDetach', () => {
    const before = still(state, networkInterfaceId, attachmentId)
    if (before) void state.machines.unplugInterface(before.attachment.instanceId, networkInterfaceId).then(free)
  })
}

export function interfaceAttachmentOperations(state: State): OperationTable {
  return {
    AttachNetworkInterface(input: AttachNetworkInterfaceCommandInput): Answer<AttachNetworkInterfaceCommandOutput> {
      const attachment = attach(state, input)
      return { AttachmentId: attachment.attachmentId, NetworkCardIndex: attachment.networkCardIndex }
    },
    DetachNetworkInterface(input: DetachNetworkInterfaceCommandInput): object {
      detach(state, input)
      return {}
    },
  }
}
