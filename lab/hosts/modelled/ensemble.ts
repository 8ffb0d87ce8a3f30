import type { Clock } from '../../cloud/clock.ts'
import type { Random } from '../../cloud/random.ts'
import type { Entry } from './disk.ts'
import { newer, Server, type ServerOptions } from './server.ts'

/** What a client of the replicated store can do; each rejects while there is no quorum. */
export interface EnsembleClient {
  /** Acknowledged when a majority has it on disk. After a rejection it may or may not be there. */
  write(key: string, value: string): Promise<void>
  read(key: string): Promise<string | undefined>
  keys(): Promise<string[]>
}

export interface Pace {
  readonly clock: Clock
  readonly random: Random
  readonly speed: number
  /** How often a server that starts is handed a stale vote and so stalls before it joins, as a share of the starts. */
  readonly staleVote: number
}

/** Milliseconds at speed 1: how long a server looks around before it joins or votes. */
const lookMs = { least: 500, most: 1200 }
/**
 * Milliseconds at speed 1: a restarted server may be handed a peer's old vote and lead alone for initLimit x tickTime
 * before it joins (seen in 11 of 156 replacements with ZooKeeper 3.8.0).
 */
const staleVoteMs = 20_000
/** Milliseconds at speed 1: a write reaches the leader's disk, then the followers'. */
const toLeaderMs = 2
const toFollowersMs = 3

/**
 * One ensemble of a replicated store with a quorum. A leader is a server that a majority of its peers list follows; it
 * is chosen among servers with a vote for the newest history. A write is acknowledged when a majority has it on disk, so
 * any later majority has it too, and the newest history among them contains it. A server without data has no vote.
 */
export class Ensemble implements EnsembleClient {
  readonly #pace: Pace
  readonly #servers = new Set<Server>()

  constructor(pace: Pace) {
    this.#pace = pace
  }

  get servers(): readonly Server[] {
    return [...this.#servers]
  }

  start(options: ServerOptions): Server {
    const server = new Server(options)
    this.#servers.add(server)
    const { random, staleVote } = this.#pace
    if (options.peers.size > 1 && random.chance(staleVote)) this.#look(server, staleVoteMs)
    else this.#look(server)
    return server
  }

  stop(server: Server): void {
    this.#servers.delete(server)
    this.changed()
  }

  /** Followers that are in sync with it; null unless it leads. */
  synced(server: Server): number | null {
    return server.role === 'leader' ? this.#followers(server).length : null
  }

  /** To be called when a server may be reached, or no longer, that was not before. */
  changed(): void {
    // Leaders first: whether a follower keeps its role depends on its leader's.
    const leadersFirst = [...this.#servers].toSorted(
      (a, b) => Number(b.role === 'leader') - Number(a.role === 'leader'),
    )
    for (const server of leadersFirst) if (!this.#keepsItsRole(server)) this.#look(server)
    // Those that looked around in vain look again.
    const waiting = [...this.#servers].filter((server) => server.role === 'looking' && server.ready)
    for (const server of waiting) this.#look(server)
  }

  async write(key: string, value: string): Promise<void> {
    const leader = this.#leader()
    await this.#pause(toLeaderMs)
    const journal = leader.journal
    if (!journal || !this.#leads(leader)) throw noQuorum()
    const entry: Entry = { epoch: journal.epoch, index: journal.entries.length + 1, key, value }
    journal.entries.push(entry)
    await this.#pause(toFollowersMs)
    if (!this.#leads(leader) || journal.entries[entry.index - 1] !== entry) throw noQuorum()
    for (const follower of this.#followers(leader)) follower.sync(journal)
    leader.tree.set(key, value)
  }

  async read(key: string): Promise<string | undefined> {
    await this.#pause(toLeaderMs)
    return this.#leader().tree.get(key)
  }

  async keys(): Promise<string[]> {
    await this.#pause(toLeaderMs)
    return [...this.#leader().tree.keys()]
  }

  #leader(): Server {
    const leader = [...this.#servers].find((server) => this.#leads(server))
    if (!leader) throw noQuorum()
    return leader
  }

  #leads(server: Server): boolean {
    if (!this.#servers.has(server) || server.hung) return false
    return server.role === 'leader' && this.#inSync(server, server.voters) >= server.quorum
  }

  /** How many of these members have all that the leader has. */
  #inSync(leader: Server, members: readonly number[]): number {
    return [leader, ...this.#followers(leader)].filter(({ member }) => members.includes(member)).length
  }

  /**
   * Changes the list of those who vote, by one member. Answers why not, if it doesn't. A leader that is not in the new list
   * stops leading.
   */
  reconfigure(leader: Server, member: number, adds: boolean): string | undefined {
    const others = leader.voters.filter((id) => id !== member)
    const voters = adds ? [...others, member].toSorted((a, b) => a - b) : others
    const needed = adds ? voters.length : Math.floor(voters.length / 2) + 1
    const inSync = this.#inSync(leader, voters)
    if (!leader.journal || !this.#leads(leader) || voters.length === 0 || inSync < needed) {
      return `Of the ${voters.length} that are to vote ${inSync} are in sync, and ${needed} must be.`
    }
    leader.journal.list = { version: leader.version + 1, voters }
    for (const follower of this.#followers(leader)) follower.sync(leader.journal)
    this.changed()
    return undefined
  }

  #followers(leader: Server): Server[] {
    return [...this.#servers].filter((server) => server.leader === leader && server.reaches(leader))
  }

  #keepsItsRole(server: Server): boolean {
    if (server.role === 'leader') return this.#leads(server) && server.counts(server)
    if (server.role !== 'follower') return true
    const { leader } = server
    return leader !== undefined && leader.role === 'leader' && this.#servers.has(leader) && server.reaches(leader)
  }

  #look(server: Server, ms?: number): void {
    const { random, clock, speed } = this.#pace
    server.role = 'looking'
    server.ready = false
    server.leader = undefined
    server.tree.clear()
    const wait = ms ?? lookMs.least + random.below(lookMs.most - lookMs.least)
    clock.after(wait / speed, () => {
      if (!this.#servers.has(server) || server.role !== 'looking') return
      server.ready = true
      this.#settle()
    })
  }

  /** Those who have looked around join a leader, or make one. */
  #settle(): void {
    const looking = () => [...this.#servers].filter((server) => server.role === 'looking' && server.ready)
    for (const server of looking()) this.#join(server)
    for (const server of looking()) {
      for (const other of looking()) if (other.reaches(server)) server.learn(other)
    }
    for (const server of looking()) {
      const voters = looking().filter(
        (other) => other.journal !== undefined && server.counts(other) && other.reaches(server),
      )
      const candidate = voters.length === 0 ? undefined : voters.reduce(newer)
      if (candidate && this.#lead(candidate, voters)) break
    }
    for (const server of looking()) this.#join(server)
  }

  #join(server: Server): void {
    const leader = [...this.#servers].find((other) => other.role === 'leader' && server.reaches(other))
    if (leader) this.#follow(server, leader)
  }

  #lead(server: Server, voters: readonly Server[]): boolean {
    const { journal } = server
    const group = voters.filter((other) => other.reaches(server))
    const votes = group.filter((other) => server.counts(other)).length
    if (!journal || !server.counts(server) || votes < server.quorum) return false
    journal.epoch = Math.max(...group.map((other) => other.journal?.epoch ?? 0)) + 1
    server.role = 'leader'
    journal.list ??= { version: 1, voters: server.voters }
    // What the newest history of a majority has is committed, or becomes so now.
    for (const { key, value } of journal.entries) server.tree.set(key, value)
    for (const other of group) if (other !== server) this.#follow(other, server)
    return true
  }

  #follow(server: Server, leader: Server): void {
    if (!leader.journal) return
    server.sync(leader.journal)
    server.role = 'follower'
    server.leader = leader
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#pace.clock.after(ms / this.#pace.speed, resolve)
    })
  }
}

function noQuorum(): Error {
  return new Error('no quorum: the ensemble does not serve')
}
