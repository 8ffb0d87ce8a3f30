import type { Cloud } from '../../lab/cloud/cloud.ts'
import type { Kernel } from '../../lab/cloud/kernel.ts'
import type { Operation } from '../../shared/aws/operations.ts'

/** What of its input tells one call of a read from another. */
const keys: Partial<Readonly<Record<Operation, (input: Input) => string>>> = {
  'autoscaling.DescribeAutoScalingGroups': ofFilter,
  'ec2.DescribeInstances': (input) => input.Filters?.[0]?.Values?.join() ?? '',
  'ec2.DescribeNetworkInterfaces': ofFilter,
  'ec2.DescribeVolumes': ofFilter,
  'ec2.DescribeSubnets': (input) => input.Filters?.[0]?.Values?.join() ?? '',
  'ssm.DescribeInstanceInformation': ofFilter,
  // The moment since when commands are asked for is days before the beginning of every run.
  'ssm.ListCommandInvocations': ({ InstanceId = '', Filters }) => InstanceId + (Filters?.[1]?.value ?? ''),
  'ssm.GetCommandInvocation': (input) => (input.CommandId ?? '') + (input.InstanceId ?? ''),
}

interface Input {
  readonly Filters?: readonly { readonly Values?: readonly string[]; readonly value?: string }[]
  readonly InstanceId?: string
  readonly CommandId?: string
  readonly NextToken?: string | undefined
}

function ofFilter({ Filters }: Input): string {
  return Filters?.[0]?.Values?.[0] ?? ''
}

type Read = (operation: Operation, input: object) => object

/**
 * Answers a read that has been asked before from what it was answered then, as long as nothing that it tells of has
 * changed since: most of a run is polling. A read that tells of the past is drawn anew each time.
 */
export function createReads(cloud: Cloud): Read {
  const { ec2, autoscaling, ssm, kernel } = cloud
  const answers = new Map<Operation, Map<string, object>>()
  const known = (operation: Operation): Map<string, object> => {
    const there = answers.get(operation) ?? new Map<string, object>()
    answers.set(operation, there)
    return there
  }
  const tellsOf = (tables: readonly { watch(watcher: () => void): void }[], ...operations: Operation[]): void => {
    const told = operations.map(known)
    const forget = (): void => {
      for (const each of told) each.clear()
    }
    for (const table of tables) table.watch(forget)
  }
  tellsOf([autoscaling.groups, autoscaling.members], 'autoscaling.DescribeAutoScalingGroups')
  tellsOf([ec2.networkInterfaces], 'ec2.DescribeNetworkInterfaces', 'ec2.DescribeInstances')
  tellsOf([ec2.volumes], 'ec2.DescribeVolumes', 'ec2.DescribeInstances')
  tellsOf([ec2.instances], 'ec2.DescribeInstances', 'ssm.DescribeInstanceInformation')
  tellsOf([ec2.subnets], 'ec2.DescribeSubnets')
  tellsOf([ssm.agents], 'ssm.DescribeInstanceInformation')
  tellsOf([ssm.commands, ssm.invocations], 'ssm.ListCommandInvocations', 'ssm.GetCommandInvocation')
  return (operation, input: Input) => {
    const keyOf = keys[operation]
    // A page that is not the first is asked for too rarely to be kept.
    const further = input.NextToken !== undefined
    if (!keyOf || further) return cloud.call(operation, input)
    const { staleReads } = kernel.settings
    if (kernel.random.chance(staleReads)) return withStaleness(kernel, 1, () => cloud.call(operation, input))
    const key = keyOf(input)
    const told = known(operation)
    const answer = told.get(key) ?? withStaleness(kernel, 0, () => cloud.call(operation, input))
    told.set(key, answer)
    return answer
  }
}

/** Whether a read tells of the past has been drawn already: now it does, or does not, for certain. */
function withStaleness(kernel: Kernel, staleReads: 0 | 1, read: () => object): object {
  const drawn = kernel.settings.staleReads
  Object.assign(kernel.settings, { staleReads })
  try {
    return read()
  } finally {
    Object.assign(kernel.settings, { staleReads: drawn })
  }
}
