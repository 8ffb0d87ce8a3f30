import type * as sdk from '@aws-sdk/client-auto-scaling'
import { type AutoScaling, createAutoScaling, type OpenAction } from '../../lab/cloud/autoscaling/autoscaling.ts'
import type { BridgeEvent } from '../../lab/cloud/eventbridge/eventbridge.ts'
import type { Settings } from '../../lab/cloud/settings.ts'
import { type Ec2Scene, ec2Scene, imageId } from './ec2-scene.ts'

type Commands = typeof sdk
type OperationName = {
  [Name in keyof Commands]: Name extends `${infer Operation}Command` ? Operation : never
}[keyof Commands]
type CommandOf<Name extends OperationName> = InstanceType<Commands[`${Name}Command`]>
type InputOf<Name extends OperationName> = CommandOf<Name>['input']
type OutputOf<Name extends OperationName> = Awaited<
  ReturnType<ReturnType<CommandOf<Name>['resolveMiddleware']>>
>['output']

export interface AutoScalingScene {
  readonly cloud: Ec2Scene
  readonly autoscaling: AutoScaling
  readonly launchTemplateId: string
  /** Every state that a member entered, like `i-1 Pending:Wait`. */
  readonly trail: string[]
  call<Name extends OperationName>(name: Name, input: InputOf<Name>): OutputOf<Name>
  /** Creates a group named `group` in the first zone: one instance, no hooks, unless the input says otherwise. */
  group(input?: Partial<sdk.CreateAutoScalingGroupCommandInput>): void
  hook(name: string, transition: 'LAUNCHING' | 'TERMINATING', input?: Partial<sdk.PutLifecycleHookCommandInput>): void
  describe(): sdk.AutoScalingGroup
  /** The lifecycle states of the members, sorted. */
  states(): string[]
  /** The ids of the members in this state. */
  membersIn(state: string): string[]
  /** Lets time pass until the members are in exactly these states; fails the test when they do not get there. */
  untilStates(...states: readonly string[]): Promise<void>
  /** The token of the action that waits for this hook; fails the test when there is not exactly one. */
  token(hookName: string): string
  complete(hookName: string, result?: 'CONTINUE' | 'ABANDON'): void
  /** Published events of this detail type. */
  published(detailType: string): BridgeEvent[]
  activities(): sdk.Activity[]
}

export const groupName = 'group'

/** Auto Scaling on the real EC2 of the lab, in virtual time. */
export function autoScalingScene(overrides: Partial<Settings> = {}, seed = 1): AutoScalingScene {
  const cloud = ec2Scene(overrides, seed)
  const autoscaling = createAutoScaling(cloud.kernel, cloud.ec2, cloud.events)
  const { LaunchTemplate: template } = cloud.call('CreateLaunchTemplate', {
    LaunchTemplateName: 'template',
    LaunchTemplateData: { ImageId: imageId, InstanceType: 't3.small' },
  })
  const launchTemplateId = template?.LaunchTemplateId ?? ''
  const call: AutoScalingScene['call'] = (name, input) => {
    const handler = autoscaling.operations[name]
    if (!handler) throw new Error(`${name} is not simulated`)
    return handler(input as never) as never
  }
  const members = () => autoscaling.members.all()
  const states = () =>
    members()
      .map((member) => member.lifecycleState)
      .toSorted()
  return {
    cloud,
    autoscaling,
    launchTemplateId,
    call,
    states,
    ...requests(call, cloud.subnetId, launchTemplateId, () => autoscaling.openActions()),
    trail: recordTrail(autoscaling),
    membersIn: (state) =>
      members()
        .filter((member) => member.lifecycleState === state)
        .map((member) => member.instanceId),
    async untilStates(...wanted) {
      const sought = wanted.toSorted().join()
      if (await cloud.clock.run(() => states().join() === sought, 3_600_000)) return
      throw new Error(`the members never were ${sought || 'none'}; they are ${states().join() || 'none'}`)
    },
    published: (detailType) => cloud.events.history.filter((event) => event['detail-type'] === detailType),
  }
}

type Requests = Pick<AutoScalingScene, 'group' | 'hook' | 'describe' | 'token' | 'complete' | 'activities'>

function requests(
  call: AutoScalingScene['call'],
  subnetId: string,
  LaunchTemplateId: string,
  openActions: () => readonly OpenAction[],
): Requests {
  const token = (hookName: string): string => {
    const open = openActions().filter((action) => action.hook.name === hookName)
    const [action] = open
    if (!action || open.length !== 1) throw new Error(`${open.length} actions wait for ${hookName}`)
    return action.token
  }
  return {
    token,
    group(input = {}) {
      call('CreateAutoScalingGroup', {
        AutoScalingGroupName: groupName,
        LaunchTemplate: { LaunchTemplateId },
        VPCZoneIdentifier: subnetId,
        MinSize: 0,
        MaxSize: 4,
        DesiredCapacity: 1,
        ...input,
      })
    },
    hook(name, transition, input = {}) {
      call('PutLifecycleHook', {
        AutoScalingGroupName: groupName,
        LifecycleHookName: name,
        LifecycleTransition: `autoscaling:EC2_INSTANCE_${transition}`,
        HeartbeatTimeout: 300,
        ...input,
      })
    },
    describe() {
      const [group] = call('DescribeAutoScalingGroups', { AutoScalingGroupNames: [groupName] }).AutoScalingGroups ?? []
      if (!group) throw new Error('there is no group')
      return group
    },
    complete(hookName, result = 'CONTINUE') {
      call('CompleteLifecycleAction', {
        AutoScalingGroupName: groupName,
        LifecycleHookName: hookName,
        LifecycleActionToken: token(hookName),
        LifecycleActionResult: result,
      })
    },
    activities: () =>
      call('DescribeScalingActivities', { AutoScalingGroupName: groupName, IncludeDeletedGroups: true }).Activities ??
      [],
  }
}

function recordTrail(autoscaling: AutoScaling): string[] {
  const trail: string[] = []
  autoscaling.onLifecycleState((member) => {
    const entry = `${member.instanceId} ${member.lifecycleState}`
    if (trail.at(-1) !== entry) trail.push(entry)
  })
  return trail
}
