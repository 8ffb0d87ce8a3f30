import type { LogLine } from '../../shared/log.ts'
import type { Step } from '../../shared/model/plan.ts'
import { faultKinds } from './faults.ts'
import type { Life } from './port.ts'
import type { Scene } from './scene.ts'

/** Notes a line of the core's log, and counts what it tells of: step, verdict, branch of the planner. */
export function watchLog(line: LogLine, { ensemble, name }: Life, { journal, tally }: Scene): void {
  journal.note(`log ${line.event} ${line.verdict ?? line.step ?? ''}`, () => {
    const { level, event, because, step, verdict, instance, member } = line
    const who = `${ensemble} ${name}${member === undefined ? '' : ` member ${member}`} ${instance ?? ''}`
    return `${who}: ${[level === 'info' ? '' : level, event, verdict, step].filter(Boolean).join(' ')}: ${because}`
  })
  if (line.event === 'step') tally.add(`step ${line.step}`)
  if (line.event === 'verdict') tally.add(`verdict ${line.verdict}`)
  if (line.event !== 'step' && line.event !== 'ignored') tally.add(`branch ${branchOf(line.because)}`)
}

const states = [
  'Pending',
  'Pending:Wait',
  'Pending:Proceed',
  'InService',
  'Terminating',
  'Terminating:Wait',
  'Terminating:Proceed',
  'Terminated',
]

const stepKinds: readonly Step['kind'][] = [
  'attach-interface',
  'retain-interface',
  'attach-volume',
  'retain-volume',
  'take-over',
  'ask-peer',
  'withdraw-permit',
  'hand-over',
  'detach-volume',
  'detach-interface',
]

/** The branches of the planner, told by what they say. The first that fits counts. */
export const branches: readonly (readonly [string, RegExp])[] = [
  ['out of time', /^out of time/],
  ['a verdict that could not be told', /; but (completing|extending) /],
  ['looking took too long', /^looking took/],
  ['a read failed', /^(listing|looking) /],
  ['giving up: stuck attaching', /^giving up, .* stuck attaching/],
  ['giving up: attached before', /^giving up, .*never twice/],
  ['giving up: taken away', /^giving up, .*(it was taken away|somebody detached it)/],
  ['giving up: told to hand over', /^giving up, .*(never takes over again|handed-over)/],
  ['giving up: no agent', /^giving up, the SSM agent/],
  ['giving up: no member free', /^giving up, no member of zone/],
  ['giving up: volume unfit', /^giving up, volume-unfit/],
  ['giving up: commands failed', /^giving up, \d+ take-over commands failed/],
  ['giving up: half of another member', /^giving up, .*the interface of its member/],
  ['giving up: the instance is leaving', /^giving up, the instance is/],
  ['giving up: unreachable', /^giving up, .*can't reach/],
  ['giving up: volume with another', /^giving up, vol-\S+ is attached to/],
  ['giving up: otherwise', /^giving up/],
  ['launch: not visible', /^EC2 does not show/],
  ['launch: not running yet', /not running yet$/],
  ['launch: claims a free member', /^member \d+ is free$/],
  ['launch: claimed', /^member \d+ is claimed$/],
  ['launch: waits for a member', /^no member of zone|^zone \S+ has no member/],
  ['launch: half of another member', /the interface of its member/],
  ['launch: agent not online', /^the SSM agent/],
  ['launch: attaching', /is attaching$/],
  ['launch: announced, not seen', /its attachment not seen yet$/],
  ['launch: volume still elsewhere', /^vol-\S+ is \w+ to /],
  ['launch: command due', /^everything is attached/],
  ['launch: command running', /^the take-over command is running/],
  ['launch: command again', /^once more: (?!the hand-over)/],
  [
    'launch: command failed',
    /^(busy|too-late|no-quorum|still-mounted|routes-failed|mount-failed|service-failed|volume-missing|interface-missing|no-facts|lost|failed)[: ]|^command \S+ (is|succeeded)/,
  ],
  ['launch: verification too old', /^the last verification is too old/],
  ['launch: asks a peer', / is (leader|follower|standalone)$/],
  ['launch: peer asked', /^asking /],
  ['launch: peer can not reach', /can't reach/],
  ['launch: peers in doubt', /^the peers are in doubt/],
  ['launch: permits served', /the permits have served$/],
  ['launch: proved by a peer', /^member \d+ is proved: .* reaches /],
  ['launch: proved without peer', /^member \d+ is proved: .*no peer in service/],
  ['terminate: command due', /^the host is to stop/],
  ['terminate: command running', /^the hand-over command is running/],
  ['terminate: lets go', /^the host has let go/],
  ['terminate: detaching', /^detaching$/],
  ['terminate: detaching too long', /^what is detaching takes too long/],
  ['terminate: holds no member', /^it holds no member/],
  ['terminate: EC2 frees', /EC2 frees what it holds$/],
  ['terminate: agent not online', /^its agent is not online/],
  ['terminate: refused', /nothing is taken from it$/],
  ['nothing: foreign', /is in no group of this ensemble|not in /],
  ['nothing: other transition', /by now, in another transition$/],
  ['nothing: nobody waits', /nobody waits for us$/],
  ['not waiting yet', /not waiting for us yet$/],
]

/** What has to occur in a run of many seeds: else the simulation does not test it. */
export const mustOccur: readonly string[] = [
  ...faultKinds.map((kind) => `fault ${kind}`),
  ...states.map((state) => `state ${state}`),
  ...stepKinds.map((kind) => `step ${kind}`),
  ...['CONTINUE', 'ABANDON', 'WAIT', 'NOTHING'].map((verdict) => `verdict ${verdict}`),
  ...branches.map(([name]) => `branch ${name}`),
]

const cache = new Map<string, string>()

function branchOf(because: string): string {
  const found = branches.find(([, pattern]) => pattern.test(because))?.[0]
  if (found !== undefined) return found
  let shape = cache.get(because)
  if (shape === undefined) {
    shape = because
      .replaceAll(/\b(i|eni|vol|subnet|eni-attach)-[0-9a-f]+/g, '$1')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'uuid')
      .replaceAll(/\d+/g, 'n')
      .slice(0, 110)
    cache.set(because, shape)
  }
  return `other: ${shape}`
}
