/**
 * The parts of the documents, by name, without comments and indentation: Systems Manager takes no document of more than
 * 64 KB. Read by `${file(infra/parts.cjs):NAME}` in documents.yml. No part has a text of several lines in which a line
 * that starts with a hash or a space would mean something.
 */
const { readdirSync, readFileSync } = require('node:fs')
const { basename, join } = require('node:path')
const escape = require('./escape.cjs')

const folder = join(__dirname, 'host')

function withoutComments(text) {
  const lines = text.split('\n').map((line) => line.trimStart())
  return lines.filter((line) => line.startsWith('#!') || !(line === '' || line.startsWith('#'))).join('\n')
}

const files = readdirSync(folder).filter((file) => file.endsWith('.sh'))
const parts = files.map((file) => [basename(file, '.sh'), withoutComments(readFileSync(join(folder, file), 'utf8'))])

module.exports = {
  ...Object.fromEntries(parts.map(([name, text]) => [name, escape(text)])),
  /** As they are. */
  parts: Object.fromEntries(parts),
}
