import type { Answer } from '../aws/failure.ts'
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import type { LifecycleAction } from '../model/action.ts'
import type { DetachInterface, Step } from '../model/plan.ts'
import type { Memory, Ports } from '../observe.ts'
import { attachVolume } from './attach-volume.ts'
import { askHealth, askPeer, handOver, reconfigure, takeOver } from './commands.ts'

/** What the steps of one pass act upon, and with. */
export interface Acting {
  /** Absent where nobody waits for a verdict. */
  readonly action?: LifecycleAction
  readonly ports: Ports
  readonly config: Config
  readonly memory: Memory
  readonly log: Log
  readonly now: () => number
}

/** Performs the steps side by side and answers whether all of them were done. Decides nothing, throws nothing. */
export async function act(steps: readonly Step[], acting: Acting): Promise<boolean> {
  const done = await Promise.all(steps.map((step) => perform(step, acting)))
  return done.every(Boolean)
}

async function perform(step: Step, acting: Acting): Promise<boolean> {
  const started = acting.now()
  const answer = await carryOut(step, acting)
  acting.log({
    level: answer.done === 'yes' ? 'info' : answer.failure.kind === 'denied' ? 'alarm' : 'warn',
    event: 'step',
    ...(acting.action && { instance: acting.action.instanceId, transition: acting.action.transition }),
    step: step.kind,
    because: answer.done === 'yes' ? subject(step) : answer.failure.message,
    ms: acting.now() - started,
  })
  return answer.done === 'yes'
}

// One case a step, so that a new one does not compile until it is here.
// oxlint-disable-next-line complexity
function carryOut(step: Step, acting: Acting): Promise<Answer> {
  const { ec2 } = acting.ports
  switch (step.kind) {
    case 'attach-interface':
      return claim(step.networkInterfaceId, step.instanceId, acting)
    case 'retain-interface':
      return ec2.retainInterface(step.networkInterfaceId, step.attachmentId)
    case 'attach-volume':
      return attachVolume(step, acting)
    case 'retain-volume':
      return ec2.retainVolume(step.instanceId, step.device)
    case 'take-over':
      return takeOver(step, acting)
    case 'ask-peer':
      return askPeer(step, acting)
    case 'withdraw-permit':
      return ec2.withdrawPermit(step.permit, step.volumeId)
    case 'hand-over':
      return handOver(step, acting)
    case 'detach-volume':
      return ec2.detachVolume(step.volumeId, step.instanceId)
    case 'detach-interface':
      return giveUpClaim(step, ec2)
    case 'ask-health':
      return askHealth(step, acting)
    case 'write-note':
      return ec2.note(step.networkInterfaceId, step.note)
    case 'forget-note':
      return ec2.forget(step.networkInterfaceId, step.note)
    case 'reconfigure':
      return reconfigure(step, acting)
    case 'mark-unhealthy':
      return acting.ports.autoScaling.markUnhealthy(step.instanceId)
  }
}

async function claim(
  ...[networkInterface, instance, acting]: [...Parameters<Ports['ec2']['attachInterface']>, Acting]
) {
  const answer = await acting.ports.ec2.attachInterface(networkInterface, instance)
  if (answer.done === 'yes') acting.memory.claimed = true
  return answer
}

/** Whoever comes next goes by the interface, and must find the volumes free, or on their way. */
async function giveUpClaim({ attachmentId, instanceId, volumeIds }: DetachInterface, ec2: Ports['ec2']) {
  const answers = await Promise.all(volumeIds.map((id) => ec2.confirmDetached(id, instanceId)))
  return answers.find((answer) => answer.done !== 'yes') ?? ec2.detachInterface(attachmentId)
}

/** What a step was done to, for the log: one case a step here too, so that a new one does not compile without. */
// oxlint-disable-next-line complexity
function subject(step: Step): string {
  switch (step.kind) {
    case 'attach-interface':
    case 'retain-interface':
    case 'detach-interface':
      return step.networkInterfaceId
    case 'write-note':
    case 'forget-note':
      return `${step.networkInterfaceId}, ${step.note.key}`
    case 'ask-health':
      return step.instanceIds.join(', ')
    case 'mark-unhealthy':
      return step.instanceId
    case 'attach-volume':
    case 'retain-volume':
    case 'withdraw-permit':
    case 'detach-volume':
      return step.volumeId
    case 'take-over':
    case 'hand-over':
      return `member ${step.member}`
    case 'reconfigure':
      return `${step.change.kind} member ${step.change.member}`
    case 'ask-peer':
      return `${step.peer}, ${step.address}`
  }
}
