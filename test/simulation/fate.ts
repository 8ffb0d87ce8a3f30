import type { Operation } from '../../shared/aws/operations.ts'
import { isRead } from './calls.ts'
import { streamOf } from './chance.ts'
import { type CallFault, callFaults } from './faults.ts'
import type { DrawFate } from './port.ts'
import type { Scene } from './scene.ts'
import type { Swarm } from './swarm.ts'

/** Milliseconds for which a throttling storm lasts. */
const stormMs = 30_000

/** So much likelier something befalls a call that changes anything: one in ten is such, and most can go wrong with it. */
const mutationWeight = 3

/** One draw a call, whatever kinds of fault there are, so that leaving out one does not shift the others. */
export function drawFates({ cloud, journal }: Scene, { seed, from, until, calls }: Swarm): DrawFate {
  const random = streamOf(seed, 'fates')
  const { clock } = cloud.kernel
  const start = clock.now()
  let stormUntil = 0
  return (operation) => {
    const since = clock.now() - start
    const drawn = random.next()
    if (since < from || since > until) return undefined
    if (clock.now() < stormUntil && drawn > 0.2) return 'throttling-storm'
    const kind = fateOf(isRead(operation) ? drawn : drawn / mutationWeight, calls, operation)
    if (kind === 'throttling-storm') {
      stormUntil = clock.now() + stormMs
      journal.note('storm', () => '! a throttling storm begins')
    }
    return kind
  }
}

function fateOf(drawn: number, rates: ReadonlyMap<CallFault, number>, operation: Operation): CallFault | undefined {
  let bound = 0
  for (const kind of callFaults) {
    bound += rates.get(kind) ?? 0
    if (drawn >= bound) continue
    // What only looks has nothing to do late.
    return kind === 'lands-late' && isRead(operation) ? undefined : kind
  }
  return undefined
}
