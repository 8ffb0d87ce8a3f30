/**
 * One JSON line per change of state, for people at night and for the timeline of a take-over. No line carries a
 * lifecycle action token: whoever has it can complete the action.
 */
export interface LogLine {
  /** `alarm` wants a person; a metric filter counts it. */
  readonly level: 'info' | 'warn' | 'alarm'
  readonly event: 'ignored' | 'plan' | 'step' | 'unknown' | 'verdict' | 'health'
  readonly because: string
  readonly instance?: string
  readonly transition?: string
  readonly member?: number
  readonly step?: string
  readonly verdict?: string
  /** How long the step, or all work on the action so far, took. */
  readonly ms?: number
}

export type Log = (line: LogLine) => void

/** Writes lines for one ensemble; `write` gets a whole line without its end. */
export function jsonLog(ensemble: string, now: () => number, write: (line: string) => void): Log {
  return ({ level, event, ...rest }) =>
    write(JSON.stringify({ time: new Date(now()).toISOString(), level, event, ensemble, ...rest }))
}
