import type { HealthFacts } from '../../../shared/model/facts.ts'
import type { DocumentRun } from '../host.ts'
import { healthArguments, type MemberRow, type WantedVolume } from './arguments.ts'
import type { Host } from './machine.ts'
import type { Process } from './process.ts'
import type { Server } from './server.ts'
import { refuseTooLate, type World } from './world.ts'

type PeerMode = HealthFacts['peers'][string]

/** Milliseconds at speed 1. */
const askMs = 150
const unansweredMs = 1000
/** tickTime x (initLimit + syncLimit) with ZooKeeper's own defaults. */
const settleSeconds = 30

/** What this host knows of its member and of the others. It changes nothing, takes no lock and never fails halfway. */
export async function health(world: World, host: Host, process: Process, run: DocumentRun): Promise<HealthFacts> {
  const { ensemble, members, notAfter } = healthArguments(run.parameters)
  refuseTooLate(world, notAfter)
  await process.sleep(askMs)
  if (members.some(({ address }) => modeOf(world, host, address) === 'unknown')) await process.sleep(unansweredMs)
  const claimed = host.claim?.ensemble === ensemble ? host.claim.member : null
  const own = members.find(({ member }) => member === claimed)
  const others = members.filter(({ member }) => member !== claimed)
  return {
    member: claimed,
    busy: host.lock !== undefined,
    handedOver: host.tombstone !== undefined,
    routes: routesFact(host, claimed, own),
    volumes: own?.volumes.map((wanted) => volumeFact(world, host, wanted)) ?? [],
    service: serviceFact(world, host, own),
    peers: Object.fromEntries(others.map(({ member, address }) => [String(member), modeOf(world, host, address)])),
    settleSeconds,
  }
}

function routesFact(host: Host, claimed: number | null, own: MemberRow | undefined): string {
  if (claimed === null) return 'this host has taken nothing over'
  if (!own) return `nobody asks for member ${claimed}`
  if (!host.card(own.macAddress)) return `no network interface has the MAC address ${own.macAddress}`
  return host.routes.has(own.address) ? 'verified' : `the routes of ${own.address} are not there`
}

function volumeFact(world: World, host: Host, { volume, mount }: WantedVolume): HealthFacts['volumes'][number] {
  const mounted = host.mounts.get(mount) === volume
  return { volume, mount, mounted, used: mounted ? world.disks.used(volume) : null }
}

function serviceFact(world: World, host: Host, own: MemberRow | undefined): HealthFacts['service'] {
  const { server } = host
  const role = own && server && host.answersAt(own.address) ? ownRole(server) : 'none'
  const told = role === 'none' || role === 'unknown' ? undefined : server
  return {
    running: server !== undefined,
    role,
    zxid: told ? zxidOf(told) : '',
    connections: told ? 1 : 0,
    latency: 0,
    voters: told ? [...told.voters] : null,
    synced: told ? world.ensemble(told.options.ensemble).synced(told) : null,
  }
}

function ownRole({ hung, role }: Server): HealthFacts['service']['role'] {
  if (hung) return 'unknown'
  return role === 'looking' ? 'none' : role
}

/** The epoch and the count within it, as ZooKeeper packs them; here the count goes on through all epochs. */
function zxidOf({ journal }: Server): string {
  const { epoch, entries } = journal ?? { epoch: 0, entries: [] }
  return `0x${epoch.toString(16)}${entries.length.toString(16).padStart(8, '0')}`
}

/** What answers at the address, seen from this host. A host that is not reached is not told from one that is silent. */
function modeOf(world: World, host: Host, address: string): PeerMode {
  const there = [...world.hosts.values()].find((other) => other.answersAt(address) && !other.hidden)
  if (!there || host.cut) return 'unknown'
  const { server } = there
  if (server?.options.address !== address) return 'absent'
  return ownRole(server)
}
