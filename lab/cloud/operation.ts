/**
 * One AWS operation of the local cloud: takes the SDK's input shape, answers the SDK's output shape (without
 * `$metadata`) at once, and throws AwsError where AWS refuses. Delay, staleness, throttling and faults are added around
 * it, in cloud.ts. The input is `never` here because each operation declares its own; the wire decodes by schema.
 */
export type OperationHandler = (input: never) => object

/** Keyed by the operation's own name, like DescribeInstances. */
export type OperationTable = Readonly<Record<string, OperationHandler>>

/** The SDK's output type as a handler answers it. */
export type Answer<Output> = Omit<Output, '$metadata'>

export type ServiceName = 'ec2' | 'autoscaling' | 'ssm'

/** A call as it is named everywhere: in faults, in traces, in the port of the core. */
export type OperationName = `${ServiceName}.${string}`
