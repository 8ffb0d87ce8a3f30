/**
 * Bundles the functions into dist/functions/*.cjs, one small file each, so that a cold start is short, and the command
 * line into dist/cli.mjs. Plain JavaScript, because it runs before anything is built.
 */
import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { synthesize } from './synthesize.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * The SDK's schemas use computed keys (`[_eQN]: …`), each a constant string. esbuild can't prove them free of effects
 * and keeps all 823 operations of EC2; with literal keys it keeps those that are used (aws/aws-sdk-js-v3#7607).
 */
const literalSchemaKeys = {
  name: 'literal-schema-keys',
  setup(bundler) {
    bundler.onLoad(
      { filter: /@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/ },
      async ({ path }) => {
        const source = await readFile(path, 'utf8')
        const names = new Map(
          [...source.matchAll(/^const (_\w+) = ("[^"]*");$/gm)].map(([, name, text]) => [name, text]),
        )
        const contents = source.replace(/\[(_\w+)\]: /g, (key, name) =>
          names.has(name) ? `${names.get(name)}: ` : key,
        )
        return { contents, loader: 'js' }
      },
    )
  },
}

/** In Lambda credentials come from the environment; the other providers would be a third of the bundle. */
const environmentCredentials = {
  name: 'environment-credentials',
  setup(bundler) {
    bundler.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({
      path: 'environment-credentials',
      namespace: 'stayput',
    }))
    bundler.onLoad({ filter: /.*/, namespace: 'stayput' }, () => ({
      contents: `export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env'`,
      resolveDir: root,
      loader: 'js',
    }))
  },
}

/**
 * `.cjs`, because the Serverless Framework's local invocation and the Lambda runtime both load it.
 * @returns {Promise<Record<string, number>>} bytes by file
 */
export async function bundleFunctions() {
  const result = await build({
    absWorkingDir: root,
    write: false,
    entryPoints: ['functions/launch.ts', 'functions/terminate.ts', 'functions/sweep.ts'],
    outdir: 'dist/functions',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    keepNames: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    plugins: [literalSchemaKeys, environmentCredentials],
  })
  await writeWhole(result.outputFiles)
  return Object.fromEntries(Object.entries(result.metafile.outputs).map(([file, { bytes }]) => [file, bytes]))
}

/** The command line, with packages left where npm has put them: it runs from this folder only. */
export async function bundleCli() {
  const result = await build({
    absWorkingDir: root,
    write: false,
    entryPoints: ['cli/main.ts'],
    outfile: 'dist/cli.mjs',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  })
  await writeWhole(result.outputFiles)
}

/** Two commands may bundle at once: each file appears whole, or not at all. */
async function writeWhole(files) {
  for (const { path, contents } of files) {
    await mkdir(dirname(path), { recursive: true })
    const unfinished = `${path}.${process.pid}`
    await writeFile(unfinished, contents)
    await rename(unfinished, path)
  }
}

const bundles = {
  sources: ['shared', 'functions', 'lab', 'cli', 'infra', 'test/simulation', 'package-lock.json'],
  built: ['dist/cli.mjs', 'dist/functions/launch.cjs', 'dist/functions/terminate.cjs', 'dist/functions/sweep.cjs'],
}
/** What the local cloud deploys: serverless.yml with the lab's own settings. */
const template = {
  sources: ['serverless.yml', 'lab/stack/stayput.yml', 'infra', 'package-lock.json'],
  built: ['dist/template.json'],
}

/** Bundles and compiles everything, unless no source has changed since the last time. */
export async function bundleStale() {
  await Promise.all([
    renew(bundles, () => Promise.all([bundleCli(), bundleFunctions()])),
    renew(template, () => synthesize('lab/stack/stayput.yml', join(root, 'dist/template.json'))),
  ])
}

async function renew({ sources, built }, bundle) {
  if (!(await isStale({ sources, built }))) return
  // What is saved while it builds may have been read before: the result is as old as the beginning.
  const began = new Date()
  await bundle()
  await Promise.all(built.map((file) => utimes(join(root, file), began, began)))
}

async function isStale({ sources, built }) {
  const finished = await Promise.all(built.map((file) => changedAt(join(root, file))))
  const changed = await Promise.all(sources.map((path) => newestBelow(join(root, path))))
  return Math.max(...changed) >= Math.min(...finished)
}

async function changedAt(path) {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0
}

async function newestBelow(path) {
  const found = await stat(path)
  if (!found.isDirectory()) return found.mtimeMs
  const names = await readdir(path)
  // The folder's own time tells of files that were taken away.
  return Math.max(found.mtimeMs, ...(await Promise.all(names.map((name) => newestBelow(join(path, name))))))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [file, bytes] of Object.entries(await bundleFunctions())) {
    process.stdout.write(`${file}  ${Math.ceil(bytes / 1024)} KB\n`)
  }
}
