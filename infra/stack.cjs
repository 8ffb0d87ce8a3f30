/** The resources that depend on how many members there are, for serverless.yml. The others stand in the YAML files. */
'use strict'
const { ensemble } = require('./ensemble.cjs')
const escape = require('./escape.cjs')
const { groups } = require('./groups.cjs')
const { members } = require('./members.cjs')
const { roles } = require('./roles.cjs')

function resources(settings) {
  return { ...roles(settings), ...ensemble(settings), ...members(settings), ...groups(settings) }
}

/** For the framework, which looks for its variables in what it gets here. */
module.exports = async ({ resolveConfigurationProperty }) => {
  const all = resources(await resolveConfigurationProperty(['custom', 'settings']))
  const Resources = JSON.parse(JSON.stringify(all), (_, value) => (typeof value === 'string' ? escape(value) : value))
  return { Resources }
}
module.exports.resources = resources
