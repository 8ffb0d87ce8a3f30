import type { Schema } from './schemas.ts'

/** Reads a value from the text that the query protocols write it as; undefined when the text is no such value. */
export function readScalar(schema: Schema, text: string): unknown {
  if (schema.isBooleanSchema()) return readBoolean(text)
  if (schema.isNumericSchema()) return readNumber(text)
  if (schema.isTimestampSchema()) return readTimestamp(text)
  if (schema.isBlobSchema()) return readBlob(text)
  return text
}

function readBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase()
  return word === 'true' || word === 'false' ? word === 'true' : undefined
}

function readNumber(text: string): number | undefined {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : undefined
}

/** ISO 8601 with a zone, as every client writes it. Date alone would take much else, and guess a zone. */
function readTimestamp(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? undefined : date
}

function readBlob(text: string): Uint8Array | undefined {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? new Uint8Array(Buffer.from(text, 'base64')) : undefined
}
