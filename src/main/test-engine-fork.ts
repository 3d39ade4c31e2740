import type {SendHandle} from 'node:child_process'
import {join} from 'node:path'
import type {SpawnEngine} from './engine-host.ts'
import {packageRoot} from './engine-options.ts'
import {forkScript} from './fork-engine.ts'

/** Forks the engine without models from its source, so that host tests need no build. */
export const forkTestEngine: SpawnEngine<SendHandle> = (options) =>
  forkScript(
    join(packageRoot(), 'scripts/run-ts.mjs'),
    [join(packageRoot(), 'src/main/engine/test-engine.ts')],
    options
  )
