import type { Hosts } from './host.ts'

/** `looking`: it runs, and has no part in a quorum now. */
export type Role = 'leader' | 'follower' | 'standalone' | 'looking'

/** Hosts with an ensemble's service on them, as a person sees it from outside. All times in milliseconds. */
export interface ServiceHosts extends Hosts {
  readonly kind: 'modelled' | 'linux'
  /** Like `zookeeper 3.8.0`. */
  readonly version: string
  /** What the service on this instance is; undefined while none runs there. */
  role(instanceId: string): Promise<Role | undefined>
  /** A client of the service that listens at these addresses. */
  connect(ensemble: string, addresses: readonly string[]): Promise<ServiceClient>
  /** Bytes that the other servers have sent to the one on this instance; undefined where nobody counts. */
  bytesSynced(instanceId: string): Promise<number | undefined>
  /** Leaves nothing behind. */
  close(): Promise<void>
}

/** Keys are paths below the root, like /entry-1. */
export interface ServiceClient {
  /** Acknowledged when a majority has it on disk. After a rejection it may or may not be there. */
  write(key: string, value: string): Promise<void>
  read(key: string): Promise<string | undefined>
  /** Writes 0, 1, 2 and so on to this key, one after the other, until it is stopped. */
  startWriter(key: string): Promise<void>
  stopWriter(): Promise<WriterReport>
  close(): Promise<void>
}

/** What a writer that never stops has seen. */
export interface WriterReport {
  /** Acknowledged ones: the last was `written - 1`. */
  readonly written: number
  readonly errors: readonly string[]
  /** The longest time between two acknowledgements. */
  readonly longestStallMs: number
}
