import {open, rename, rm, writeFile} from 'node:fs/promises'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation} from '../../shared/engine-client/problem-of.ts'
import {
  attentionResultOf,
  foldAttentionEvent,
  startAttentionRun,
} from '../../shared/lenses/assemble-attention.ts'
import {
  type AttentionRequest,
  type AttentionResult,
  attentionRequestSchema,
} from '../../shared/lenses/attention.ts'
import type {AttentionFlags} from './attention-flags.ts'
import {attentionText} from './attention-text.ts'
import {checked} from './checked-values.ts'
import {type CommonCall, readCommonCall, readConfig, requestValues} from './common-call.ts'
import type {Connect} from './connect.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {parseChoice, parseRange, parseRangeList} from './flag-values.ts'
import {progressReporter} from './progress.ts'
import {applyPromptFlags} from './prompt-values.ts'
import type {Terminal} from './terminal.ts'
import {EXIT} from './usage-error.ts'

const REQUEST_NAMES = Object.keys(attentionRequestSchema.shape)
const FORMATS = ['npz', 'json'] as const
type Call = CommonCall<(typeof FORMATS)[number]>

/** Captures attention and writes or describes it. Resolves with the exit code. */
export async function runAttention(
  flags: AttentionFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const config = await readConfig(flags, 'attention', REQUEST_NAMES)
  const call = readCommonCall(flags, config, FORMATS)
  const request = readRequest(flags, config)
  const engine = await connect(call)
  try {
    const result = await capture(request, call, engine.client, terminal)
    if (result?.status === 'completed') await writeFiles(call, result, engine.client, terminal)
    await printResult(call, request, result, terminal)
    return terminal.interrupted.aborted ? EXIT.interrupted : EXIT.done
  } finally {
    await engine.close()
  }
}

function readRequest(flags: AttentionFlags, config: Record<string, unknown>): AttentionRequest {
  const values = requestValues(flags, config, REQUEST_NAMES)
  applyPromptFlags(values, flags)
  for (const name of ['layers', 'heads'] as const) {
    if (flags[name] !== undefined) values[name] = parseRangeList(flags[name], `--${name}`)
  }
  if (flags.queries !== undefined) values.queries = parseRange(flags.queries, '--queries')
  if (flags.capture !== undefined) {
    values.capture = parseChoice(flags.capture, '--capture', ['qk', 'weights'])
  }
  if (flags.generate !== undefined) {
    values.generate = parseLimited(flags.generate, '--generate', LIMITS.generate)
  }
  return checked(attentionRequestSchema, values)
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

async function writeFiles(
  call: Call,
  result: AttentionResult,
  client: EngineClient,
  terminal: Terminal
) {
  for (const {path, format} of call.outFiles) {
    if (format === 'json') await writeFile(path, `${JSON.stringify(jsonOf(call, result))}\n`)
    else await writeArchive(path, call, result, client, terminal)
  }
}

/** Writes beside the file and renames at the end, so that an interruption leaves no half archive. */
async function writeArchive(
  path: string,
  call: Call,
  result: AttentionResult,
  client: EngineClient,
  terminal: Terminal
) {
  const progress = progressReporter(terminal, call.progress)
  const partPath = `${path}.part`
  const file = await open(partPath, 'w')
  try {
    const request = {...replayOf(result), withTokenIds: !call.noPrompt}
    const events = await client.attention.archive(request, {signal: terminal.interrupted})
    for await (const event of events) {
      if (event.kind === 'piece') await file.writeFile(event.bytes)
      else progress.show(event)
    }
    await file.close()
    await rename(partPath, path)
  } catch (error) {
    await file.close()
    await rm(partPath, {force: true})
    if (!terminal.interrupted.aborted && !isCancellation(error)) throw error
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
  terminal: Terminal
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
    for (const {code, message} of result?.warnings ?? []) {
      terminal.printError(`warning (${code}): ${message}\n`)
    }
  }
  if (terminal.interrupted.aborted) terminal.printError('Interrupted: this is a part of it.\n')
}

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
