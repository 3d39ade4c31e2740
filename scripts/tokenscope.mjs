#!/usr/bin/env node
// The command `tokenscope`. In a checkout it first builds what is stale; an installed package is built.
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {buildIfStale, root} from './build-if-stale.mjs'

try {
  await buildIfStale()
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
await import(pathToFileURL(join(root, 'out/main/cli.js')).href)
