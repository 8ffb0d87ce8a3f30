import type { Scene } from './scene.ts'

/**
 * Moments of a take-over or a hand-over, at which most can go wrong. What strikes at a random time hits one of them too
 * seldom: the core is done with each in a second or two.
 */
export const moments = [
  'volume attaching',
  'volume attached',
  'volume detaching',
  'volume free',
  'interface attached',
  'interface free',
  'command sent',
  'command ended',
  'Pending:Wait',
  'InService',
  'Terminating:Wait',
] as const

export type Moment = (typeof moments)[number]

/** Told of each moment when it comes, and whose it is. It must not change the world at once. */
type Listener = (moment: Moment, instanceId: string) => void

/** Tells of every moment from now on. */
export function watchMoments({ cloud }: Scene, tell: Listener): void {
  const { ec2, ssm, autoscaling } = cloud
  ec2.volumes.watch((_id, before, after) => {
    const [was, is] = [before?.attachment, after?.attachment]
    const instanceId = (is ?? was)?.instanceId
    if (instanceId === undefined || was?.state === is?.state) return
    if (is === undefined) tell('volume free', instanceId)
    else if (is.state !== 'busy') tell(`volume ${is.state}`, instanceId)
  })
  ec2.networkInterfaces.watch((_id, before, after) => {
    const [was, is] = [before?.attachment, after?.attachment]
    if (was && !is) tell('interface free', was.instanceId)
    if (is?.status === 'attached' && was?.status !== 'attached') tell('interface attached', is.instanceId)
  })
  ssm.invocations.watch((_id, before, after) => {
    if (!after) return
    if (!before) tell('command sent', after.instanceId)
    else if (hasEnded(after) && !hasEnded(before)) tell('command ended', after.instanceId)
  })
  autoscaling.onLifecycleState(({ instanceId, lifecycleState }) => {
    const moment = moments.find((one) => one === lifecycleState)
    if (moment) tell(moment, instanceId)
  })
}

const hasEnded = ({ state }: { readonly state: { readonly status: string } }): boolean =>
  state.status !== 'Pending' && state.status !== 'InProgress'
