import { createCloud } from '../../lab/cloud/cloud.ts'
import { realClock } from '../../lab/cloud/clock.ts'
import { seededRandom } from '../../lab/cloud/random.ts'
import type { ServiceHosts } from '../../lab/hosts/service.ts'
import { runtimeEnvironment } from '../../lab/stack/environment.ts'
import { inService, scale } from '../../lab/stack/ensemble.ts'
import { openHosts } from '../../lab/stack/hosts.ts'
import { cloudSend, inProcess, type InProcess } from '../../lab/stack/in-process.ts'
import { projectFile } from '../../lab/stack/project.ts'
import { deployTemplate } from '../../lab/stack/template/deploy.ts'
import { readTemplate } from '../../lab/stack/template/template.ts'
import { stoppingAt } from '../core/stopping.ts'

const speed = 100
/** More calls than one launch makes, so that some functions are not stopped at all. */
const callsMax = 60
/** The schedule's minute, quickened: what a stopped function has left open is to be taken up within the test's patience. */
const sweepEveryMs = 5000
const patienceMs = 180_000
const permitted = 'this one may vote without'

export interface FirstBootstrap {
  readonly seed: number
  /** Whose function was stopped, around which of its calls; `stopped` is false where it made fewer. */
  readonly victim: number
  readonly at: number
  readonly moment: 'before' | 'after'
  readonly stopped: boolean
  readonly formed: boolean
  readonly seconds: number
  /** Take-overs that began after a write was acknowledged, and let a server vote from nothing all the same. */
  readonly lateBeginnings: number
  /** Whether the first acknowledged write is there in the end. */
  readonly kept: boolean
}

/** Three first launches at once on real machines; the function of one of them, by seed, is stopped around a call. */
export async function firstBootstrap(seed: number): Promise<FirstBootstrap> {
  const random = seededRandom(seed)
  const victim = random.below(3)
  const at = 1 + random.below(callsMax)
  const moment = random.chance(0.5) ? 'before' : 'after'
  const inner = await openHosts('linux', speed, seed)
  const beginnings: number[] = []
  const cloud = createCloud(realClock, watched(inner, beginnings), seed, { speed })
  let launches = 0
  let made = (): number => 0
  const deployment = deployTemplate(cloud, readTemplate(projectFile('dist/template.json')), {
    invoke(name, event) {
      if (name !== 'launch' || launches++ !== victim) return app.invoke(name, event)
      const stopping = stoppingAt(cloudSend(cloud), at, moment)
      made = stopping.made
      return inProcess(cloud, environment, stopping.send).invoke(name, event)
    },
  })
  const { members } = deployment
  const environment = { ...deployment.environment, ...runtimeEnvironment(cloud.kernel.settings) }
  const app: InProcess = inProcess(cloud, environment)
  const sweeps = setInterval(() => void app.invoke('sweep', {}), sweepEveryMs)
  const started = performance.now()
  try {
    for (const member of members) scale(cloud, member, 1)
    const addresses = members.map(({ address }) => address)
    const written = writeFirst(inner, addresses)
    const formed = await comesTrue(() => members.every((member) => inService(cloud, member) !== undefined))
    const seconds = (performance.now() - started) / 1000
    const client = formed ? await inner.connect('', addresses) : undefined
    const firstWrite = formed ? await written : Number.POSITIVE_INFINITY
    return {
      seed,
      victim,
      at,
      moment,
      stopped: made() >= at,
      formed,
      seconds: Number(seconds.toFixed(1)),
      lateBeginnings: beginnings.filter((begun) => begun > firstWrite).length,
      kept: (await client?.read('/first')) === 'yes',
    }
  } finally {
    clearInterval(sweeps)
    deployment.stop()
    await inner.close()
  }
}

/** Notes when the take-overs began that let a server vote from nothing. */
function watched(hosts: ServiceHosts, beginnings: number[]): ServiceHosts {
  return {
    ...hosts,
    async run(instanceId, run) {
      const begun = performance.now()
      const result = await hosts.run(instanceId, run)
      if (result.stderr.includes(permitted)) beginnings.push(begun)
      return result
    },
  }
}

/** Answers with the moment at which the ensemble had acknowledged its first write. */
async function writeFirst(hosts: ServiceHosts, addresses: readonly string[]): Promise<number> {
  const client = await hosts.connect('', addresses)
  const isWritten = () =>
    client.write('/first', 'yes').then(
      () => true,
      () => false,
    )
  await comesTrue(isWritten)
  await client.close()
  return performance.now()
}

async function comesTrue(look: () => boolean | Promise<boolean>): Promise<boolean> {
  const end = performance.now() + patienceMs
  while (!(await look())) {
    if (performance.now() > end) return false
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
  return true
}
