import { once } from 'node:events'
import { scale } from '../lab/stack/ensemble.ts'
import { chooseHosts, readHosts } from './hosts.ts'
import { openLab } from '../lab/stack/lab.ts'
import { readNumber, readOptions, UsageError } from './usage.ts'

const defaultPort = 4566
/** As lab/stack/stayput.yml has it. */
const deployedEnsemble = 'zookeeper'
const size = 3
const defaultSpeed = 20

const usage = `usage: npm run lab -- serve [--port N] [--empty] [--hosts modelled|linux] [--speed N] [--ensemble NAME]

Serves a local EC2, Auto Scaling and Systems Manager on 127.0.0.1, for the AWS CLI, the SDKs and Terraform, with the
functions deployed: lifecycle events of our groups go to them, with --empty of every group with our hooks and the tag
stayput:ensemble=NAME. Their logs go to the standard output. Any credentials do; requests to it are not checked for
signatures.

  --port N         the port; 0 takes a free one (default ${defaultPort})
  --empty          without the three-member ensemble that is there otherwise
  --hosts KIND     what the instances are: modelled in memory (default), or linux: namespaces with the real ZooKeeper
  --speed N        how many times faster than on AWS; 1 is real time (default ${defaultSpeed})
  --ensemble NAME  with --empty: the ensemble of the functions (default ${deployedEnsemble})
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

  const ensemble = values.ensemble ?? deployedEnsemble
  if (values.empty !== true && ensemble !== deployedEnsemble) {
    throw new UsageError(`lab: --ensemble ${JSON.stringify(ensemble)} goes with --empty`, usage)
  }
  const lab = await openLab({
    ensemble,
    members: values.empty === true ? 0 : size,
    port: readNumber('port', values.port ?? String(defaultPort), 0, 65_535, usage),
    speed: readNumber('speed', values.speed ?? String(defaultSpeed), 1, 1000, usage),
    hosts: await chooseHosts(readHosts(values.hosts ?? 'modelled', usage), (line) => process.stderr.write(`${line}\n`)),
    seed: Date.now() % 2 ** 31,
    onLine: (line) => process.stdout.write(`${line}\n`),
  })
  try {
    for (const member of lab.members) scale(lab.cloud, member, 1)
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
