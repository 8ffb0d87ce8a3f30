import type { Hosts } from '../../lab/hosts/host.ts'

export interface RecordingHosts extends Hosts {
  /** What the cloud asked of the machines, in order: `plugVolume i-1 vol-1`. */
  readonly calls: string[]
  /** Volumes that have a mounted file system. Pulling one out takes it away from here. */
  readonly mounted: Set<string>
  /** From now on every request is refused, after it was recorded. */
  refuse(): void
  /** From now on requests that begin with this word settle only when the returned function is called. */
  hold(word: string): () => void
}

/** Hosts that do nothing but remember what was asked of them. */
export function recordingHosts(): RecordingHosts {
  const calls: string[] = []
  const mounted = new Set<string>()
  const held = new Map<string, Promise<void>>()
  let refuses = false

  const record = async (word: string, ...rest: readonly string[]): Promise<void> => {
    calls.push([word, ...rest].join(' '))
    await held.get(word)
    if (refuses) throw new Error(`the host refuses to ${word}`)
  }

  return {
    calls,
    mounted,
    refuse() {
      refuses = true
    },
    hold(word) {
      const { promise, resolve } = withResolvers()
      held.set(word, promise)
      return () => {
        held.delete(word)
        resolve()
      }
    },
    boot: (machine) => record('boot', machine.instanceId),
    shutDown: (instanceId) => record('shutDown', instanceId),
    powerOff: (instanceId) => record('powerOff', instanceId),
    plugInterface: (instanceId, card) => record('plugInterface', instanceId, card.networkInterfaceId),
    unplugInterface: (instanceId, networkInterfaceId) => record('unplugInterface', instanceId, networkInterfaceId),
    plugVolume: (instanceId, disk) => record('plugVolume', instanceId, disk.volumeId),
    async unplugVolume(instanceId, volumeId) {
      mounted.delete(volumeId)
      await record('unplugVolume', instanceId, volumeId)
    },
    inUse: (_, volumeId) => mounted.has(volumeId),
    async run(instanceId, run) {
      await record('run', instanceId, run.document)
      return { exitCode: 0, stdout: '', stderr: '' }
    },
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  const resolvers: (() => void)[] = []
  const promise = new Promise<void>((resolve) => {
    resolvers.push(resolve)
  })
  return { promise, resolve: () => resolvers[0]?.() }
}
