/**
 * What an instance is, seen from the cloud: a machine that boots, gets interfaces and volumes plugged in and pulled
 * out, runs documents as root, and dies. There are two kinds behind this port: modelled in memory, and real on Linux.
 * All durations in milliseconds.
 */
export interface Hosts {
  /** The machine starts; its primary interface is up when this settles. */
  boot(machine: Machine): Promise<void>
  /** The operating system is told to shut down: services stop, file systems are unmounted if they can be. */
  shutDown(instanceId: string): Promise<void>
  /** The machine is gone: nothing on it runs any more. Safe to repeat. */
  powerOff(instanceId: string): Promise<void>
  plugInterface(instanceId: string, card: NetworkCard): Promise<void>
  unplugInterface(instanceId: string, networkInterfaceId: string): Promise<void>
  plugVolume(instanceId: string, disk: Disk): Promise<void>
  unplugVolume(instanceId: string, volumeId: string): Promise<void>
  /** Whether a file system on the volume is mounted there: EC2 then leaves its detachment `busy`. */
  inUse(instanceId: string, volumeId: string): boolean
  /** Runs one document as the agent does; settles when it ends, or is killed after `timeoutMs` (exit code 137). */
  run(instanceId: string, run: DocumentRun): Promise<RunResult>
}

export interface Machine {
  readonly instanceId: string
  readonly zone: string
  readonly primary: NetworkCard
}

export interface NetworkCard {
  readonly networkInterfaceId: string
  readonly macAddress: string
  readonly address: string
  readonly subnetCidr: string
  readonly deviceIndex: number
}

export interface Disk {
  readonly volumeId: string
  /** The name that was asked for, like /dev/sdf; the kernel may choose another. */
  readonly device: string
  readonly sizeGiB: number
}

export interface DocumentRun {
  readonly document: string
  /** The document's content as registered: schema 2.2. */
  readonly content: DocumentContent
  /** Every declared parameter, defaults filled in. */
  readonly parameters: Readonly<Record<string, readonly string[]>>
  readonly timeoutMs: number
  /** When it fires, the document is killed as it is at its timeout (exit code 137): CancelCommand. */
  readonly abort?: AbortSignal
}

export interface DocumentContent {
  readonly schemaVersion: string
  readonly description?: string
  readonly parameters?: Readonly<Record<string, DocumentParameter>>
  readonly mainSteps: readonly {
    readonly action: string
    readonly name: string
    readonly inputs: { readonly runCommand: readonly string[]; readonly timeoutSeconds?: string | number }
  }[]
}

export interface DocumentParameter {
  readonly type: 'String' | 'StringList'
  readonly description?: string
  readonly default?: string | readonly string[]
  readonly allowedPattern?: string
  readonly interpolationType?: 'ENV_VAR'
}

export interface RunResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}
