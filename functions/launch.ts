import middy from '@middy/core'
import type { Outcome } from '../shared/model/action.ts'
import { compose } from './compose.ts'
import { deadline, earlyMs, outOfTime } from './early.ts'

const app = compose(process.env)

/** Answers the events of launching instances. */
export const handler = middy<unknown, Outcome>({
  timeoutEarlyInMillis: earlyMs,
  timeoutEarlyResponse: outOfTime,
}).handler((event, context, { signal }) => app.handle(event, deadline(context, signal)))
