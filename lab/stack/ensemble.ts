import type { Cloud } from '../cloud/cloud.ts'

/** One member with its group, as infra/members.cjs and infra/groups.cjs create them. */
export interface LabMember {
  readonly id: number
  readonly zone: string
  readonly groupName: string
  readonly networkInterfaceId: string
  readonly address: string
  readonly volumeIds: readonly string[]
}

/** Asks Auto Scaling for none or one instance of this member. */
export function scale(cloud: Cloud, member: LabMember, desired: 0 | 1): void {
  cloud.call('autoscaling.SetDesiredCapacity', { AutoScalingGroupName: member.groupName, DesiredCapacity: desired })
}

/** The instance that is in service as this member, if there is one. */
export function inService(cloud: Cloud, member: LabMember): string | undefined {
  const instances = cloud.autoscaling.members.all().filter((one) => one.groupName === member.groupName)
  return instances.find((one) => one.lifecycleState === 'InService' && one.healthStatus === 'Healthy')?.instanceId
}
