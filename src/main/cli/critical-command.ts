import {writeFile} from 'node:fs/promises'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation} from '../../shared/engine-client/problem-of.ts'
import type {CommonFigureOptions} from '../../shared/figures/request.ts'
import {
  criticalResultOf,
  foldCriticalEvent,
  startCriticalRun,
} from '../../shared/lenses/assemble-critical.ts'
import {
  type AnswerChecker,
  type CriticalRequest,
  type CriticalResult,
  criticalRequestSchema,
} from '../../shared/lenses/critical.ts'
import {criticalPictureSchema} from '../../shared/lenses/critical-picture.ts'
import type {DpoForm} from '../../shared/math/critical/dpo-weights.ts'
import {checked} from './checked-values.ts'
import {type CommonCall, readCommonCall, readConfig, requestValues} from './common-call.ts'
import {readCommonFigure, writeFigure} from './common-figure.ts'
import type {Connect} from './connect.ts'
import type {CriticalFlags} from './critical-flags.ts'
import {
  checkRecords,
  MANY_NAMES,
  type ManyWishes,
  readManyFlags,
  weightsLine,
} from './critical-many.ts'
import {criticalText} from './critical-text.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {flagOf, parseChoice, parseWholeList} from './flag-values.ts'
import {progressReporter} from './progress.ts'
import {applyPromptFlags} from './prompt-values.ts'
import {readInputText} from './read-input.ts'
import type {Terminal} from './terminal.ts'
import {EXIT, UsageError} from './usage-error.ts'

const REQUEST_NAMES = Object.keys(criticalRequestSchema.shape)
const FORMATS = ['json', 'csv', 'svg', 'png', 'jsonl'] as const
type Call = CommonCall<(typeof FORMATS)[number]>

const CHOICES = {
  method: ['rollout', 'contrastive', 'both'],
  mode: ['exhaustive', 'adaptive'],
} as const
const NUMBERS = [
  ...(['rollouts', 'tolerance', 'temperature', 'topP', 'maxNewTokens', 'beta', 'seed'] as const),
] as const
const TEXTS = ['response', 'answer', 'positive', 'negative'] as const
const SWITCHES = ['sampleResponse', 'counterfactual'] as const
const RESPONSES = ['response', 'responseIds', 'sampleResponse'] as const

/** Looks for the critical token of a response and prints or writes that. Resolves with the exit code. */
export async function runCritical(
  flags: CriticalFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const config = await readConfig(flags, 'critical', [...REQUEST_NAMES, ...MANY_NAMES])
  const many = readManyFlags(flags, config)
  const call = readCommonCall(flags, config, FORMATS)
  checkRecords(many, call)
  const request = readRequest(flags, config, many)
  const options = readCommonFigure({...flags, noPrompt: call.noPrompt})
  const engine = await connect(call)
  try {
    if (many.dataset !== null) {
      const {runCriticalDataset} = await import('./critical-dataset.ts')
      const wishes = {...call, ...many, dataset: many.dataset, options}
      return await runCriticalDataset(request, wishes, engine.client, terminal)
    }
    const result = await critical(request, call, engine.client, terminal)
    if (result) {
      const drawing = {options, client: engine.client, terminal}
      await writeFiles(call, result, many.weights, drawing)
    }
    await printResult(call, request, result, terminal)
    return terminal.interrupted.aborted ? EXIT.interrupted : EXIT.done
  } finally {
    await engine.close()
  }
}

function readRequest(
  flags: CriticalFlags,
  config: Record<string, unknown>,
  {dataset, weights}: ManyWishes
): CriticalRequest {
  const values = requestValues(flags, config, REQUEST_NAMES)
  // Prompts of a data set stand in its items.
  if (dataset !== null) values.prompt = ''
  applyPromptFlags(values, flags)
  if (dataset !== null) delete values.prompt
  // Weights come from the contrast alone, unless completions are asked for as well.
  if (weights) values.method ??= 'contrastive'
  const given = RESPONSES.filter((name) => flags[name] !== undefined)
  if (given.length > 1) throw new UsageError(`give one of ${given.map(flagOf).join(' and ')}`)
  // A response on the command line stands in place of a config file's.
  if (given.length === 1) for (const name of RESPONSES) delete values[name]
  for (const name of TEXTS) if (flags[name] !== undefined) values[name] = flags[name]
  for (const name of SWITCHES) if (flags[name]) values[name] = true
  for (const name of ['method', 'mode'] as const) {
    const text = flags[name]
    if (text !== undefined) values[name] = parseChoice<string>(text, flagOf(name), CHOICES[name])
  }
  for (const name of NUMBERS) {
    const text = flags[name]
    if (text !== undefined) values[name] = parseLimited(text, flagOf(name), LIMITS[name])
  }
  if (flags.responseIds !== undefined) {
    values.responseIds = parseWholeList(flags.responseIds, '--response-ids')
  }
  if (flags.checker !== undefined) values.checker = parseChecker(flags.checker)
  const request = checked(criticalRequestSchema, values)
  if (weights && request.method === 'rollout') {
    throw new UsageError('--weights takes --method contrastive or both')
  }
  return request
}

/** `number:Answer:`, `text`, `one-of:yes,no`, `regex:…` or `script:checker.js`, whose file is read. */
export function parseChecker(text: string): AnswerChecker {
  const at = text.indexOf(':')
  const kind = at < 0 ? text : text.slice(0, at)
  const rest = at < 0 ? '' : text.slice(at + 1)
  if (kind === 'text' && at < 0) return {kind}
  if (kind === 'number' && rest !== '') return {kind, marker: rest}
  if (kind === 'regex' && rest !== '') return {kind, pattern: rest}
  if (kind === 'script' && rest !== '') return {kind, source: readInputText(rest), file: rest}
  if (kind === 'one-of') {
    const options = rest.split(',').filter((option) => option !== '')
    if (options.length >= 2) return {kind, options}
  }
  throw new UsageError(
    `--checker takes number:MARK, text, one-of:A,B, regex:PATTERN or script:FILE, not “${text}”`
  )
}

/** Follows the run to its end or to the interruption; null where not even the tokens came. */
async function critical(
  request: CriticalRequest,
  call: Call,
  client: EngineClient,
  terminal: Terminal
): Promise<CriticalResult | null> {
  const progress = progressReporter(terminal, call.progress)
  let run = startCriticalRun(request)
  try {
    const events = await client.criticals.run(request, {signal: terminal.interrupted})
    for await (const event of events) {
      if (event.kind === 'progress') progress.show(event)
      run = foldCriticalEvent(run, event)
    }
  } catch (error) {
    if (!terminal.interrupted.aborted && !isCancellation(error)) throw error
  } finally {
    progress.end()
  }
  return criticalResultOf(run, run.completed ? 'completed' : 'cancelled')
}

interface Drawing {
  readonly options: CommonFigureOptions
  readonly client: EngineClient
  readonly terminal: Terminal
}

async function writeFiles(
  call: Call,
  result: CriticalResult,
  weights: DpoForm | null,
  {options, client, terminal}: Drawing
): Promise<void> {
  const picture = criticalPictureSchema.parse({})
  for (const {path, format} of call.outFiles) {
    if (format === 'json' || format === 'jsonl') {
      const isWeights = format === 'jsonl' && weights
      const line = isWeights ? weightsLine(result, weights) : jsonOf(call, result)
      await writeFile(path, `${JSON.stringify(line)}\n`)
      continue
    }
    const request = {figure: 'critical', format, result, picture, options} as const
    for (const {code, message} of await writeFigure(path, request, client)) {
      terminal.printError(`warning (${code}): ${message}\n`)
    }
  }
}

async function printResult(
  call: Call,
  request: CriticalRequest,
  result: CriticalResult | null,
  terminal: Terminal
): Promise<void> {
  if (call.isJson) {
    const json = result
      ? jsonOf(call, result)
      : {schema: 'tokenscope/critical@1', request: requestOf(call, request), status: 'cancelled'}
    await terminal.print(`${JSON.stringify(json)}\n`)
  } else {
    if (result && call.outFiles.length === 0) {
      await terminal.print(criticalText(result, call.noPrompt))
    }
    for (const {code, message} of result?.warnings ?? []) {
      terminal.printError(`warning (${code}): ${message}\n`)
    }
  }
  if (terminal.interrupted.aborted) terminal.printError('Interrupted: this is a part of it.\n')
}

/** With `--no-prompt` text, ids, labels and completions are left out. */
function jsonOf(call: Call, result: CriticalResult): unknown {
  if (!call.noPrompt) return result
  const {text, tokens, turns, request, examples, ...rest} = result
  return {
    ...rest,
    request: requestOf(call, request),
    tokens: tokens.map(({position, isSpecial, isInserted}) => ({position, isSpecial, isInserted})),
  }
}

function requestOf({noPrompt}: Call, request: CriticalRequest): Partial<CriticalRequest> {
  if (!noPrompt) return request
  const {prompt, messages, completionIds, response, responseIds, answer, checker, ...rest} = request
  return rest
}
