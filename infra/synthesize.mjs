/** Compiles serverless.yml into the CloudFormation template that the local cloud deploys. */
import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Writes the template for these settings (a file, by its path from the top) to `target`, whole or not at all.
 * @throws {Error} with what the Serverless Framework says.
 */
export async function synthesize(settings, target) {
  const folder = await mkdtemp(join(tmpdir(), 'stayput-template-'))
  try {
    await showProject(folder)
    await serverlessPackage(settings, folder)
    const unfinished = `${target}.${process.pid}`
    await mkdir(dirname(target), { recursive: true })
    await copyFile(join(folder, '.serverless/cloudformation-template-update-stack.json'), unfinished)
    await rename(unfinished, target)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * The framework writes into `.serverless` beside serverless.yml and removes it at the end, so that of two that work in one
 * folder each takes the other's files away. Hence a folder for each, which shows the same project.
 */
async function showProject(folder) {
  // The bundles go there, and are packed from there.
  await mkdir(join(root, 'dist'), { recursive: true })
  const names = await readdir(root)
  for (const name of names.filter((one) => !one.startsWith('.'))) {
    const [from, to] = [join(root, name), join(folder, name)]
    const isFolder = (await stat(from)).isDirectory()
    // It does not take a link for a configuration. Junctions are the links that Windows lets everybody make.
    await (isFolder ? symlink(from, to, 'junction') : copyFile(from, to))
  }
}

async function serverlessPackage(settings, folder) {
  const { bin } = JSON.parse(await readFile(join(root, 'node_modules/osls/package.json'), 'utf8'))
  const program = join(root, 'node_modules/osls', bin.serverless)
  // It calls nobody; without these an SDK that looks for credentials would ask the metadata service.
  const env = { ...process.env, AWS_EC2_METADATA_DISABLED: 'true', SLS_NOTIFICATIONS_MODE: 'off', FORCE_COLOR: '0' }
  const args = [program, 'package', '--param', `settings=${settings}`]
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data))
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (code !== 0) throw new Error(`serverless package failed with exit code ${code}:\n${said}`)
}
