import {writeFile} from 'node:fs/promises'
import {resolve} from 'node:path'
import {type TokenTable, tokensOfTable} from '../../shared/domain/token.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation} from '../../shared/engine-client/problem-of.ts'
import {
  type TokenizeRequest,
  type TokenizeResult,
  tokenizeRequestSchema,
} from '../../shared/lenses/tokenize.ts'
import {checked} from './checked-values.ts'
import {type CommonCall, readCommonCall, readConfig, requestValues} from './common-call.ts'
import type {Connect} from './connect.ts'
import {parseLimited} from './flag-limits.ts'
import {parseWhole} from './flag-values.ts'
import {progressReporter} from './progress.ts'
import {decodeText, readInputBytes, readInputText} from './read-input.ts'
import type {Terminal} from './terminal.ts'
import {readTokenizeFigure, writeTokenizeFigure} from './tokenize-figure.ts'
import type {TokenizeFlags} from './tokenize-flags.ts'
import {tokenizeText} from './tokenize-text.ts'
import {EXIT, UsageError} from './usage-error.ts'

const REQUEST_NAMES = Object.keys(tokenizeRequestSchema.shape)

/** Cuts a text by several tokenizers and compares. Resolves with the exit code. */
export async function runTokenize(
  flags: TokenizeFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const config = await readConfig(flags, 'tokenize', REQUEST_NAMES)
  const call = readCommonCall(flags, config, ['json', 'csv', 'svg', 'png'])
  const options = readTokenizeFigure(flags, call.noPrompt)
  const request = readRequest(flags, config)
  const engine = await connect(call)
  try {
    const result = await tokenize(request, call, engine.client, terminal)
    const json = `${JSON.stringify(result ? jsonOf(call, result) : {schema: 'tokenscope/tokenize@1', request: requestOf(call, request), status: 'cancelled'})}\n`
    for (const {path, format} of result ? call.outFiles : []) {
      if (format === 'json') await writeFile(path, json)
      else {
        const file = {path, format}
        await writeTokenizeFigure(file, result!, options, {client: engine.client, terminal})
      }
    }
    if (call.isJson) await terminal.print(json)
    else if (result && call.outFiles.length === 0) await terminal.print(tokenizeText(result))
    for (const {code, message} of call.isJson ? [] : (result?.warnings ?? [])) {
      terminal.printError(`warning (${code}): ${message}\n`)
    }
    if (!result) terminal.printError('Interrupted.\n')
    return result ? EXIT.done : EXIT.interrupted
  } finally {
    await engine.close()
  }
}

function readRequest(flags: TokenizeFlags, config: Record<string, unknown>): TokenizeRequest {
  const {model: _, ...values} = requestValues({}, config, REQUEST_NAMES)
  if (flags.text !== undefined && flags.textFile !== undefined) {
    throw new UsageError('give --text or --text-file, not both')
  }
  if (flags.text !== undefined) {
    values.text = flags.text
    delete values.textFile
  }
  if (flags.textFile === '-') {
    values.text = decodeText(readInputBytes('-'), '-')
    delete values.textFile
  } else if (flags.textFile !== undefined) {
    values.textFile = resolve(flags.textFile)
    delete values.text
  }
  if (values.text === undefined && values.textFile === undefined && !hasParallel(flags, values)) {
    throw new UsageError('give --text, --text-file or --parallel')
  }
  if (flags.tokenizers !== undefined) values.tokenizers = listOf(flags.tokenizers)
  if (flags.baselines !== undefined) values.baselines = listOf(flags.baselines)
  if (flags.wordRule !== undefined) values.wordRule = flags.wordRule
  if (flags.reference !== undefined) values.reference = flags.reference
  if (flags.parallel !== undefined) values.parallel = parallelOf(flags.parallel)
  if (flags.referenceLanguage !== undefined) values.referenceLanguage = flags.referenceLanguage
  if (flags.noSpecialTokens) values.noSpecialTokens = true
  if (flags.parseSpecial) values.parseSpecial = true
  if (flags.checkEngines) values.checkEngines = true
  if (flags.price !== undefined) {
    values.price = parseLimited(flags.price, '--price', {whole: false, min: 0})
  }
  if (flags.contextLength !== undefined) {
    values.contextLength = parseLimited(flags.contextLength, '--context-length', {
      whole: true,
      min: 1,
    })
  }
  if (flags.maxTokens !== undefined) values.maxTokens = parseWhole(flags.maxTokens, '--max-tokens')
  return checked(tokenizeRequestSchema, values)
}

function hasParallel(flags: TokenizeFlags, values: Record<string, unknown>): boolean {
  return flags.parallel !== undefined || values.parallel !== undefined
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function parallelOf(path: string): unknown {
  if (path === 'builtin') return 'builtin'
  try {
    return JSON.parse(readInputText(path))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new UsageError(`--parallel takes JSON {language: [sentences]}: ${error.message}`)
  }
}

/** Null where it was interrupted. */
async function tokenize(
  request: TokenizeRequest,
  call: CommonCall<string>,
  client: EngineClient,
  terminal: Terminal
): Promise<TokenizeResult | null> {
  const progress = progressReporter(terminal, call.progress)
  const tables = new Map<string, TokenTable>()
  try {
    const events = await client.tokenizers.compare(request, {signal: terminal.interrupted})
    for await (const event of events) {
      if (event.kind === 'progress') progress.show(event)
      else if (event.kind === 'tokens') tables.set(event.tokenizer, event.tokens)
      else if (event.kind === 'completed') {
        const results = event.result.results.map((row) => {
          const table = tables.get(row.tokenizer)
          return {...row, tokens: table ? tokensOfTable(table) : []}
        })
        return {...event.result, results}
      }
    }
    return null
  } catch (error) {
    if (!terminal.interrupted.aborted && !isCancellation(error)) throw error
    return null
  } finally {
    progress.end()
  }
}

/** With `--no-prompt` the text, its tokens and what was changed in it are left out. */
function jsonOf(call: CommonCall<string>, result: TokenizeResult): unknown {
  if (!call.noPrompt) return result
  const results = result.results.map(({droppedBytesHex: _, ...row}) => ({
    ...row,
    ...{tokens: [], changes: []},
  }))
  const request = requestOf(call, result.request)
  return {...result, request, text: null, invalidBytes: [], results}
}

function requestOf(
  {noPrompt}: CommonCall<string>,
  request: TokenizeRequest
): Partial<TokenizeRequest> {
  if (!noPrompt) return request
  const {text: _, parallel, ...rest} = request
  return parallel === 'builtin' ? {...rest, parallel} : rest
}
