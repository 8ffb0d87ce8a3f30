import { XmlShapeSerializer } from '@aws-sdk/core/protocols'
import type { Reply } from './dialect.ts'
import type { Schema } from './schemas.ts'

type Structure = Parameters<XmlShapeSerializer['write']>[0]

const dateTime = 5

/** Writes a structure under the name of its schema, in the namespace if there is one. */
export function writeXml(schema: Structure, value: object, namespace = ''): string {
  const serializer = new XmlShapeSerializer({
    xmlNamespace: namespace,
    serviceNamespace: '',
    timestampFormat: { useTrait: true, default: dateTime },
  })
  serializer.write(schema, value)
  return String(serializer.flush())
}

/**
 * The members of an answer without the element around them: AWS names that element after the operation, the SDK after
 * the shape. (The SDK has a function that writes only the members, but keeps it private.)
 */
export function writeMembers(schema: Schema, value: object): string {
  if (schema.isUnitSchema()) return ''
  const xml = writeXml(schema, value)
  return xml.endsWith('/>') && xml.indexOf('>') === xml.length - 1
    ? ''
    : xml.slice(xml.indexOf('>') + 1, xml.lastIndexOf('</'))
}

export function xmlReply(status: number, xml: string): Reply {
  return {
    status,
    headers: { 'content-type': 'text/xml;charset=UTF-8' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`,
  }
}
