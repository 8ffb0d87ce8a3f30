import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linuxHostsPossible } from '../../lab/hosts/linux/linux.ts'
import { projectFile } from '../../lab/stack/project.ts'
import { reason, skipped } from './linux-hosts.scene.ts'

const run = promisify(execFile)

test('whether real Linux hosts can be made is found out, and never a surprise', async () => {
  const answer = await linuxHostsPossible()
  const no = { possible: false, because: expect.stringMatching(/./), missingPackages: expect.any(Array) }
  expect([{ possible: true }, no]).toContainEqual(answer)
})

describe.skipIf(reason !== undefined)(`where real Linux hosts can't be made${skipped}`, () => {
  const program = projectFile(`dist/linux-hosts-possible-${process.pid}.mjs`)
  const ask = async (command: string, ...args: string[]): Promise<unknown> =>
    JSON.parse((await run(command, [...args, process.execPath, program])).stdout)

  beforeAll(async () => {
    await build({
      stdin: {
        contents: `
          import { linuxHostsPossible } from './lab/hosts/linux/linux.ts'
          process.stdout.write(JSON.stringify(await linuxHostsPossible()))`,
        resolveDir: projectFile('.'),
        loader: 'ts',
      },
      outfile: program,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      logLevel: 'error',
    })
  })
  afterAll(async () => await rm(program, { force: true }))

  test('another user is told that it takes root', async () => {
    expect(await ask('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups')).toEqual({
      possible: false,
      because: 'real hosts need root, for namespaces, interfaces and loop devices',
      missingPackages: [],
    })
  })

  test('root in a container is told what the kernel refuses', async () => {
    const answer = await ask('setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin')
    expect(answer).toMatchObject({ possible: false, because: expect.stringMatching(/Operation not permitted/) })
  })
})
