import type { Kernel } from '../kernel.ts'

/**
 * Auto Scaling slows down launching for a group whose launches keep failing, or whose launch hooks keep being
 * abandoned. AWS publishes no figures; these are ours. The first failure is tried again without delay.
 */
const firstDelayMs = 15_000
const longestDelayMs = 5 * 60_000
/** For how long another zone is preferred to one that refused an instance. */
const zoneAvoidedMs = 10 * 60_000

export interface Backoff {
  /** Whether the group may not launch yet; it is looked at again when it may. */
  waits(groupName: string): boolean
  failed(groupName: string, zone?: string): void
  succeeded(groupName: string, zone: string): void
  /** Whether this zone refused an instance of the group a short while ago. */
  avoids(groupName: string, zone: string): boolean
}

export function createBackoff(kernel: Kernel, retry: (groupName: string) => void): Backoff {
  const failures = new Map<string, { readonly count: number; readonly until: number }>()
  const zones = new Map<string, number>()
  const { clock, settings } = kernel
  return {
    waits: (groupName) => (failures.get(groupName)?.until ?? 0) > clock.now(),
    failed(groupName, zone) {
      const count = (failures.get(groupName)?.count ?? 0) + 1
      const delay = count === 1 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** (count - 2)) / settings.speed
      failures.set(groupName, { count, until: clock.now() + delay })
      if (zone !== undefined) zones.set(`${groupName}/${zone}`, clock.now())
      clock.after(delay, () => retry(groupName))
    },
    succeeded(groupName, zone) {
      failures.delete(groupName)
      zones.delete(`${groupName}/${zone}`)
    },
    avoids(groupName, zone) {
      const at = zones.get(`${groupName}/${zone}`)
      return at !== undefined && clock.now() - at < zoneAvoidedMs / settings.speed
    },
  }
}
