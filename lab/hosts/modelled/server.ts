import type { Journal } from './disk.ts'

export type Role = 'leader' | 'follower' | 'standalone' | 'looking'

/** What a server is told when it starts. Where it is and what it writes to is the machine's business. */
export interface ServerOptions {
  readonly ensemble: string
  readonly member: number
  readonly address: string
  /** The static addresses of all members by id, its own included. */
  readonly peers: ReadonlyMap<number, string>
  readonly instanceId: string
  /** Whether it can be reached at its address now. */
  readonly reachable: () => boolean
  /** The journal on its disk, if there is one. */
  readonly journal: Journal | undefined
  /** Begins a journal on a disk that has none. */
  readonly begin: () => Journal
}

/** One server process of the replicated store, a model of ZooKeeper's: what it does is decided in ensemble.ts. */
export class Server {
  readonly options: ServerOptions
  role: Role = 'looking'
  /** Whether its first round of looking around is over. */
  ready = false
  /** Undefined: it has no data, so it has no vote until it has taken over a leader's history. */
  journal: Journal | undefined
  leader: Server | undefined
  /** Its process is stopped: it is there, and it takes part in nothing and answers nobody. */
  hung = false
  /** What is committed, while it leads. */
  readonly tree = new Map<string, string>()

  constructor(options: ServerOptions) {
    this.options = options
    this.journal = options.journal
  }

  get member(): number {
    return this.options.member
  }

  get quorum(): number {
    return Math.floor(this.voters.length / 2) + 1
  }

  /** Who votes, as far as it knows. */
  get voters(): readonly number[] {
    return this.journal?.list?.voters ?? [...this.options.peers.keys()]
  }

  /** Of its list. Any list that a quorum has agreed upon is newer than the one that it was told at its start. */
  get version(): number {
    return this.journal?.list?.version ?? 0
  }

  counts(other: Server): boolean {
    return this.voters.includes(other.member)
  }

  /** Who looks around takes over the newest list of those that it meets. */
  learn({ journal, version }: Server): void {
    if (this.journal && journal?.list && version > this.version) this.journal.list = journal.list
  }

  knows(other: Server): boolean {
    return this.options.peers.get(other.member) === other.options.address
  }

  reaches(other: Server): boolean {
    if (this.hung || other.hung) return false
    return other === this || (this.knows(other) && this.options.reachable() && other.options.reachable())
  }

  /** Becomes the same as the leader: what the leader does not have is truncated, what it has more is taken over. */
  sync(leader: Journal): void {
    this.journal ??= this.options.begin()
    const { entries } = this.journal
    let common = Math.min(entries.length, leader.entries.length)
    while (common > 0 && entries[common - 1] !== leader.entries[common - 1]) common--
    entries.length = common
    for (let index = common; index < leader.entries.length; index++) {
      const entry = leader.entries[index]
      if (entry) entries.push(entry)
    }
    this.journal.epoch = leader.epoch
    if (leader.list) this.journal.list = leader.list
  }
}

/** Of two servers the one whose history is newer: by epoch, then by the last entry, then by id. */
export function newer(a: Server, b: Server): Server {
  const [ofA, ofB] = [rank(a), rank(b)]
  const difference = ofA.map((figure, index) => figure - (ofB[index] ?? 0)).find((figure) => figure !== 0) ?? 0
  return difference >= 0 ? a : b
}

function rank({ journal, member }: Server): number[] {
  const last = journal?.entries.at(-1)
  return [journal?.epoch ?? -1, last?.epoch ?? 0, last?.index ?? 0, member]
}
