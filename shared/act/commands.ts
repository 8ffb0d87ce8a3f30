import type { Answer } from '../aws/failure.ts'
import type { CommandId, InstanceId } from '../model/ids.ts'
import { limits } from '../model/limits.ts'
import type { Verb } from '../model/observation.ts'
import type { AskHealth, AskPeer, HandOver, HostedMember, Reconfigure, TakeOver } from '../model/plan.ts'
import type { Acting } from './act.ts'

/** Parameters hold no list types: an environment variable is one text. This stands for an empty list. */
const none = 'none'

/** Sends the document that makes the instance the member. */
export async function takeOver(step: TakeOver, acting: Acting): Promise<Answer> {
  return command('takeOver', step.instanceId, acting, {
    ...memberParameters(step, acting),
    SubnetCidr: step.subnetCidr,
    Peers: step.peers.map((peer) => `${peer.id}=${peer.address}`).join(','),
    Format: step.format.join(',') || none,
    FileSystem: acting.config.fileSystem,
    Bootstrap: step.bootstrap ? 'permitted' : 'denied',
    Service: step.restart ? 'restart' : 'keep',
  })
}

/** Sends the document that gives the member back. */
export async function handOver(step: HandOver, acting: Acting): Promise<Answer> {
  return command('handOver', step.instanceId, acting, memberParameters(step, acting))
}

/** Asks a peer to reach the member's address. */
export async function askPeer({ peer, own, address }: AskPeer, acting: Acting): Promise<Answer> {
  const sentAt = acting.now()
  const document = acting.config.documents.reach
  const parameters = { Address: address, Own: own, NotAfter: notAfter(sentAt) }
  const answer = await acting.ports.ssm.send([peer], document, `stayput reach ${address}`, parameters)
  return noted(answer, (id) => acting.memory.asked.push({ id, peer, address, sentAt }))
}

/** Asks hosts how their members are. */
export async function askHealth({ instanceIds, members }: AskHealth, acting: Acting): Promise<Answer> {
  const sentAt = acting.now()
  const { config, ports, memory } = acting
  const Members = members
    .map(({ member, macAddress, address, subnetCidr, volumes }) =>
      [member, macAddress, address, subnetCidr, volumes.map(({ id, mount }) => `${id}:${mount}`).join('+')].join('='),
    )
    .join(',')
  const parameters = { Ensemble: config.ensemble, Members, NotAfter: notAfter(sentAt) }
  const answer = await ports.ssm.send(instanceIds, config.documents.health, 'stayput health', parameters)
  return noted(answer, (id) => memory.consulted.push(...instanceIds.map((instanceId) => ({ id, instanceId, sentAt }))))
}

/** Has the leader's host change the list of those who vote. */
export async function reconfigure(step: Reconfigure, { config, ports, memory, now }: Acting): Promise<Answer> {
  const { instanceId, member, address, change } = step
  const sentAt = now()
  const Attempt = `${instanceId}.${sentAt}`
  const answer = await ports.ssm.send([instanceId], config.documents.reconfigure, `stayput reconfigure ${Attempt}`, {
    Ensemble: config.ensemble,
    Member: String(member),
    Address: address,
    Attempt,
    // It rests on what the hosts have just told, and somebody else may leave meanwhile.
    NotAfter: String(Math.floor((sentAt + limits.changeNotAfter) / 1000)),
    Change: change.kind === 'add' ? `add:${change.member}=${change.address}` : `remove:${change.member}`,
  })
  return noted(answer, (id) => {
    memory.change = { id, instanceId, sentAt }
  })
}

async function command(
  verb: Verb,
  instance: InstanceId,
  acting: Acting,
  parameters: Readonly<Record<string, string>>,
): Promise<Answer> {
  // Taken before the call: a proof is as old as the moment it was sent, not as the answer.
  const sentAt = acting.now()
  const sent = { ...parameters, NotAfter: notAfter(sentAt), Attempt: `${instance}.${sentAt}` }
  const comment = `stayput ${verb} ${sent.Attempt}`
  const answer = await acting.ports.ssm.send([instance], acting.config.documents[verb], comment, sent)
  return noted(answer, (id) => acting.memory.sent.push({ id, verb, sentAt }))
}

function memberParameters(step: HostedMember, acting: Acting) {
  return {
    Ensemble: acting.config.ensemble,
    Member: String(step.member),
    MacAddress: step.macAddress,
    Address: step.address,
    Volumes: step.volumes.map((volume) => `${volume.id}=${volume.mount}`).join(','),
  }
}

/** Seconds since the epoch, as a shell compares them. */
const notAfter = (sentAt: number): string => String(Math.floor((sentAt + limits.commandNotAfter) / 1000))

function noted(answer: Answer<CommandId>, note: (id: CommandId) => void): Answer {
  if (answer.done !== 'yes') return answer
  note(answer.result)
  return { done: 'yes', result: undefined }
}
