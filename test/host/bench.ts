import { parseArgs } from 'node:util'
import { amnesia, withoutGuard } from './amnesia.ts'
import { firstBootstrap } from './bootstrap.ts'
import { loseSome } from './downtime.ts'
import { missing, openNetwork } from './instance.ts'
import { replaceAll, withoutHelp } from './stale-vote.ts'

const stalledSeconds = 15

/**
 * node test/host/bench.mjs amnesia|stale-vote|bootstrap|downtime [--runs N] [--unguarded]: figures of what the host scripts guard
 * against.
 */
export async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { runs: { type: 'string', default: '5' }, unguarded: { type: 'boolean', default: false } },
  })
  const reason = await missing()
  if (reason !== undefined) throw new Error(reason)
  const bench = benches[positionals[0] ?? '']
  if (!bench) throw new Error(`${positionals[0]} is none of ${Object.keys(benches).join(', ')}`)
  const network = await openNetwork(`stayput-bench-${positionals[0]}`)
  const end = (): void => void network.close().finally(() => process.exit(1))
  process.once('SIGINT', end).once('SIGTERM', end)
  try {
    for (let run = 1; run <= Number(values.runs); run += 1) await bench(network, run, values.unguarded)
    print({ ...summary, longest, ...spread() })
  } finally {
    await network.close()
  }
}

type Bench = (network: Network, run: number, unguarded: boolean) => Promise<void>

const benches: Readonly<Record<string, Bench>> = {
  amnesia: benchAmnesia,
  'stale-vote': benchStaleVote,
  bootstrap: benchBootstrap,
  downtime: benchDowntime,
}

const summary: Record<string, number> = {}
const longest: Record<string, number> = {}

const samples: Record<string, number[]> = {}

const count = (name: string, number = 1): void => {
  summary[name] = (summary[name] ?? 0) + number
}

/** Median, least and most of what was sampled. */
const spread = (): Record<string, object> =>
  Object.fromEntries(
    Object.entries(samples).map(([name, numbers]) => {
      const sorted = numbers.toSorted((a, b) => a - b)
      return [name, { n: sorted.length, median: sorted[sorted.length >> 1], least: sorted[0], most: sorted.at(-1) }]
    }),
  )

const print = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

type Network = Awaited<ReturnType<typeof openNetwork>>

async function benchAmnesia(network: Network, run: number, unguarded: boolean): Promise<void> {
  const result = await amnesia(network, unguarded ? withoutGuard : undefined)
  print({ run, ...result })
  count('runs')
  count('lost', result.lostOn.length > 0 ? 1 : 0)
}

async function benchStaleVote(network: Network, run: number, unguarded: boolean): Promise<void> {
  for (const replacement of await replaceAll(network, unguarded ? withoutHelp : undefined)) {
    const { given, seconds, helps, exitCode } = replacement
    print({ run, ...replacement, seconds: Number(seconds.toFixed(2)) })
    const kind = given ? 'given' : 'natural'
    count(kind)
    count(`${kind}Helped`, helps > 0 ? 1 : 0)
    count(`${kind}Stalled`, seconds > stalledSeconds ? 1 : 0)
    count('failed', exitCode === 0 ? 0 : 1)
    longest[kind] = Math.max(longest[kind] ?? 0, Number(seconds.toFixed(1)))
  }
}

async function benchBootstrap(_network: Network, run: number): Promise<void> {
  const result = await firstBootstrap(run)
  print(result)
  count('runs')
  count('stopped', result.stopped ? 1 : 0)
  count('formed', result.formed ? 1 : 0)
  count('kept', result.kept ? 1 : 0)
  count('lateBeginnings', result.lateBeginnings)
  longest['seconds'] = Math.max(longest['seconds'] ?? 0, result.seconds)
}

async function benchDowntime(_network: Network, run: number): Promise<void> {
  for (const downtime of await loseSome(`spb${process.pid.toString(36)}`)) {
    print({ run, ...downtime })
    for (const name of ['votes', 'proved', 'bytesSynced'] as const) {
      const key = `${downtime.by === 'bare' ? 'bare ' : ''}${downtime.role} ${name}`
      samples[key] = [...(samples[key] ?? []), downtime[name]]
    }
  }
}
