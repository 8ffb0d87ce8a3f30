/**
 * The kinds of failure, decided once. Only three questions matter above this line: has the call had an effect (no, or
 * perhaps), is the thing gone (on the way out that is success), and can anything but a person mend it.
 *
 * - gone: it does not exist, or is no longer so. Not done.
 * - conflict: AWS refuses in this state of the world. Not done. Which conflict it is, the code does not tell
 *   (InvalidParameterValue alone has three meanings on attach), so the world is looked at again instead.
 * - throttled: refused unseen. Not done.
 * - denied: refused for want of a permission. Not done, and will not be until somebody grants it.
 * - unknown: the answer was lost, or a server failed. Perhaps done.
 */
export type FailureKind = 'gone' | 'conflict' | 'throttled' | 'denied' | 'unknown'

/** A call that did not succeed: what was attempted, and what AWS said. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure'
  readonly kind: FailureKind
  /** AWS's own code, like VolumeInUse, or the network's, like ECONNRESET. */
  readonly code: string

  constructor(attempted: string, kind: FailureKind, code: string, cause: unknown) {
    super(`${attempted}: ${code}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.kind = kind
    this.code = code
  }
}

/**
 * Codes that say that the thing is not there, or not so any more. IncorrectState is what DetachVolume answers for a
 * volume that is available already; ValidationError with this text is a lifecycle action that is over.
 */
const goneCodes = new Set([
  'InvalidAttachment.NotFound',
  'InvalidAttachmentID.NotFound',
  'InvalidNetworkInterfaceAttachmentId.NotFound',
  'InvalidInstanceID.NotFound',
  'InvalidNetworkInterfaceID.NotFound',
  'InvalidVolume.NotFound',
  'InvocationDoesNotExist',
])
const goneTexts = [/No active Lifecycle Action found/, /is in the 'available' state/]

/** As in the SDK's own list of throttling codes (@smithy/core, retry). */
const throttledCodes = new Set([
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
])

/** Auto Scaling answers these with HTTP 500 although they only mean "not now". */
const contentionCodes = new Set(['ResourceContention', 'ResourceContentionFault'])

const deniedCodes = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'AuthFailure'])

export function classify(attempted: string, error: unknown): CallFailure {
  const { code, status } = wireFacts(error)
  const text = error instanceof Error ? error.message : ''
  return new CallFailure(attempted, kindOf(code, status, text), code, error)
}

function kindOf(code: string, status: number | undefined, text: string): FailureKind {
  if (throttledCodes.has(code) || contentionCodes.has(code)) return 'throttled'
  if (deniedCodes.has(code)) return 'denied'
  if (goneCodes.has(code) || goneTexts.some((pattern) => pattern.test(text))) return 'gone'
  // Only an answer below 500 proves that AWS looked at the request and did nothing.
  return status !== undefined && status >= 400 && status < 500 ? 'conflict' : 'unknown'
}

/** The SDK puts AWS's code into `name` and the status into `$metadata`; a broken connection has `code` only. */
function wireFacts(error: unknown): { code: string; status: number | undefined } {
  if (typeof error !== 'object' || error === null) return { code: 'Unknown', status: undefined }
  const facts = error as { name?: unknown; code?: unknown; status?: unknown; $metadata?: { httpStatusCode?: unknown } }
  const status = facts.$metadata?.httpStatusCode ?? facts.status
  const code = typeof facts.name === 'string' && facts.name !== 'Error' ? facts.name : facts.code
  return { code: typeof code === 'string' ? code : 'Unknown', status: typeof status === 'number' ? status : undefined }
}

/** A mutating call's answer, three-valued: it was done, it was not done, or nobody knows. */
export type Answer<Result = void> =
  | { readonly done: 'yes'; readonly result: Result }
  | { readonly done: 'no' | 'unknown'; readonly failure: CallFailure }

/** Makes one mutating call, once. */
export async function mutate<Result>(attempted: string, call: () => Promise<Result>): Promise<Answer<Result>> {
  try {
    return { done: 'yes', result: await call() }
  } catch (error) {
    const failure = classify(attempted, error)
    return { done: failure.kind === 'unknown' ? 'unknown' : 'no', failure }
  }
}

/** As `mutate`, where "it is not there any more" is what was wanted. */
export async function release(attempted: string, call: () => Promise<unknown>): Promise<Answer> {
  const answer = await mutate(attempted, call)
  return answer.done === 'yes' || answer.failure.kind === 'gone' ? { done: 'yes', result: undefined } : answer
}

/**
 * Makes one reading call.
 * @throws {CallFailure} for everything but an answer: what could not be read is unknown, never absent.
 */
export async function look<Result>(attempted: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    throw classify(attempted, error)
  }
}

/** Reads all pages. A short or empty page is not the last one: EC2 filters after it has counted. */
export async function pages<Page, Item>(
  read: (token: string | undefined) => Promise<Page>,
  items: (page: Page) => readonly Item[] | undefined,
  next: (page: Page) => string | undefined,
): Promise<Item[]> {
  const all: Item[] = []
  let token: string | undefined
  do {
    const page = await read(token)
    all.push(...(items(page) ?? []))
    token = next(page) || undefined
  } while (token !== undefined)
  return all
}
