import type { Hosts } from '../../hosts/host.ts'
import { AwsError } from '../error.ts'
import type { EventBridge } from '../eventbridge/eventbridge.ts'
import type { Kernel } from '../kernel.ts'
import type { OperationHandler, OperationTable } from '../operation.ts'
import type { Table } from '../table.ts'
import { instanceAttributeOperations } from './instance-attribute.ts'
import { instanceTypeOperations } from './instance-type.ts'
import { instanceOperations } from './instance.ts'
import { interfaceAttachmentOperations } from './interface-attachment.ts'
import {
  launchTemplateOperations,
  type LaunchTemplateReference,
  resolveLaunchTemplate,
  type ResolvedLaunchTemplate,
} from './launch-template.ts'
import { fail, terminate } from './lifecycle.ts'
import { networkInterfaceOperations } from './network-interface.ts'
import { createVpc, networkOperations } from './network.ts'
import { privateAddressOperations } from './private-address.ts'
import type { Instance, NetworkInterface, Subnet, Volume } from './records.ts'
import { launchOne, type LaunchRequest } from './run-instances.ts'
import { securityGroupOperations } from './security-group.ts'
import { createState } from './state.ts'
import { tagOperations } from './tag-operations.ts'
import { volumeAttachmentOperations } from './volume-attachment.ts'
import { volumeOperations } from './volume.ts'
import { zoneOperations } from './zone.ts'

export type { LaunchTemplateReference, ResolvedLaunchTemplate } from './launch-template.ts'
export type { Instance, NetworkInterface, Subnet, Volume } from './records.ts'
export type { LaunchRequest } from './run-instances.ts'

/** EC2 of the local cloud: its operations, and what the other services and the tests may do past them. */
export interface Ec2 {
  readonly operations: OperationTable
  readonly instances: Table<Instance>
  readonly networkInterfaces: Table<NetworkInterface>
  readonly volumes: Table<Volume>
  readonly subnets: Table<Subnet>
  /**
   * What Auto Scaling does to get an instance. The same client token gives the same instance again.
   * Throws AwsError, for example InsufficientFreeAddressesInSubnet or InvalidAMIID.NotFound.
   */
  launch(request: LaunchRequest): Instance
  /** Ends an instance without regard to its termination protection. Safe to repeat, also for unknown instances. */
  terminate(instanceId: string): void
  /** The machine dies at once, without any shutdown; the same end states follow. */
  fail(instanceId: string): void
  /** Told of every state that an instance enters, `pending` included, after the table has it. */
  onInstanceState(listener: (instance: Instance) => void): void
  /** What a launch template says; the default version without a version. Throws AwsError where EC2 refuses. */
  resolveLaunchTemplate(reference: LaunchTemplateReference): ResolvedLaunchTemplate
}

const defaultVpcCidr = '10.0.0.0/16'

export function createEc2(kernel: Kernel, hosts: Hosts, events: EventBridge): Ec2 {
  const state = createState(kernel, hosts, events)
  createVpc(state, defaultVpcCidr, true, {})
  return {
    operations: withDryRun({
      ...zoneOperations(kernel.settings),
      ...networkOperations(state),
      ...securityGroupOperations(state),
      ...networkInterfaceOperations(state),
      ...privateAddressOperations(state),
      ...interfaceAttachmentOperations(state),
      ...volumeOperations(state),
      ...volumeAttachmentOperations(state),
      ...instanceOperations(state),
      ...instanceAttributeOperations(state),
      ...instanceTypeOperations,
      ...launchTemplateOperations(state),
      ...tagOperations(state),
    }),
    instances: state.instances,
    networkInterfaces: state.networkInterfaces,
    volumes: state.volumes,
    subnets: state.subnets,
    launch: (request) => launchOne(state, request),
    terminate: (instanceId) => {
      terminate(state, instanceId, 'graceful')
    },
    fail: (instanceId) => {
      fail(state, instanceId)
    },
    onInstanceState: (listener) => {
      state.instanceListeners.push(listener)
    },
    resolveLaunchTemplate: (reference) => resolveLaunchTemplate(state, reference),
  }
}

/** A dry run asks only for permission: EC2 answers it before it looks at the rest (radkawar/stackd, captured). */
function withDryRun(operations: OperationTable): OperationTable {
  return Object.fromEntries(Object.entries(operations).map(([name, handler]) => [name, guarded(handler)]))
}

function guarded(handler: OperationHandler): OperationHandler {
  return (input: { readonly DryRun?: boolean }) => {
    if (input.DryRun === true) {
      throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412)
    }
    // The wire decoded the input by this very operation's schema.
    return handler(input as never)
  }
}
