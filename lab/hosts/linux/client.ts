import type { ServiceClient, WriterReport } from '../service.ts'
import { converseWith } from './conversation.ts'

/** A client of the ensemble, somewhere else in the network. */
export interface LinuxClient extends ServiceClient {
  keys(): Promise<string[]>
  /** What became of the session, oldest first: SYNC_CONNECTED, DISCONNECTED, EXPIRED. */
  readonly events: readonly string[]
}

/** Runs the client in this network namespace, which must reach the addresses. */
export function startClient(
  namespace: string,
  addresses: readonly string[],
  sessionTimeoutMs: number,
  port = 2181,
): LinuxClient {
  const servers = addresses.map((address) => `${address}:${port}`).join(',')
  const { ask, events, close } = converseWith('client-process.mjs', namespace, [servers, String(sessionTimeoutMs)])
  return {
    write: async (key, value) => void (await ask('write', { key, value })),
    read: async (key) => ((await ask('read', { key })) as string | null) ?? undefined,
    keys: async () => (await ask('keys')) as string[],
    startWriter: async (key) => void (await ask('startWriter', { key })),
    stopWriter: async () => (await ask('stopWriter')) as WriterReport,
    events,
    close,
  }
}
