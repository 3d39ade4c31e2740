import {resolve} from 'node:path'
import {defineConfig} from 'vitest/config'

export default defineConfig({
  resolve: {
    // Requiring the real package would start a download; the desktop wiring is tested on a double.
    alias: {electron: resolve(import.meta.dirname, 'src/main/electron-double.ts')},
  },
  test: {
    include: ['src/**/*.test.{ts,tsx}', 'scripts/**/*.test.ts'],
    testTimeout: 30_000,
  },
})
