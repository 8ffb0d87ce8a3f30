#!/usr/bin/env node
/** Starts the command line from a fresh clone: installs what is missing, bundles, runs. */
import { installMissing } from '../infra/install.mjs'

installMissing()
const { bundleStale } = await import('../infra/bundle.mjs')
await bundleStale()
const { main } = await import('../dist/cli.mjs')
process.exitCode = await main(process.argv.slice(2))
