import {setImmediate as nextTurn} from 'node:timers/promises'
import type {Warning} from '../../../shared/domain/problem.ts'
import type {
  Importance,
  ImportanceEvent,
  ImportanceRequest,
} from '../../../shared/lenses/attention-maps.ts'
import {AttentionFlow, dividedBySum} from '../../../shared/math/attention/attention-flow.ts'
import {
  addReach,
  addRows,
  mixWithResidual,
  rolloutStart,
} from '../../../shared/math/attention/attention-rollout.ts'
import {
  firstRemaining,
  hollowPositions,
  type RankedTokens,
  takesPart,
} from '../../../shared/math/attention/page-rank.ts'
import type {VisibleKeys} from '../../../shared/math/attention/visible-keys.ts'
import type {HeadMatrices} from '../captures/head-matrices.ts'
import {isDecoder} from '../model-folder/read-model-files.ts'
import type {AttentionContext} from './attention.ts'
import {beyond} from './attention-selection.ts'
import {openText} from './captured-text.ts'
import {pieceRanges, visibleKeysOfHeads} from './head-pieces.ts'
import {
  checkFlow,
  dominatedByFirst,
  dominatedByPosition,
  layersLeftOut,
  mutedQueries,
  noVariedHead,
  tooShort,
} from './importance-remarks.ts'
import {rankLayer} from './rank-layer.ts'
import {WorkProgress} from './work-progress.ts'

/** Above this share the first token says more about position than about meaning. */
const DOMINATING_SHARE = 0.5

type Steps<Result> = AsyncGenerator<ImportanceEvent, Result, undefined>
type Found = Pick<Importance, 'values' | 'variant' | 'query' | 'hollowPositions'> & {
  readonly warnings: Warning[]
  /** The first token that takes part. */
  readonly first: number
}

/**
 * How much each token matters by the attention graph alone (definitions: importance): Weighted PageRank as the
 * mean over layers, or attention rollout or flow of one query. Aborted, it throws the signal's reason.
 */
export async function* runImportance(
  context: AttentionContext,
  request: ImportanceRequest,
  signal?: AbortSignal
): Steps<void> {
  const {model, matrices} = await openText(context, request)
  try {
    const {tokenCount, layers} = matrices
    const layerCount = model.structure.layers.length
    const query = request.query ?? tokenCount - 1
    if (query >= tokenCount) throw beyond('query', String(query), `0 to ${tokenCount - 1}`)
    const work = {matrices, signal}
    let found: Found
    if (request.method === 'wpr') found = yield* pageRanked(work, request.variant, layerCount)
    else if (request.method === 'attention-rollout') found = yield* rolledOut(work, query)
    else found = yield* flowed(work, query, isDecoder(model.files.decoder))
    const {first, warnings, values, ...rest} = found
    const firstTokenShare = shareOf(values, first)
    if (firstTokenShare > DOMINATING_SHARE) warnings.push(dominatedByFirst(firstTokenShare))
    if (layers.length < layerCount) warnings.push(layersLeftOut(layers.length, layerCount))
    yield {
      kind: 'importance',
      importance: {method: request.method, firstTokenShare, values, ...rest, warnings},
    }
  } finally {
    matrices.close()
  }
}

interface Work {
  readonly matrices: HeadMatrices
  readonly signal: AbortSignal | undefined
}

async function* pageRanked(
  {matrices, signal}: Work,
  variant: ImportanceRequest['variant'],
  layerCount: number
): Steps<Found> {
  const {tokenCount, layers} = matrices
  const tokens: RankedTokens = {tokenCount, first: firstRemaining(variant), isDropped: null}
  if (tokenCount <= tokens.first) throw tooShort(tokenCount)
  const values = new Float64Array(tokenCount)
  const progress = new WorkProgress(layers.length)
  const unvaried: number[] = []
  let mutedCount = 0
  let isCausal = true
  for (const layer of layers) {
    yield progress.event
    const ranked = await rankLayer(matrices, layer, {variant, layerCount, tokens, signal})
    for (const [at, score] of ranked.scores.entries()) values[at]! += score / layers.length
    if (ranked.hasNoVariedHead) unvaried.push(layer)
    mutedCount += ranked.mutedCount
    isCausal &&= ranked.isCausal
    progress.step()
  }
  yield progress.event
  for (let at = 0; at < tokenCount; at++) if (!takesPart(tokens, at)) values[at] = Number.NaN
  const warnings: Warning[] = []
  if (isCausal && variant !== 'position-corrected') warnings.push(dominatedByPosition(variant))
  if (unvaried.length > 0) warnings.push(noVariedHead(unvaried))
  if (mutedCount > 0) warnings.push(mutedQueries(mutedCount))
  return {
    ...{values, variant, query: null, warnings, first: tokens.first},
    hollowPositions: isCausal ? hollowPositions(variant, tokenCount) : [],
  }
}

async function* rolledOut(work: Work, query: number): Steps<Found> {
  const {matrices, signal} = work
  const {tokenCount, layers} = matrices
  const progress = new WorkProgress(layers.length)
  let reach = rolloutStart(tokenCount, query)
  for (const layer of [...layers].reverse()) {
    yield progress.event
    const below = new Float64Array(tokenCount)
    const isReached = (row: number) => reach[row]! > 0
    await mixedRows(work, layer, isReached, (row, at, keys) => {
      addReach(below, {row, query: at, reach: reach[at]!, keys})
    })
    reach = below
    progress.step()
    signal?.throwIfAborted()
  }
  yield progress.event
  return {values: reach, variant: null, query, hollowPositions: [], warnings: [], first: 0}
}

async function* flowed(work: Work, query: number, isCausal: boolean): Steps<Found> {
  const {matrices, signal} = work
  const {tokenCount, layers} = matrices
  // A causal query reaches nothing after itself.
  const count = isCausal ? query + 1 : tokenCount
  checkFlow(layers.length, count)
  const progress = new WorkProgress(layers.length + count)
  const graph: Float64Array[] = []
  for (const layer of layers) {
    yield progress.event
    const rows = new Float64Array(count * count)
    const isNeeded = (row: number) => row < count
    await mixedRows(work, layer, isNeeded, (row, at) => {
      rows.set(row.subarray(0, count), at * count)
    })
    graph.push(rows)
    progress.step()
  }
  const flow = new AttentionFlow(graph, count, query)
  const values = new Float64Array(tokenCount)
  for (let position = 0; position < count; position++) {
    values[position] = flow.to(position)
    progress.step()
    if (position % 8 === 0) yield progress.event
    await nextTurn()
    signal?.throwIfAborted()
  }
  yield progress.event
  return {
    ...{values: dividedBySum(values), variant: null, query},
    ...{hollowPositions: [], warnings: [], first: 0},
  }
}

/** Rows of a layer as rollout and flow take them; `take` must not keep one. */
async function mixedRows(
  {matrices, signal}: Work,
  layer: number,
  isNeeded: (query: number) => boolean,
  take: (row: Float64Array, query: number, keys: VisibleKeys) => void
): Promise<void> {
  const {tokenCount} = matrices
  const headKeys = await visibleKeysOfHeads(matrices, layer, signal)
  const keys = union(headKeys)
  for (const [start, end] of pieceRanges(tokenCount)) {
    if (!Array.from({length: end - start}, (_, i) => start + i).some(isNeeded)) continue
    const sums = new Float64Array((end - start) * tokenCount)
    for (const head of headKeys.keys()) {
      addRows(sums, await matrices.rows(layer, head, start, end, signal))
      await nextTurn()
      signal?.throwIfAborted()
    }
    for (let query = start; query < end; query++) {
      if (!isNeeded(query)) continue
      const at = (query - start) * tokenCount
      const row = sums.subarray(at, at + tokenCount)
      mixWithResidual(row, query, headKeys.length)
      take(row, query, keys)
    }
  }
}

/** What any of several heads sees. */
function union(heads: readonly VisibleKeys[]): VisibleKeys {
  const [first] = heads
  if (!first) throw new RangeError('a layer without heads')
  return {
    starts: first.starts.map((_, at) => Math.min(...heads.map(({starts}) => starts[at]!))),
    ends: first.ends.map((_, at) => Math.max(...heads.map(({ends}) => ends[at]!))),
  }
}

function shareOf(values: Float64Array, first: number): number {
  const sum = values.subarray(first).reduce((total, value) => total + value, 0)
  return sum > 0 ? values[first]! / sum : 0
}
