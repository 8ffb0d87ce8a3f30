import { cardOf, diskOf, interfacesOf, volumesOf } from './device.ts'
import { freeInterfaceLater } from './interface-attachment.ts'
import type { Instance } from './records.ts'
import { enterState, type State } from './state.ts'
import { freeVolumeLater } from './volume-attachment.ts'

/**
 * The life of an instance: pending, running, stopping, stopped, shutting-down, terminated. `shutting-down` is no
 * fence: the operating system may still run and write. `terminated` is one, because it is told only after the machine
 * lost its power; and the interfaces and volumes come free only after that, each in its own time.
 */

/** Brings an instance that is pending to running. The machine gets its power before anybody is told. */
export function bringUp(state: State, instanceId: string): void {
  state.kernel.later('pendingToRunning', () => {
    if (state.instances.get(instanceId)?.state !== 'pending') return
    powerOn(state, instanceId)
    enterState(state, instanceId, 'running', { runningSince: state.kernel.clock.now() })
  })
}

/** Boots the machine with everything that is attached to its instance. The root volume is the machine's own. */
function powerOn(state: State, instanceId: string): void {
  const instance = state.instances.get(instanceId)
  const interfaces = interfacesOf(state, instanceId)
  const primary = interfaces.find((each) => each.attachment?.deviceIndex === 0)
  if (!instance || !primary) return
  state.machines.boot({ instanceId, zone: instance.zone, primary: cardOf(state, primary) })
  for (const each of interfaces) {
    if (each !== primary && each.attachment?.status === 'attached') {
      void state.machines.plugInterface(instanceId, cardOf(state, each))
    }
  }
  for (const each of volumesOf(state, instanceId)) {
    if (each.attachment?.device !== instance.rootDeviceName && each.attachment?.state === 'attached') {
      void state.machines.plugVolume(instanceId, diskOf(each))
    }
  }
}

function reason(state: State): Partial<Instance> {
  const time = new Date(state.kernel.clock.now()).toISOString().slice(0, 19).replace('T', ' ')
  return {
    stateReason: {
      code: 'Client.UserInitiatedShutdown',
      message: 'Client.UserInitiatedShutdown: User initiated shutdown',
    },
    transitionReason: `User initiated (${time} GMT)`,
  }
}

/** Whether the operating system is asked first, or the power cut. */
export type Ending = 'graceful' | 'abrupt'

/** Safe to repeat: an abrupt repetition cuts short a graceful end that hangs. Unknown instances are none of its business. */
export function terminate(state: State, instanceId: string, ending: Ending): void {
  const instance = state.instances.get(instanceId)
  if (!instance || instance.state === 'terminated') return
  const already = instance.state === 'shutting-down'
  if (already && ending === 'graceful') return
  if (!already) enterState(state, instanceId, 'shutting-down', reason(state))
  if (ending === 'graceful' && instance.state === 'running') state.machines.shutDown(instanceId)
  // A stopped instance has no operating system to wait for.
  const quick = ending === 'abrupt' || instance.state === 'stopped'
  state.kernel.later(quick ? 'mutation' : 'terminate', () => {
    cutPower(state, instanceId)
  })
}

/** The hardware dies: nobody is asked, nothing is unmounted, and the instance is terminated a moment later. */
export function fail(state: State, instanceId: string): void {
  const instance = state.instances.get(instanceId)
  if (!instance || instance.state === 'terminated') return
  void state.machines.powerOff(instanceId)
  state.kernel.later('read', () => {
    cutPower(state, instanceId, {
      stateReason: { code: 'Server.InternalError', message: 'Server.InternalError: Internal error' },
      transitionReason: 'Server.InternalError',
    })
  })
}

function cutPower(state: State, instanceId: string, change: Partial<Instance> = {}): void {
  void state.machines.powerOff(instanceId).then(() => {
    if (state.instances.get(instanceId)?.state === 'terminated') return
    enterState(state, instanceId, 'terminated', { ...change, terminatedAt: state.kernel.clock.now() })
    for (const each of interfacesOf(state, instanceId)) {
      if (each.attachment) freeInterfaceLater(state, each, each.attachment.attachmentId, true)
    }
    for (const each of volumesOf(state, instanceId)) {
      if (each.attachment) freeVolumeLater(state, each, each.attachment.attachmentId, 'terminated')
    }
  })
}

export function stop(state: State, instanceId: string, ending: Ending): void {
  enterState(state, instanceId, 'stopping', reason(state))
  if (ending === 'graceful') state.machines.shutDown(instanceId)
  state.kernel.later(ending === 'graceful' ? 'terminate' : 'mutation', () => {
    if (state.instances.get(instanceId)?.state !== 'stopping') return
    void state.machines.powerOff(instanceId).then(() => {
      if (state.instances.get(instanceId)?.state === 'stopping') enterState(state, instanceId, 'stopped')
    })
  })
}

export function start(state: State, instanceId: string): void {
  const launchTime = state.kernel.clock.now()
  enterState(state, instanceId, 'pending', { launchTime, stateReason: undefined, transitionReason: undefined })
  bringUp(state, instanceId)
}

/** EC2 shows no state for it: the instance stays running while its machine goes down and comes up again. */
export function reboot(state: State, instanceId: string): void {
  state.machines.shutDown(instanceId)
  state.kernel.later('pendingToRunning', () => {
    if (state.instances.get(instanceId)?.state !== 'running') return
    void state.machines.powerOff(instanceId).then(() => {
      if (state.instances.get(instanceId)?.state === 'running') powerOn(state, instanceId)
    })
  })
}
