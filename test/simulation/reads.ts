import { identityTags } from '../../shared/model/tags.ts'
import type { Cloud } from '../../lab/cloud/cloud.ts'
import type { Kernel } from '../../lab/cloud/kernel.ts'
import type { Operation } from '../../shared/aws/operations.ts'

/** One read of the core's, and what it tells of: as long as that has not changed, the answer is what it was. */
export interface Question {
  readonly operation: Operation
  readonly input: Input
  /** Tells it from every other question; undefined where answers are not kept. */
  readonly key: string | undefined
  readonly subjects: readonly Subject[]
}

interface Input {
  readonly Filters?: readonly { readonly Values?: readonly string[]; readonly value?: string }[]
  readonly InstanceId?: string
  readonly CommandId?: string
  readonly NextToken?: string | undefined
}

/** Something of which is known how often it has changed. */
interface Subject {
  changes: number
}

export interface Reads {
  question(operation: Operation, input: object): Question
  /** Answers as the cloud does, which may be of the past. */
  read(question: Question): object
  /** What would be answered now, or its refusal; undefined of what is not kept. */
  now(question: Question): object | undefined
}

/**
 * Answers a read that has been asked before from what it was answered then, as long as nothing that it tells of has
 * changed since: most of a run is polling. The same answer is the very same object, so that whoever has read it once need
 * not read it again. A read that tells of the past is drawn anew each time.
 */
export function createReads(cloud: Cloud): Reads {
  const { kernel } = cloud
  const subjects = watchSubjects(cloud)
  const answers = new Map<string, { answer: object; readonly changes: number }>()
  const current = (question: Question, key: string): object => {
    const changes = question.subjects.reduce((sum, subject) => sum + subject.changes, 0)
    const known = answers.get(key)
    if (known?.changes === changes) return known.answer
    const answer = withStaleness(kernel, 0, () => cloud.call(question.operation, question.input))
    answers.set(key, { answer, changes })
    return answer
  }
  return {
    question(operation, input: Input) {
      const told = tellsOf(operation, input)
      // A page that is not the first is asked for too rarely to be kept.
      if (!told || input.NextToken !== undefined) return { operation, input, key: undefined, subjects: [] }
      const key = `${operation} ${told.of.join()} ${told.more ?? ''}`
      return { operation, input, key, subjects: told.of.map((name) => subjects.get(told.topic, name)) }
    },
    read(question) {
      const { operation, input, key } = question
      if (key === undefined) return cloud.call(operation, input)
      const { staleReads } = kernel.settings
      if (kernel.random.chance(staleReads)) return withStaleness(kernel, 1, () => cloud.call(operation, input))
      return current(question, key)
    },
    now(question) {
      try {
        return question.key === undefined ? undefined : current(question, question.key)
      } catch (error) {
        if (error instanceof Error) return error
        throw error
      }
    },
  }
}

type Topic = 'groups' | 'interfaces' | 'volumes' | 'instances' | 'agents' | 'commands' | 'subnets'

interface Told {
  readonly topic: Topic
  readonly of: readonly string[]
  /** What else of the input tells one question from another. */
  readonly more?: string | undefined
}

const all = ['']

function tellsOf(operation: Operation, { Filters, InstanceId = '', CommandId }: Input): Told | undefined {
  const filtered = Filters?.[0]?.Values ?? []
  switch (operation) {
    case 'autoscaling.DescribeAutoScalingGroups':
      return { topic: 'groups', of: all, more: filtered[0] }
    case 'ec2.DescribeNetworkInterfaces':
      return { topic: 'interfaces', of: filtered }
    case 'ec2.DescribeVolumes':
      return { topic: 'volumes', of: filtered }
    case 'ec2.DescribeInstances':
      return { topic: 'instances', of: filtered }
    case 'ec2.DescribeSubnets':
      return { topic: 'subnets', of: all, more: filtered.join() }
    case 'ssm.DescribeInstanceInformation':
      return { topic: 'agents', of: filtered }
    // The moment since when commands are asked for is days before the beginning of every run.
    case 'ssm.ListCommandInvocations':
      return { topic: 'commands', of: [InstanceId], more: Filters?.[1]?.value }
    case 'ssm.GetCommandInvocation':
      return { topic: 'commands', of: [InstanceId], more: CommandId }
    default:
      return undefined
  }
}

class Subjects {
  readonly #known = new Map<Topic, Map<string, Subject>>()

  get(topic: Topic, name: string): Subject {
    const named = getOr(this.#known, topic, () => new Map<string, Subject>())
    return getOr(named, name, () => ({ changes: 0 }))
  }

  change(topic: Topic, name: string | undefined): void {
    if (name !== undefined) this.get(topic, name).changes++
  }
}

function getOr<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const created = create()
  map.set(key, created)
  return created
}

/** Interfaces and volumes are told of by the ensemble of their tags, and in what is told of the instance that has them. */
function watchSubjects({ ec2, autoscaling, ssm }: Cloud): Subjects {
  const subjects = new Subjects()
  const changed = (topic: Topic) => (): void => subjects.change(topic, '')
  autoscaling.groups.watch(changed('groups'))
  autoscaling.members.watch(changed('groups'))
  ec2.subnets.watch(changed('subnets'))
  const resource = (topic: Topic) => (_id: string, before: Resource | undefined, after: Resource | undefined) => {
    for (const one of [before, after]) {
      subjects.change(topic, one?.tags[identityTags.ensemble])
      subjects.change('instances', one?.attachment?.instanceId)
    }
  }
  ec2.networkInterfaces.watch(resource('interfaces'))
  ec2.volumes.watch(resource('volumes'))
  ec2.instances.watch((id) => {
    subjects.change('instances', id)
    subjects.change('agents', id)
  })
  ssm.agents.watch((id) => subjects.change('agents', id))
  ssm.invocations.watch((_id, before, after) => subjects.change('commands', (after ?? before)?.instanceId))
  ssm.commands.watch((_id, before, after) => {
    for (const id of (after ?? before)?.instanceIds ?? []) subjects.change('commands', id)
  })
  return subjects
}

interface Resource {
  readonly tags: Readonly<Record<string, string>>
  readonly attachment?: { readonly instanceId: string } | undefined
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
