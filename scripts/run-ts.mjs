// Runs one TypeScript file of this project on plain Node: `node scripts/run-ts.mjs bench/run.ts …`.
import {resolve} from 'node:path'
import {pathToFileURL} from 'node:url'
import {createServer, createServerModuleRunner} from 'vite'

const [file, ...rest] = process.argv.slice(2)
if (!file) {
  console.error('usage: node scripts/run-ts.mjs FILE [ARGUMENT…]')
  process.exit(2)
}
process.argv = [process.argv[0], resolve(file), ...rest]
const server = await createServer({
  configFile: false,
  root: resolve(import.meta.dirname, '..'),
  logLevel: 'error',
  server: {middlewareMode: true, ws: false, watch: null},
  optimizeDeps: {noDiscovery: true},
})
const runner = createServerModuleRunner(server.environments.ssr, {hmr: false})
try {
  const loaded = await runner.import(pathToFileURL(resolve(file)).href)
  await loaded.main?.(rest)
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await runner.close()
  await server.close()
}
