import {
  AutoScalingClient,
  type AutoScalingClientConfig,
  TerminateInstanceInAutoScalingGroupCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import { autoScalingPort } from '../shared/aws/auto-scaling.ts'
import { ec2Port } from '../shared/aws/ec2.ts'
import { sdkSend } from '../shared/aws/sdk.ts'
import { ssmPort } from '../shared/aws/ssm.ts'
import { systemClock } from '../shared/clock.ts'
import type { Config } from '../shared/config.ts'
import { consult } from '../shared/consult.ts'
import { patterns } from '../shared/model/ids.ts'
import type { Survey } from '../shared/model/observation.ts'
import { emptyMemory, type Ports } from '../shared/observe.ts'
import { UsageError } from './usage.ts'

/** The options of every command that speaks with AWS. */
export const remoteOptions = {
  ensemble: { type: 'string', default: 'zookeeper' },
  region: { type: 'string' },
  endpoint: { type: 'string' },
  json: { type: 'boolean' },
} as const

export const remoteUsage = `  --ensemble NAME  the name in the tag stayput:ensemble (default zookeeper)
  --region REGION  the AWS Region (default: AWS_REGION); credentials are found as the AWS SDK finds them
  --endpoint URL   where AWS is, like http://127.0.0.1:4566 for the local cloud
  --json           JSON for machines on the standard output`

/** An ensemble as an operator sees it, with an operator's permissions. */
export interface Remote {
  readonly config: Config
  /** Asks every host how its member is. */
  consult(): Promise<Survey>
  /** Has Auto Scaling replace the instance: its hand-over runs through the hook. */
  replace(instanceId: string): Promise<void>
  /** Of which launch template version the next instances of the ensemble's groups are. */
  chooseVersion(version: string): Promise<void>
}

interface Given {
  readonly ensemble: string
  readonly region?: string | undefined
  readonly endpoint?: string | undefined
}

/** @throws {UsageError} naming what is missing or malformed. */
export function openRemote(given: Given, usage: string): Remote {
  const config = configOf(given, usage)
  const send = sdkSend(config)
  const ports: Ports = { ec2: ec2Port(send), autoScaling: autoScalingPort(send), ssm: ssmPort(send) }
  const settings: AutoScalingClientConfig = {
    region: config.region,
    ...(config.endpoint !== undefined && { endpoint: config.endpoint }),
  }
  const autoScaling = new AutoScalingClient(settings)
  return {
    config,
    async consult() {
      const world = { ports, config, clock: systemClock }
      const acting = { ports, config, memory: emptyMemory(), log: () => {}, now: () => systemClock.now() }
      const seen = await consult(world, acting, new AbortController().signal)
      if (!seen) throw new Error('nobody was asked')
      return seen
    },
    async replace(InstanceId) {
      const input = { InstanceId, ShouldDecrementDesiredCapacity: false }
      await autoScaling.send(new TerminateInstanceInAutoScalingGroupCommand(input))
    },
    async chooseVersion(Version) {
      for (const { name, template } of await ports.autoScaling.groups(config.ensemble)) {
        if (template === undefined)
          throw new Error(`${name} has no launch template of its own: choose its version there`)
        const LaunchTemplate = { LaunchTemplateId: template, Version }
        await autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, LaunchTemplate }))
      }
    },
  }
}

/** The documents have the names that the deployment gives them. */
function configOf({ ensemble, region, endpoint }: Given, usage: string): Config {
  const where = region ?? process.env['AWS_REGION'] ?? ''
  if (!patterns.ensemble.test(ensemble)) {
    throw new UsageError(`--ensemble ${JSON.stringify(ensemble)} is no name of an ensemble`, usage)
  }
  if (where === '') throw new UsageError('which Region? --region, or AWS_REGION', usage)
  const document = (verb: string): string => `stayput-${ensemble}-${verb}`
  return {
    ensemble,
    region: where,
    accountId: '',
    hooks: { launching: 'stayput-launch', terminating: 'stayput-terminate' },
    documents: {
      takeOver: document('take-over'),
      handOver: document('hand-over'),
      reach: document('reach'),
      health: document('health'),
      reconfigure: document('reconfigure'),
    },
    shape: {},
    fileSystem: 'any',
    endpoint,
  }
}
