import {runCli} from './cli/run-cli.ts'

const exitCode = await runCli(process.argv.slice(2))
// Nothing that is still open (standard input, a socket) may keep a finished command alive.
process.exit(exitCode)
