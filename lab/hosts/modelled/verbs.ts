import type { DocumentRun, RunResult } from '../host.ts'
import { type HandOverArguments, handOverArguments, reachArguments, takeOverArguments } from './arguments.ts'
import { health } from './health.ts'
import type { Host } from './machine.ts'
import type { Process } from './process.ts'
import { reconfigure } from './reconfigure.ts'
import { fail, Failure, succeed } from './reply.ts'
import { releaseLostMounts, refuseOtherMember, serve, stopService } from './service.ts'
import { mountVolumes, unmountVolumes } from './volumes.ts'
import { refuseTooLate, type World } from './world.ts'

export const serviceVersion = 'modelled zookeeper'

/** Milliseconds at speed 1. */
const lookMs = 20
const routesMs = 50
const connectMs = 10
const connectTimeoutMs = 2000

type Verb = (world: World, host: Host, process: Process, run: DocumentRun) => Promise<object>

const verbs: Readonly<Record<string, Verb>> = { takeOver, handOver, reach, health, reconfigure }

/** Runs the document that the verb stands for. A modelled host knows a document by the name of its step. */
export async function runVerb(world: World, host: Host, process: Process, run: DocumentRun): Promise<RunResult> {
  const name = run.content.mainSteps[0]?.name ?? ''
  const verb = verbs[name]
  if (!verb) return { exitCode: 127, stdout: '', stderr: `a modelled host cannot run ${run.document} (${name})\n` }
  try {
    return succeed(process, await verb(world, host, process, run))
  } catch (error) {
    if (error instanceof Failure) return fail(process, run.parameters['Attempt']?.[0] ?? null, error)
    throw error
  }
}

/** Whatever is already so stays as it is, so that a second run after a crash anywhere is the same as the first. */
async function takeOver(world: World, host: Host, process: Process, run: DocumentRun): Promise<object> {
  const wanted = takeOverArguments(run.parameters)
  refuseTooLate(world, wanted.notAfter)
  if (host.tombstone !== undefined) {
    throw new Failure('handed-over', `This instance handed over in attempt ${host.tombstone}.`)
  }
  return locked(host, process, async () => {
    await process.sleep(lookMs)
    refuseOtherMember(host, wanted)
    host.claim = { ensemble: wanted.ensemble, member: wanted.member }
    await configureRoutes(world, host, process, wanted)
    await releaseLostMounts(world, host, process, wanted)
    const volumes = await mountVolumes(world, host, process, wanted)
    const role = await serve(world, host, process, wanted)
    if (!host.answersAt(wanted.address)) throw new Failure('routes-failed', `Nothing answers at ${wanted.address}.`)
    return {
      attempt: wanted.attempt,
      member: wanted.member,
      address: wanted.address,
      routes: 'verified',
      volumes,
      service: { role, version: serviceVersion },
    }
  })
}

/** The tombstone comes first: if the rest fails or is cut short, no late take-over may start the service again. */
async function handOver(world: World, host: Host, process: Process, run: DocumentRun): Promise<object> {
  const wanted = handOverArguments(run.parameters)
  refuseTooLate(world, wanted.notAfter)
  return locked(host, process, async () => {
    refuseOtherMember(host, wanted)
    host.tombstone ??= wanted.attempt
    await process.sleep(lookMs)
    await stopService(world, host, process)
    const unmounted = await unmountVolumes(host, process, wanted.volumes)
    await process.sleep(routesMs)
    host.routes.delete(wanted.address)
    world.networkChanged()
    return { attempt: wanted.attempt, service: 'stopped', unmounted, routes: 'removed', tombstone: true }
  })
}

/** Whether a peer's service answers at its static address, seen from this host. */
async function reach(world: World, host: Host, process: Process, run: DocumentRun): Promise<object> {
  const { address, own, port, notAfter } = reachArguments(run.parameters)
  refuseTooLate(world, notAfter)
  await process.sleep(connectMs)
  const answers = [...world.hosts.values()].some((other) => {
    const { server } = other
    const open = server?.options.address === address && other.answersAt(address) && !other.hidden
    return open && listensOn(port, server.role !== 'looking', server.role === 'leader')
  })
  if (answers && !host.cut) return { attempt: null, reached: true }
  await process.sleep(connectTimeoutMs)
  const role = host.answersAt(own) ? host.server?.role : undefined
  if (role === undefined || role === 'looking' || host.server?.hung === true) {
    throw new Failure(
      'no-quorum',
      `Nothing answers at ${address}:${port}, but this host's own server has no role either.`,
    )
  }
  throw new Failure('unreachable', `Nothing answers at ${address}:${port}.`)
}

/** ZooKeeper's ports: every server listens for elections, a leader for followers, a server with a role for clients. */
function listensOn(port: number, serves: boolean, leads: boolean): boolean {
  if (port === 3888) return true
  if (port === 2888) return leads
  return port === 2181 && serves
}

async function configureRoutes(
  world: World,
  host: Host,
  process: Process,
  { macAddress, address }: HandOverArguments,
): Promise<void> {
  const card = host.card(macAddress)
  if (!card) throw new Failure('interface-missing', `No card has the address ${macAddress}.`)
  if (card.address !== address) throw new Failure('routes-failed', `${macAddress} is at ${card.address}.`)
  if (host.routes.has(address)) return
  await process.sleep(routesMs)
  if (host.breaks('routes')) throw new Failure('routes-failed', 'The routes could not be configured.')
  if (!host.card(macAddress)) throw new Failure('interface-missing', `${macAddress} went away.`)
  host.routes.add(address)
  world.networkChanged()
  process.print(`routes of ${address} configured`)
}

/** One take-over or hand-over at a time; the lock goes with the process, however that ends. */
async function locked<T>(host: Host, process: Process, work: () => Promise<T>): Promise<T> {
  if (host.lock) throw new Failure('busy', 'Another take-over or hand-over is under way.')
  host.lock = process
  try {
    return await work()
  } finally {
    if (host.lock === process) host.lock = undefined
  }
}
