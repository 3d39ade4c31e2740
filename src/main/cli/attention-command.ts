import {open, rename, rm, writeFile} from 'node:fs/promises'
import type {Warning} from '../../shared/domain/problem.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation} from '../../shared/engine-client/problem-of.ts'
import {
  attentionResultOf,
  foldAttentionEvent,
  startAttentionRun,
} from '../../shared/lenses/assemble-attention.ts'
import type {AttentionRequest, AttentionResult} from '../../shared/lenses/attention.ts'
import {
  type AttentionFigureCall,
  readAttentionFigure,
  writeAttentionFigure,
} from './attention-figure.ts'
import type {AttentionFlags} from './attention-flags.ts'
import {ATTENTION_REQUEST_NAMES, readAttentionRequest} from './attention-request.ts'
import {attentionStatistics} from './attention-statistics.ts'
import {attentionText} from './attention-text.ts'
import {type CommonCall, readCommonCall, readConfig} from './common-call.ts'
import type {Connect} from './connect.ts'
import {progressReporter} from './progress.ts'
import type {Terminal} from './terminal.ts'
import {EXIT} from './usage-error.ts'

const FORMATS = ['npz', 'json', 'svg', 'png', 'csv'] as const
type Call = CommonCall<(typeof FORMATS)[number]>

/** Captures attention and writes or describes it. Resolves with the exit code. */
export async function runAttention(
  flags: AttentionFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const config = await readConfig(flags, 'attention', ATTENTION_REQUEST_NAMES)
  const call = readCommonCall(flags, config, FORMATS)
  const request = readAttentionRequest(flags, config)
  const figure = readAttentionFigure(flags)
  const engine = await connect(call)
  try {
    const captured = await capture(request, call, engine.client, terminal)
    const result =
      captured?.status === 'completed' && isDescribed(call)
        ? await withStatistics(captured, call, engine.client, terminal)
        : captured
    const written =
      result?.status === 'completed'
        ? await writeFiles(call, result, {figure, client: engine.client, terminal})
        : new Set<string>()
    await printResult(call, request, result, terminal, written)
    return terminal.interrupted.aborted ? EXIT.interrupted : EXIT.done
  } finally {
    await engine.close()
  }
}

/** Whether anything but an archive is asked for: what is counted over the weights takes a while. */
function isDescribed({isJson, outFiles}: Call): boolean {
  return isJson || outFiles.length === 0 || outFiles.some(({format}) => format === 'json')
}

/** The result with what is counted over its weights; cancelled, and without it, where that was interrupted. */
async function withStatistics(
  result: AttentionResult,
  call: Call,
  client: EngineClient,
  terminal: Terminal
): Promise<AttentionResult> {
  const progress = progressReporter(terminal, call.progress)
  try {
    const {warnings, ...statistics} = await attentionStatistics(result, client, {
      signal: terminal.interrupted,
      onProgress: (event) => progress.show({phase: 'counting', ...event}),
    })
    return {...result, ...statistics, warnings: [...result.warnings, ...warnings]}
  } catch (error) {
    if (!terminal.interrupted.aborted && !isCancellation(error)) throw error
    return {...result, status: 'cancelled'}
  } finally {
    progress.end()
  }
}

/** Follows the capture to its end or to the interruption; null where not even the tokens came. */
async function capture(
  request: AttentionRequest,
  call: Call,
  client: EngineClient,
  terminal: Terminal
): Promise<AttentionResult | null> {
  const progress = progressReporter(terminal, call.progress)
  let run = startAttentionRun(request)
  try {
    const events = await client.attention.run(request, {signal: terminal.interrupted})
    for await (const event of events) {
      if (event.kind === 'progress') progress.show(event)
      run = foldAttentionEvent(run, event)
    }
  } catch (error) {
    if (!terminal.interrupted.aborted && !isCancellation(error)) throw error
  } finally {
    progress.end()
  }
  return attentionResultOf(run, run.completed ? 'completed' : 'cancelled')
}

/** Paths of what was written: after an interruption not all that were asked for. */
async function writeFiles(
  call: Call,
  result: AttentionResult,
  to: {figure: AttentionFigureCall; client: EngineClient; terminal: Terminal}
): Promise<ReadonlySet<string>> {
  const {figure, client, terminal} = to
  const written = new Set<string>()
  for (const {path, format} of call.outFiles) {
    const isFigure = format !== 'npz' && (format !== 'json' || figure.isAsked)
    if (isFigure) await writeAttentionFigure({path, format}, result, figure, to)
    else if (format === 'json') await writeFile(path, `${JSON.stringify(jsonOf(call, result))}\n`)
    else if (!(await writeArchive(path, call, result, client, terminal))) continue
    written.add(path)
  }
  return written
}

/** Writes beside the file and renames at the end, so that an interruption leaves no half archive; false where it did. */
async function writeArchive(
  path: string,
  call: Call,
  result: AttentionResult,
  client: EngineClient,
  terminal: Terminal
): Promise<boolean> {
  const progress = progressReporter(terminal, call.progress)
  const partPath = `${path}.part`
  const file = await open(partPath, 'w')
  try {
    const request = {...replayOf(result), withTokenIds: !call.noPrompt}
    const events = await client.attention.archive(request, {signal: terminal.interrupted})
    for await (const event of events) {
      if (event.kind === 'piece') await file.writeFile(event.bytes)
      else if (event.kind === 'progress') progress.show(event)
      else if (!result.warnings.some(({code}) => code === event.warning.code)) {
        terminal.printError(warningLine(event.warning))
      }
    }
    await file.close()
    await rename(partPath, path)
    return true
  } catch (error) {
    await file.close()
    await rm(partPath, {force: true})
    if (!terminal.interrupted.aborted && !isCancellation(error)) throw error
    return false
  } finally {
    progress.end()
  }
}

/** The same text with its generated tokens given, so that they are not generated once more. */
function replayOf({request, tokens, promptTokenCount}: AttentionResult): AttentionRequest {
  return {
    ...request,
    generate: 0,
    completionIds: tokens.slice(promptTokenCount).map(({id}) => id),
  }
}

async function printResult(
  call: Call,
  request: AttentionRequest,
  result: AttentionResult | null,
  terminal: Terminal,
  written: ReadonlySet<string>
) {
  if (call.isJson) {
    const json = result
      ? jsonOf(call, result)
      : {schema: 'tokenscope/attention@1', request: requestOf(call, request), status: 'cancelled'}
    await terminal.print(`${JSON.stringify(json)}\n`)
  } else {
    if (result && call.outFiles.length === 0) {
      await terminal.print(attentionText(result, call.noPrompt))
    }
    for (const warning of result?.warnings ?? []) terminal.printError(warningLine(warning))
  }
  if (!terminal.interrupted.aborted) return
  const missing = call.outFiles.filter(({path}) => !written.has(path))
  const files = missing.map(({path}) => path).join(', ')
  terminal.printError(
    files ? `Interrupted: ${files} was not written.\n` : 'Interrupted: this is a part of it.\n'
  )
}

const warningLine = ({code, message}: Warning) => `warning (${code}): ${message}\n`

/** With `--no-prompt` text, ids and labels are left out. */
function jsonOf(call: Call, result: AttentionResult): unknown {
  if (!call.noPrompt) return result
  const {text, tokens, turns, request, ...rest} = result
  return {
    ...rest,
    request: requestOf(call, request),
    tokens: tokens.map(({position, isSpecial, isInserted}) => ({position, isSpecial, isInserted})),
  }
}

function requestOf({noPrompt}: Call, request: AttentionRequest): Partial<AttentionRequest> {
  if (!noPrompt) return request
  const {prompt, messages, completionIds, ...rest} = request
  return rest
}
