import {resolve} from 'node:path'
import {build} from 'vite'

const FOLDER = resolve(import.meta.dirname, '../node_modules/.cache/tokenscope')
const SRC = resolve(import.meta.dirname, '../src')

/** Where tests find the built threads: sources cannot be run as one, see runtime/worker-path.ts. */
export const TEST_WORKER_PATH = resolve(FOLDER, 'session-worker.mjs')
export const TEST_MATRIX_WORKER_PATH = resolve(FOLDER, 'matrix-worker.mjs')
export const TEST_CHECKER_WORKER_PATH = resolve(FOLDER, 'checker-worker.mjs')
export const TEST_TEXT_WORKER_PATH = resolve(FOLDER, 'text-worker.mjs')
export const TEST_MATCH_THREAD_PATH = resolve(FOLDER, 'match-thread.mjs')

/** Builds the threads before the tests run: vitest's global set-up. */
export async function setup(): Promise<void> {
  await buildThread('main/engine/runtime/session-worker.ts', 'session-worker.mjs')
  await buildThread('main/engine/runtime/matrix-worker.ts', 'matrix-worker.mjs')
  await buildThread('main/engine/critical/checker-worker.ts', 'checker-worker.mjs')
  await buildThread('main/engine/lenses/text-worker.ts', 'text-worker.mjs')
  await buildThread('main/cli/match-thread.ts', 'match-thread.mjs')
}

async function buildThread(source: string, entryFileNames: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: resolve(SRC, source),
      outDir: FOLDER,
      emptyOutDir: false,
      target: 'node20.19',
      rolldownOptions: {output: {entryFileNames, format: 'es'}},
    },
  })
}
