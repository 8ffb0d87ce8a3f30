import { CallFailure } from '../../../shared/aws/failure.ts'
import { type Mutant, seeing, withEc2 } from './plant.ts'

/** Bugs in what is looked at, and for whom. */
export const reading: Readonly<Record<string, Mutant>> = {
  'unknown-is-free': {
    is: 'takes a failed read of the volumes and interfaces for an empty one',
    composition: withEc2((ec2) => ({
      instances: (ids) => ec2.instances(ids).catch(() => []),
      volumes: (ensemble) => ec2.volumes(ensemble).catch(() => []),
      networkInterfaces: (ensemble) => ec2.networkInterfaces(ensemble).catch(() => []),
    })),
  },
  'read-fails-means-gone': {
    is: 'takes a failed listing of the commands for an empty one',
    composition: {
      ports: (ports) => ({
        ...ports,
        ssm: {
          ...ports.ssm,
          invocations: (instance, since) =>
            ports.ssm.invocations(instance, since).catch((error: unknown) => {
              if (error instanceof CallFailure) return []
              throw error
            }),
        },
      }),
    },
  },
  'trust-the-event': {
    is: 'believes the event, whatever state the instance is in by now',
    composition: {
      plan: seeing((seen) => ({
        ...seen,
        groupInstances: seen.groupInstances.map((one) =>
          one.instanceId === seen.action.instanceId
            ? { ...one, lifecycleState: seen.action.transition === 'launching' ? 'Pending:Wait' : 'Terminating:Wait' }
            : one,
        ),
      })),
    },
  },
  'ignore-ensemble': {
    is: 'looks at the interfaces and volumes of every ensemble whose name begins like its own',
    composition: withEc2((ec2) => ({
      networkInterfaces: async (ensemble) => [
        ...(await ec2.networkInterfaces(ensemble)),
        ...(await ec2.networkInterfaces(`${ensemble}-2`)).map((one) => ({ ...one, member: `${one.member}1` })),
      ],
      volumes: async (ensemble) => [
        ...(await ec2.volumes(ensemble)),
        ...(await ec2.volumes(`${ensemble}-2`)).map((one) => ({ ...one, member: `${one.member}1` })),
      ],
    })),
  },
  'complete-other-instance': {
    is: 'completes the action of another instance that waits',
    composition: {
      ports: (ports) => ({
        ...ports,
        autoScaling: {
          ...ports.autoScaling,
          async complete(action, result) {
            const groups = await ports.autoScaling.groups('zookeeper').catch(() => [])
            const other = groups.flatMap((group) => group.instances).find((one) => one.lifecycleState.endsWith(':Wait'))
            const { token: _token, ...rest } = action
            const wrong = other ? { ...rest, instanceId: other.instanceId, groupName: other.groupName } : action
            return ports.autoScaling.complete(wrong, result)
          },
        },
      }),
    },
  },
  'no-sweep': { is: 'has no sweep', composition: { sweeps: false } },
}
