import { type AutoScalingScene, groupName } from './autoscaling-scene.ts'

/** One fact about Auto Scaling, with where it was seen and what proves it here. */
export interface Fact {
  readonly row: string
  readonly grade: 'A, captured' | 'B, asserted against AWS'
  readonly source: string
  readonly fact: string
  readonly prove: (scene: AutoScalingScene) => void | Promise<void>
}

export type Row = Pick<Fact, 'row' | 'fact' | 'prove'>

/** All in radkawar/stackd (commit 9dc356f5), testdata/aws/autoscaling, captured from AWS in September 2026. */
export function facts(file: string, rows: readonly Row[]): Fact[] {
  const source = `radkawar/stackd testdata/aws/autoscaling/${file}`
  return rows.map((row) => ({ ...row, grade: 'A, captured', source }))
}

export const group = { AutoScalingGroupName: groupName }

/** How a call is refused whose input is not valid. */
export const validation = (message: string) => ({ code: 'ValidationError', message, status: 400 })

export const lifecycleHooks = [
  {
    LifecycleHookName: 'launch',
    LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
    HeartbeatTimeout: 120,
    DefaultResult: 'ABANDON',
  },
  {
    LifecycleHookName: 'terminate',
    LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    HeartbeatTimeout: 120,
    DefaultResult: 'CONTINUE',
  },
]

/** A group with a launch and a terminate hook whose one instance is in service. */
export async function inService(scene: AutoScalingScene, input: Parameters<AutoScalingScene['group']>[0] = {}) {
  scene.group({ LifecycleHookSpecificationList: lifecycleHooks, ...input })
  await scene.untilStates('Pending:Wait')
  scene.complete('launch')
  await scene.untilStates('InService')
  return scene.membersIn('InService')[0] ?? ''
}

export const setDesired = (scene: AutoScalingScene, DesiredCapacity: number) =>
  scene.call('SetDesiredCapacity', { ...group, DesiredCapacity })
