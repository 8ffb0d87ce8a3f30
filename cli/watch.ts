import type { LabMember } from '../lab/stack/ensemble.ts'
import type { Lab } from '../lab/stack/lab.ts'

/** A stretch of a take-over, in seconds since its cause. */
export interface Step {
  readonly name: string
  readonly start: number
  readonly end: number
}

export interface TakeOver {
  readonly member: number
  readonly from: string
  readonly to: string
  readonly cause: string
  /** From the cause until Auto Scaling has the new instance in service. */
  readonly seconds: number
  /** Since the cause: for so long the instance before was seen to vote, as one that is replaced in order does for a while. */
  readonly servedOn: number
  /** From then until the member's service has a role again. */
  readonly downtime: number | null
  /** What the other servers had sent to the new one by then; null where nobody counts. */
  readonly bytesSynced: number | null
  readonly steps: readonly Step[]
  /** Whether the new instance holds the very interface, address and volumes of its member. */
  readonly kept: boolean
}

/** A line of the functions' log, as far as the timeline needs it. */
interface LogLine {
  readonly event: string
  readonly because: string
  readonly instance?: string
  readonly transition?: string
  readonly step?: string
  readonly verdict?: string
  readonly ms?: number
}

/** Watches one member change hands, from its cause until its next instance is in service. */
export interface Watch {
  /** Ends the watch: to be called once the member is in service again, or is free. */
  finish(): Promise<TakeOver>
}

export interface Watcher {
  begin(member: LabMember, from: string | undefined, cause: string): Watch
  /** Takes a line of the functions' logs. */
  line(text: string): void
}

/** Between two questions to the service. */
const voteEveryMs = 50

async function voteEvery(): Promise<void> {
  await new Promise((resolve) => {
    // A job that has failed elsewhere must end, though nobody tells this watch that it is over.
    setTimeout(resolve, voteEveryMs).unref()
  })
}

const hundredth = (seconds: number): number => Math.round(seconds * 100) / 100
const tenth = (seconds: number): number => Math.round(seconds * 10) / 10

/**
 * Turns what the cloud does and what the functions say into steps. `show` gets a sentence for each, as it happens, with
 * the seconds since the cause.
 */
export function createWatcher(lab: Lab, show: (seconds: number, text: string) => void): Watcher {
  const { cloud } = lab
  const recordings = new Set<Recording>()

  cloud.ec2.onInstanceState((instance) => {
    const groupName = instance.tags['aws:autoscaling:groupName']
    for (const one of recordings) one.instanceState(instance.instanceId, instance.state, groupName)
  })
  cloud.autoscaling.onLifecycleState((instance) => {
    for (const one of recordings) one.lifecycleState(instance.instanceId, instance.lifecycleState, instance.groupName)
  })

  return {
    begin(member, from, cause) {
      const recording = new Recording(member, from ?? '', cause, show, lab)
      recordings.add(recording)
      return {
        async finish() {
          const takeover = await recording.finish()
          recordings.delete(recording)
          return takeover
        },
      }
    },
    line: (text) => {
      const line = parse(text)
      if (line) for (const one of recordings) one.log(line)
    },
  }
}

class Recording {
  readonly #member: LabMember
  readonly #from: string
  readonly #cause: string
  readonly #show: (seconds: number, text: string) => void
  readonly #started = Date.now()
  readonly #steps: Step[] = []
  /** Every instance that has been this member's since the cause. */
  readonly #instances: Set<string>
  readonly #lab: Lab
  #launched = 0
  #to = ''
  #finished = false
  #voting: Promise<void> = Promise.resolve()
  #servedOn = 0
  #votes: number | null = null
  #bytesSynced: number | null = null
  #waiting: { readonly name: string; readonly start: number } | undefined

  constructor(member: LabMember, from: string, cause: string, show: (seconds: number, text: string) => void, lab: Lab) {
    this.#lab = lab
    this.#member = member
    this.#from = from
    this.#cause = cause
    this.#instances = new Set([from])
    void this.#serveOn()
    this.#show = (seconds, text) => show(seconds, `member ${member.id}: ${text}`)
    this.#show(0, cause)
  }

  instanceState(id: string, state: string, groupName: string | undefined): void {
    if (groupName !== this.#member.groupName) return
    this.#instances.add(id)
    const now = this.#now()
    if (id !== this.#from && state === 'pending') {
      this.#launched = now
      this.#add('launch', 0, now)
    }
    if (id !== this.#from && state === 'running') {
      this.#add('boot', this.#launched, now)
      this.#to = id
      this.#voting = this.#voteAgain(id)
    }
    this.#show(now, `${id} is ${state}`)
  }

  lifecycleState(id: string, state: string, groupName: string): void {
    if (groupName === this.#member.groupName) this.#show(this.#now(), `${id} is ${state}`)
  }

  log(line: LogLine): void {
    if (line.instance === undefined || !this.#instances.has(line.instance)) return
    const now = this.#now()
    this.#endWait(now)
    if (line.event === 'step' && line.step !== undefined) {
      this.#add(line.step, now - (line.ms ?? 0) / 1000, now)
      this.#show(now, `${line.step} ${line.because} (${line.ms ?? 0} ms)`)
      return
    }
    if (line.event === 'plan' && line.step === undefined && line.verdict === 'WAIT') {
      this.#waiting = { name: `wait: ${line.because}`, start: now }
    }
    if (line.step === undefined) this.#show(now, `${(line.verdict ?? line.event).toLowerCase()}: ${line.because}`)
  }

  async finish(): Promise<TakeOver> {
    const now = this.#now()
    this.#endWait(now)
    this.#finished = true
    await this.#voting
    return {
      member: this.#member.id,
      from: this.#from,
      to: this.#to,
      cause: this.#cause,
      seconds: tenth(now),
      servedOn: hundredth(this.#servedOn),
      downtime: this.#votes === null ? null : hundredth(this.#votes - this.#servedOn),
      bytesSynced: this.#bytesSynced,
      steps: this.#steps,
      kept: this.#to !== this.#from && holdsAll(this.#lab.cloud, this.#member, this.#to),
    }
  }

  /** Asks the instance before until there is another that votes, or none to ask. What counts is when it was asked last. */
  async #serveOn(): Promise<void> {
    while (this.#from !== '' && this.#votes === null && !this.#finished) {
      const asked = this.#now()
      if (await this.#hasRole(this.#from)) this.#servedOn = asked
      else if (this.#lab.cloud.ec2.instances.get(this.#from)?.state !== 'running') return
      await voteEvery()
    }
  }

  /** Asks the new instance until its service has a role: then the member votes again. */
  async #voteAgain(id: string): Promise<void> {
    while (!(await this.#hasRole(id))) {
      if (this.#finished) return
      await voteEvery()
    }
    const now = this.#now()
    this.#votes = now
    this.#bytesSynced = (await this.#lab.hosts.bytesSynced(id)) ?? null
    this.#show(now, `${id} votes`)
  }

  async #hasRole(id: string): Promise<boolean> {
    const role = await this.#lab.hosts.role(id).catch(() => undefined)
    return role !== undefined && role !== 'looking'
  }

  #endWait(now: number): void {
    if (this.#waiting) this.#add(this.#waiting.name, this.#waiting.start, now)
    this.#waiting = undefined
  }

  #add(name: string, start: number, end: number): void {
    this.#steps.push({ name, start: tenth(Math.max(0, start)), end: tenth(end) })
  }

  #now(): number {
    return (Date.now() - this.#started) / 1000
  }
}

function holdsAll({ ec2 }: Lab['cloud'], member: LabMember, instance: string): boolean {
  const card = ec2.networkInterfaces.get(member.networkInterfaceId)
  const holders = [
    card?.attachment?.instanceId,
    ...member.volumeIds.map((id) => ec2.volumes.get(id)?.attachment?.instanceId),
  ]
  return card?.privateIpAddress === member.address && holders.every((holder) => holder === instance)
}

function parse(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine
  } catch {
    // Node's own warnings come the same way; they are no part of a timeline.
    return undefined
  }
}
