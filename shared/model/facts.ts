import * as v from 'valibot'

/**
 * What a host tells at the end of a document: the last line of its output, one JSON object. A host is not trusted more
 * than it must be (a compromised one writes what it likes), so the shape is strict and the size is capped by SSM.
 */
const takeOverFacts = v.object({
  attempt: v.string(),
  member: v.number(),
  address: v.string(),
  routes: v.literal('verified'),
  volumes: v.array(v.object({ volume: v.string(), mount: v.string(), formatted: v.boolean() })),
  service: v.object({ role: v.picklist(['leader', 'follower', 'standalone']), version: v.string() }),
})

const handOverFacts = v.object({
  attempt: v.string(),
  service: v.literal('stopped'),
  unmounted: v.array(v.string()),
  routes: v.literal('removed'),
  tombstone: v.literal(true),
})

const reachFacts = v.object({ reached: v.literal(true) })

const healthFacts = v.object({
  /** Null on a host that has taken nothing over. */
  member: v.nullable(v.number()),
  /** A take-over or a hand-over is at work there. */
  busy: v.boolean(),
  handedOver: v.boolean(),
  /** `verified`, or what is wrong with them. */
  routes: v.string(),
  volumes: v.array(
    v.object({
      volume: v.string(),
      mount: v.string(),
      mounted: v.boolean(),
      /** Of the file system, in per cent; null where it is not mounted. */
      used: v.nullable(v.number()),
    }),
  ),
  service: v.object({
    /** There is a process. */
    running: v.boolean(),
    /** `none` says that it has none, or does not run; `unknown` has not even answered its own host. */
    role: v.picklist(['leader', 'follower', 'standalone', 'none', 'unknown']),
    /** The last transaction that it has seen, like 0x100000002; empty without a role. */
    zxid: v.string(),
    connections: v.number(),
    /** Milliseconds, the average since its start. */
    latency: v.number(),
    /** Followers that are in sync with it; null unless it leads. */
    synced: v.nullable(v.number()),
    /** The members that vote, by this server's own list; null where it can't be told. */
    voters: v.nullable(v.array(v.number())),
  }),
  /** By member: what its server answers to this host. `none` runs without a role, `absent` refuses or is not there. */
  peers: v.record(v.string(), v.picklist(['leader', 'follower', 'standalone', 'none', 'unknown', 'absent'])),
  /** So many seconds a server may take to find its role: tickTime x (initLimit + syncLimit). */
  settleSeconds: v.number(),
})

const failureFacts = v.object({ failed: v.string(), because: v.string() })

export type TakeOverFacts = v.InferOutput<typeof takeOverFacts>
export type HandOverFacts = v.InferOutput<typeof handOverFacts>
export type HealthFacts = v.InferOutput<typeof healthFacts>
export type FailureFacts = v.InferOutput<typeof failureFacts>

/** The facts of a finished command, each undefined when the last line does not hold exactly them. */
export const readTakeOver = (output: string): TakeOverFacts | undefined => read(takeOverFacts, output)
export const readHandOver = (output: string): HandOverFacts | undefined => read(handOverFacts, output)
export const readReach = (output: string): boolean => read(reachFacts, output) !== undefined
export const readHealth = (output: string): HealthFacts | undefined => read(healthFacts, output)
export const readFailure = (output: string): FailureFacts | undefined => read(failureFacts, output)

function read<Schema extends v.GenericSchema>(schema: Schema, output: string): v.InferOutput<Schema> | undefined {
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  try {
    const result = v.safeParse(schema, JSON.parse(line))
    return result.success ? result.output : undefined
  } catch {
    // Not JSON: the document was cut short, or it is not ours. No facts is an answer that the plan knows.
    return undefined
  }
}
