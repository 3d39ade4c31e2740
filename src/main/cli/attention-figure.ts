import {writeFile} from 'node:fs/promises'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {ownRange} from '../../shared/figures/attention/matrix-scale.ts'
import {
  type CommonFigureOptions,
  colorScaleSchema,
  commonFigureOptionsSchema,
  type FigureFormat,
  themeSchema,
} from '../../shared/figures/request.ts'
import type {AttentionResult} from '../../shared/lenses/attention.ts'
import type {AttentionMap, HeadRef} from '../../shared/lenses/attention-maps.ts'
import {
  type AttentionPicture,
  type ColorSteps,
  colorStepsSchema,
} from '../../shared/lenses/attention-picture.ts'
import {heaviestOf} from '../../shared/math/heaviest-of.ts'
import type {AttentionFlags} from './attention-flags.ts'
import {graphPictureOf} from './attention-graph-picture.ts'
import {checked} from './checked-values.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {parseChoice, parseLengthPx, parseRange} from './flag-values.ts'
import type {Terminal} from './terminal.ts'
import {UsageError} from './usage-error.ts'

/** Cells a side that a file has at most, as on the page. */
const MOST_CELLS = 1024
/** Larger windows get no dots for what is hidden. */
const MOST_DOTTED = 96
const ROW_KEYS = 8
const EDGES_PER_LAYER = 6

/** What is to be drawn and how. */
export interface AttentionFigureCall {
  readonly isAsked: boolean
  readonly isGraph: boolean
  /** Lines of each layer of a graph. */
  readonly edgesPerLayer: number
  readonly minus: HeadRef | null
  readonly keys: readonly [number, number] | null
  readonly range: number | null
  readonly steps: ColorSteps | null
  readonly position: number | null
  readonly options: CommonFigureOptions
}

/** Reads the flags of the figure. Throws a UsageError. */
export function readAttentionFigure(flags: AttentionFlags): AttentionFigureCall {
  if (flags.view !== undefined) parseChoice(flags.view, '--view', ['matrix', 'graph'])
  const values: Record<string, unknown> = {noPrompt: flags.noPrompt ?? false}
  if (flags.width !== undefined) values.widthPx = parseLengthPx(flags.width, '--width')
  if (flags.scale !== undefined) values.scale = parseLimited(flags.scale, '--scale', LIMITS.scale)
  if (flags.theme !== undefined) {
    values.theme = parseChoice(flags.theme, '--theme', themeSchema.options)
  }
  if (flags.palette !== undefined) {
    values.colors = parseChoice(flags.palette, '--palette', colorScaleSchema.options)
  }
  if (flags.legend !== undefined) {
    values.legend = parseChoice(flags.legend, '--legend', ['on', 'off'])
  }
  for (const name of ['title', 'caption'] as const) {
    if (flags[name] !== undefined) values[name] = flags[name]
  }
  const above = {whole: false, min: 0, isMinExcluded: true} as const
  return {
    isAsked: flags.view !== undefined,
    isGraph: flags.view === 'graph',
    edgesPerLayer:
      flags.edges === undefined
        ? EDGES_PER_LAYER
        : parseLimited(flags.edges, '--edges', {whole: true, min: 1, max: 60}),
    minus: flags.minus === undefined ? null : parseHead(flags.minus),
    keys: flags.keys === undefined ? null : parseRange(flags.keys, '--keys'),
    range: flags.range === undefined ? null : parseLimited(flags.range, '--range', above),
    steps:
      flags.steps === undefined
        ? null
        : parseChoice(flags.steps, '--steps', colorStepsSchema.options),
    position:
      flags.position === undefined
        ? null
        : parseLimited(flags.position, '--position', LIMITS.position),
    options: checked(commonFigureOptionsSchema, values),
  }
}

function parseHead(text: string): HeadRef {
  const [, layer, head] = /^(\d+)\.(\d+)$/.exec(text) ?? []
  if (layer === undefined || head === undefined) {
    throw new UsageError(`--minus takes layer.head, such as 4.0, not “${text}”`)
  }
  return {layer: Number(layer), head: Number(head)}
}

/** Which matrix the layers and heads of a call make. Throws a UsageError where they make several. */
export function figureMap({request, layers}: AttentionResult, minus: HeadRef | null): AttentionMap {
  const chosen = layers.flatMap(({layer, queryHeadCount}) =>
    (request.heads ?? Array.from({length: queryHeadCount}, (_, head) => head)).map((head) => ({
      layer,
      head,
    }))
  )
  const {aggregate} = request
  if (aggregate === 'attention-rollout') {
    return {kind: 'attention-rollout', throughLayer: Math.max(...layers.map(({layer}) => layer))}
  }
  if (aggregate) return {kind: 'aggregate', by: aggregate, heads: chosen}
  const [head, ...others] = chosen
  if (!head || others.length > 0) {
    throw new UsageError(
      `a matrix is of one head: give --layers and --heads with one each, or --aggregate, not ${chosen.length} heads`
    )
  }
  return minus ? {kind: 'difference', a: head, b: minus} : {kind: 'head', ...head}
}

/** What is drawn, asked of the engine as the page does. */
async function pictureOf(
  result: AttentionResult,
  figure: AttentionFigureCall,
  client: EngineClient,
  signal: AbortSignal
): Promise<AttentionPicture> {
  const {request, tokens} = result
  const {model, file, capture} = request
  const map = figureMap(result, figure.minus)
  const count = tokens.length
  const queries: [number, number] = request.queries ? [...request.queries] : [0, count]
  const keys: [number, number] = figure.keys ? [...figure.keys] : [0, count]
  const {dropSink = false, threshold = 0, topK, mass} = request
  const filters = {
    ...{dropSink, threshold},
    ...(topK === undefined ? {} : {topK}),
    ...(mass === undefined ? {} : {mass}),
  }
  const text = {
    ...{model, capture, map},
    ...(file === undefined ? {} : {file}),
    ids: Int32Array.from(tokens, ({id}) => id),
  }
  const plainFilters = {dropSink, threshold: 0}
  const window = {
    ...{queries, keys},
    rowCount: Math.min(MOST_CELLS, queries[1] - queries[0]),
    columnCount: Math.min(MOST_CELLS, keys[1] - keys[0]),
  }
  const tile = await client.attention.tile({...text, filters, ...window}, {signal})
  const isHiding = threshold > 0 || topK !== undefined || (mass !== undefined && mass < 1)
  const hasDots = isHiding && queries[1] - queries[0] <= MOST_DOTTED
  const plain = hasDots
    ? await client.attention.tile({...text, filters: plainFilters, ...window}, {signal})
    : null
  const position = figure.position ?? Math.max(0, result.promptTokenCount - 1)
  const {weights} = await client.attention.line(
    {...text, filters: plainFilters, of: 'query', position},
    {signal}
  )
  const {entries, rest} = heaviestOf(weights, ROW_KEYS)
  return {
    view: 'matrix',
    ...{map, filters, queries, keys, tile},
    ...(plain ? {unfiltered: plain.values as Float32Array<ArrayBuffer>} : {}),
    range: {
      maximum: figure.range ?? ownRange({queries, tile}),
      isLocked: figure.range !== null,
      ...(figure.steps === null ? {} : {steps: figure.steps}),
    },
    row: {
      query: position,
      keys: entries.map((entry) => ({key: entry.position, weight: entry.weight})),
      restWeight: rest,
    },
    cell: null,
    pairs: [],
    probeName: null,
  }
}

/** Writes the figure by the engine's exporter, so that the page's bytes and these are the same. */
export async function writeAttentionFigure(
  {path, format}: {readonly path: string; readonly format: FigureFormat},
  result: AttentionResult,
  figure: AttentionFigureCall,
  {client, terminal}: {client: EngineClient; terminal: Terminal}
): Promise<void> {
  const {options} = figure
  const signal = terminal.interrupted
  const exported = figure.isGraph
    ? await client.figures.export({
        ...{figure: 'attention-graph', format, result, options},
        picture: await graphPictureOf(result, figure, client, signal),
      })
    : await client.figures.export({
        ...{figure: 'attention', format, result, options},
        picture: await pictureOf(result, figure, client, signal),
      })
  const {content} = exported
  const bytes =
    'bytes' in content ? content.bytes : await client.blobs.read({blobId: content.blobId})
  await writeFile(path, bytes)
  for (const {code, message} of exported.warnings) {
    terminal.printError(`warning (${code}): ${message}\n`)
  }
}
