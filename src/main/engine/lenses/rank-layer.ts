import {setImmediate as nextTurn} from 'node:timers/promises'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {
  addVotes,
  dampingOf,
  passesVarianceFilter,
  type RankedTokens,
  type RankVariant,
  rootMeanSquare,
  roundCount,
  scoresOfVotes,
  scoreVariance,
  startScores,
  uniformVotes,
} from '../../../shared/math/attention/page-rank.ts'
import {isCausalOver, type VisibleKeys} from '../../../shared/math/attention/visible-keys.ts'
import type {HeadMatrices} from '../captures/head-matrices.ts'
import {headPieces, visibleKeysOfHeads} from './head-pieces.ts'

/** Bytes of one head's matrix, which voting in several rounds needs whole. */
const MOST_MATRIX_BYTES = 512e6

/** Weighted PageRank of one layer, its heads in one. */
export interface RankedLayer {
  /** One entry a position, 0 for tokens that take no part; position-corrected: 1 is what position gives. */
  readonly scores: Float64Array
  readonly isCausal: boolean
  /** The variance filter left no head, so that all of them count. */
  readonly hasNoVariedHead: boolean
  /** Queries of all heads that had no vote: nothing on the tokens that take part, or no numbers. */
  readonly mutedCount: number
}

/** Ranks the tokens of a text by one layer's attention. */
export async function rankLayer(
  matrices: HeadMatrices,
  layer: number,
  {
    variant,
    layerCount,
    tokens,
    signal,
  }: {
    variant: RankVariant
    layerCount: number
    tokens: RankedTokens
    signal: AbortSignal | undefined
  }
): Promise<RankedLayer> {
  const keys = await visibleKeysOfHeads(matrices, layer, signal)
  const isCausal = keys.every(isCausalOver)
  const rounds = roundCount(variant, layer, layerCount)
  if (rounds > 1) checkMatrix(matrices.tokenCount)
  const damping = dampingOf(variant)
  const heads: Float64Array[] = []
  let mutedCount = 0
  for (const [head, visible] of keys.entries()) {
    const voting = {matrices, layer, head, keys: visible, tokens, damping, rounds, signal}
    const ranked = await (rounds === 1 ? rankOnce(voting) : rankInRounds(voting))
    heads.push(ranked.scores)
    mutedCount += ranked.mutedCount
  }
  const varied = isCausal
    ? heads.map(() => true)
    : heads.map((scores) => passesVarianceFilter(scoreVariance(scores, tokens)))
  const hasNoVariedHead = !varied.includes(true)
  const isKept = (head: number) => hasNoVariedHead || varied[head] === true
  const scores = rootMeanSquare(heads.filter((_, head) => isKept(head)))
  if (variant === 'position-corrected') {
    const known = new Map<VisibleKeys, Float64Array>()
    const uniform = keys.flatMap((visible, head) => {
      if (!isKept(head)) return []
      const votes = known.get(visible) ?? uniformVotes(visible, tokens)
      known.set(visible, votes)
      return [votes]
    })
    const expected = rootMeanSquare(uniform)
    for (const [at, score] of scores.entries()) {
      scores[at] = expected[at]! > 0 ? score / expected[at]! : 0
    }
  }
  return {scores, isCausal, hasNoVariedHead, mutedCount}
}

interface Voting {
  readonly matrices: HeadMatrices
  readonly layer: number
  readonly head: number
  readonly keys: VisibleKeys
  readonly tokens: RankedTokens
  readonly damping: number
  readonly rounds: number
  readonly signal: AbortSignal | undefined
}

/** One round, row by row: nothing of the matrix is kept. */
async function rankOnce({matrices, layer, head, keys, tokens, damping, signal}: Voting) {
  const votes = new Float64Array(tokens.tokenCount)
  const scores = startScores(tokens)
  let mutedCount = 0
  for await (const {queryStart, weights} of headPieces(matrices, {layer, head}, signal)) {
    mutedCount += addVotes(votes, {weights, firstQuery: queryStart, keys, scores, tokens})
  }
  return {scores: scoresOfVotes(votes, damping, tokens), mutedCount}
}

async function rankInRounds(voting: Voting) {
  const {matrices, layer, head, keys, tokens, damping, rounds, signal} = voting
  const {tokenCount} = tokens
  const matrix = new Float32Array(tokenCount * tokenCount)
  for await (const {queryStart, weights} of headPieces(matrices, {layer, head}, signal)) {
    matrix.set(weights, queryStart * tokenCount)
  }
  let scores = startScores(tokens)
  let mutedCount = 0
  for (let round = 0; round < rounds; round++) {
    const votes = new Float64Array(tokenCount)
    mutedCount = addVotes(votes, {weights: matrix, firstQuery: 0, keys, scores, tokens})
    scores = scoresOfVotes(votes, damping, tokens)
    await nextTurn()
    signal?.throwIfAborted()
  }
  return {scores, mutedCount}
}

function checkMatrix(tokenCount: number): void {
  const bytes = 4 * tokenCount * tokenCount
  if (bytes <= MOST_MATRIX_BYTES) return
  throw new ProblemError({
    code: 'matrix-too-large',
    message: 'Voting in several rounds needs the matrix of a head whole, which is too large.',
    field: 'variant',
    found: `${Math.ceil(bytes / 1e6)} MB for ${tokenCount} tokens`,
    expected: `at most ${MOST_MATRIX_BYTES / 1e6} MB`,
    advice: 'Choose position-corrected, which votes once, or a shorter text.',
  })
}
