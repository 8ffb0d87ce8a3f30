import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { projectFile } from '../lab/stack/project.ts'
import { type Batch, type BatchOptions, runBatch, runSeed, shrink, sumOf } from '../test/simulation/batch.ts'
import { fromMacrotask } from '../test/simulation/drain.ts'
import { type Exhaustive, runExhaustive, sumOfExhaustive } from '../test/simulation/exhaustive.ts'
import { faultKinds, type FaultKind } from '../test/simulation/faults.ts'
import { stamp } from '../test/simulation/journal.ts'
import { mutants } from '../test/simulation/mutants.ts'
import { promises } from '../test/simulation/promises/watch.ts'
import { mustOccur } from '../test/simulation/sometimes.ts'
import { readNumber, readOptions, UsageError } from './usage.ts'

const usage = `usage: npm run simulate -- [--seeds N] [--from S] [OPTIONS]

Runs the core against the local cloud in virtual time, one world a seed: 1 to 25 minutes of faults, during which every
promise is watched after every event, then none, and everything has to come right. Exit code 1 when a promise broke, or
when something never occurred in 20000 seeds or more.

  --seeds N        how many worlds (1000); with 1 the story of that seed is told
  --from S         the first seed (1)
  --only-faults A  these kinds of fault alone, commas between; "none" for none
  --until M        the faults end after M minutes (25)
  --shrink         of a failing seed: which faults it needs, and how long
  --mutant NAME    with this bug planted
  --mutants        how many seeds it takes to find each planted bug; --seeds is the most for each (12000)
  --exhaustive     instead of chance: every fault at every call of each plain flow, from launch to healing
  --twice          each seed a second time: both have to come to the same hash
  --lines N        of the story of a failing seed, the last N lines (80)
  --json           one JSON object on the standard output
`

const options = {
  seeds: { type: 'string' },
  from: { type: 'string' },
  'only-faults': { type: 'string' },
  until: { type: 'string' },
  shrink: { type: 'boolean' },
  mutant: { type: 'string' },
  mutants: { type: 'boolean' },
  exhaustive: { type: 'boolean' },
  twice: { type: 'boolean' },
  lines: { type: 'string' },
  json: { type: 'boolean' },
  part: { type: 'string' },
} as const

interface Asked extends BatchOptions {
  readonly seeds: number
  readonly from: number
  readonly lines: number
  readonly json: boolean
  readonly shrinks: boolean
}

const seedsMax = 10_000_000
/** From so many seeds on, what never occurred is a blind spot and no chance. */
const enoughSeeds = 20_000

export async function simulate(args: readonly string[]): Promise<number> {
  const read = readOptions(args, options, usage)
  if (!read) return 0
  const { values } = read
  const number = (name: 'seeds' | 'from' | 'until' | 'lines', usual: number, least: number): number =>
    readNumber(name, values[name] ?? String(usual), least, seedsMax, usage)
  const asked: Asked = {
    seeds: number('seeds', values.mutants === true ? 12_000 : 1000, 1),
    from: number('from', 1, 0),
    until: number('until', 25, 0) * 60_000,
    lines: number('lines', 80, 1),
    only: readKinds(values['only-faults']),
    mutant: readMutant(values.mutant),
    json: values.json === true,
    shrinks: values.shrink === true,
  }
  // Every refusal of the cloud is an error with a stack that nobody reads; they cost a tenth of the time.
  Error.stackTraceLimit = 0
  if (values.part !== undefined) return await runPart(values.part, asked, values.exhaustive === true)
  if (values.exhaustive === true) return await tellExhaustive(asked.json)
  if (values.mutants === true) return await tellMutants(args, asked)
  if (values.twice === true) return await tellTwice(args, asked)
  return await tellSeeds(args, asked)
}

function readKinds(text: string | undefined): ReadonlySet<FaultKind> | undefined {
  if (text === undefined) return undefined
  if (text === 'none') return new Set()
  return new Set(
    text.split(',').map((name) => {
      const kind = faultKinds.find((one) => one === name)
      if (kind === undefined)
        throw new UsageError(`there is no fault ${JSON.stringify(name)}: ${faultKinds.join(', ')}`, usage)
      return kind
    }),
  )
}

function readMutant(name: string | undefined): string | undefined {
  if (name === undefined || Object.hasOwn(mutants, name)) return name
  throw new UsageError(`there is no mutant ${JSON.stringify(name)}: ${Object.keys(mutants).join(', ')}`, usage)
}

const tellParent = (): void => void process.send?.('ran')

/** Runs each n-th seed, or the n-th part of the exhaustive runs, and prints what came of them: the work of one core. */
async function runPart(text: string, asked: Asked, exhaustive: boolean): Promise<number> {
  const [index = 0, of = 1] = text.split('/').map(Number)
  if (exhaustive) {
    process.stdout.write(JSON.stringify(await runExhaustive({ part: { index, of }, ran: tellParent })))
    return 0
  }
  const seeds = Array.from({ length: asked.seeds }, (_, n) => asked.from + n).filter((_, n) => n % of === index)
  const most = asked.mutant === undefined ? Number.POSITIVE_INFINITY : 1
  process.stdout.write(JSON.stringify(await runBatch(seeds, asked, most, tellParent)))
  return 0
}

/**
 * V8's settings for a process that makes and forgets whole worlds: room, so that they die young. Each full collection
 * takes the compiled code of the last world's functions along, and it is compiled again; what was compiled once is kept.
 */
const heap = [
  '--min-semi-space-size=32',
  '--max-semi-space-size=64',
  '--initial-old-space-size=600',
  '--max-lazy',
  '--no-flush-bytecode',
]

/** One process a core. */
async function runEverywhere(args: readonly string[], seeds: number): Promise<Batch> {
  return sumOf(await runInParts<Batch>(args, Math.min(availableParallelism(), Math.ceil(seeds / 10)), seeds))
}

/** Runs the command in so many processes, each with its part, and shows a person how many of `all` runs are done. */
async function runInParts<Result>(args: readonly string[], parts: number, all: number | undefined): Promise<Result[]> {
  const { stderr } = process
  let runs = 0
  let shownAt = performance.now()
  const ran = (): void => {
    runs++
    if (!stderr.isTTY || performance.now() - shownAt < 1000) return
    shownAt = performance.now()
    stderr.write(`\r${runs}${all === undefined ? '' : ` of ${all}`} runs `)
  }
  const children = Array.from({ length: parts }, (_, index) =>
    runElsewhere<Result>([...args, '--part', `${index}/${parts}`], ran),
  )
  const results = await Promise.all(children)
  if (stderr.isTTY) stderr.write('\r\u001B[K')
  return results
}

function runElsewhere<Result>(args: readonly string[], ran: () => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...heap, projectFile('cli/stayput.mjs'), 'simulate', ...args], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    const chunks: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('message', ran)
    child.on('error', reject)
    child.on('close', (code) => {
      // What a part prints is what runPart has made of it.
      if (code === 0) resolve(JSON.parse(Buffer.concat(chunks).toString()) as Result)
      else reject(new Error(`a part of the simulation ended with code ${code}`))
    })
  })
}

/** A seed that is not the same world each time can neither be replayed nor shrunk. */
async function tellTwice(args: readonly string[], asked: Asked): Promise<number> {
  const once = args.filter((arg) => arg !== '--twice' && arg !== '--json')
  const [first, second] = [await runEverywhere(once, asked.seeds), await runEverywhere(once, asked.seeds)]
  const different = Object.keys(first.hashes).filter(
    (seed) => first.hashes[Number(seed)] !== second.hashes[Number(seed)],
  )
  const ok = different.length === 0 && first.failures.length === 0 && Object.keys(first.hashes).length === asked.seeds
  const told = { ok, seeds: asked.seeds, equal: asked.seeds - different.length, hash: hashOf(first.hashes), different }
  if (asked.json) process.stdout.write(`${JSON.stringify(told)}\n`)
  else {
    process.stdout.write(
      `${told.equal} of ${told.seeds} seeds came to the same hash twice; all together ${told.hash}\n`,
    )
    if (different.length > 0) process.stdout.write(`different: ${different.join(' ')}\n`)
  }
  return ok ? 0 : 1
}

async function tellSeeds(args: readonly string[], asked: Asked): Promise<number> {
  const started = performance.now()
  const batch = await runEverywhere(args, asked.seeds)
  const seconds = (performance.now() - started) / 1000
  const missing = mustOccur.filter((name) => (batch.tally[name] ?? 0) === 0)
  const blind =
    asked.mutant === undefined && asked.only === undefined && asked.seeds >= enoughSeeds && missing.length > 0
  const ok = batch.failures.length === 0 && !blind
  if (asked.json) {
    const { hashes, ...told } = batch
    process.stdout.write(`${JSON.stringify({ ok, seconds, missing, hash: hashOf(hashes), ...told })}\n`)
    return ok ? 0 : 1
  }
  const [first] = batch.failures
  if (first) await tellFailure(first.seed, asked)
  else if (asked.seeds === 1) await tellFailure(asked.from, asked)
  tellTally(batch, missing)
  const hours = (batch.virtualMs / 3_600_000).toFixed(0)
  process.stdout.write(
    `${batch.seeds} seeds, ${hours} virtual hours, ${batch.events} events, ${batch.calls} calls in ${seconds.toFixed(1)} s ` +
      `(${(batch.seeds / seconds).toFixed(1)} seeds/s); slowest recovery ${(batch.worstRecoveryMs / 60_000).toFixed(1)} min; ` +
      `hash ${hashOf(batch.hashes)}\n`,
  )
  for (const { seed, promise, what } of batch.failures.slice(0, 50))
    process.stdout.write(`BROKEN ${seed} ${promise}: ${what}\n`)
  if (blind) process.stdout.write(`BLIND: never occurred: ${missing.join('; ')}\n`)
  process.stdout.write(`${batch.failures.length} broken promises\n`)
  return ok ? 0 : 1
}

function tellTally({ tally }: Batch, missing: readonly string[]): void {
  const names = [...new Set([...Object.keys(tally), ...missing])].toSorted()
  for (const name of names) process.stdout.write(`${String(tally[name] ?? 0).padStart(10)}  ${name}\n`)
}

/** The hash of all hashes, in the order of the seeds. */
function hashOf(hashes: Readonly<Record<number, string>>): string {
  let hash = 0x811c9dc5
  for (const seed of Object.keys(hashes)
    .map(Number)
    .toSorted((a, b) => a - b)) {
    for (const character of hashes[seed] ?? '') hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
  }
  return (hash >>> 0).toString(16).padStart(8, '0')
}

/** The story of a seed: what broke, what led there, how to see it again. */
async function tellFailure(seed: number, asked: Asked): Promise<void> {
  const told = await fromMacrotask(() => runSeed(seed, asked, true))
  for (const { at, what } of told.entries.slice(-asked.lines)) process.stdout.write(`${stamp(at)}  ${what}\n`)
  const { broken } = told
  if (!broken) return
  const mutant = asked.mutant === undefined ? '' : ` --mutant ${asked.mutant}`
  process.stdout.write(
    `seed ${seed}, trace ${told.hash}: ${broken.promise} (${promises[broken.promise]}): ${broken.what}\n` +
      `again: npm run simulate -- --seeds 1 --from ${seed}${mutant}\n`,
  )
  if (!asked.shrinks) return
  const { only, untilMs } = await fromMacrotask(() => shrink(seed, broken.promise, asked))
  process.stdout.write(`it needs ${only.join(',') || 'none'} for ${(untilMs / 60_000).toFixed(1)} minutes\n`)
}

async function tellMutants(args: readonly string[], asked: Asked): Promise<number> {
  const rest = args.filter((arg) => arg !== '--mutants' && arg !== '--json')
  const table: { mutant: string; seeds: number | undefined; promise: string | undefined }[] = []
  for (const [mutant, { is }] of Object.entries(mutants)) {
    const sought = [...rest, ...(rest.includes('--seeds') ? [] : ['--seeds', String(asked.seeds)]), '--mutant', mutant]
    const { failures } = await runEverywhere(sought, asked.seeds)
    const [first] = failures
    const seeds = first && first.seed - asked.from + 1
    table.push({ mutant, seeds, promise: first?.promise })
    if (!asked.json) {
      process.stdout.write(
        `${String(seeds ?? 'NOT FOUND').padStart(10)}  ${mutant.padEnd(26)} ${(first?.promise ?? '').padEnd(4)} ${is}\n`,
      )
    }
  }
  const ok = table.every(({ seeds }) => seeds !== undefined)
  if (asked.json) process.stdout.write(`${JSON.stringify({ ok, mutants: table })}\n`)
  return ok ? 0 : 1
}

async function tellExhaustive(json: boolean): Promise<number> {
  const parts = await runInParts<Exhaustive>(['--exhaustive'], availableParallelism(), undefined)
  const { runs, failures, flows } = sumOfExhaustive(parts)
  if (json) process.stdout.write(`${JSON.stringify({ ok: failures.length === 0, runs, flows, failures })}\n`)
  else {
    for (const { flow, calls, runs: count } of flows) process.stdout.write(`${flow}: ${calls} calls, ${count} runs\n`)
    for (const failure of failures) process.stdout.write(`BROKEN ${failure}\n`)
    process.stdout.write(`${runs} runs, ${failures.length} broken promises\n`)
  }
  return failures.length === 0 ? 0 : 1
}
