import { describe, expect, test } from 'vitest'
import { CallFailure, classify, look, mutate, pages, release } from '../../shared/aws/failure.ts'

const answered = (name: string, status: number, message = 'no') =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } })

describe('failures are classified once', () => {
  test.each([
    ['RequestLimitExceeded', 503, '', 'throttled'],
    ['ThrottlingException', 400, '', 'throttled'],
    ['ResourceContentionFault', 500, '', 'throttled'],
    ['UnauthorizedOperation', 403, '', 'denied'],
    ['AccessDeniedException', 400, '', 'denied'],
    ['InvalidAttachmentID.NotFound', 400, '', 'gone'],
    ['IncorrectState', 400, "Volume 'vol-0123456789abcdef0' is in the 'available' state.", 'gone'],
    ['ValidationError', 400, 'No active Lifecycle Action found with token x', 'gone'],
    ['ValidationError', 400, 'AutoScalingGroup name not found', 'conflict'],
    ['IncorrectState', 400, "Instance 'i-0123456789abcdef0' is not 'running'.", 'conflict'],
    ['VolumeInUse', 400, '', 'conflict'],
    ['InvalidParameterValue', 400, "Network interface 'eni-0' is currently in use.", 'conflict'],
    ['Unavailable', 503, '', 'unknown'],
    ['InternalError', 500, '', 'unknown'],
  ])('%s (%i) %s is %s', (name, status, message, kind) => {
    expect(classify('attaching', answered(name, status, message)).kind).toBe(kind)
  })

  test.each([
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
    new Error('socket hang up'),
    'a text',
    undefined,
    answered('TimeoutError', 0),
  ])('what is no answer of AWS is unknown: %s', (error) => {
    expect(classify('attaching', error).kind).toBe('unknown')
  })

  test.each([
    [Object.assign(new Error('read'), { code: 'ECONNRESET' }), 'ECONNRESET', 'unknown'],
    [new Error('socket hang up'), 'Unknown', 'unknown'],
    [null, 'Unknown', 'unknown'],
    ['VolumeInUse', 'Unknown', 'unknown'],
    [{ code: 7, status: 'late' }, 'Unknown', 'unknown'],
    [{ name: 'Oddity', code: 'Other', status: 409 }, 'Oddity', 'conflict'],
    [{ code: 'Oddity', status: 399 }, 'Oddity', 'unknown'],
    [{ code: 'Oddity', status: 400 }, 'Oddity', 'conflict'],
  ])('of %o the code is %s, and the kind %s', (error, code, kind) => {
    expect(classify('attaching', error)).toMatchObject({ name: 'CallFailure', code, kind })
  })

  test('it says what was attempted, what AWS said, and keeps the cause', () => {
    const cause = answered('VolumeInUse', 400, 'vol-1 is already attached to an instance')
    const failure = classify('attaching vol-1', cause)
    expect(failure.message).toBe('attaching vol-1: VolumeInUse: vol-1 is already attached to an instance')
    expect(failure.cause).toBe(cause)
    expect(failure.code).toBe('VolumeInUse')
  })
})

describe('a mutating call answers yes, no or unknown', () => {
  const fails = (error: unknown) => () => Promise.reject(error)

  test('yes with its result', async () => {
    expect(await mutate('x', () => Promise.resolve(7))).toEqual({ done: 'yes', result: 7 })
  })

  test('no when AWS refused, unknown when the answer is lost', async () => {
    expect(await mutate('x', fails(answered('VolumeInUse', 400)))).toMatchObject({ done: 'no' })
    expect(await mutate('x', fails(new Error('ECONNRESET')))).toMatchObject({ done: 'unknown' })
    expect(await mutate('x', fails(answered('Unavailable', 503)))).toMatchObject({ done: 'unknown' })
    expect(await mutate('x', fails(answered('RequestLimitExceeded', 503)))).toMatchObject({ done: 'no' })
  })

  test('on the way out, gone is success', async () => {
    expect(await release('x', fails(answered('InvalidAttachment.NotFound', 400)))).toMatchObject({ done: 'yes' })
    expect(await release('x', fails(answered('OperationNotPermitted', 400)))).toMatchObject({ done: 'no' })
    expect(await release('x', () => Promise.resolve({}))).toMatchObject({ done: 'yes' })
  })

  test('a read that fails throws, it never answers "nothing"', async () => {
    await expect(look('listing', fails(answered('Throttling', 400)))).rejects.toThrow(CallFailure)
  })
})

test('pages are read until there is no token, a short or empty page is not the last', async () => {
  const all = [{ items: [1] }, { items: [] }, {}, { items: [2, 3] }]
  const read = (token = '0') => {
    const index = Number(token)
    return Promise.resolve({ ...all[index], next: index + 1 < all.length ? String(index + 1) : undefined })
  }
  const items = await pages<{ items?: number[]; next: string | undefined }, number>(
    read,
    (page) => page.items,
    (page) => page.next,
  )
  expect(items).toEqual([1, 2, 3])
})
