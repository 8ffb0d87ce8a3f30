import { patterns } from './model/ids.ts'
import type { Shape } from './model/members.ts'
import type { Transition } from './model/action.ts'
import type { Verb } from './model/observation.ts'

export interface Config {
  readonly ensemble: string
  readonly region: string
  readonly accountId: string
  readonly hooks: Readonly<Record<Transition, string>>
  readonly documents: Readonly<Record<Verb | 'reach' | 'health' | 'reconfigure', string>>
  readonly shape: Shape
  /** What a blank volume gets; `any` leaves it to the host. */
  readonly fileSystem: string
  /** Where AWS is, if not at AWS: the local cloud, an emulator. */
  readonly endpoint: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const hookName = /^[A-Za-z0-9\-_/]{1,255}$/
const mount = patterns.mount.source.slice(1, -1)
const documentName = /^[a-zA-Z0-9_\-.:/]{3,128}$/
const mountsOrNone = new RegExp(`^(${mount}(,${mount})*)?$`)
const url = /^https?:\/\/\S+$/

/** Every variable that is read, with its form and what it is. */
export const variables = {
  STAYPUT_ENSEMBLE: { form: patterns.ensemble, is: 'the name in the tag stayput:ensemble' },
  STAYPUT_ACCOUNT: { form: /^[0-9]{12}$/, is: 'the AWS account whose events are ours' },
  STAYPUT_LAUNCH_HOOK: { form: hookName, is: 'the lifecycle hook of launching instances' },
  STAYPUT_TERMINATE_HOOK: { form: hookName, is: 'the lifecycle hook of terminating instances' },
  STAYPUT_TAKE_OVER_DOCUMENT: { form: documentName, is: 'the SSM document that makes an instance the member' },
  STAYPUT_HAND_OVER_DOCUMENT: { form: documentName, is: 'the SSM document that gives the member back' },
  STAYPUT_REACH_DOCUMENT: { form: documentName, is: 'the SSM document with which a peer tries an address' },
  STAYPUT_HEALTH_DOCUMENT: { form: documentName, is: 'the SSM document with which a host tells how its member is' },
  STAYPUT_RECONFIGURE_DOCUMENT: { form: documentName, is: 'the SSM document that changes who votes' },
  STAYPUT_MEMBERS: { form: /^([1-9][0-9]{0,2})?$/, is: 'how many members there are; left empty, the tags alone say' },
  STAYPUT_MOUNTS: { form: mountsOrNone, is: 'where the volumes of each member belong; left empty, the tags alone say' },
  STAYPUT_FILE_SYSTEM: { form: /^(any|xfs|ext4)?$/, is: 'what a blank volume gets; left empty, any' },
  AWS_REGION: { form: /^[a-z]{2}(-[a-z]+)+-[0-9]$/, is: 'the AWS Region; Lambda sets it' },
} as const

type Variable = keyof typeof variables

/** @throws {BadConfig} that names everything that is wrong, not only the first. */
export function readConfig(environment: Environment): Config {
  const faults: string[] = []
  const read = (name: Variable): string => {
    const value = environment[name] ?? ''
    const { form, is } = variables[name]
    if (!form.test(value)) {
      faults.push(`${name} ${value === '' ? 'is not set' : `is ${JSON.stringify(value)}`}: ${is} (${form.source})`)
    }
    return value
  }
  const config: Config = {
    ensemble: read('STAYPUT_ENSEMBLE'),
    region: read('AWS_REGION'),
    accountId: read('STAYPUT_ACCOUNT'),
    hooks: { launching: read('STAYPUT_LAUNCH_HOOK'), terminating: read('STAYPUT_TERMINATE_HOOK') },
    documents: {
      takeOver: read('STAYPUT_TAKE_OVER_DOCUMENT'),
      handOver: read('STAYPUT_HAND_OVER_DOCUMENT'),
      reach: read('STAYPUT_REACH_DOCUMENT'),
      health: read('STAYPUT_HEALTH_DOCUMENT'),
      reconfigure: read('STAYPUT_RECONFIGURE_DOCUMENT'),
    },
    shape: shapeOf(read('STAYPUT_MEMBERS'), read('STAYPUT_MOUNTS')),
    fileSystem: read('STAYPUT_FILE_SYSTEM') || 'any',
    endpoint: environment['AWS_ENDPOINT_URL'] || undefined,
  }
  if (config.endpoint !== undefined && !url.test(config.endpoint)) {
    faults.push(`AWS_ENDPOINT_URL is ${JSON.stringify(config.endpoint)}: an http or https URL, or unset`)
  }
  if (faults.length > 0) throw new BadConfig(faults)
  return config
}

const shapeOf = (members: string, mounts: string): Shape => ({
  ...(members !== '' && { members: Number(members) }),
  ...(mounts !== '' && { mounts: mounts.split(',') }),
})

export class BadConfig extends Error {
  override readonly name = 'BadConfig'

  constructor(faults: readonly string[]) {
    super(`the configuration has ${faults.length} fault(s):\n  ${faults.join('\n  ')}`)
  }
}
