import {writeFile} from 'node:fs/promises'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation} from '../../shared/engine-client/problem-of.ts'
import {
  type InspectRequest,
  type InspectResult,
  inspectRequestSchema,
} from '../../shared/lenses/inspect.ts'
import {inspectText} from '../../shared/lenses/inspect-text.ts'
import {checked} from './checked-values.ts'
import {type CommonCall, readCommonCall, readConfig, requestValues} from './common-call.ts'
import type {Connect} from './connect.ts'
import type {InspectFlags} from './inspect-flags.ts'
import {progressReporter} from './progress.ts'
import type {Terminal} from './terminal.ts'
import {EXIT} from './usage-error.ts'

const REQUEST_NAMES = Object.keys(inspectRequestSchema.shape)

/**
 * Inspects a model and prints or writes what was found. Resolves with the exit code: a check that did not pass
 * is a failure, one that is not applicable is none.
 */
export async function runInspect(
  flags: InspectFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const config = await readConfig(flags, 'inspect', REQUEST_NAMES)
  const call = readCommonCall(flags, config, ['json'])
  const values = requestValues(flags, config, REQUEST_NAMES)
  if (flags.verify) values.verify = true
  const request = checked(inspectRequestSchema, values)
  const engine = await connect(call)
  try {
    const result = await inspect(request, call, engine.client, terminal)
    const json = `${JSON.stringify(result ?? {schema: 'tokenscope/inspect@1', request, status: 'cancelled'})}\n`
    for (const {path} of result ? call.outFiles : []) await writeFile(path, json)
    if (call.isJson) await terminal.print(json)
    else if (result && call.outFiles.length === 0) await terminal.print(inspectText(result))
    if (!result) {
      terminal.printError('Interrupted.\n')
      return EXIT.interrupted
    }
    const failed = (result.checks ?? []).filter(({passed}) => passed === false)
    if (failed.length === 0) return EXIT.done
    terminal.printError(`Not passed: ${failed.map(({check}) => check).join(', ')}.\n`)
    return EXIT.failed
  } finally {
    await engine.close()
  }
}

/** Null where it was interrupted. */
async function inspect(
  request: InspectRequest,
  call: CommonCall<string>,
  client: EngineClient,
  terminal: Terminal
): Promise<InspectResult | null> {
  const progress = progressReporter(terminal, call.progress)
  try {
    const events = await client.models.inspect(request, {signal: terminal.interrupted})
    for await (const event of events) {
      if (event.kind === 'completed') return event.result
      progress.show(event)
    }
    return null
  } catch (error) {
    if (!terminal.interrupted.aborted && !isCancellation(error)) throw error
    return null
  } finally {
    progress.end()
  }
}
