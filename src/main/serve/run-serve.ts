import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {formatProblem, ProblemError} from '../../shared/domain/problem.ts'
import {FIRST_SAMPLE} from '../../shared/samples/samples.ts'
import {startEngineHost} from '../engine-host.ts'
import {engineSettings, packageRoot} from '../engine-options.ts'
import {forkEngine} from '../fork-engine.ts'
import {openBrowser} from './open-browser.ts'
import {startServer} from './server.ts'

export interface ServeOptions {
  /** 0 takes a free port. */
  readonly port: number
  /** Shows the address in a browser. */
  readonly open: boolean
  /** Prints `{url, port, token}` as one line of JSON when ready, in place of words. */
  readonly json: boolean
  readonly threads: number | null
}

const USAGE = `usage: tokenscope serve [--port 0] [--no-open] [--json] [--threads N]`

/** The options of `serve`; throws an Error whose message is for the person. */
export function parseServeArguments(serveArguments: readonly string[]): ServeOptions {
  const {values} = parseArgs({
    args: [...serveArguments],
    options: {
      port: {type: 'string', default: '0'},
      'no-open': {type: 'boolean', default: false},
      json: {type: 'boolean', default: false},
      threads: {type: 'string'},
    },
  })
  const integer = (name: string, text: string, min: number, max: number) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new Error(`--${name} takes a whole number from ${min} to ${max}, not “${text}”`)
    }
    return value
  }
  return {
    port: integer('port', values.port, 0, 65_535),
    open: !values['no-open'],
    json: values.json,
    threads: values.threads === undefined ? null : integer('threads', values.threads, 1, 1024),
  }
}

/**
 * Serves the workbench until the process is told to end, and takes the engine with it. Resolves with
 * the exit code: 0 after SIGTERM or SIGINT, 1 with one readable message, 2 for wrong usage.
 */
export async function runServe(serveArguments: readonly string[]): Promise<number> {
  let options: ServeOptions
  try {
    options = parseServeArguments(serveArguments)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`)
    return 2
  }
  const told = endSignal()
  const host = startEngineHost({
    settings: engineSettings({threads: options.threads, firstModel: FIRST_SAMPLE.model}),
    spawn: forkEngine,
  })
  host.on((event) => {
    if (event.kind === 'ended') console.error(`The engine ${event.words}; starting it again.`)
    if (event.kind === 'failed') console.error(formatProblem(event.problem))
  })
  try {
    const served = await startServer({
      host,
      rendererFolder: join(packageRoot(), 'out/renderer'),
      port: options.port,
    })
    const {url, port, token} = served
    console.log(options.json ? JSON.stringify({url, port, token}) : `Tokenscope is at ${url}`)
    if (options.open) openBrowser(url)
    await told
    served.close()
    return 0
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    console.error(formatProblem(error.problem))
    return 1
  } finally {
    await host.close()
  }
}

/** A terminal, npm and a parent script may each pass on the same Ctrl-C. */
const SAME_SIGNAL_MS = 1000

/** Resolves when the process is asked to end; a second request ends it at once. */
function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | null = null
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (askedAt !== null && performance.now() - askedAt > SAME_SIGNAL_MS) process.exit(1)
        askedAt ??= performance.now()
        resolve()
      })
    }
  })
}
