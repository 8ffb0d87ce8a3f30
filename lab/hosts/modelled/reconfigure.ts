import type { DocumentRun } from '../host.ts'
import { reconfigureArguments } from './arguments.ts'
import type { Host } from './machine.ts'
import type { Process } from './process.ts'
import { Failure } from './reply.ts'
import { refuseOtherMember } from './service.ts'
import { refuseTooLate, type World } from './world.ts'

/** Milliseconds at speed 1. */
const askMs = 150
const changeMs = 300

/** Has the server that leads here change the list of those who vote. What is so already is left as it is. */
export async function reconfigure(world: World, host: Host, process: Process, run: DocumentRun): Promise<object> {
  const wanted = reconfigureArguments(run.parameters)
  refuseTooLate(world, wanted.notAfter)
  refuseOtherMember(host, wanted)
  await process.sleep(askMs)
  const { server } = host
  if (!server || server.hung || server.role === 'looking') throw notLeader(wanted.member)
  if (server.voters.includes(wanted.changed) !== wanted.adds) {
    if (server.role !== 'leader') throw notLeader(wanted.member)
    await process.sleep(changeMs)
    const refusal = world.ensemble(wanted.ensemble).reconfigure(server, wanted.changed, wanted.adds)
    if (refusal !== undefined) throw new Failure('not-in-sync', refusal)
    process.print(`${wanted.adds ? 'added' : 'removed'} member ${wanted.changed}`)
  }
  return { attempt: wanted.attempt, voters: server.voters, version: String(server.version) }
}

const notLeader = (member: number) => new Failure('not-leader', `Member ${member} does not lead.`)
