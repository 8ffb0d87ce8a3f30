import type { Verdict } from '../model/action.ts'
import { readFailure, readHandOver } from '../model/facts.ts'
import { limits } from '../model/limits.ts'
import type { Member, Volume } from '../model/member.ts'
import type { Command, Observation } from '../model/observation.ts'
import type { HandOver, Plan, Step } from '../model/plan.ts'
import { isForgotten } from './commands.ts'
import { ec2Instance } from './instances.ts'
import { act, wait } from './verdicts.ts'

/**
 * The way of an instance out of its member: command, volumes, interface; the claim is given up last. What can't be
 * confirmed is not taken: then the volumes come free when EC2 says `terminated`, and the successor waits for that.
 */
export function planHandOver(seen: Observation, end: Exclude<Verdict, 'WAIT'>): Plan {
  const id = seen.action.instanceId
  const finish = (because: string, needsLook?: 'alarm'): Plan => ({
    steps: [],
    verdict: end,
    because,
    ...(needsLook && { alarm: true }),
  })
  const members = seen.members.filter((member) => isAttached(member, id))
  const [member] = members
  if (!member) return finish('it holds no member')
  const self = ec2Instance(seen, id)
  if (!self) return wait(`EC2 does not show ${id}`, member.id)
  if (self.state !== 'running') return finish(`it is ${self.state}: EC2 frees what it holds`)

  const confirmed = confirmation(seen, members)
  switch (confirmed.kind) {
    case 'awaited':
      return wait(confirmed.because, member.id)
    case 'send':
      if (!seen.agentOnline) return finish('its agent is not online, so nothing is taken from it')
      return act([handOverStep(seen, members, member)], confirmed.because, member.id)
    case 'refused':
      return finish(`${confirmed.because}; nothing is taken from it`, 'alarm')
    case 'confirmed':
      break
  }
  const steps = releaseSteps(seen, members)
  if (steps.length > 0) return act(steps, 'the host has let go', member.id)
  const late = seen.now - confirmed.sentAt > limits.detachWithin
  return late ? finish('what is detaching takes too long to wait for', 'alarm') : wait('detaching', member.id)
}

const isAttached = (member: Member, id: string): boolean =>
  [member.networkInterface, ...member.volumes].some((resource) => resource.attachment?.instanceId === id)

type Confirmation =
  | { readonly kind: 'send' | 'awaited' | 'refused'; readonly because: string }
  | { readonly kind: 'confirmed'; readonly sentAt: number }

/** Whether the host itself has said that it has stopped, left its tombstone, and unmounted every one of the volumes. */
function confirmation(seen: Observation, members: readonly Member[]): Confirmation {
  const commands = seen.commands.filter((command) => command.verb === 'handOver')
  const attached = attachedVolumes(seen, members)
  const success = commands.find((command) => unmounted(command, attached))
  if (success) return { kind: 'confirmed', sentAt: success.sentAt }
  if (commands.some((command) => command.status === 'running' && !isForgotten(command, seen.now))) {
    return { kind: 'awaited', because: 'the hand-over command is running' }
  }
  const [newest] = commands
  if (!newest) return { kind: 'send', because: 'the host is to stop the service and let go of the volumes' }
  const failure = readFailure(newest.output)
  const because = failure ? `${failure.failed}: ${failure.because}` : `the hand-over command is ${newest.status}`
  if (newest.status === 'lost' || newest.status === 'running') return { kind: 'refused', because }
  const counted = commands.filter((command) => readFailure(command.output)?.failed !== 'busy')
  if (counted.length >= limits.commandFailuresMax) return { kind: 'refused', because }
  return seen.now - newest.sentAt > limits.commandAgainAfter
    ? { kind: 'send', because: `once more: ${because}` }
    : { kind: 'awaited', because }
}

/** A member without volumes here still needs the command to have succeeded: its routes and its service must go. */
function unmounted(command: Command, attached: readonly Volume[]): boolean {
  const facts = command.status === 'succeeded' ? readHandOver(command.output) : undefined
  return facts !== undefined && attached.every((volume) => facts.unmounted.includes(volume.id))
}

function attachedVolumes(seen: Observation, members: readonly Member[]): Volume[] {
  const id = seen.action.instanceId
  return members.flatMap((member) => member.volumes).filter((volume) => volume.attachment?.instanceId === id)
}

function handOverStep(seen: Observation, members: readonly Member[], member: Member): HandOver {
  const { macAddress, address } = member.networkInterface
  return {
    kind: 'hand-over',
    instanceId: seen.action.instanceId,
    member: member.id,
    macAddress,
    address,
    // All of them, attached or not: an attach call may still be on its way.
    volumes: members.flatMap((one) => one.volumes).map(({ id, mount }) => ({ id, mount })),
  }
}

/**
 * Volumes first, together; the interface once EC2 shows none of them attached any more. That answer may be of the past, in
 * which they were not attached yet, so whoever detaches the interface makes sure.
 */
function releaseSteps(seen: Observation, members: readonly Member[]): Step[] {
  const id = seen.action.instanceId
  const attached = attachedVolumes(seen, members)
  if (attached.length > 0) {
    return attached
      .filter((volume) => volume.attachment?.state === 'attached')
      .map((volume): Step => ({ kind: 'detach-volume', volumeId: volume.id, instanceId: id }))
  }
  return members.flatMap(({ networkInterface, volumes }): Step[] => {
    const { attachment } = networkInterface
    if (attachment?.instanceId !== id || attachment.status !== 'attached') return []
    const [networkInterfaceId, attachmentId] = [networkInterface.id, attachment.id]
    const volumeIds = volumes.map((volume) => volume.id)
    return [{ kind: 'detach-interface', networkInterfaceId, attachmentId, instanceId: id, volumeIds }]
  })
}
