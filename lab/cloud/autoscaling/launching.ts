import { AwsError } from '../error.ts'
import type { Activities } from './activities.ts'
import type { Backoff } from './backoff.ts'
import type { Lifecycle } from './lifecycle.ts'
import { publishOutcome } from './notices.ts'
import type { Group, Place } from './records.ts'
import { chooseSubnet } from './selection.ts'
import { isReady } from './states.ts'
import { isSuspended, membersOf, type Store } from './store.ts'
import { instanceTags } from './tags.ts'

/** How a group gets an instance. */
export class Launching {
  readonly #store: Store
  readonly #activities: Activities
  readonly #lifecycle: Lifecycle
  readonly #backoff: Backoff

  constructor(store: Store, activities: Activities, lifecycle: Lifecycle, backoff: Backoff) {
    this.#store = store
    this.#activities = activities
    this.#lifecycle = lifecycle
    this.#backoff = backoff
  }

  /** Takes one from the warm pool, or launches one. False when there is none to be had for now. */
  take(group: Group, cause: string): boolean {
    if (isSuspended(group, 'Launch')) return false
    const warmed = membersOf(this.#store, group.name).find(isReady)
    if (!warmed) return this.launch(group, cause, 'AutoScalingGroup')
    this.#lifecycle.takeFromPool(group, warmed, cause)
    return true
  }

  /** Launches one. False when EC2 refused it, or when launches have to wait. */
  launch(group: Group, cause: string, destination: Place): boolean {
    if (isSuspended(group, 'Launch') || this.#backoff.waits(group.name)) return false
    const members = membersOf(this.#store, group.name)
    const present = members.filter((member) => !member.lifecycleState.includes('Terminat'))
    const subnet = chooseSubnet(this.#store, group, present, this.#backoff)
    if (!subnet) return false
    try {
      this.#start(group, subnet.subnetId, cause, destination)
      return true
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      this.#refuse(group, subnet.zone, cause, `${error.message} Launching EC2 instance failed.`)
      return false
    }
  }

  /** Whether that zone has just refused an instance. */
  avoids(group: Group, zone: string): boolean {
    return this.#backoff.avoids(group.name, zone)
  }

  #start(group: Group, subnetId: string, cause: string, destination: Place): void {
    const { ec2, kernel } = this.#store
    const { launchTemplateId, version: alias } = group.launchTemplate
    const template = ec2.resolveLaunchTemplate({ LaunchTemplateId: launchTemplateId, Version: alias })
    const launchTemplate = { ...group.launchTemplate, version: String(template.version) }
    const instance = ec2.launch({
      // Without them no group could have been made, but a later version of the template may lack them: EC2 refuses.
      imageId: template.imageId ?? '',
      instanceType: template.instanceType ?? '',
      subnetId,
      securityGroupIds: template.securityGroupIds,
      tags: { ...template.tags, ...instanceTags(group, launchTemplate) },
      clientToken: kernel.random.uuid(),
      keyName: template.keyName,
      iamInstanceProfile: template.iamInstanceProfile,
    })
    const { instanceId, instanceType, imageId, zone, zoneId, launchTime: launchedAt } = instance
    const newcomer = {
      instanceId,
      instanceType,
      imageId,
      zone,
      zoneId,
      launchedAt,
      launchTemplate,
      destination,
      groupName: group.name,
      healthStatus: 'Healthy',
      protectedFromScaleIn: false,
      origin: 'EC2',
    } as const
    this.#lifecycle.enter(group, newcomer, cause)
  }

  #refuse(group: Group, zone: string, cause: string, message: string): void {
    const started = this.#activities.start(group, {
      description: 'Launching a new EC2 instance',
      cause,
      statusCode: 'InProgress',
      progress: 0,
      details: { 'Availability Zone': zone },
    })
    const activity = this.#activities.end(started.activityId, 'Failed', message)
    const outcome = { kind: 'Launch', succeeded: false, statusCode: 'Failed' } as const
    if (activity) publishOutcome(this.#store, group, { ...outcome, activity })
    this.#backoff.failed(group.name, zone)
  }
}
