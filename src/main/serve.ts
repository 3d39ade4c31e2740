import {basename} from 'node:path'
import {runServe} from './serve/run-serve.ts'

export {runServe}

// Imported by the command line, or started by itself.
if (basename(process.argv[1] ?? '') === 'serve.js') {
  process.exitCode = await runServe(process.argv.slice(2))
}
