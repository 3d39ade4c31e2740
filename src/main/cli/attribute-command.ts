import {writeFile} from 'node:fs/promises'
import {tokensOfTable} from '../../shared/domain/token.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isCancellation} from '../../shared/engine-client/problem-of.ts'
import {rowsOfResult} from '../../shared/figures/attribution/value-rows.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import {
  attributeResultOf,
  foldAttributeEvent,
  startAttributeRun,
} from '../../shared/lenses/assemble-attribute.ts'
import {
  type AttributeRequest,
  type AttributeResult,
  attributeRequestSchema,
  attributionMethodSchema,
  attributionPresetSchema,
  samplerSchema,
} from '../../shared/lenses/attribute.ts'
import type {BesideMethod} from '../../shared/lenses/attribution-picture.ts'
import {
  type AttributeFigureCall,
  attributePicture,
  readAttributeFigure,
} from './attribute-figure.ts'
import type {AttributeFlags} from './attribute-flags.ts'
import {attributeCsv, attributeText, type TargetNames, unnamedTargets} from './attribute-text.ts'
import {checked} from './checked-values.ts'
import {type CommonCall, readCommonCall, readConfig, requestValues} from './common-call.ts'
import {writeFigure} from './common-figure.ts'
import type {Connect} from './connect.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {flagOf, parseChoice, parseRange, parseWholeList} from './flag-values.ts'
import {progressReporter} from './progress.ts'
import {applyPromptFlags} from './prompt-values.ts'
import type {Terminal} from './terminal.ts'
import {EXIT, UsageError} from './usage-error.ts'

const REQUEST_NAMES = Object.keys(attributeRequestSchema.shape)
const FORMATS = ['json', 'csv', 'svg', 'png'] as const
type Call = CommonCall<(typeof FORMATS)[number]>

const CHOICES = {
  method: attributionMethodSchema.options,
  sampler: samplerSchema.options,
  preset: attributionPresetSchema.options,
} as const
const NUMBERS = [
  ...(['targetPosition', 'targetToken', 'generate', 'ratio', 'keep', 'overlap', 'stopK'] as const),
  ...(['maxSteps', 'probes', 'testEvery', 'draws', 'seed'] as const),
] as const
const SWITCHES = ['allGenerated', 'compareExact', 'faithfulness', 'curves'] as const
const TARGETS = ['targetPosition', 'targetToken', 'targetSpan', 'contrast', 'allGenerated'] as const

/** Attributes a target to its context and prints or writes that. Resolves with the exit code. */
export async function runAttribute(
  flags: AttributeFlags,
  connect: Connect,
  terminal: Terminal
): Promise<number> {
  const config = await readConfig(flags, 'attribute', REQUEST_NAMES)
  const call = readCommonCall(flags, config, FORMATS)
  const request = readRequest(flags, config)
  const figure = readAttributeFigure(flags)
  const engine = await connect(call)
  try {
    const result = await attribute(request, call, engine.client, terminal)
    if (result) await writeFiles(call, result, {figure, client: engine.client, terminal})
    await printResult(call, request, result, {client: engine.client, terminal})
    return terminal.interrupted.aborted ? EXIT.interrupted : EXIT.done
  } finally {
    await engine.close()
  }
}

function readRequest(flags: AttributeFlags, config: Record<string, unknown>): AttributeRequest {
  const values = requestValues(flags, config, REQUEST_NAMES)
  applyPromptFlags(values, flags)
  const given = TARGETS.filter((name) => flags[name] !== undefined)
  if (given.length > 1) throw new UsageError(`give one of ${given.map(flagOf).join(' and ')}`)
  // A target on the command line stands in place of a config file's.
  if (given.length === 1) for (const name of TARGETS) delete values[name]
  for (const name of ['method', 'sampler', 'preset'] as const) {
    const text = flags[name]
    if (text !== undefined) values[name] = parseChoice<string>(text, flagOf(name), CHOICES[name])
  }
  for (const name of NUMBERS) {
    const text = flags[name]
    if (text !== undefined) values[name] = parseLimited(text, flagOf(name), LIMITS[name])
  }
  for (const name of SWITCHES) if (flags[name]) values[name] = true
  if (flags.mlm !== undefined) values.mlm = flags.mlm
  if (flags.targetSpan !== undefined) {
    values.targetSpan = parseRange(flags.targetSpan, '--target-span')
  }
  if (flags.contrast !== undefined) {
    values.contrast = parseWholeList(flags.contrast, '--contrast')
  }
  return checked(attributeRequestSchema, values)
}

/** Follows the run to its end or to the interruption; null where not even the tokens came. */
async function attribute(
  request: AttributeRequest,
  call: Call,
  client: EngineClient,
  terminal: Terminal
): Promise<AttributeResult | null> {
  const progress = progressReporter(terminal, call.progress)
  let run = startAttributeRun(request)
  try {
    const events = await client.attributions.run(request, {signal: terminal.interrupted})
    for await (const event of events) {
      if (event.kind === 'progress') progress.show(event)
      run = foldAttributeEvent(run, event)
    }
  } catch (error) {
    if (!terminal.interrupted.aborted && !isCancellation(error)) throw error
  } finally {
    progress.end()
  }
  return attributeResultOf(run, run.completed ? 'completed' : 'cancelled')
}

interface Drawing {
  readonly figure: AttributeFigureCall
  readonly client: EngineClient
  readonly terminal: Terminal
}

async function writeFiles(call: Call, result: AttributeResult, drawing: Drawing): Promise<void> {
  const {figure, client, terminal} = drawing
  const isDrawn = ({format}: Call['outFiles'][number]) =>
    figure.isAsked || format === 'svg' || format === 'png'
  const files = call.outFiles.filter(isDrawn)
  if (files.length > 0) {
    const beside = await besideMethods(call, result, drawing)
    const {picture, warnings} = await attributePicture(result, figure, beside)
    const told = [...warnings]
    const {options} = figure
    for (const {path, format} of files) {
      const request = {figure: 'attribute', format, result, picture, options} as const
      told.push(...(await writeFigure(path, request, client)))
    }
    for (const {code, message} of told) terminal.printError(`warning (${code}): ${message}\n`)
  }
  for (const {path, format} of call.outFiles.filter((file) => !isDrawn(file))) {
    const text =
      format === 'csv'
        ? attributeCsv(result, call.noPrompt)
        : `${JSON.stringify(jsonOf(call, result))}\n`
    await writeFile(path, text)
  }
}

/** The same target by other methods, one after the other; as far as they came where that was interrupted. */
async function besideMethods(
  call: Call,
  result: AttributeResult,
  {figure, client, terminal}: Drawing
): Promise<BesideMethod[]> {
  const found: BesideMethod[] = []
  for (const method of figure.beside) {
    const {testEvery: _, compareExact: __, ...request} = result.request
    const own = await attribute({...request, method, testEvery: 1}, call, client, terminal)
    const row = own && rowsOfResult(own)[figure.row]
    if (row) found.push({method, row})
  }
  return found
}

async function printResult(
  call: Call,
  request: AttributeRequest,
  result: AttributeResult | null,
  {client, terminal}: Omit<Drawing, 'figure'>
) {
  if (call.isJson) {
    const json = result
      ? jsonOf(call, result)
      : {schema: 'tokenscope/attribute@1', request: requestOf(call, request), status: 'cancelled'}
    await terminal.print(`${JSON.stringify(json)}\n`)
  } else {
    if (result && call.outFiles.length === 0) {
      const names = call.noPrompt ? undefined : await targetNames(result, client)
      await terminal.print(attributeText(result, call.noPrompt, names))
    }
    for (const {code, message} of result?.warnings ?? []) {
      terminal.printError(`warning (${code}): ${message}\n`)
    }
  }
  if (terminal.interrupted.aborted) terminal.printError('Interrupted: this is a part of it.\n')
}

/** Targets that stand nowhere in the text, by their ids; where that cannot be had they go by those. */
async function targetNames(result: AttributeResult, client: EngineClient): Promise<TargetNames> {
  const ids = unnamedTargets(result)
  if (ids.length === 0) return new Map()
  try {
    const table = await client.text.describe({model: result.request.model, ids})
    return new Map(tokensOfTable(table).map((token) => [token.id, plainGlyphs(token)]))
  } catch {
    return new Map()
  }
}

/** With `--no-prompt` text, ids and labels are left out. */
function jsonOf(call: Call, result: AttributeResult): unknown {
  if (!call.noPrompt) return result
  const {text, tokens, turns, request, target, rows, ...rest} = result
  const withoutIds = (one: NonNullable<typeof target>) => {
    const {tokenIds, contrastId, ...left} = one
    return left
  }
  return {
    ...rest,
    request: requestOf(call, request),
    tokens: tokens.map(({position, isSpecial, isInserted}) => ({position, isSpecial, isInserted})),
    ...(target && {target: withoutIds(target)}),
    ...(rows && {rows: rows.map((row) => ({...row, target: withoutIds(row.target)}))}),
  }
}

function requestOf({noPrompt}: Call, request: AttributeRequest): Partial<AttributeRequest> {
  if (!noPrompt) return request
  const {prompt, messages, completionIds, targetToken, contrast, ...rest} = request
  return rest
}
