/**
 * What the Serverless Framework does not do by itself: the functions are bundled before it packs them, and AWS is asked
 * about the settings before it deploys. CommonJS, as it loads its plugins.
 */
'use strict'
const { createRequire } = require('node:module')

/** The framework's own client has the commands of the framework's own version of the SDK. */
const fromFramework = createRequire(require.resolve('osls'))

/** CloudFormation calls a stack that does not exist a validation error. */
async function ifThere(answer) {
  try {
    return await answer
  } catch (error) {
    if (error.name === 'ValidationError' && /does not exist/.test(error.message)) return {}
    throw error
  }
}

class Stayput {
  constructor(serverless) {
    this.serverless = serverless
    this.hooks = {
      // Before anything is bundled or packed.
      initialize: () => (serverless.processedInput.commands.join(' ') === 'deploy' ? this.look() : undefined),
      'before:package:createDeploymentArtifacts': () => this.bundle(),
    }
  }

  async bundle() {
    const { bundleFunctions } = await import('./bundle.mjs')
    await bundleFunctions()
  }

  async look() {
    const { preflight } = await import('./preflight.mjs')
    const provider = this.serverless.getProvider('aws')
    const { settings } = this.serverless.service.custom
    await preflight(settings, await provider.getAwsSdkV3Config(), await this.deployed(provider))
  }

  /** The stack as it is: its template, and its physical ids by logical ones. Both are empty before the first deployment. */
  async deployed(provider) {
    const { GetTemplateCommand, ListStackResourcesCommand } = fromFramework('@aws-sdk/client-cloudformation')
    const client = await provider.getCloudFormationClient()
    const StackName = this.serverless.service.provider.stackName
    const ids = {}
    let NextToken
    do {
      const page = await ifThere(client.send(new ListStackResourcesCommand({ StackName, NextToken })))
      for (const one of page.StackResourceSummaries ?? []) ids[one.LogicalResourceId] = one.PhysicalResourceId
      NextToken = page.NextToken
    } while (NextToken)
    const { TemplateBody = '{}' } = await ifThere(client.send(new GetTemplateCommand({ StackName })))
    return { ids, resources: JSON.parse(TemplateBody).Resources ?? {} }
  }
}

module.exports = Stayput
