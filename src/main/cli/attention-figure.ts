import {
  fetchCells,
  fetchReadRow,
  type PictureSource,
} from '../../shared/engine-client/attention-pictures.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {isFiltering} from '../../shared/figures/attention/matrix-legend.ts'
import {ownRange} from '../../shared/figures/attention/matrix-scale.ts'
import type {
  CommonFigureOptions,
  FigureFormat,
  FigureRequest,
} from '../../shared/figures/request.ts'
import type {AttentionResult} from '../../shared/lenses/attention.ts'
import type {AttentionMap, HeadRef} from '../../shared/lenses/attention-maps.ts'
import {
  type AttentionPicture,
  type ColorSteps,
  colorStepsSchema,
} from '../../shared/lenses/attention-picture.ts'
import type {AttentionFlags} from './attention-flags.ts'
import {graphPictureOf} from './attention-graph-picture.ts'
import {
  filtersOfRequest,
  textOfResult,
  VIEWS,
  type ViewName,
  viewPictureOf,
} from './attention-view-picture.ts'
import {readCommonFigure, writeFigure} from './common-figure.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {parseChoice, parseRange} from './flag-values.ts'
import type {Terminal} from './terminal.ts'
import {UsageError} from './usage-error.ts'

const EDGES_PER_LAYER = 6

/** What is to be drawn and how. */
export interface AttentionFigureCall {
  readonly isAsked: boolean
  readonly view: 'matrix' | 'graph' | ViewName
  /** Lines of each layer of a graph. */
  readonly edgesPerLayer: number
  readonly minus: HeadRef | null
  /** The second of two heads. */
  readonly other: HeadRef | null
  /** The head that is marked among all. */
  readonly selected: HeadRef | null
  /** Tokens that a pruning keeps. */
  readonly keepCount: number | null
  readonly keys: readonly [number, number] | null
  readonly range: number | null
  readonly steps: ColorSteps | null
  readonly position: number | null
  readonly options: CommonFigureOptions
}

/** Reads the flags of the figure. Throws a UsageError. */
export function readAttentionFigure(flags: AttentionFlags): AttentionFigureCall {
  const view =
    flags.view === undefined
      ? 'matrix'
      : parseChoice(flags.view, '--view', ['matrix', 'graph', ...VIEWS])
  const above = {whole: false, min: 0, isMinExcluded: true} as const
  return {
    isAsked: flags.view !== undefined,
    view,
    edgesPerLayer:
      flags.edges === undefined
        ? EDGES_PER_LAYER
        : parseLimited(flags.edges, '--edges', {whole: true, min: 1, max: 60}),
    minus: flags.minus === undefined ? null : parseHead(flags.minus, '--minus'),
    other: flags.other === undefined ? null : parseHead(flags.other, '--other'),
    selected: flags.mark === undefined ? null : parseHead(flags.mark, '--mark'),
    keepCount:
      flags.keep === undefined ? null : parseLimited(flags.keep, '--keep', {whole: true, min: 2}),
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
    options: readCommonFigure(flags),
  }
}

function parseHead(text: string, flag: string): HeadRef {
  const [, layer, head] = /^(\d+)\.(\d+)$/.exec(text) ?? []
  if (layer === undefined || head === undefined) {
    throw new UsageError(`${flag} takes layer.head, such as 4.0, not “${text}”`)
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
  source: PictureSource
): Promise<AttentionPicture> {
  const {request, tokens} = result
  const map = figureMap(result, figure.minus)
  const filters = filtersOfRequest(result)
  const cells = await fetchCells(source, {
    ...{map, filters, isFiltered: isFiltering(filters)},
    queries: request.queries ? [...request.queries] : [0, tokens.length],
    keys: figure.keys ? [...figure.keys] : [0, tokens.length],
  })
  const position = figure.position ?? Math.max(0, result.promptTokenCount - 1)
  return {
    view: 'matrix',
    ...cells,
    range: {
      maximum: figure.range ?? ownRange(cells),
      isLocked: figure.range !== null,
      ...(figure.steps === null ? {} : {steps: figure.steps}),
    },
    row: await fetchReadRow(source, map, filters, position),
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
  const source = {client, text: textOfResult(result), signal}
  const {view} = figure
  const common = {format, result, options}
  const request: FigureRequest =
    view === 'graph'
      ? {
          ...{figure: 'attention-graph', ...common},
          picture: await graphPictureOf(result, figure, client, signal),
        }
      : view === 'matrix'
        ? {...{figure: 'attention', ...common}, picture: await pictureOf(result, figure, source)}
        : {
            ...{figure: 'attention-view', ...common},
            picture: await viewPictureOf(view, result, figure, source),
          }
  for (const {code, message} of await writeFigure(path, request, client)) {
    terminal.printError(`warning (${code}): ${message}\n`)
  }
}
