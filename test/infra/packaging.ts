import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectFile } from '../../lab/stack/project.ts'

/** A resource of the compiled template, as far as tests look into it. */
export interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
  readonly DependsOn?: string | readonly string[]
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}
export type Resources = Readonly<Record<string, Resource>>

/** What makes up a package: a clone without what only developing takes. */
const parts = ['functions', 'infra', 'shared', 'package.json', 'serverless.yml', 'stayput.yml', 'tsconfig.json']

export interface Clone {
  readonly folder: string
  /** Runs `serverless` there, with nothing of this process's environment but the path. */
  readonly serverless: (args: readonly string[], environment?: Readonly<Record<string, string>>) => Promise<Ran>
  readonly read: (path: string) => Promise<Buffer>
  readonly template: () => Promise<Resources>
  /** Packages there. Throws what the framework says if that fails. */
  readonly packaged: (...args: readonly string[]) => Promise<Resources>
  readonly remove: () => Promise<void>
}

export interface Ran {
  readonly exitCode: number | null
  readonly output: string
}

/** A clone of this project in a folder of its own, with the packages that are installed here. */
export async function clone(): Promise<Clone> {
  const folder = await mkdtemp(join(tmpdir(), 'stayput-clone-'))
  await Promise.all(parts.map((part) => cp(projectFile(part), join(folder, part), { recursive: true })))
  await symlink(projectFile('node_modules'), join(folder, 'node_modules'))
  const read = (path: string): Promise<Buffer> => readFile(join(folder, path))
  const serverless: Clone['serverless'] = (args, environment = {}) =>
    run(process.execPath, [join(folder, 'node_modules/osls/bin/serverless.js'), ...args], folder, {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      FORCE_COLOR: '0',
      ...environment,
    })
  const template = async (): Promise<Resources> => {
    const text = await read('.serverless/cloudformation-template-update-stack.json')
    return (JSON.parse(text.toString()) as { readonly Resources: Resources }).Resources
  }
  return {
    folder,
    read,
    serverless,
    template,
    async packaged(...args) {
      const { exitCode, output } = await serverless(['package', ...args])
      if (exitCode !== 0) throw new Error(output)
      return template()
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Runs a program to its end, standard output and standard error in one text. */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.on('error', reject).on('close', (exitCode) => resolve({ exitCode, output }))
  })
}
