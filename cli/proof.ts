import { inService } from '../lab/stack/ensemble.ts'
import type { Scene } from './scenes.ts'

export interface Check {
  readonly holds: boolean
  readonly what: string
}

const entries = 1000
/** A kilobyte each: what comes over the network without the volume must stand out from the talk of an election. */
const valueOf = (index: number): string => `value ${index} `.padEnd(1000, '.')
/** So many requests under way at once. */
const together = 50
const quorumEveryMs = 250
/** One look may be too early or too slow on a busy machine; a lost quorum is still lost a second later. */
const looksUntilLost = 4
const writerKey = '/writer'

/** The proof that nothing was lost: data written before, a writer that never stops, and a look at the quorum. */
export interface Proof {
  /** Ends the writer and reads everything back. */
  conclude(): Promise<Check[]>
  /** For machines, once it is concluded. */
  figures(): { data: { written: number; found: number }; client: object; quorumLost: boolean }
}

/** Writes the data and starts to watch. */
export async function prove(scene: Scene, ensemble: string): Promise<Proof> {
  const { lab, members, page } = scene
  const addresses = members.map((member) => member.address)
  const client = await lab.hosts.connect(ensemble, addresses)
  await inBatches((index) => client.write(`/entry-${index}`, valueOf(index)))
  page.good(`${entries} entries written; a client goes on writing`)
  const writer = await lab.hosts.connect(ensemble, addresses)
  await writer.startWriter(writerKey)
  const quorum = watchQuorum(scene)

  let found = 0
  let written = 0
  let errors = 0
  let longestStallMs = 0
  return {
    async conclude() {
      const report = await writer.stopWriter()
      quorum.stop()
      written = report.written
      errors = report.errors.length
      longestStallMs = Math.round(report.longestStallMs)
      const last = Number(await client.read(writerKey))
      await inBatches(async (index) => {
        if ((await client.read(`/entry-${index}`)) === valueOf(index)) found++
      })
      await Promise.all([client.close(), writer.close()])
      return [
        { holds: found === entries, what: `${found} of ${entries} entries found` },
        {
          holds: last >= written - 1,
          what: `a client that never stopped writing lost none of its ${written} acknowledged writes (${errors} errors, longest stall ${longestStallMs} ms)`,
        },
        { holds: !quorum.lost(), what: 'the ensemble had its quorum all the time' },
      ]
    },
    figures: () => ({
      data: { written: entries, found },
      client: { written, errors, longestStallMs },
      quorumLost: quorum.lost(),
    }),
  }
}

async function inBatches(request: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < entries; from += together) {
    const indices = Array.from({ length: Math.min(together, entries - from) }, (_, offset) => from + offset)
    await Promise.all(indices.map(request))
  }
}

/** The quorum is lost when no majority of the members' servers is alive, whatever role they have just then. */
function watchQuorum({ lab, members }: Scene): { lost(): boolean; stop(): void } {
  let lost = false
  let missed = 0
  let looking = false
  const look = async (): Promise<void> => {
    const roles = await Promise.all(
      members.map(async (member) => {
        const instance = inService(lab.cloud, member)
        return instance === undefined ? undefined : await lab.hosts.role(instance)
      }),
    )
    const majority = roles.filter((role) => role !== undefined).length > members.length / 2
    missed = majority ? 0 : missed + 1
    if (missed >= looksUntilLost) lost = true
  }
  const timer = setInterval(() => {
    if (looking) return
    looking = true
    void look().finally(() => {
      looking = false
    })
  }, quorumEveryMs)
  // As a watch: it does not keep a job alive that has failed elsewhere.
  timer.unref()
  return { lost: () => lost, stop: () => clearInterval(timer) }
}
