import {existsSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

/** Threads of the engine, by the names of their built files. */
export type EngineWorker = 'session-worker' | 'matrix-worker' | 'checker-worker'

const NAMED_IN: Readonly<Record<EngineWorker, string>> = {
  'session-worker': 'TOKENSCOPE_SESSION_WORKER',
  'matrix-worker': 'TOKENSCOPE_MATRIX_WORKER',
  'checker-worker': 'TOKENSCOPE_CHECKER_WORKER',
}

/**
 * A built worker. It lies beside the built engine, or one folder up where the bundler put this code in a
 * chunk. Tests run the sources, so they build the workers first and name them in the environment.
 */
export function workerPath(name: EngineWorker): string {
  const named = process.env[NAMED_IN[name]]
  if (named) return named
  const here = dirname(fileURLToPath(import.meta.url))
  const candidates = [join(here, `${name}.js`), join(here, '..', `${name}.js`)]
  const found = candidates.find((path) => existsSync(path))
  if (!found) throw new Error(`${name}.js is not built: looked at ${candidates.join(', ')}`)
  return found
}
