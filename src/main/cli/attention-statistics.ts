import type {Warning} from '../../shared/domain/problem.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import type {AttentionResult, AttentionStatistics} from '../../shared/lenses/attention.ts'
import type {AttentionMap, CapturedText, MapSummary} from '../../shared/lenses/attention-maps.ts'
import type {
  HeadRef,
  HeadStatistics,
  Importance,
  ProbedHead,
} from '../../shared/lenses/attention-statistics.ts'
import {brokenWeightsWarning} from '../../shared/lenses/broken-weights.ts'
import {BASIS_DEPENDENT_WARNING} from '../../shared/lenses/value-norms.ts'

interface Progress {
  readonly done: number
  readonly total: number
  readonly secondsLeft: number | null
}
interface Following {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

/**
 * What is counted over the weights of a captured text: statistics of its heads, importance of its tokens, what
 * the filters hide, and the random-repeat probe where that is asked for. Throws what the engine throws.
 */
export async function attentionStatistics(
  result: AttentionResult,
  client: EngineClient,
  following: Following
): Promise<AttentionStatistics & {warnings: Warning[]}> {
  const {request} = result
  const text: CapturedText = {
    model: request.model,
    ...(request.file === undefined ? {} : {file: request.file}),
    ids: Int32Array.from(result.tokens, ({id}) => id),
    capture: request.capture,
  }
  const layers = result.layers.map(({layer}) => layer)
  const isChosen = ({head}: HeadRef) => request.heads?.includes(head) ?? true
  const heads = (await headsOf(client, {...text, layers}, following)).filter(isChosen)
  const importance = isRanked(result) ? await importanceOf(client, result, text, following) : null
  const {valueNorms, ...hidden} = await shownOf(client, result, text, heads, following)
  const probed = request.repeatProbe
    ? await probedHeads(client, result, following).then((found) =>
        found.filter((head) => layers.includes(head.layer) && isChosen(head))
      )
    : null
  const brokenCount = heads.reduce((sum, {nonFiniteCount}) => sum + nonFiniteCount, 0)
  return {
    heads,
    ...(importance && {importance: {...importance, values: Array.from(importance.values, orNull)}}),
    ...hidden,
    ...(request.repeatProbe && probed && {repeatProbe: {...request.repeatProbe, heads: probed}}),
    warnings: [
      ...(brokenCount > 0 ? [brokenWeightsWarning(brokenCount)] : []),
      ...(importance?.warnings ?? []),
      ...(valueNorms === 'basis-dependent' ? [BASIS_DEPENDENT_WARNING] : []),
    ],
  }
}

/** Over all layers, so it is left out where only some were chosen and nothing was said; of one token there is none. */
function isRanked({request, tokens}: AttentionResult): boolean {
  const {importance, variant, query, layers} = request
  const isAsked = importance !== undefined || variant !== undefined || query !== undefined
  return isAsked || (layers === undefined && tokens.length > 1)
}

async function headsOf(
  client: EngineClient,
  request: CapturedText & {layers: number[]},
  {signal, onProgress}: Following
): Promise<HeadStatistics[]> {
  const heads: HeadStatistics[] = []
  for await (const event of await client.attention.heads(request, {signal})) {
    if (event.kind === 'progress') onProgress(event)
    else heads.push(...event.heads)
  }
  return heads
}

async function importanceOf(
  client: EngineClient,
  {request: {importance: method, variant, query}}: AttentionResult,
  text: CapturedText,
  {signal, onProgress}: Following
): Promise<Importance | null> {
  const request = {
    ...{...text, method},
    ...(variant === undefined ? {} : {variant}),
    ...(query === undefined ? {} : {query}),
  }
  let importance: Importance | null = null
  for await (const event of await client.attention.importance(request, {signal})) {
    if (event.kind === 'progress') onProgress(event)
    else importance = event.importance
  }
  return importance
}

async function probedHeads(
  client: EngineClient,
  {request: {model, file, repeatProbe}}: AttentionResult,
  {signal, onProgress}: Following
): Promise<ProbedHead[]> {
  const request = {model, ...(file === undefined ? {} : {file}), ...repeatProbe}
  let heads: readonly ProbedHead[] = []
  for await (const event of await client.attention.probe(request, {signal})) {
    if (event.kind === 'progress') onProgress(event)
    else heads = event.heads
  }
  return [...heads]
}

/** What the filters hide of the mean of the heads, or of the aggregate that was chosen. */
async function shownOf(
  client: EngineClient,
  {request, tokens, layers}: AttentionResult,
  text: CapturedText,
  heads: readonly HeadRef[],
  {signal}: Following
): Promise<Pick<AttentionStatistics, 'mass' | 'nowhereShare'> & Pick<MapSummary, 'valueNorms'>> {
  const {aggregate = 'mean', dropSink = false, threshold = 0, topK, mass} = request
  if (heads.length === 0) return {}
  const map: AttentionMap =
    aggregate === 'attention-rollout'
      ? {kind: aggregate, throughLayer: layers.at(-1)!.layer}
      : {kind: 'aggregate', by: aggregate, heads: heads.map(({layer, head}) => ({layer, head}))}
  const {summary} = await client.attention.tile(
    {
      ...{...text, map, rowCount: 1, columnCount: 1},
      filters: {
        ...{dropSink, threshold},
        ...(topK === undefined ? {} : {topK}),
        ...(mass === undefined ? {} : {mass}),
      },
      queries: request.queries ?? [0, tokens.length],
      keys: [0, tokens.length],
    },
    {signal}
  )
  const isFiltered = threshold > 0 || topK !== undefined || mass !== undefined
  const {hiddenShare, sinkOnlyRowCount, rowCount, nowhereShare, valueNorms} = summary
  return {
    ...(isFiltered && {mass: {hiddenShare, sinkOnlyRows: sinkOnlyRowCount, rowCount}}),
    ...(nowhereShare !== null && {nowhereShare}),
    valueNorms,
  }
}

const orNull = (value: number) => (Number.isNaN(value) ? null : value)
