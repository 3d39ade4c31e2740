import {writeFile} from 'node:fs/promises'
import {hexOfBytes} from '../../shared/domain/token.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation} from '../../shared/engine-client/problem-of.ts'
import {formatMany, formatProb} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import {type BytesRequest, type BytesResult, bytesRequestSchema} from '../../shared/lenses/bytes.ts'
import {formatTable} from '../../shared/lenses/text-table.ts'
import type {BytesFlags} from './bytes-flags.ts'
import {checked} from './checked-values.ts'
import {type CommonCall, readCommonCall, readConfig, requestValues} from './common-call.ts'
import type {Connect} from './connect.ts'
import {progressReporter} from './progress.ts'
import {readInputText} from './read-input.ts'
import type {Terminal} from './terminal.ts'
import {EXIT, UsageError} from './usage-error.ts'

const REQUEST_NAMES = Object.keys(bytesRequestSchema.shape)
/** Bytes that are printed for people. */
const ROWS = 12

/** Prints the exact distribution of the next byte. Resolves with the exit code. */
export async function runBytes(
  flags: BytesFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const config = await readConfig(flags, 'bytes', REQUEST_NAMES)
  const call = readCommonCall(flags, config, ['json'])
  const values = requestValues(flags, config, REQUEST_NAMES)
  if (flags.prompt !== undefined && flags.promptFile !== undefined) {
    throw new UsageError('give --prompt or --prompt-file, not both')
  }
  if (flags.prompt !== undefined) values.prompt = flags.prompt
  if (flags.promptFile !== undefined) values.prompt = readInputText(flags.promptFile)
  if (flags.prefixHex !== undefined) values.prefixHex = flags.prefixHex
  if (flags.noSpecialTokens) values.noSpecialTokens = true
  if (flags.mode !== undefined) values.mode = flags.mode
  const request = checked(bytesRequestSchema, values)
  const engine = await connect(call)
  try {
    const result = await bytes(request, call, engine.client, terminal)
    const json = `${JSON.stringify(result ? jsonOf(call, result) : {schema: 'tokenscope/bytes@1', request: requestOf(call, request), status: 'cancelled'})}\n`
    for (const {path} of result ? call.outFiles : []) await writeFile(path, json)
    if (call.isJson) await terminal.print(json)
    else if (result && call.outFiles.length === 0) await terminal.print(textOf(result))
    if (!result) terminal.printError('Interrupted.\n')
    return result ? EXIT.done : EXIT.interrupted
  } finally {
    await engine.close()
  }
}

/** Null where it was interrupted. */
async function bytes(
  request: BytesRequest,
  call: CommonCall<string>,
  client: EngineClient,
  terminal: Terminal
): Promise<BytesResult | null> {
  const progress = progressReporter(terminal, call.progress)
  try {
    for await (const event of await client.bytes.run(request, {signal: terminal.interrupted})) {
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

function textOf({model, prefix, bytes: rows, ...result}: BytesResult): string {
  const columns = [
    {title: 'byte', align: 'left'},
    {title: 'hex', align: 'left'},
    {title: 'p', align: 'right'},
    {title: 'from tokens', align: 'right'},
  ] as const
  const shown = [...rows].sort((a, b) => b.prob - a.prob).slice(0, ROWS)
  const table = shown.map(({byte, prob, tokenProb}) => {
    const bytesHex = hexOfBytes(Uint8Array.of(byte))
    const probs = [formatProb(prob), tokenProb === null ? '—' : formatProb(tokenProb)]
    return [plainGlyphs({bytesHex, isSpecial: false}), bytesHex, ...probs]
  })
  const variation =
    result.totalVariation === null
      ? ''
      : `, total variation from prompting with tokens ${formatProb(result.totalVariation)}`
  return `${[
    `${model.id}, the byte after ${formatMany(prefix.bytesHex.length / 2, 'byte')}, ${formatMany(result.coverCount, 'cover')}`,
    formatTable(columns, table),
    `end ${formatProb(result.endProb)}, leak ${formatProb(result.leakProb)}${variation}`,
  ].join('\n\n')}\n`
}

/** With `--no-prompt` the text and the ids of its encodings are left out. */
function jsonOf(call: CommonCall<string>, result: BytesResult): unknown {
  if (!call.noPrompt) return result
  const {fixedByteEnd} = result.prefix
  return {
    ...result,
    request: requestOf(call, result.request),
    prefix: {text: '', bytesHex: '', fixedIds: [], fixedByteEnd},
    covers: [],
  }
}

function requestOf({noPrompt}: CommonCall<string>, request: BytesRequest): Partial<BytesRequest> {
  if (!noPrompt) return request
  const {prompt: _, prefixHex: __, ...rest} = request
  return rest
}
