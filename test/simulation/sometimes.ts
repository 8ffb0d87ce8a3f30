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
  'ask-health',
  'write-note',
  'forget-note',
  'mark-unhealthy',
  'reconfigure',
]

/** The branches of the planner, told by what they say. The first that fits counts. */
export const branches: readonly (readonly [string, RegExp])[] = [
  ['out of time', /^out of time/],
  ['a verdict that could not be told', /; but (completing|extending) /],
  ['looking took too long', /^looking took/],
  ['a read failed', /^(listing|looking) /],
  ['giving up: counted, and delayed', /; the next one is to come after /],
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
  ['launch: permits served', /the permits have served/],
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
  ['guard: says that it is to leave', /is to leave, and says so first$/],
  ['guard: notes that it is decided', /is about to leave, and that is noted first$/],
  ['guard: gives the others time', /has some seconds to be seen$/],
  ['guard: another leaves first', /leaves first$/],
  ['guard: stands back', /stands back$/],
  ['guard: asks', /^the hosts are asked/],
  ['guard: waits for the quorum', /^without member \d+ \d+ would be in sync/],
  ['guard: others are in sync', /^\d+ others are in sync: /],
  ['guard: has no vote', /^it has no vote, so the quorum loses nothing/],
  ['guard: the quorum loses nothing', /so the quorum loses nothing: /],
  ['guard: taken down', /the ensemble is being taken down: /],
  ['votes: is to lose it first', /is to lose its vote first(: |$)/],
  ['votes: nobody leads who could take it', /nobody leads who could take it$/],
  ['votes: given', /^it serves, and gets its vote/],
  ['votes: taken', /its vote is taken$/],
  ['votes: not given yet', /^it is to vote once member/],
  ['votes: not taken yet', /^its vote is to be taken, but /],
  ['healing: disk full', /% full: grow it/],
  [
    'healing: tags in doubt',
    /nothing is done while the tags are in doubt$|^member \d+ has |^the tags speak of|: tag stayput:/,
  ],
  ['healing: a group has changed', /^group \S+: /],
  ['healing: noticed', /: it is looked at again$/],
  ['healing: applied', /: what is missing is applied$/],
  ['healing: restarted', /: its service is restarted$/],
  ['healing: replaced', /: (its instance|it) is replaced$/],
  ['healing: gives it time', /which may need time$/],
  ['healing: one at a time', /it is not ended now: member \d+ (is being healed|comes first)/],
  ['healing: not without quorum', /it is not ended now: without it/],
  ['healing: waits for one on its way', /it is not ended now: i-/],
  ['healing: agent silent, server serves', /look after its SSM agent$/],
  ['healing: nobody can tell', /no server of a quorum can tell/],
  ['healing: no quorum', /the ensemble has no quorum$/],
  ['healing: a command is at work', /^a command is at work/],
  ['healing: holder on its way', /^its holder i-\S+ is /],
  ['healing: nobody holds it', /^no instance holds it$/],
  ['healing: no member', /is in service and is no member/],
]

/** What has to occur in a run of many seeds: else the simulation does not test it. */
export const mustOccur: readonly string[] = [
  ...faultKinds.map((kind) => `fault ${kind}`),
  ...states.map((state) => `state ${state}`),
  ...stepKinds.map((kind) => `step ${kind}`),
  ...['CONTINUE', 'ABANDON', 'WAIT', 'NOTHING'].map((verdict) => `verdict ${verdict}`),
  ...branches.map(([name]) => `branch ${name}`),
]

/** What has been said before is said again each minute; ids make the rest new, so it is forgotten now and then. */
const known = new Map<string, string>()
const knownMost = 5000

function branchOf(because: string): string {
  const before = known.get(because)
  if (before !== undefined) return before
  if (known.size >= knownMost) known.clear()
  const branch = branches.find(([, pattern]) => pattern.test(because))?.[0] ?? `other: ${shapeOf(because)}`
  known.set(because, branch)
  return branch
}

function shapeOf(because: string): string {
  return because
    .replaceAll(/\b(i|eni|vol|subnet|eni-attach)-[0-9a-f]+/g, '$1')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'uuid')
    .replaceAll(/\d+/g, 'n')
    .slice(0, 110)
}
