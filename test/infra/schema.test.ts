import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clone, type Clone, type Resources, run } from './packaging.ts'
import { pythonProgram } from './python.ts'
import { adopting, resourcesOf, sample } from './scene.ts'

/**
 * cfn-lint carries the schema of every resource type of CloudFormation, against which it checks every property, and
 * knows IAM's actions and Lambda's runtimes.
 */
const version = '1.51.0'
const lint = await pythonProgram('cfn-lint', `cfn-lint==${version}`, async () => {
  const found = await run('cfn-lint', ['--version'], '/', process.env).catch(() => undefined)
  return found?.exitCode === 0 && found.output.includes(version)
})
const reason = 'missing' in lint ? ` (skipped: ${lint.missing})` : ''

/**
 * W3005: the framework makes functions depend on roles that they refer to as well. W3010: the zones are the user's, as
 * the subnets in them are.
 */
const unconcerning = 'W3005,W3010'

let here: Clone
let template: { readonly Resources: Resources }
beforeAll(async () => {
  here = await clone()
  template = { Resources: await here.packaged() }
})
afterAll(async () => {
  await here.remove()
  if ('remove' in lint) await lint.remove()
})

/** The compiled template with the resources for other settings in the place of those for the sample's. */
function variant(raw: unknown): object {
  const common = Object.entries(template.Resources).filter(([id]) => !Object.hasOwn(resourcesOf(sample()), id))
  return { AWSTemplateFormatVersion: '2010-09-09', Resources: { ...Object.fromEntries(common), ...resourcesOf(raw) } }
}

/** What cfn-lint says about these templates, in one run: most of its time goes into its start. */
async function findings(...templates: readonly object[]): Promise<string> {
  const files = templates.map((_, index) => join(here.folder, `template-${index}.json`))
  await Promise.all(templates.map((one, index) => writeFile(files[index]!, JSON.stringify(one))))
  const args = ['--ignore-checks', unconcerning, '--regions', 'eu-central-1', '--', ...files]
  const { exitCode, output } = await run('path' in lint ? lint.path : '', args, here.folder, process.env)
  return exitCode === 0 ? '' : output || `cfn-lint ended with exit code ${exitCode}`
}

const rich = {
  ...sample(),
  members: 7,
  image: 'ubuntu-24.04',
  volume: { size: 100, iops: 6000, throughput: 500 },
  logVolume: {
    size: 10,
    type: 'io2',
    iops: 1000,
    key: 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000',
  },
  addresses: [4, 5, 6, 7, 8, 9, 10].map((last) => `10.0.1.${last}`),
  alarms: 'arn:aws:sns:eu-central-1:123456789012:on-call',
}

test.skipIf(reason)(`every resource is as its schema says, and one that is not would be found${reason}`, async () => {
  const resources = resourcesOf(sample())
  const broken = { ...resources['Member1Volume'], Properties: { ...resources['Member1Volume']?.Properties, Sise: 1 } }
  const found = await findings(variant(sample()), variant(rich), variant(adopting), { Resources: { Volume: broken } })
  const lines = found.split('\n').filter((line) => line !== '')
  expect(lines).toEqual([
    expect.stringContaining("'Sise' was unexpected"),
    expect.stringMatching(/template-3\.json:1:\d+$/),
  ])
})
