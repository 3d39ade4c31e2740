import {resolve} from 'node:path'
import {defineConfig} from 'vitest/config'
import {
  TEST_CHECKER_WORKER_PATH,
  TEST_MATCH_THREAD_PATH,
  TEST_MATRIX_WORKER_PATH,
  TEST_TEXT_WORKER_PATH,
  TEST_WORKER_PATH,
} from './scripts/build-session-worker.ts'

export default defineConfig({
  resolve: {
    // Requiring the real package would start a download; the desktop wiring is tested on a double.
    alias: {electron: resolve(import.meta.dirname, 'src/main/electron-double.ts')},
  },
  test: {
    include: ['{src,fixtures,assets}/**/*.test.{ts,tsx}', 'scripts/**/*.test.ts'],
    setupFiles: ['scripts/property-runs.ts'],
    testTimeout: process.env.TOKENSCOPE_FULL ? 300_000 : 90_000,
    // Models run in a worker thread, which needs a built file even where the tests run the sources.
    globalSetup: ['scripts/build-session-worker.ts'],
    env: {
      TOKENSCOPE_SESSION_WORKER: TEST_WORKER_PATH,
      TOKENSCOPE_MATRIX_WORKER: TEST_MATRIX_WORKER_PATH,
      TOKENSCOPE_CHECKER_WORKER: TEST_CHECKER_WORKER_PATH,
      TOKENSCOPE_TEXT_WORKER: TEST_TEXT_WORKER_PATH,
      TOKENSCOPE_MATCH_THREAD: TEST_MATCH_THREAD_PATH,
    },
  },
})
