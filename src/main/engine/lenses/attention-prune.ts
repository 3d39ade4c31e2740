import {setImmediate as nextTurn} from 'node:timers/promises'
import {ProblemError} from '../../../shared/domain/problem.ts'
import type {PruneEvent, PruneRequest} from '../../../shared/lenses/attention-maps.ts'
import type {RankedTokens} from '../../../shared/math/attention/page-rank.ts'
import {
  addCosines,
  divideByLengths,
  leastImportant,
  mostSimilar,
  pruneCounts,
  similarityGroups,
} from '../../../shared/math/attention/token-pruning.ts'
import type {HeadMatrices} from '../captures/head-matrices.ts'
import type {AttentionContext} from './attention.ts'
import {openText} from './captured-text.ts'
import {rankLayer} from './rank-layer.ts'
import {WorkProgress} from './work-progress.ts'

/** The first token, which is the sink, and the last, after which the next one is read, always stay. */
const LEAST_KEPT = 2

/**
 * Which tokens Zero-TPrune would keep (Wang, Dedhia & Jha 2024): one vote (I′), then tokens whose keys are like
 * those of a token that stays (S), then the least important of the rest (I), over all layers at once: a
 * preview of what can be left out before the model runs, where the paper thins layer by layer. Importance is
 * the mean over layers, likeness the mean over layers of the cosine of key vectors, rotary positions in them.
 */
export async function* runPrune(
  context: AttentionContext,
  request: PruneRequest,
  signal?: AbortSignal
): AsyncGenerator<PruneEvent, void, undefined> {
  const {model, matrices} = await openText(context, request)
  try {
    const {tokenCount, layers} = matrices
    checkBudget(request.keepCount, tokenCount)
    const layerCount = model.structure.layers.length
    const isRemovable = (position: number) => position > 0 && position < tokenCount - 1
    const counts = pruneCounts(tokenCount, request.keepCount, Math.max(0, tokenCount - 2))
    const progress = new WorkProgress(3 * layers.length)
    const ranking = {matrices, layerCount, progress, signal}

    // One vote, whatever the variant, with nothing taken out.
    const first = yield* importanceOf(ranking, 'position-corrected', noneDropped(tokenCount, 1))
    const groups = similarityGroups(first, isRemovable)
    const likeness = yield* likenessOf({matrices, progress, signal}, groups)
    const droppedBySimilarity = mostSimilar(groups.candidates, likeness, counts.bySimilarity)

    const isDropped = new Uint8Array(tokenCount)
    for (const position of droppedBySimilarity) isDropped[position] = 1
    const {variant} = request
    const isSinkOut = variant === 'position-corrected' || variant === 'drop-sink'
    const second = yield* importanceOf(ranking, variant, {
      ...noneDropped(tokenCount, isSinkOut ? 1 : 0),
      isDropped,
    })
    const isLeft = (position: number) => isRemovable(position) && isDropped[position] !== 1
    const droppedByImportance = leastImportant(second, isLeft, counts.byImportance)
    const gone = new Set([...droppedBySimilarity, ...droppedByImportance])
    yield progress.event
    yield {
      kind: 'pruned',
      kept: Int32Array.from({length: tokenCount}, (_, at) => at).filter((at) => !gone.has(at)),
      droppedByImportance: Int32Array.from(droppedByImportance),
      droppedBySimilarity: Int32Array.from(droppedBySimilarity),
    }
  } finally {
    matrices.close()
  }
}

interface Ranking {
  readonly matrices: HeadMatrices
  readonly layerCount: number
  readonly progress: WorkProgress
  readonly signal: AbortSignal | undefined
}

/** Weighted PageRank as the mean over layers. */
async function* importanceOf(
  {matrices, layerCount, progress, signal}: Ranking,
  variant: PruneRequest['variant'],
  tokens: RankedTokens
): AsyncGenerator<PruneEvent, Float64Array, undefined> {
  const values = new Float64Array(tokens.tokenCount)
  for (const layer of matrices.layers) {
    yield progress.event
    const {scores} = await rankLayer(matrices, layer, {variant, layerCount, tokens, signal})
    for (const [at, score] of scores.entries()) values[at]! += score
    progress.step()
  }
  return values
}

/** For each candidate the largest likeness to any of the others, summed over layers. */
async function* likenessOf(
  {matrices, progress, signal}: Omit<Ranking, 'layerCount'>,
  {candidates, others}: {candidates: readonly number[]; others: readonly number[]}
): AsyncGenerator<PruneEvent, Float64Array, undefined> {
  const sums = candidates.map(() => new Float64Array(others.length))
  for (const layer of matrices.layers) {
    yield progress.event
    const keys = await matrices.keyVectors(layer, signal)
    if (!keys) throw noKeys(layer)
    divideByLengths(keys.values, keys.size)
    for (const [at, candidate] of candidates.entries()) {
      addCosines(sums[at]!, {vectors: keys.values, size: keys.size, candidate, others})
      await nextTurn()
      signal?.throwIfAborted()
    }
    progress.step()
  }
  return Float64Array.from(sums, (row) => row.reduce((a, b) => Math.max(a, b), -Infinity))
}

function noneDropped(tokenCount: number, first: number): RankedTokens {
  return {tokenCount, first, isDropped: null}
}

function checkBudget(keepCount: number, tokenCount: number): void {
  if (keepCount >= LEAST_KEPT && keepCount <= tokenCount) return
  throw new ProblemError({
    code: 'budget-out-of-range',
    message: 'The first and the last token always stay, and no more can stay than there are.',
    field: 'keepCount',
    found: String(keepCount),
    expected: `${LEAST_KEPT} to ${tokenCount}`,
    advice: 'Choose how many tokens are to stay within this range.',
  })
}

function noKeys(layer: number): ProblemError {
  return new ProblemError({
    code: 'keys-not-captured',
    message: 'Pruning by similarity compares key vectors, and only the weights were captured.',
    field: `layer ${layer}`,
    found: 'weights',
    expected: 'queries and keys',
    advice: 'Capture queries and keys instead; inspect says why they may not be found.',
  })
}
