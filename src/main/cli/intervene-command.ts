import {writeFile} from 'node:fs/promises'
import {basename} from 'node:path'
import type {CutEdge} from '../../shared/domain/intervention.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation} from '../../shared/engine-client/problem-of.ts'
import {formatBits, formatMany, formatProb} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import {
  type InterveneRequest,
  type InterveneResult,
  interveneRequestSchema,
} from '../../shared/lenses/intervene.ts'
import {formatTable} from '../../shared/lenses/text-table.ts'
import {checked} from './checked-values.ts'
import {type CommonCall, readCommonCall, readConfig, requestValues} from './common-call.ts'
import type {Connect} from './connect.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {parseWhole, parseWholeList} from './flag-values.ts'
import type {InterveneFlags} from './intervene-flags.ts'
import {progressReporter} from './progress.ts'
import {applyPromptFlags} from './prompt-values.ts'
import {readInputText} from './read-input.ts'
import type {Terminal} from './terminal.ts'
import {EXIT, UsageError} from './usage-error.ts'

const REQUEST_NAMES = Object.keys(interveneRequestSchema.shape)

/** Compares what would follow without and with an intervention. Resolves with the exit code. */
export async function runIntervene(
  flags: InterveneFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const config = await readConfig(flags, 'intervene', REQUEST_NAMES)
  const call = readCommonCall(flags, config, ['json'])
  const request = readRequest(flags, config)
  const engine = await connect(call)
  try {
    const result = await intervene(request, call, engine.client, terminal)
    const json = `${JSON.stringify(result ? jsonOf(call, result) : {schema: 'tokenscope/intervene@1', request: requestOf(call, request), status: 'cancelled'})}\n`
    for (const {path} of result ? call.outFiles : []) await writeFile(path, json)
    if (call.isJson) await terminal.print(json)
    else if (result && call.outFiles.length === 0) await terminal.print(textOf(result))
    for (const {code, message} of call.isJson ? [] : (result?.warnings ?? [])) {
      terminal.printError(`warning (${code}): ${message}\n`)
    }
    if (!result) terminal.printError('Interrupted.\n')
    return result ? EXIT.done : EXIT.interrupted
  } finally {
    await engine.close()
  }
}

function readRequest(flags: InterveneFlags, config: Record<string, unknown>): InterveneRequest {
  const values = requestValues(flags, config, REQUEST_NAMES)
  applyPromptFlags(values, flags)
  if (flags.maskKeys !== undefined) values.maskKeys = parseWholeList(flags.maskKeys, '--mask-keys')
  if (flags.deleteTokens !== undefined) {
    values.deleteTokens = parseWholeList(flags.deleteTokens, '--delete-tokens')
  }
  if (flags.cutEdges !== undefined) values.cutEdges = parseEdges(flags.cutEdges)
  if (flags.headsOff !== undefined) values.headsOff = parseHeads(flags.headsOff)
  if (flags.headValue !== undefined) {
    applyHeadValue(values, flags.headValue)
  }
  if (flags.scaleEmbeddings !== undefined) {
    const factor = Number(flags.scaleEmbeddings)
    if (flags.scaleEmbeddings.trim() === '' || !Number.isFinite(factor)) {
      throw new UsageError(`--scale-embeddings takes a number, not “${flags.scaleEmbeddings}”`)
    }
    values.scaleEmbeddings = factor
  }
  if (flags.exitLayer !== undefined) values.exitLayer = parseWhole(flags.exitLayer, '--exit-layer')
  if (flags.topK !== undefined) values.topK = parseLimited(flags.topK, '--top-k', LIMITS.topK)
  if (flags.position !== undefined) {
    values.position = flags.position === 'last' ? 'last' : parseWhole(flags.position, '--position')
  }
  return checked(interveneRequestSchema, values)
}

const HEAD_VALUES = ['zero', 'mean', 'mean-of-prompt'] as const
const MEAN_OF = 'mean-of:'

/** `mean-of:FILE` puts the file's text into the request, under the file's name. */
function applyHeadValue(values: Record<string, unknown>, flag: string): void {
  delete values.referenceText
  if (!flag.startsWith(MEAN_OF)) {
    const choice = HEAD_VALUES.find((one) => one === flag)
    if (!choice) {
      throw new UsageError(
        `--head-value takes ${HEAD_VALUES.join(', ')} or mean-of:FILE, not “${flag}”`
      )
    }
    values.headValue = choice
    return
  }
  const path = flag.slice(MEAN_OF.length)
  if (path === '') throw new UsageError('--head-value mean-of: takes a file')
  values.headValue = 'mean-of'
  const name = path === '-' ? 'standard input' : basename(path)
  values.referenceText = {name, text: readInputText(path)}
}

/** `2.0:9>3,2.*:9>4`: layer, head or `*`, query and key. */
function parseEdges(text: string): CutEdge[] {
  return text.split(',').map((part) => {
    const [, layer, head, query, key] = /^\s*(\d+)\.(\d+|\*):(\d+)>(\d+)\s*$/.exec(part) ?? []
    if (layer === undefined) {
      throw new UsageError(`--cut-edges takes edges such as 2.0:9>3 or 2.*:9>3, not “${part}”`)
    }
    return {
      layer: Number(layer),
      head: head === '*' ? ('all' as const) : Number(head),
      query: Number(query),
      key: Number(key),
    }
  })
}

/** `2.0,3.1`: layers and heads. */
function parseHeads(text: string): {layer: number; head: number}[] {
  return text.split(',').map((part) => {
    const [, layer, head] = /^\s*(\d+)\.(\d+)\s*$/.exec(part) ?? []
    if (layer === undefined) {
      throw new UsageError(`--heads-off takes heads such as 2.0,3.1, not “${part}”`)
    }
    return {layer: Number(layer), head: Number(head)}
  })
}

/** Null where it was interrupted. */
async function intervene(
  request: InterveneRequest,
  call: CommonCall<string>,
  client: EngineClient,
  terminal: Terminal
): Promise<InterveneResult | null> {
  const progress = progressReporter(terminal, call.progress)
  try {
    const events = await client.interventions.run(request, {signal: terminal.interrupted})
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

function textOf(result: InterveneResult): string {
  const {model, tokenCount, position, headMean, before, after, divergence} = result
  const columns = [
    {title: 'before', align: 'left'},
    {title: 'p', align: 'right'},
    {title: 'after', align: 'left'},
    {title: 'p', align: 'right'},
  ] as const
  const cells = ({next, restProb}: InterveneResult['before'], row: number): string[] => {
    const token = next[row]
    if (row === next.length) return ['all others', formatProb(restProb)]
    return token
      ? [plainGlyphs({bytesHex: token.bytesHex, isSpecial: false}), formatProb(token.prob)]
      : ['', '']
  }
  const rowCount = Math.max(before.next.length, after.next.length) + 1
  const rows = Array.from({length: rowCount}, (_, row) => [
    ...cells(before, row),
    ...cells(after, row),
  ])
  return `${[
    `${model.id}, ${tokenCount} tokens, after position ${position}`,
    formatTable(columns, rows),
    ...(headMean
      ? [
          `heads off give their mean over ${headMean.name} (${formatMany(headMean.textCount, 'text')}, ${formatMany(headMean.positionCount, 'token')})`,
        ]
      : []),
    `divergence before‖after ${formatBits(divergence.klBits)} bits, total variation ${formatProb(divergence.totalVariation)}`,
  ].join('\n\n')}\n`
}

/** With `--no-prompt` text and ids are left out of the request. */
function jsonOf(call: CommonCall<string>, result: InterveneResult): unknown {
  return call.noPrompt ? {...result, request: requestOf(call, result.request)} : result
}

function requestOf(
  {noPrompt}: CommonCall<string>,
  request: InterveneRequest
): Partial<InterveneRequest> {
  if (!noPrompt) return request
  const {prompt, messages, completionIds, referenceText, ...rest} = request
  return rest
}
