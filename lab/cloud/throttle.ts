import { throttlingError } from './faults.ts'
import type { Kernel } from './kernel.ts'
import type { OperationName } from './operation.ts'

interface Bucket {
  readonly size: number
  readonly perSecond: number
}

/**
 * EC2's request token buckets, per account and Region (AWS, "Request throttling for the Amazon EC2 API"). Auto Scaling
 * and Systems Manager publish no figures, so they throttle only by fault rule.
 */
const buckets: readonly (readonly [RegExp, Bucket])[] = [
  [/^ec2\.(RunInstances|StartInstances)$/, { size: 5, perSecond: 2 }],
  [/^ec2\.TerminateInstances$/, { size: 100, perSecond: 5 }],
  [/^ec2\.(CreateTags|DeleteTags)$/, { size: 100, perSecond: 10 }],
  [/^ec2\.(ModifyNetworkInterfaceAttribute|CreateNetworkInterface|CreateVolume)$/, { size: 100, perSecond: 5 }],
  [/^ec2\.Describe/, { size: 100, perSecond: 20 }],
  [/^ec2\./, { size: 50, perSecond: 5 }],
]

export interface Throttle {
  /** Takes a token for this call, or throws as the service does when there is none. */
  take(operation: OperationName): void
}

export function createThrottle(kernel: Kernel): Throttle {
  const levels = new Map<Bucket, { tokens: number; at: number }>()
  const known = new Map<OperationName, Bucket | undefined>()
  const bucketOf = (operation: OperationName): Bucket | undefined => {
    if (!known.has(operation)) known.set(operation, buckets.find(([pattern]) => pattern.test(operation))?.[1])
    return known.get(operation)
  }
  return {
    take(operation) {
      const bucket = bucketOf(operation)
      if (!kernel.settings.throttling || !bucket) return
      const now = kernel.clock.now()
      const level = levels.get(bucket) ?? { tokens: bucket.size, at: now }
      // Calls come faster in a lab that runs faster, so the buckets fill faster too.
      const gained = ((now - level.at) / 1000) * bucket.perSecond * kernel.settings.speed
      const tokens = Math.min(bucket.size, level.tokens + gained)
      levels.set(bucket, { tokens: Math.max(0, tokens - 1), at: now })
      if (tokens < 1) throw throttlingError(operation)
    },
  }
}
