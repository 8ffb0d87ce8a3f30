import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { identityTags } from '../../shared/model/tags.ts'
import type { Cloud } from '../cloud/cloud.ts'
import { functionNames } from './functions.ts'
import { type RecordedCall, recordCall, recordedCall, type RecordedResource } from './record.ts'

/** Names a folder into which each process writes what its functions called, each distinct call once. */
export const recordVariable = 'STAYPUT_CALLS'

export interface RecordLine extends RecordedCall {
  /** The ensemble whose functions they are. */
  readonly ensemble: string
  /** Whether its resources were created from the template, or by hand as an ensemble that is adopted. */
  readonly from: Origin
}

export type Origin = 'template' | 'hand'

type Write = (line: Pick<RecordLine, 'ensemble' | 'from'>, call: RecordedCall) => void

/** Writes lines where the environment asks for it. */
function openRecord(): Write | undefined {
  const folder = process.env[recordVariable]
  if (folder === undefined) return undefined
  const seen = new Set<string>()
  return (origin, call) => {
    const line = JSON.stringify({ ...origin, ...call, resources: call.resources.map(named) } satisfies RecordLine)
    if (seen.has(line)) return
    seen.add(line)
    appendFileSync(join(folder, `${process.pid}-${threadId}.jsonl`), `${line}\n`)
  }
}

/** Writes down what this ensemble's functions call over the network of the cloud. */
export function keepRecord(cloud: Cloud, ensemble: string, from: Origin): void {
  const write = openRecord()
  if (!write) return
  cloud.onCall((call) => {
    const recorded = recordedCall(cloud, call)
    if (recorded) write({ ensemble, from }, recorded)
  })
}

/** The same for those who reach the cloud on a way of their own and say who calls. */
export function openWitness(cloud: Cloud) {
  const write = openRecord()
  return (ensemble: string, name: string, operation: string, input: object): void => {
    const caller = functionNames.find((one) => one === name)
    const recorded = write && caller && recordCall(cloud, caller, operation, input)
    if (recorded) write({ ensemble, from: 'hand' }, recorded)
  }
}

/**
 * The resource by the place that it has in its ensemble instead of its id, which is another in each cloud. Of its tags
 * those that are not bookkeeping.
 */
function named({ type, arn, tags, profile }: RecordedResource): RecordedResource {
  const identity = Object.entries(tags).filter(([key]) => Object.values<string>(identityTags).includes(key))
  return {
    type,
    arn: placeOf(type, arn, tags),
    tags: Object.fromEntries(identity),
    ...(profile !== undefined && { profile }),
  }
}

function placeOf(type: RecordedResource['type'], arn: string, tags: RecordedResource['tags']): string {
  switch (type) {
    case 'autoScalingGroup':
      return arn.replace(/autoScalingGroup:[^:]*:/, 'autoScalingGroup:any:')
    case 'document':
      return arn
    case 'instance':
      return arn.replace(/[^/]*$/, 'i-any')
    case 'network-interface':
    case 'volume':
      return arn.replace(/[^/]*$/, memberPlace(tags))
  }
}

/**
 * What stands for the id of a member's interface or volume, like zookeeper.1/var/lib/zookeeper. So a volume that somebody
 * has put in the place of another counts as that one here, which a policy that names the other's ARN does not.
 */
export function memberPlace(tags: RecordedResource['tags']): string {
  const { ensemble, member, mount } = identityTags
  return `${tags[ensemble] ?? 'nobody'}.${tags[member] ?? 'none'}${tags[mount] ?? ''}`
}
