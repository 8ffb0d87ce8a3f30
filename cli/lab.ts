import { once } from 'node:events'
import { createEnsemble, scale } from '../lab/stack/ensemble.ts'
import { chooseHosts, readHosts } from './hosts.ts'
import { openLab } from '../lab/stack/lab.ts'
import { readNumber, readOptions, UsageError } from './usage.ts'

const defaultPort = 4566
const defaultSpeed = 20

const usage = `usage: npm run lab -- serve [--port N] [--empty] [--hosts modelled|linux] [--speed N] [--ensemble NAME]

Serves a local EC2, Auto Scaling and Systems Manager on 127.0.0.1, for the AWS CLI, the SDKs and Terraform, with the
functions deployed: lifecycle events of groups that carry the tag stayput:ensemble=NAME go to them. Their logs go to the
standard output. Any credentials do; requests to it are not checked for signatures.

  --port N         the port; 0 takes a free one (default ${defaultPort})
  --empty          without the three-member ensemble that is there otherwise
  --hosts KIND     what the instances are: modelled in memory (default), or linux: namespaces with the real ZooKeeper
  --speed N        how many times faster than on AWS; 1 is real time (default ${defaultSpeed})
  --ensemble NAME  the ensemble of the functions (default zookeeper)
`

const options = {
  port: { type: 'string' },
  empty: { type: 'boolean' },
  hosts: { type: 'string' },
  speed: { type: 'string' },
  ensemble: { type: 'string' },
} as const

/** Serves until it is told to stop (SIGINT, SIGTERM). */
export async function lab(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args
  if (verb !== 'serve' && verb !== '--help' && verb !== '-h') {
    throw new UsageError(`lab: ${JSON.stringify(verb ?? '')} is not a verb of it`, usage)
  }
  const read = readOptions(verb === 'serve' ? rest : ['--help'], options, usage)
  if (!read) return 0
  const { values } = read

  const ensemble = values.ensemble ?? 'zookeeper'
  const lab = await openLab({
    ensemble,
    port: readNumber('port', values.port ?? String(defaultPort), 0, 65_535, usage),
    speed: readNumber('speed', values.speed ?? String(defaultSpeed), 1, 1000, usage),
    hosts: await chooseHosts(readHosts(values.hosts ?? 'modelled', usage), (line) => process.stderr.write(`${line}\n`)),
    seed: Date.now() % 2 ** 31,
    onLine: (line) => process.stdout.write(`${line}\n`),
  })
  try {
    if (values.empty !== true) for (const member of createEnsemble(lab.cloud, ensemble, 3)) scale(lab.cloud, member, 1)
    const { region } = lab.cloud.kernel.settings
    process.stderr.write(
      `serving ${region} at ${lab.url}; try: aws --endpoint-url ${lab.url} --region ${region} ec2 describe-vpcs\n`,
    )
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
    return 0
  } finally {
    await lab.close()
  }
}
