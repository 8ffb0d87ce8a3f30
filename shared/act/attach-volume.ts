import { type Answer, CallFailure } from '../aws/failure.ts'
import { limits } from '../model/limits.ts'
import type { AttachVolume } from '../model/plan.ts'
import type { Acting } from './act.ts'

/**
 * Writes the intent, then makes the one call. The order is the whole point: a crash between the two leaves an intent
 * without attachment, which costs this instance its place; the other order would leave an attachment that nobody had
 * announced, and a later pass free to attach a second time.
 */
export async function attachVolume(step: AttachVolume, { ports, memory, now }: Acting): Promise<Answer> {
  const intent = { instanceId: step.instanceId, at: now() }
  const announced = await ports.ec2.announceAttach(step.volumeId, intent)
  if (announced.done !== 'yes') return announced
  memory.announced.set(step.volumeId, intent)
  if (now() - intent.at > limits.observationAgeMax) {
    // Others may have attached it meanwhile, and have lost it again, or may be about to: they have announced it as well.
    return { done: 'no', failure: tooLate(step) }
  }
  const attached = await ports.ec2.attachVolume(step.volumeId, step.instanceId, step.device)
  // A refusal is certain to have done nothing, so this invocation, which alone knows of it, may try again.
  if (attached.done === 'no') memory.refusedAttaches.add(step.volumeId)
  else memory.refusedAttaches.delete(step.volumeId)
  return attached
}

function tooLate({ volumeId, instanceId }: AttachVolume): CallFailure {
  const cause = 'announcing it took too long, so the reason to attach it is old'
  return new CallFailure(`attaching ${volumeId} to ${instanceId}`, 'conflict', 'TooLate', cause)
}
