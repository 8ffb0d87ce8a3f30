/** Median and 99th percentile of a log-normal latency, in milliseconds. */
export interface Latency {
  readonly median: number
  readonly p99: number
}

export type LatencyName =
  | 'read'
  | 'mutation'
  | 'eventDelivery'
  | 'pendingToRunning'
  | 'runningToAgentOnline'
  | 'interfaceAttach'
  | 'interfaceDetach'
  | 'volumeAttach'
  | 'volumeDetach'
  | 'commandPickup'
  | 'commandReport'
  | 'invocationVisible'
  | 'terminate'
  | 'healthCheck'
  | 'scaling'
  | 'staleness'

/**
 * The world's temperament. Latencies are real durations divided by `speed`; hook timeouts, token buckets and the
 * limits of commands are AWS's promises, not its moods, and are divided by `speed` as well only where a comment says so.
 */
export interface Settings {
  readonly accountId: string
  readonly region: string
  readonly speed: number
  readonly latencies: Readonly<Record<LatencyName, Latency>>
  /** The share of reads that see the past at all; how far back they see is `latencies.staleness`. */
  readonly staleReads: number
  /** EC2's request token buckets, per account and Region. False: never throttled. */
  readonly throttling: boolean
  readonly agentNeverOnline: number
  readonly eventDuplicate: number
  readonly eventLoss: number
  readonly volumeStuckAttaching: number
}

/**
 * Measured by others on AWS where anybody has published a figure, else an estimate: public measurements of event
 * delivery (bitesizedserverless, 2023), of launches (brevdev/ec2-coldboot-research; Percival, 2021), of agents
 * (DataDog/stratus-red-team#108), of volumes (kubernetes-sigs/aws-ebs-csi-driver), of interfaces
 * (aws/amazon-vpc-cni-k8s), of freed interfaces (int128/terraform-aws-nat-instance#57).
 */
const latencies: Settings['latencies'] = {
  read: { median: 120, p99: 800 },
  mutation: { median: 350, p99: 2000 },
  eventDelivery: { median: 600, p99: 5000 },
  pendingToRunning: { median: 10_000, p99: 40_000 },
  runningToAgentOnline: { median: 35_000, p99: 240_000 },
  interfaceAttach: { median: 2500, p99: 10_000 },
  interfaceDetach: { median: 3000, p99: 20_000 },
  volumeAttach: { median: 2500, p99: 12_000 },
  volumeDetach: { median: 3000, p99: 20_000 },
  commandPickup: { median: 1200, p99: 6000 },
  commandReport: { median: 1300, p99: 6000 },
  invocationVisible: { median: 400, p99: 2000 },
  terminate: { median: 45_000, p99: 240_000 },
  healthCheck: { median: 20_000, p99: 60_000 },
  scaling: { median: 2000, p99: 10_000 },
  staleness: { median: 300, p99: 3000 },
}

/** A world in which everything takes its usual time and nothing fails. */
export const calm: Settings = {
  accountId: '123456789012',
  region: 'eu-central-1',
  speed: 1,
  latencies,
  staleReads: 0.05,
  throttling: true,
  agentNeverOnline: 0,
  eventDuplicate: 0,
  eventLoss: 0,
  volumeStuckAttaching: 0,
}
