import { AwsError } from '../error.ts'

export interface Page<T> {
  readonly rows: readonly T[]
  readonly nextToken: string | undefined
}

const mark = 'row:'

/** One page of `rows`, and the token for the next one while there is one. Throws InvalidNextToken on a foreign token. */
export function page<T>(rows: readonly T[], size: number, token: string | undefined): Page<T> {
  const start = token === undefined || token === '' ? 0 : decode(token)
  const end = start + size
  return { rows: rows.slice(start, end), nextToken: end < rows.length ? encode(end) : undefined }
}

/** The member of the answer: AWS leaves it out on the last page. */
export function nextToken(token: string | undefined): { NextToken?: string } {
  return token === undefined ? {} : { NextToken: token }
}

function encode(row: number): string {
  return Buffer.from(`${mark}${row}`).toString('base64url')
}

function decode(token: string): number {
  const text = Buffer.from(token, 'base64url').toString()
  const row = Number(text.slice(mark.length))
  // The text is empty in the capture of a token that is none.
  if (!text.startsWith(mark) || !Number.isSafeInteger(row) || row < 0) throw new AwsError('InvalidNextToken', '')
  return row
}
