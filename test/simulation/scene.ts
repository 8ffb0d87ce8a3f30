import type { Cloud } from '../../lab/cloud/cloud.ts'
import { AwsError } from '../../lab/cloud/error.ts'
import type { Random } from '../../lab/cloud/random.ts'
import type { ModelledHosts } from '../../lab/hosts/modelled/modelled.ts'
import type { Ensemble, Group, Member } from './ensembles.ts'
import type { Journal } from './journal.ts'
import type { Promises } from './promises.ts'
import type { Tally } from './tally.ts'

/** The world of one run, as those who disturb it see it. */
export interface Scene {
  readonly cloud: Cloud
  readonly hosts: ModelledHosts
  readonly ensembles: readonly Ensemble[]
  readonly promises: Promises
  readonly journal: Journal
  readonly tally: Tally
  readonly random: Random
  /** Instances whose operating system does not end when it is told to. */
  readonly hanging: Set<string>
  /** Volumes whose content is not what it was. */
  readonly tampered: Set<string>
  /** Of each ensemble the instance that nobody will ever hear of again. */
  readonly lost: Map<string, string>
  /** What has to be put right when the faults end, if it has not been before. */
  readonly repairs: (() => void)[]
}

export const groupsOf = (scene: Scene): Group[] => scene.ensembles.flatMap((ensemble) => ensemble.groups)
export const membersOf = (scene: Scene): Member[] => scene.ensembles.flatMap((ensemble) => ensemble.members)

/** The member whose interface the instance holds. */
export function memberOn({ cloud, ensembles }: Scene, instanceId: string): Member | undefined {
  return ensembles.flatMap((ensemble) => ensemble.members).find((member) => holderOf(cloud, member) === instanceId)
}

export function holderOf(cloud: Cloud, member: Member): string | undefined {
  return cloud.ec2.networkInterfaces.get(member.networkInterfaceId)?.attachment?.instanceId
}

/** Who votes, by the newest list on the members' disks; undefined before there is one. */
export function votersOf({ hosts }: Scene, { members }: Ensemble): readonly number[] | undefined {
  const lists = members.flatMap(({ volumeIds: [first = ''] }) => {
    const content = hosts.volumeContent(first)
    return content.kind === 'formatted' ? (content.data?.list ?? []) : []
  })
  return lists.toSorted((a, b) => b.version - a.version)[0]?.voters
}

/** Puts something right after `ms`, or when the faults end, whichever comes first; once. */
export function repairAfter({ cloud, repairs }: Scene, ms: number, repair: () => void): void {
  let done = false
  const once = (): void => {
    if (done) return
    done = true
    repair()
  }
  cloud.kernel.clock.after(ms, once)
  repairs.push(once)
}

/** Does what a person or a machine tries; what AWS refuses is left at that. Answers whether it was done. */
export function quietly(task: () => void): boolean {
  try {
    task()
    return true
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return false
  }
}
