import {writeFile} from 'node:fs/promises'
import type {Warning} from '../../shared/domain/problem.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation} from '../../shared/engine-client/problem-of.ts'
import {tokensJson} from '../../shared/figures/tokens/tokens-data.ts'
import {
  foldTokensEvent,
  startTokensRun,
  tokensResultOf,
} from '../../shared/lenses/assemble-tokens.ts'
import type {TokensResult} from '../../shared/lenses/tokens.ts'
import type {Connect} from './connect.ts'
import {figureWithUnit} from './figure-unit.ts'
import {progressReporter} from './progress.ts'
import type {Terminal} from './terminal.ts'
import type {TokensFlags} from './tokens-flags.ts'
import {readTokensCall, type TokensCall} from './tokens-request.ts'
import {tokensText} from './tokens-text.ts'
import {EXIT} from './usage-error.ts'

/** Runs the tokens lens and prints or writes its result. Resolves with the exit code. */
export async function runTokens(
  flags: TokensFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const call = await readTokensCall(flags)
  const engine = await connect(call)
  try {
    const result = await computeResult(call, engine.client, terminal)
    if (result) {
      await writeFiles(call, result, engine.client, terminal)
    }
    await printResult(call, result, terminal)
    return terminal.interrupted.aborted ? EXIT.interrupted : EXIT.done
  } finally {
    await engine.close()
  }
}

/** Follows the run to its end or to the interruption; null where not even the tokens came. */
async function computeResult(
  call: TokensCall,
  client: EngineClient,
  terminal: Terminal
): Promise<TokensResult | null> {
  const progress = progressReporter(terminal, call.progress)
  let run = startTokensRun(call.request)
  let isComplete = false
  try {
    const events = await client.tokens.run(call.request, {signal: terminal.interrupted})
    for await (const event of events) {
      if (event.kind === 'progress') progress.show(event)
      if (event.kind === 'completed') isComplete = true
      run = foldTokensEvent(run, event)
    }
  } catch (error) {
    if (!terminal.interrupted.aborted && !isCancellation(error)) throw error
  } finally {
    progress.end()
  }
  return tokensResultOf(run, isComplete ? 'completed' : 'cancelled')
}

async function printResult(call: TokensCall, result: TokensResult | null, terminal: Terminal) {
  const {noPrompt} = call.figure
  if (call.isJson) {
    await terminal.print(`${JSON.stringify(jsonOf(call, result, noPrompt))}\n`)
  } else if (result && call.outFiles.length === 0) {
    await terminal.print(tokensText(result, noPrompt))
  }
  for (const {code, message} of result?.warnings ?? []) {
    if (!call.isJson) printWarning(terminal, {code, message})
  }
  if (result?.status === 'cancelled') terminal.printError('Interrupted: this is a part of it.\n')
}

function jsonOf(call: TokensCall, result: TokensResult | null, noPrompt: boolean): unknown {
  if (!result) {
    const {prompt, messages, completionIds, track, ...rest} = call.request
    const request = noPrompt ? rest : call.request
    return {schema: 'tokenscope/tokens@1', request, status: 'cancelled'}
  }
  if (!noPrompt) return result
  return {...tokensJson(result, true), model: result.model, timing: result.timing}
}

/** Writes every file by the engine's exporter, so that the page's bytes and these are the same. */
async function writeFiles(
  call: TokensCall,
  result: TokensResult,
  client: EngineClient,
  terminal: Terminal
) {
  const {figure: options, warnings} = await figureWithUnit(call.figure, call.unit, result)
  for (const warning of warnings) printWarning(terminal, warning)
  for (const {path, format} of call.outFiles) {
    const exported = await client.figures.export({figure: 'tokens', format, result, options})
    const {content} = exported
    const bytes =
      'bytes' in content ? content.bytes : await client.blobs.read({blobId: content.blobId})
    await writeFile(path, bytes)
    for (const warning of exported.warnings) printWarning(terminal, warning)
  }
}

function printWarning(terminal: Terminal, {code, message}: Warning) {
  terminal.printError(`warning (${code}): ${message}\n`)
}
