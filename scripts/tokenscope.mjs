#!/usr/bin/env node
// The command `tokenscope`. In a checkout it first builds what is stale; an installed package is built.
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {buildIfStale, root} from './build-if-stale.mjs'

const controller = new AbortController()
const INTERRUPTED = 130
let isBuilt = false
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (!isBuilt) controller.abort()
    // The command hears it itself as soon as it has been loaded.
    else if (process.listenerCount(signal) === 1) process.exit(INTERRUPTED)
  })
}

try {
  await buildIfStale({signal: controller.signal})
} catch (error) {
  if (!controller.signal.aborted) {
    console.error(error.message)
    process.exit(1)
  }
}
if (controller.signal.aborted) {
  console.error('Interrupted while building; the next call builds again.')
  process.exit(INTERRUPTED)
}
isBuilt = true
await import(pathToFileURL(join(root, 'out/main/cli.js')).href)
