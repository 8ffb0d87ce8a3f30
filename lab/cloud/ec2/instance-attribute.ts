import type { InstanceBlockDeviceMappingSpecification, ModifyInstanceAttributeCommandInput } from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { OperationTable } from '../operation.ts'
import { interfacesOf, volumesOf } from './device.ts'
import { securityGroupElsewhere } from './launch.ts'
import type { Instance } from './records.ts'
import { invalidCombination, required } from './refusal.ts'
import { chooseGroups } from './security-group.ts'
import { requireInstance, type State } from './state.ts'

/** ModifyInstanceAttribute, for the attributes that matter here: one in each call. */

const known = ['BlockDeviceMappings', 'DisableApiTermination', 'Groups'] as const

function modify(state: State, input: ModifyInstanceAttributeCommandInput): void {
  const instance = requireInstance(state, input.InstanceId)
  const asked = known.filter((name) => input[name] !== undefined)
  if (asked.length > 1) {
    throw invalidCombination(`Fields for multiple attribute types specified: ${asked.join(', ')}`)
  }
  if (input.DisableApiTermination) {
    const disableApiTermination = input.DisableApiTermination.Value ?? false
    state.instances.change(instance.instanceId, { disableApiTermination })
  } else if (input.Groups) {
    changeGroups(state, instance, input.Groups)
  } else if (input.BlockDeviceMappings) {
    for (const mapping of input.BlockDeviceMappings) keepOrDelete(state, instance, mapping)
  } else if (input.Attribute === 'disableApiTermination') {
    state.instances.change(instance.instanceId, { disableApiTermination: input.Value === 'true' })
  } else {
    throw invalidCombination('No attributes specified.')
  }
}

function changeGroups(state: State, instance: Instance, groups: readonly string[]): void {
  const elsewhere = (groupId: string): AwsError => securityGroupElsewhere(groupId, instance.subnetId)
  const securityGroupIds = chooseGroups(state, groups, instance.vpcId, elsewhere)
  const primary = interfacesOf(state, instance.instanceId).find((each) => each.attachment?.deviceIndex === 0)
  state.instances.change(instance.instanceId, { securityGroupIds })
  if (primary) state.networkInterfaces.change(primary.networkInterfaceId, { securityGroupIds })
}

/** Whether the volume at this device is deleted with the instance. */
function keepOrDelete(state: State, instance: Instance, mapping: InstanceBlockDeviceMappingSpecification): void {
  const device = required(mapping.DeviceName, 'deviceName')
  const volume = volumesOf(state, instance.instanceId).find((each) => each.attachment?.device === device)
  if (!volume?.attachment) {
    throw new AwsError('InvalidInstanceAttributeValue', `No device is currently mapped at ${device}`)
  }
  const deleteOnTermination = mapping.Ebs?.DeleteOnTermination ?? volume.attachment.deleteOnTermination
  state.volumes.change(volume.volumeId, { attachment: { ...volume.attachment, deleteOnTermination } })
}

export function instanceAttributeOperations(state: State): OperationTable {
  return {
    ModifyInstanceAttribute(input: ModifyInstanceAttributeCommandInput): object {
      modify(state, input)
      return {}
    },
  }
}
