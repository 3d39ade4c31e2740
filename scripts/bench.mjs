// `npm run bench [-- NAME …]`: builds what is stale, then prints ratios measured side by side.
import {spawnSync} from 'node:child_process'
import {resolve} from 'node:path'
import {buildIfStale} from './build-if-stale.mjs'

await buildIfStale()
const root = resolve(import.meta.dirname, '..')
const {status} = spawnSync(
  process.execPath,
  ['--expose-gc', 'scripts/run-ts.mjs', 'bench/run.ts', ...process.argv.slice(2)],
  {cwd: root, stdio: 'inherit'}
)
process.exit(status ?? 1)
