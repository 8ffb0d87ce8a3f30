import * as fc from 'fast-check'
import { memberDeviceIndex } from '../../shared/model/device-names.ts'
import { type InstanceId, networkInterfaceId } from '../../shared/model/ids.ts'
import type { Member, Volume, VolumeAttachment } from '../../shared/model/member.ts'
import type { Command, Instance, Observation } from '../../shared/model/observation.ts'
import { age } from './ages.ts'
import { healthSketches, noteSketches, sketchedHealth, withNotes } from './notes.ts'
import {
  attachedTo,
  command,
  failed,
  handedOver,
  heldBy,
  inGroup,
  instance,
  launching,
  member,
  now,
  other,
  reach,
  self,
  subnetCidrs,
  takenOver,
  terminating,
  third,
  volume,
} from './scene.ts'

/**
 * Observations that any three instances and up to three members could give rise to, possible in EC2 or not: a read may
 * mix moments, and the plan must do no harm on any of them. Whole and healthy ones are frequent, because what is to be
 * shown there (the proof, the permits, the release) is never reached by chance alone.
 */

const who = fc.constantFrom(self, other, third)
const rarely = fc.integer({ min: 0, max: 7 }).map((number) => number === 7)
const mostly = rarely.map((value) => !value)
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined })

const volumeAttachments: fc.Arbitrary<VolumeAttachment> = fc.record({
  instanceId: who,
  device: fc.constantFrom('/dev/sdf', '/dev/sdg', '/dev/sdh'),
  state: fc.constantFrom('attached', 'attached', 'attaching', 'detaching', 'busy', 'detached', 'odd'),
  attachTime: age.map((ago) => now - ago),
  deleteOnTermination: rarely,
})

const interfaceAttachments = fc.record({
  instanceId: who,
  deviceIndex: fc.constantFrom(memberDeviceIndex, memberDeviceIndex, 2),
  status: fc.constantFrom('attached', 'attached', 'attaching', 'detaching', 'detached', 'odd'),
  deleteOnTermination: rarely,
})

export const intents = maybe(fc.record({ instanceId: who, at: age.map((ago) => now - ago) }))

/** How a member as a whole looks: untouched, wholly held, claimed but for its volumes, or each part by itself. */
type Disposition = 'free' | 'whole' | 'claimed' | 'bare' | 'wild'

export const memberSketches = fc.record({
  notes: noteSketches,
  zone: fc.constantFrom('eu-central-1a', 'eu-central-1a', 'eu-central-1a', 'eu-central-1b'),
  disposition: fc.constantFrom<Disposition>('free', 'free', 'whole', 'whole', 'whole', 'claimed', 'bare', 'wild'),
  holder: who,
  mortal: rarely,
  card: maybe(interfaceAttachments),
  disks: fc.array(
    fc.record({
      state: fc.constantFrom('available', 'available', 'in-use', 'creating'),
      attachment: maybe(volumeAttachments),
      intent: intents,
      formatPermitted: rarely,
      bootstrapPermitted: rarely,
    }),
    { minLength: 1, maxLength: 2 },
  ),
})
type MemberSketch = typeof memberSketches extends fc.Arbitrary<infer Sketch> ? Sketch : never

export function sketchedMember(sketch: MemberSketch, index: number): Member {
  return withNotes(sketch.notes, unnoted(sketch, index))
}

function unnoted(sketch: MemberSketch, index: number): Member {
  const { disposition, holder, mortal, zone } = sketch
  const number = index + 1
  const volumes = sketch.disks.map((disk, place): Volume => {
    const { intent, formatPermitted, bootstrapPermitted } = disk
    const plain = volume(number * 16 + place, {
      mount: `/data/${place}`,
      formatPermitted,
      bootstrapPermitted,
      ...(intent && { intent }),
    })
    if (disposition !== 'wild' && disposition !== 'claimed') return plain
    const { attachment } = disk
    return { ...plain, state: disk.state, ...(attachment && { ...attachedTo(attachment.instanceId), attachment }) }
  })
  const plain = member(number, { zone, volumes })
  if (disposition === 'free') return plain
  const whole = heldBy(holder, plain, { deleteOnTermination: mortal }, { deleteOnTermination: mortal })
  if (disposition === 'whole') return whole
  if (disposition === 'claimed' || disposition === 'bare') return { ...whole, volumes }
  const { card } = sketch
  if (!card) return plain
  const attachment = { id: `eni-attach-${number}`, ...card }
  return { ...plain, networkInterface: { ...plain.networkInterface, attachment } }
}

const instanceSketches = fc.record({
  shown: mostly,
  state: fc.constantFrom('running', 'running', 'running', 'running', 'pending', 'shutting-down', 'terminated', 'odd'),
  zone: fc.constantFrom('eu-central-1a', 'eu-central-1a', 'eu-central-1a', 'eu-central-1b'),
  ago: age,
  devices: fc.constantFrom(['/dev/xvda'], ['/dev/xvda', '/dev/sdf'], ['/dev/xvda', '/dev/sdg']),
  second: maybe(fc.constantFrom('eni-0123456789abcdef0', ...[1, 2, 3].map((one) => member(one).networkInterface.id))),
})
type InstanceSketch = typeof instanceSketches extends fc.Arbitrary<infer Sketch> ? Sketch : never

function sketchedInstances(sketches: readonly InstanceSketch[]): Instance[] {
  return [self, other, third].flatMap((name, index) => {
    const sketch = sketches[index]
    if (!sketch?.shown) return []
    const { state, zone, ago, devices, second } = sketch
    const primary = { id: 'eni-0aaaaaaaaaaaaaaaa', deviceIndex: 0 }
    const networkInterfaces = second
      ? [primary, { id: networkInterfaceId(second), deviceIndex: memberDeviceIndex }]
      : [primary]
    return [instance(name, { state, zone, launchTime: now - ago, devices, networkInterfaces })]
  })
}

const lifecycleStates = fc.constantFrom(
  ...Array.from({ length: 10 }, () => 'InService'),
  'Pending:Wait',
  'Pending:Proceed',
  'Terminating:Wait',
  'Terminating:Proceed',
  'Terminated',
  'Standby',
  'Warmed:Stopped',
  'Quarantined',
)
const ownLifecycleStates = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('Pending:Wait', 'Pending:Wait', 'Terminating:Wait') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('Pending', 'Terminating', 'Warmed:Pending:Wait', 'Warmed:Terminating:Wait', 'InService'),
  },
)

const commandSketches = fc.record({
  ago: age,
  verb: fc.constantFrom('takeOver', 'takeOver', 'handOver'),
  about: fc.constantFrom(0, 0, 0, 0, 1, 2),
  kind: fc.constantFrom(
    'success',
    'success',
    'success',
    'success',
    'short',
    'short',
    'garbage',
    'failed',
    'running',
    'lost',
  ),
  word: fc.constantFrom(
    'busy',
    'too-late',
    'no-quorum',
    'handed-over',
    'volume-unfit',
    'mount-failed',
    'still-mounted',
  ),
})
type CommandSketch = typeof commandSketches extends fc.Arbitrary<infer Sketch> ? Sketch : never

function sketchedCommand({ ago, verb, about, kind, word }: CommandSketch, members: readonly Member[]): Command {
  const sentAt = now - ago
  const subject = members[about] ?? member(about + 1)
  const told = verb === 'takeOver' ? takenOver : handedOver
  switch (kind) {
    case 'success':
      return told(subject, sentAt)
    case 'short':
      // All but the last of its volumes.
      return told({ ...subject, volumes: subject.volumes.slice(0, -1) }, sentAt)
    case 'garbage':
      return command(verb, 'succeeded', '{"attempt":', sentAt)
    case 'failed':
      return failed(verb, word, sentAt)
    default:
      return command(verb, kind, '', sentAt)
  }
}

const reaches = fc
  .record({
    peer: fc.constantFrom(other, third),
    answer: fc.constantFrom('reached', 'reached', 'running', 'unreachable', 'unasked'),
    ago: age,
    number: fc.constantFrom(1, 1, 1, 2, 3),
  })
  .map(({ peer, answer, ago, number }) => reach(peer, answer, now - ago, `10.0.${number}.10`))

export const sketches = fc.record({
  healths: fc.tuple(healthSketches, healthSketches, healthSketches),
  wanted: fc.constantFrom(3, 3, 3, 2, 1, 0),
  settled: fc.tuple(mostly, mostly, mostly),
  /** Three in four are worlds in which nothing odd is about the instance itself, so that its way leads further. */
  calm: fc.constantFrom(true, true, true, false),
  /** Whether no member of the ensemble has ever had data. */
  fresh: rarely,
  action: fc.constantFrom(launching, launching, terminating),
  members: fc.array(memberSketches, { maxLength: 3 }),
  instances: fc.tuple(instanceSketches, instanceSketches, instanceSketches),
  own: ownLifecycleStates,
  others: fc.tuple(maybe(lifecycleStates), maybe(lifecycleStates)),
  inGroup: mostly,
  tagFaults: fc.constantFrom([], [], ['member 9 has no volume', 'vol-1: tag stayput:mount is null']),
  agentOnline: mostly,
  commands: fc.uniqueArray(commandSketches, { maxLength: 4, selector: (one) => one.ago }),
  subnetCidrs: mostly,
  reaches: fc.array(reaches, { maxLength: 3 }),
  givenUp: rarely,
  refused: fc.tuple(rarely, rarely),
})
type Sketch = typeof sketches extends fc.Arbitrary<infer Value> ? Value : never

/** As `observe` puts them: newest first. */
export const newestFirst = (commands: readonly Command[]): Command[] => commands.toSorted((a, b) => b.sentAt - a.sentAt)

export function sketched(sketch: Sketch): Observation {
  const { calm, own } = sketch
  const members = (
    calm ? sketch.members.map((one, index) => calmMember(one, index, sketch.fresh)) : sketch.members
  ).map(sketchedMember)
  const states: [InstanceId, string | undefined][] = [
    [self, calm || sketch.inGroup ? own : undefined],
    [other, sketch.others[0]],
    [third, sketch.others[1]],
  ]
  const [first, ...rest] = sketch.instances
  const ownInstance: InstanceSketch =
    calm && own === 'Pending:Wait' ? { ...first, shown: true, state: 'running', zone: 'eu-central-1a' } : first
  const instances = [ownInstance, ...rest]
  // An instance that was told to hand over never takes over again: where that is so, a launch ends at once.
  const commands = sketch.commands.filter((one) => !calm || own !== 'Pending:Wait' || one.verb === 'takeOver')
  const disks = members.flatMap((one) => one.volumes.map((disk) => disk.id))
  return {
    now,
    action: calm ? (own.includes('Terminating') ? terminating : launching) : sketch.action,
    groupInstances: states.flatMap(([name, state]) => (state === undefined ? [] : [inGroup(name, state)])),
    wanted: sketch.wanted,
    groups: [],
    instances: sketchedInstances(instances),
    members,
    tagFaults: sketch.tagFaults,
    agentOnline: sketch.agentOnline,
    commands: newestFirst(commands.map((one) => sketchedCommand(one, members))),
    subnetCidrs: sketch.subnetCidrs ? subnetCidrs : new Map(),
    reaches: sketch.reaches,
    healths: [self, other, third].flatMap((host, place) => sketchedHealth(sketch.healths[place]!, host, members)),
    leavingSince: new Map(
      [self, other, third].filter((_, place) => sketch.settled[place]).map((host) => [host, now - 60_000]),
    ),
    ...(sketch.givenUp && !calm && { givenUp: 'it was given up before' }),
    refusedAttaches: new Set(disks.filter((_, index) => sketch.refused[index])),
  }
}

/** Member 1 is this instance's if it is anybody's, the others are the others'; most permits have been withdrawn. */
function calmMember(sketch: MemberSketch, index: number, fresh: boolean): MemberSketch {
  const holder = [self, other, third][index] ?? self
  const fitting = <Attachment extends { instanceId: InstanceId }>(attachment: Attachment | undefined) =>
    attachment?.instanceId === self ? { ...attachment, instanceId: holder } : attachment
  return {
    ...sketch,
    holder,
    card: fitting(sketch.card),
    disks: sketch.disks.map((disk) => ({
      ...disk,
      attachment: fitting(disk.attachment),
      bootstrapPermitted: fresh || (disk.bootstrapPermitted && disk.formatPermitted),
    })),
  }
}

export const observations: fc.Arbitrary<Observation> = sketches.map(sketched)
