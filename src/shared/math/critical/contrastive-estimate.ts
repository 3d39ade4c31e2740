import {computeNormalizer} from '../distribution.ts'
import {exp} from '../exp.ts'

/** What a positive and a negative model say of one token that stands. */
export interface ContrastiveEstimate {
  /** s_t, its probability under softmax((1 + β)·z⁺ − β·z⁻): low where the token is one of wrong texts. */
  readonly estimate: number
  /** d_t = ln p⁻ − ln p⁺ in nats: above 0 where wrong texts have it more often. */
  readonly difference: number
}

/**
 * Contrastive estimation of one token (Lin et al. 2025, arXiv 2411.19943). Logits may be given as they are:
 * what normalises them is the same for the whole vocabulary and cancels. Throws where one is not finite.
 *
 * @param positive logits of the positive model before the token, [vocabulary]
 * @param negative of the negative model, [vocabulary]
 * @param beta 1 in the released code; 0 gives p⁺
 */
export function estimateContrast(
  positive: Float32Array,
  negative: Float32Array,
  {tokenId, beta}: {readonly tokenId: number; readonly beta: number}
): ContrastiveEstimate {
  const size = positive.length
  const p = computeNormalizer(positive, 0, size)
  const n = computeNormalizer(negative, 0, size)
  let max = Number.NEGATIVE_INFINITY
  const contrast = new Float64Array(size)
  for (let id = 0; id < size; id++) {
    contrast[id] = (1 + beta) * positive[id]! - beta * negative[id]!
    if (contrast[id]! > max) max = contrast[id]!
  }
  let sum = 0
  for (let id = 0; id < size; id++) sum += exp(contrast[id]! - max)
  return {
    estimate: exp(contrast[tokenId]! - max) / sum,
    difference: negative[tokenId]! - n.logSumExp - (positive[tokenId]! - p.logSumExp),
  }
}
