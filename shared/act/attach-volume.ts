import type { Answer } from '../aws/failure.ts'
import type { AttachVolume } from '../model/plan.ts'
import type { Acting } from './act.ts'

/**
 * Writes the intent, then makes the one call. The order is the whole point: a crash between the two leaves an intent
 * without attachment, which costs this instance its place; the other order would leave an attachment that nobody had
 * announced, and a later pass free to attach a second time.
 */
export async function attachVolume(step: AttachVolume, { ports, memory, now }: Acting): Promise<Answer> {
  const announced = await ports.ec2.announceAttach(step.volumeId, { instanceId: step.instanceId, at: now() })
  if (announced.done !== 'yes') return announced
  const attached = await ports.ec2.attachVolume(step.volumeId, step.instanceId, step.device)
  // A refusal is certain to have done nothing, so this invocation, which alone knows of it, may try again.
  if (attached.done === 'no') memory.refusedAttaches.add(step.volumeId)
  else memory.refusedAttaches.delete(step.volumeId)
  return attached
}
