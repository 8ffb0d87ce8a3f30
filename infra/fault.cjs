/** Tells everything that is wrong at once. Without a stack, which would only tell where it was found. */
'use strict'

class BadSettings extends Error {
  /** @param {string} where the file with the settings @param {readonly string[]} faults at least one */
  constructor(where, faults) {
    super(`${where} has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n  ${faults.join('\n  ')}`)
    this.name = 'BadSettings'
    this.stack = ''
  }
}

module.exports = { BadSettings }
