import {existsSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

/**
 * The built session worker. It lies beside the built engine, or one folder up where the bundler put
 * this code in a chunk. Tests run the sources, so they build the worker first and name it in
 * `TOKENSCOPE_SESSION_WORKER`.
 */
export function sessionWorkerPath(): string {
  const named = process.env.TOKENSCOPE_SESSION_WORKER
  if (named) return named
  const here = dirname(fileURLToPath(import.meta.url))
  const candidates = [join(here, 'session-worker.js'), join(here, '..', 'session-worker.js')]
  const found = candidates.find((path) => existsSync(path))
  if (!found) throw new Error(`session-worker.js is not built: looked at ${candidates.join(', ')}`)
  return found
}
