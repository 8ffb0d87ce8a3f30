/**
 * To the Serverless Framework Bash's ${name:-default} is a variable of its own, unless a backslash stands before it; and
 * of backslashes before a brace it takes every second one away.
 */
'use strict'

module.exports = (text) => text.replaceAll(/(\\*)\$\{/g, '$1$1\\${')
