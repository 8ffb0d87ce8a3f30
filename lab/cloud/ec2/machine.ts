import type { Disk, Hosts, Machine, NetworkCard } from '../../hosts/host.ts'

/**
 * EC2's hand on the hosts. EC2 goes through its states whatever becomes of a machine, so a host that refuses counts as
 * one that obeyed; but it waits until the host has answered, and asks for the changes of one device one after another:
 * a volume is never told to be free while it is still being pulled out, nor plugged into a machine that has not booted.
 */
export interface Machines {
  boot(machine: Machine): void
  shutDown(instanceId: string): void
  /** Settles when nothing runs there any more. None of these promises ever rejects. */
  powerOff(instanceId: string): Promise<void>
  plugInterface(instanceId: string, card: NetworkCard): Promise<void>
  unplugInterface(instanceId: string, networkInterfaceId: string): Promise<void>
  plugVolume(instanceId: string, disk: Disk): Promise<void>
  unplugVolume(instanceId: string, volumeId: string): Promise<void>
  inUse(instanceId: string, volumeId: string): boolean
}

export function createMachines(hosts: Hosts): Machines {
  const lines = new Map<string, Promise<void>>()
  const boots = new Map<string, Promise<void>>()

  const inTurn = (device: string, task: () => Promise<void>): Promise<void> => {
    const turn = quietly(async () => {
      await lines.get(device)
      await task()
    })
    lines.set(device, turn)
    void turn.then(() => lines.get(device) === turn && lines.delete(device))
    return turn
  }

  /** Plugging waits for the boot, and is dropped when the machine lost its power meanwhile. */
  const plug = (instanceId: string, device: string, task: () => Promise<void>): Promise<void> =>
    inTurn(device, async () => {
      const boot = boots.get(instanceId)
      await boot
      if (boot && boots.get(instanceId) === boot) await task()
    })

  return {
    boot(machine) {
      boots.set(
        machine.instanceId,
        quietly(() => hosts.boot(machine)),
      )
    },
    shutDown(instanceId) {
      void quietly(() => hosts.shutDown(instanceId))
    },
    powerOff(instanceId) {
      boots.delete(instanceId)
      return quietly(() => hosts.powerOff(instanceId))
    },
    plugInterface: (id, card) => plug(id, card.networkInterfaceId, () => hosts.plugInterface(id, card)),
    unplugInterface: (id, networkInterfaceId) =>
      inTurn(networkInterfaceId, () => hosts.unplugInterface(id, networkInterfaceId)),
    plugVolume: (id, disk) => plug(id, disk.volumeId, () => hosts.plugVolume(id, disk)),
    unplugVolume: (id, volumeId) => inTurn(volumeId, () => hosts.unplugVolume(id, volumeId)),
    inUse: (id, volumeId) => hosts.inUse(id, volumeId),
  }
}

/** A host's failure is the host's: it shows in the machine, and is never EC2's answer. */
async function quietly(task: () => Promise<void>): Promise<void> {
  try {
    await task()
  } catch {
    // The machine is as if it had obeyed; what it really did is for the guest and for the tests of the hosts.
  }
}
