import { limits } from '../model/limits.ts'
import type { Member } from '../model/member.ts'
import type { Instance, Observation } from '../model/observation.ts'
import type { Plan, Step } from '../model/plan.ts'
import { memberDeviceIndex } from '../model/device-names.ts'
import { forgottenFailures, giveUp } from './breaker.ts'
import { chooseMember } from './choose.ts'
import { ec2Instance, hold } from './instances.ts'
import { servedPermits } from './permits.ts'
import { handOverBefore, outsideProof, takeOverCommand } from './proof.ts'
import { takeOverStep } from './take-over-step.ts'
import { act, alarm, proceed, wait } from './verdicts.ts'
import { volumeNeeds } from './volumes.ts'

/** The way of an instance to its member: claim, volumes, agent, command, proof. Each pass does what can be done now. */
export function planTakeOver(seen: Observation): Plan {
  const self = ec2Instance(seen, seen.action.instanceId)
  if (!self) return wait('EC2 does not show the instance yet')
  const before = seen.givenUp ?? handOverBefore(seen)
  if (before !== undefined) return giveUp(seen, self, before)
  if (hold(seen, self.id) === 'leaving') return giveUp(seen, self, `the instance is ${self.state}`)
  if (self.state !== 'running') return wait(`the instance is ${self.state}, not running yet`)

  const choice = chooseMember(seen, self)
  switch (choice.kind) {
    case 'none':
      return giveUp(seen, self, choice.because)
    case 'awaited':
      return isLongAwaited(seen, self) ? alarm(choice.because) : wait(choice.because)
    case 'free':
      return claim(seen, self, choice.member)
    case 'mine':
      return become(seen, self, choice.member)
  }
}

const isLongAwaited = (seen: Observation, self: Instance): boolean =>
  seen.now - self.launchTime > limits.leavingHolderAlarmAfter

function claim(seen: Observation, self: Instance, member: Member): Plan {
  const other = self.networkInterfaces.find((card) => card.deviceIndex === memberDeviceIndex)
  if (other && !isOfTheEnsemble(seen, other.id)) {
    return giveUp(
      seen,
      self,
      `device index ${memberDeviceIndex} of ${self.id} is taken by ${other.id}; the launch template must leave it free`,
      member,
    )
  }
  const step: Step = {
    kind: 'attach-interface',
    networkInterfaceId: member.networkInterface.id,
    instanceId: self.id,
  }
  return act([step], `member ${member.id} is free`, member.id)
}

/** One of ours at that index is a claim that this read does not show yet, not an obstacle. */
const isOfTheEnsemble = (seen: Observation, id: string): boolean =>
  seen.members.some((member) => member.networkInterface.id === id)

function become(seen: Observation, self: Instance, member: Member): Plan {
  const lost = lostClaim(member)
  if (lost !== undefined) return giveUp(seen, self, lost)
  const foreign = foreignVolume(seen, self, member)
  if (foreign !== undefined) {
    // Once its server serves, the quorum may rest on it: then who gave it that volume has to take it back.
    const serves = ['proved', 'stale'].includes(takeOverCommand(seen, member).kind)
    return serves ? alarm(`${foreign}: detach it`, member.id) : giveUp(seen, self, foreign)
  }

  const needs = volumeNeeds(seen, self, member)
  if (needs.lost !== undefined) return giveUp(seen, self, needs.lost)
  const steps = [...interfaceSteps(member), ...needs.steps]
  if (steps.length > 0) return act(steps, `member ${member.id} is claimed`, member.id)

  if (!seen.agentOnline) {
    const tooLong = seen.now - self.launchTime > limits.agentOnlineWithin
    const because = `the SSM agent of ${self.id} is not online`
    return tooLong
      ? giveUp(seen, self, `${because} after ${limits.agentOnlineWithin / 60_000} minutes`)
      : wait(because, member.id)
  }
  const awaited = needs.awaited ?? interfaceAwaited(member)
  if (awaited !== undefined) return isLongAwaited(seen, self) ? alarm(awaited, member.id) : wait(awaited, member.id)
  return prove(seen, self, member)
}

/** Halves of a member must never stay with two instances. */
function lostClaim({ networkInterface: { id, attachment } }: Member): string | undefined {
  const status = attachment?.status
  return status === 'attached' || status === 'attaching' ? undefined : `${id} is ${status}, somebody detached it`
}

/** Nor two halves with one. */
function foreignVolume(seen: Observation, self: Instance, member: Member): string | undefined {
  for (const other of seen.members) {
    const volume = other.volumes.find((one) => one.attachment?.instanceId === self.id)
    if (volume && other.id !== member.id)
      return `${volume.id} of member ${other.id} is attached here, beside member ${member.id}`
  }
  return undefined
}

function interfaceSteps(member: Member): Step[] {
  const { id, attachment } = member.networkInterface
  if (!attachment?.deleteOnTermination) return []
  return [{ kind: 'retain-interface', networkInterfaceId: id, attachmentId: attachment.id }]
}

function interfaceAwaited(member: Member): string | undefined {
  const { id, attachment } = member.networkInterface
  return attachment?.status === 'attached' ? undefined : `${id} is ${attachment?.status}`
}

/** Everything is attached: what remains is the host's work, and the proof of it from inside and from outside. */
function prove(seen: Observation, self: Instance, member: Member): Plan {
  const inside = takeOverCommand(seen, member)
  // Before the host has answered once there is nothing that a peer could reach.
  const outside = inside.kind === 'never' ? undefined : outsideProof(seen, self, member)
  for (const proof of [inside, outside]) if (proof?.kind === 'hopeless') return giveUp(seen, self, proof.because)
  if (inside.kind === 'awaited') return wait(inside.because, member.id)

  const steps: Step[] = outside?.kind === 'ask' ? [outside.step] : []
  if (inside.kind !== 'proved') {
    const takeOver = takeOverStep(seen, self.id, member)
    if (takeOver === undefined) return wait(`the range of ${member.networkInterface.subnetId} is unknown`, member.id)
    // A server that is told of too few peers needs too few of them for a quorum, and two quorums are possible then.
    if (seen.tagFaults.length > 0) return alarm(`the peers are in doubt: ${seen.tagFaults.join('; ')}`, member.id)
    steps.push(takeOver)
  }
  if (steps.length > 0) return act(steps, inside.because, member.id)
  if (outside?.kind === 'awaited') return (outside.alarm ? alarm : wait)(outside.because, member.id)
  return conclude(
    seen,
    member,
    [inside, outside].flatMap((proof) => (proof?.kind === 'proved' ? [proof.because] : [])),
  )
}

/** Proved. What was permitted once must not be permitted again, then it is the end. */
function conclude(seen: Observation, member: Member, proofs: readonly string[]): Plan {
  const steps = [...servedPermits(seen, member), ...forgottenFailures(member)]
  if (steps.length > 0) {
    return act(steps, 'the service runs from its volumes: the permits have served, failures are forgotten', member.id)
  }
  return proceed(`member ${member.id} is proved: ${proofs.join('; ')}`, member.id)
}
