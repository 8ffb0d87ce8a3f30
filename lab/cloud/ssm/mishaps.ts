/** What may befall the next command that an agent takes: a scene for tests, and a fault for the simulation. */
export interface Mishap {
  readonly duplicate: boolean
  /** Milliseconds between the agent's taking the command and its starting the document. */
  readonly delayMs: number | undefined
}

export interface Mishaps {
  /** The agent runs the document of the next command twice. Without an instance: whichever agent takes one next. */
  duplicateNextDelivery(instanceId?: string): void
  /** The agent takes the next command and starts its document this many milliseconds late, however old it is then. */
  delayNextDelivery(ms: number, instanceId?: string): void
  /** What befalls this delivery; asked once for each. */
  take(instanceId: string): Mishap
}

const anyInstance = '*'

export function createMishaps(): Mishaps {
  const duplicates = new Set<string>()
  const delays = new Map<string, number>()
  return {
    duplicateNextDelivery: (instanceId = anyInstance) => void duplicates.add(instanceId),
    delayNextDelivery: (ms, instanceId = anyInstance) => void delays.set(instanceId, ms),
    take(instanceId) {
      const duplicate = duplicates.delete(instanceId) || duplicates.delete(anyInstance)
      const delayMs = delays.get(instanceId) ?? delays.get(anyInstance)
      if (!delays.delete(instanceId)) delays.delete(anyInstance)
      return { duplicate, delayMs }
    },
  }
}
