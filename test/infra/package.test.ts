import { createHash } from 'node:crypto'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readDocuments } from '../../lab/stack/documents.ts'
import { names } from '../../lab/stack/environment.ts'
import { projectFile } from '../../lab/stack/project.ts'
import { type Clone, clone, type Ran, type Resources, run } from './packaging.ts'

const isolated = await run('unshare', ['--net', 'true'], '/', process.env).then(
  ({ exitCode }) => exitCode === 0,
  () => false,
)
const artifacts = ['launch.zip', 'sweep.zip', 'terminate.zip']

let one: Clone
let packaged: Ran
beforeAll(async () => {
  one = await clone()
  const program = [process.execPath, join(one.folder, 'node_modules/osls/bin/serverless.js'), 'package']
  const environment = { PATH: process.env['PATH'], HOME: one.folder, FORCE_COLOR: '0' }
  packaged = isolated
    ? await run('unshare', ['--net', ...program], one.folder, environment)
    : await one.serverless(['package'])
})
afterAll(() => one.remove())

/** The names in a zip's central directory (APPNOTE.TXT 4.3.12). */
function filesOf(zip: Buffer): string[] {
  const files: string[] = []
  const signature = Buffer.from([0x50, 0x4b, 0x01, 0x02])
  for (let at = zip.indexOf(signature); at >= 0; at = zip.indexOf(signature, at + 4)) {
    files.push(zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)))
  }
  return files
}

const digest = async ({ read }: Clone): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      artifacts.map(async (file): Promise<[string, string]> => [
        file,
        createHash('sha256')
          .update(await read(`.serverless/${file}`))
          .digest('hex'),
      ]),
    ),
  )

describe('serverless package, in a fresh clone', () => {
  test(`succeeds without credentials${isolated ? ', without network' : ' (with network: to cut it off takes root on Linux)'}`, () => {
    expect(packaged).toMatchObject({ exitCode: 0, output: expect.stringContaining('Service packaged') })
  })

  test('each function is one file, and nothing else is packed', async () => {
    for (const file of artifacts) {
      const [name] = file.split('.')
      expect(filesOf(await one.read(`.serverless/${file}`))).toEqual([`dist/functions/${name}.cjs`])
    }
  })

  test('another clone, older files and another ensemble give the same bytes', async () => {
    const other = await clone()
    const shared = await readdir(join(other.folder, 'shared'))
    await Promise.all(shared.map((file) => utimes(join(other.folder, 'shared', file), 1e9, 1e9)))
    const settings = (await other.read('stayput.yml')).toString().replace('ensemble: orders', 'ensemble: payments')
    await writeFile(join(other.folder, 'payments.yml'), settings)
    const { TakeOverDocument, LaunchLambdaFunction } = await other.packaged('--param=settings=payments.yml')
    expect(await digest(other)).toEqual(await digest(one))
    expect(TakeOverDocument?.Properties['Name']).toBe('stayput-payments-take-over')
    expect(LaunchLambdaFunction?.Properties['FunctionName']).toBe('stayput-payments-launch')
    await other.remove()
  })

  test('the documents carry the very host scripts, as the local cloud runs them', async () => {
    const template = await one.template()
    const ours = readDocuments()
    for (const [id, name] of Object.entries({
      TakeOverDocument: names.takeOver,
      HandOverDocument: names.handOver,
      ReachDocument: names.reach,
      HealthDocument: names.health,
      ReconfigureDocument: names.reconfigure,
    })) {
      const content = template[id]?.Properties['Content']
      expect(content).toEqual(ours.get(name))
      // "MaxDocumentSizeExceeded: the size limit of a document is 64 KB" (Systems Manager API Reference).
      expect(Buffer.byteLength(JSON.stringify(content))).toBeLessThan(64 * 1024)
    }
  })
})

test('two that compile the template at once do not disturb each other', async () => {
  const { synthesize } = (await import(pathToFileURL(join(one.folder, 'infra/synthesize.mjs')).href)) as {
    readonly synthesize: (settings: string, target: string) => Promise<void>
  }
  const targets = ['first.json', 'second.json'].map((file) => join(one.folder, 'compiled', file))
  await Promise.all(targets.map((target) => synthesize('stayput.yml', target)))
  for (const target of targets) {
    const { Resources } = JSON.parse(await readFile(target, 'utf8')) as { readonly Resources: Resources }
    expect(Object.keys(Resources).toSorted()).toEqual(Object.keys(await one.template()).toSorted())
  }
})

describe('settings that are wrong', () => {
  test('are told all at once, with the value and the way out, before anything is packed', async () => {
    await writeFile(
      join(one.folder, 'wrong.yml'),
      [
        'ensemble: Orders',
        'region: eu-central-1',
        'members: 9',
        'image: windows',
        'volume: {size: big}',
        'colour: red',
      ].join('\n'),
    )
    const { exitCode, output } = await one.serverless(['package', '--param=settings=wrong.yml', '--package', 'wrong'])
    expect(exitCode).not.toBe(0)
    for (const told of [
      'wrong.yml has 9 faults',
      'colour is not a setting: there are ensemble, region',
      'ensemble is "Orders": it must be a name of at most 32',
      'vpc is missing: it must be the id of the VPC',
      'subnets is missing: it must be one to 3 lines',
      'members is 9: it must be a whole number from 1 to 7',
      'image is "windows": it must be amazon-linux-2023 or ubuntu-24.04, or an image',
      'rootDevice is missing',
      'instanceType is missing: it must be an instance type, like m7g.large',
      'volume.size is "big": it must be a whole number from 1',
    ]) {
      expect(output).toContain(told)
    }
    expect(output).not.toMatch(/^\s+at /m)
    expect(await readdir(one.folder)).not.toContain('wrong')
  })

  test('a file that is not there is named', async () => {
    const { exitCode, output } = await one.serverless(['package', '--param=settings=nowhere.yml'])
    expect(exitCode).not.toBe(0)
    expect(output).toContain('nowhere.yml has 1 fault:\n  cannot be read')
  })
})

test('no package that is installed is under the GPL or the AGPL, or says nothing of a licence', async () => {
  const lock = JSON.parse(await readFile(projectFile('package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly license?: string }>>
  }
  const packages = Object.entries(lock.packages)
  expect(packages.length).toBeGreaterThan(300)
  expect(packages.filter(([, { license }]) => license === undefined || /GPL|UNLICENSED/i.test(license))).toEqual([])
})
