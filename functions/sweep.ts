import middy from '@middy/core'
import type { Swept } from '../shared/sweep.ts'
import { compose } from './compose.ts'
import { deadline, earlyMs } from './early.ts'

const app = compose(process.env)

/** Comes by on a schedule and drives every action that is still open. */
export const handler = middy<unknown, readonly Swept[]>({
  timeoutEarlyInMillis: earlyMs,
  timeoutEarlyResponse: () => [],
}).handler((_event, context, { signal }) => app.sweep(deadline(context, signal)))
