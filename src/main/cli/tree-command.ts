import {writeFile} from 'node:fs/promises'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation} from '../../shared/engine-client/problem-of.ts'
import {foldTreeEvent, startTreeRun, treeResultOf} from '../../shared/lenses/assemble-tree.ts'
import {distributionSchema} from '../../shared/lenses/next-tokens.ts'
import {
  type TreeRequest,
  type TreeResult,
  treeRequestSchema,
  treeStrategySchema,
} from '../../shared/lenses/tree.ts'
import {treeText} from '../../shared/lenses/tree-text.ts'
import {checked} from './checked-values.ts'
import {type CommonCall, readCommonCall, readConfig, requestValues} from './common-call.ts'
import {writeFigure} from './common-figure.ts'
import type {Connect} from './connect.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {flagOf, parseChoice, parseWholeList} from './flag-values.ts'
import {openSavedTree} from './open-tree.ts'
import {progressReporter} from './progress.ts'
import {applyPromptFlags} from './prompt-values.ts'
import type {Terminal} from './terminal.ts'
import {readTreeFigure, type TreeFigureCall} from './tree-figure.ts'
import type {TreeFlags} from './tree-flags.ts'
import {EXIT} from './usage-error.ts'

const REQUEST_NAMES = Object.keys(treeRequestSchema.shape)
const FORMATS = ['json', 'svg', 'png', 'csv'] as const
type Call = CommonCall<(typeof FORMATS)[number]>

const NUMBERS = [
  ...(['nodes', 'depth', 'width', 'maxChildren', 'beams', 'lengthPenalty', 'paths'] as const),
  ...(['samples', 'draftLength', 'branchLength', 'jointThreshold', 'draftThreshold'] as const),
  ...(['topK', 'topP', 'minP', 'draftTemperature', 'draftTopP', 'steps'] as const),
  ...(['maxNewTokens', 'seed'] as const),
] as const
/** A temperature of 0 is greedy here, unlike where a table is shown. */
const TEMPERATURE = {whole: false, min: 0, max: 100} as const

/** Grows a tree, or opens a saved one, and prints or writes it. Resolves with the exit code. */
export async function runTree(
  flags: TreeFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const config = await readConfig(flags, 'tree', REQUEST_NAMES)
  const call = readCommonCall(flags, config, FORMATS)
  const path = flags.open
  const request = path === undefined ? readRequest(flags, config) : null
  const figure = readTreeFigure(flags)
  const engine = await connect(call)
  try {
    const result = request
      ? await grow(request, call, engine.client, terminal)
      : await openSavedTree(path!, flags, engine.client)
    if (result) await writeFiles(call, result, {figure, client: engine.client, terminal})
    await printResult(call, request, result, terminal)
    return terminal.interrupted.aborted ? EXIT.interrupted : EXIT.done
  } finally {
    await engine.close()
  }
}

function readRequest(flags: TreeFlags, config: Record<string, unknown>): TreeRequest {
  const values = requestValues(flags, config, REQUEST_NAMES)
  applyPromptFlags(values, flags)
  for (const name of NUMBERS) {
    const text = flags[name]
    if (text !== undefined) values[name] = parseLimited(text, flagOf(name), LIMITS[name])
  }
  if (flags.temperature !== undefined) {
    values.temperature = parseLimited(flags.temperature, '--temperature', TEMPERATURE)
  }
  if (flags.strategy !== undefined) {
    values.strategy = parseChoice<string>(flags.strategy, '--strategy', treeStrategySchema.options)
  }
  if (flags.distribution !== undefined) {
    const choices = distributionSchema.options
    values.distribution = parseChoice<string>(flags.distribution, '--distribution', choices)
  }
  if (flags.branching !== undefined) {
    values.branching = parseWholeList(flags.branching, '--branching')
  }
  if (flags.draft !== undefined) values.draft = flags.draft
  return checked(treeRequestSchema, values)
}

/** Follows the run to its end or to the interruption; null where not even the tokens came. */
async function grow(
  request: TreeRequest,
  call: Call,
  client: EngineClient,
  terminal: Terminal
): Promise<TreeResult | null> {
  const progress = progressReporter(terminal, call.progress)
  const run = startTreeRun(request)
  try {
    const events = await client.trees.run(request, {signal: terminal.interrupted})
    for await (const event of events) {
      if (event.kind === 'progress') progress.show(event)
      foldTreeEvent(run, event)
    }
  } catch (error) {
    if (!terminal.interrupted.aborted && !isCancellation(error)) throw error
  } finally {
    progress.end()
  }
  return treeResultOf(run, run.completed ? 'completed' : 'cancelled')
}

async function writeFiles(
  call: Call,
  result: TreeResult,
  to: {figure: TreeFigureCall; client: EngineClient; terminal: Terminal}
): Promise<void> {
  const {figure, client, terminal} = to
  for (const {path, format} of call.outFiles) {
    if (format === 'json') await writeFile(path, `${JSON.stringify(jsonOf(call, result))}\n`)
    else {
      const request = {figure: 'tree', format, result, ...figure} as const
      const warnings = await writeFigure(path, request, client)
      for (const {code, message} of warnings) terminal.printError(`warning (${code}): ${message}\n`)
    }
  }
}

async function printResult(
  call: Call,
  request: TreeRequest | null,
  result: TreeResult | null,
  terminal: Terminal
) {
  if (call.isJson) {
    const json = result
      ? jsonOf(call, result)
      : {
          schema: 'tokenscope/tree@1',
          request: request && requestOf(call, request),
          status: 'cancelled',
        }
    await terminal.print(`${JSON.stringify(json)}\n`)
  } else {
    if (result && call.outFiles.length === 0) {
      await terminal.print(treeText(result, call.noPrompt))
    }
    for (const {code, message} of result?.warnings ?? []) {
      terminal.printError(`warning (${code}): ${message}\n`)
    }
  }
  if (terminal.interrupted.aborted) terminal.printError('Interrupted: this is a part of it.\n')
}

/** With `--no-prompt` text, ids and labels are left out. */
function jsonOf(call: Call, result: TreeResult): unknown {
  if (!call.noPrompt) return result
  const {text, tokens, turns, completionIds, nodes, verdicts, request, ...rest} = result
  return {
    ...rest,
    request: requestOf(call, request),
    nodes: nodes.map((node) => {
      if (node.tokenId === null) return node
      const {tokenId, bytesHex, text: label, ...numbers} = node
      return numbers
    }),
  }
}

function requestOf({noPrompt}: Call, request: TreeRequest): Partial<TreeRequest> {
  if (!noPrompt) return request
  const {prompt, messages, completionIds, ...rest} = request
  return rest
}
