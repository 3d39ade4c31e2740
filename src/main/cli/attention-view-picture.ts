import {
  fetchImportances,
  fetchLines,
  fetchOverview,
  fetchPruning,
  fetchTwoHeads,
  type PictureSource,
} from '../../shared/engine-client/attention-pictures.ts'
import {ownRange} from '../../shared/figures/attention/matrix-scale.ts'
import {namedRow} from '../../shared/figures/attention/pruning-words.ts'
import type {AttentionResult} from '../../shared/lenses/attention.ts'
import type {AttentionFilters, AttentionMap} from '../../shared/lenses/attention-maps.ts'
import type {
  AttentionViewPicture,
  TwoHeadsPicture,
} from '../../shared/lenses/attention-view-pictures.ts'
import type {InterveneRequestInput} from '../../shared/lenses/intervene.ts'
import type {AttentionFigureCall} from './attention-figure.ts'
import {UsageError} from './usage-error.ts'

export const VIEWS = ['lines', 'overview', 'two-heads', 'pruning', 'importance'] as const
export type ViewName = (typeof VIEWS)[number]

/** More heads than this in one picture of lines cannot be told apart. */
const MOST_LINE_HEADS = 8
const FIRST_SHARE = 2 / 3

/** What of the weights a request shows. */
export function filtersOfRequest({request}: AttentionResult): AttentionFilters {
  const {dropSink = false, threshold = 0, topK, mass} = request
  return {
    ...{dropSink, threshold},
    ...(topK === undefined ? {} : {topK}),
    ...(mass === undefined || mass >= 1 ? {} : {mass}),
  }
}

/** The text of a result, to be asked about. */
export function textOfResult({request, tokens}: AttentionResult): PictureSource['text'] {
  const {model, file, capture} = request
  return {
    ...{model, capture},
    ...(file === undefined ? {} : {file}),
    ids: Int32Array.from(tokens, ({id}) => id),
  }
}

/** A view of a result, asked of the engine as the page does. Throws a UsageError where its flags make none. */
export async function viewPictureOf(
  view: ViewName,
  result: AttentionResult,
  figure: AttentionFigureCall,
  source: PictureSource
): Promise<AttentionViewPicture> {
  const {request, tokens, layers, promptTokenCount} = result
  const filters = filtersOfRequest(result)
  const query = figure.position ?? Math.max(0, promptTokenCount - 1)
  const range = {maximum: figure.range, steps: figure.steps ?? 'square-root'} as const
  const [start, end] = request.queries ?? [0, tokens.length]
  switch (view) {
    case 'lines': {
      const window = {start, span: end - start}
      const maps = mapsOfLines(result)
      return fetchLines(source, {maps, filters, window, range, query, pairs: []})
    }
    case 'overview':
      return fetchOverview(source, {
        ...{layers, filters, range, selected: figure.selected, names: [], labels: []},
        ...{pins: [], pairs: []},
      })
    case 'two-heads':
      return twoHeadsOf(result, figure, source, {filters, query})
    case 'pruning': {
      const keepCount = figure.keepCount ?? Math.ceil(tokens.length * FIRST_SHARE)
      if (keepCount < Math.min(2, tokens.length) || keepCount > tokens.length) {
        throw new UsageError(
          `--keep takes 2 to ${tokens.length}, the tokens of this text, not ${keepCount}`
        )
      }
      const variant = request.variant ?? 'position-corrected'
      const wish = {keepCount, variant, request: replayOf(result), selected: query, pins: []}
      return fetchPruning(source, wish, namedRow)
    }
    case 'importance': {
      const {importance: method = 'wpr', variant, query: of = tokens.length - 1} = request
      const form = method === 'wpr' ? {method, variant} : {method, query: of}
      return {
        view: 'importance',
        importances: await fetchImportances(source, [form]),
        selected: figure.position,
      }
    }
  }
}

/** The heads whose lines are drawn: those of the call, or the aggregate that it asks for. */
function mapsOfLines({request, layers}: AttentionResult): AttentionMap[] {
  const heads = layers.flatMap(({layer, queryHeadCount}) =>
    (request.heads ?? Array.from({length: queryHeadCount}, (_, head) => head)).map((head) => ({
      layer,
      head,
    }))
  )
  const {aggregate} = request
  if (aggregate === 'attention-rollout') {
    return [{kind: aggregate, throughLayer: Math.max(...layers.map(({layer}) => layer))}]
  }
  if (aggregate) return [{kind: 'aggregate', by: aggregate, heads}]
  if (heads.length === 0 || heads.length > MOST_LINE_HEADS) {
    throw new UsageError(
      `lines are of 1 to ${MOST_LINE_HEADS} heads: give --layers and --heads, or --aggregate, not ${heads.length} heads`
    )
  }
  return heads.map((head) => ({kind: 'head', ...head}))
}

interface TwoHeadsWish {
  readonly filters: AttentionFilters
  readonly query: number
}

/** The head of the call beside `--other`, and what the other has more. */
async function twoHeadsOf(
  {request, layers, tokens}: AttentionResult,
  {other, range, steps, keys}: AttentionFigureCall,
  source: PictureSource,
  {filters, query}: TwoHeadsWish
): Promise<TwoHeadsPicture> {
  const [layer] = layers
  const [head] = request.heads ?? []
  if (layers.length !== 1 || !layer || head === undefined || request.heads?.length !== 1) {
    throw new UsageError(
      'two heads are one of --layers and --heads with one each, beside that of --other'
    )
  }
  if (!other) throw new UsageError('two heads need --other, such as --other 4.0')
  const a = {layer: layer.layer, head}
  return fetchTwoHeads(source, {
    ...{a, b: other, filters, query, maximum: range, steps: steps ?? 'square-root', pairs: []},
    queries: request.queries ? [...request.queries] : [0, tokens.length],
    keys: keys ? [...keys] : [0, tokens.length],
    ownRange,
  })
}

/** The text with its generated tokens given, as it is run without some of them. */
function replayOf({request, tokens, promptTokenCount}: AttentionResult): InterveneRequestInput {
  const {model, file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate} = request
  const completionIds = tokens.slice(promptTokenCount).map(({id}) => id)
  return {
    ...{model, file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate},
    ...(completionIds.length > 0 ? {completionIds} : {}),
  }
}
