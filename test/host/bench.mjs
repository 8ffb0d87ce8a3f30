// Bundles and runs bench.ts, on a Node that does not read TypeScript as well.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const outfile = fileURLToPath(new URL('../../node_modules/.cache/stayput/bench.mjs', import.meta.url))
const entryPoints = [fileURLToPath(new URL('bench.ts', import.meta.url))]
await build({
  entryPoints,
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'error',
})
const { main } = await import(outfile)
await main()
