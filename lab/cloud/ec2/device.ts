import type { Disk, NetworkCard } from '../../hosts/host.ts'
import type { Instance, NetworkInterface, Volume } from './records.ts'
import type { State } from './state.ts'

/** What is plugged into an instance, and what its machine is told of it. */

export function interfacesOf(state: State, instanceId: string): NetworkInterface[] {
  return state.networkInterfaces.all().filter((each) => each.attachment?.instanceId === instanceId)
}

export function volumesOf(state: State, instanceId: string): Volume[] {
  return state.volumes.all().filter((each) => each.attachment?.instanceId === instanceId)
}

export function cardOf(state: State, networkInterface: NetworkInterface): NetworkCard {
  return {
    networkInterfaceId: networkInterface.networkInterfaceId,
    macAddress: networkInterface.macAddress,
    address: networkInterface.privateIpAddress,
    subnetCidr: state.subnets.get(networkInterface.subnetId)?.cidrBlock ?? '',
    deviceIndex: networkInterface.attachment?.deviceIndex ?? 0,
  }
}

export function diskOf(volume: Volume): Disk {
  return { volumeId: volume.volumeId, device: volume.attachment?.device ?? '', sizeGiB: volume.sizeGiB }
}

/** Whether there is a machine to plug into: a stopped instance is only a record until it starts. */
export function hasPower(instance: Instance | undefined): boolean {
  return instance?.state === 'running' || instance?.state === 'stopping' || instance?.state === 'shutting-down'
}

/** Attaching is allowed to a running instance (hot) and to a stopped one (warm); never in between, never to a dying one. */
export function takesAttachments(instance: Instance): boolean {
  return instance.state === 'running' || instance.state === 'stopped'
}
