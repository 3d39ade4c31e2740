import {resolve} from 'node:path'
import {build} from 'vite'

const FOLDER = resolve(import.meta.dirname, '../node_modules/.cache/tokenscope')

/** Where tests find the built worker: sources cannot be run as a thread, see runtime/worker-path.ts. */
export const TEST_WORKER_PATH = resolve(FOLDER, 'session-worker.mjs')

/** Builds the session worker before the tests run: vitest's global set-up. */
export async function setup(): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: resolve(import.meta.dirname, '../src/main/engine/runtime/session-worker.ts'),
      outDir: FOLDER,
      emptyOutDir: false,
      target: 'node20.19',
      rolldownOptions: {output: {entryFileNames: 'session-worker.mjs', format: 'es'}},
    },
  })
}
