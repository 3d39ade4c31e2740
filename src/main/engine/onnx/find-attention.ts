import type {Problem} from '../../../shared/domain/problem.ts'
import {findFused} from './find-fused.ts'
import {findOutputProjection} from './find-output-projection.ts'
import {
  findQueryKey,
  findValues,
  type HeadCounts,
  headCountsOf,
  headsOfWeights,
} from './find-query-key.ts'
import type {Stream} from './find-residual.ts'
import {SoftmaxFinder} from './find-softmax.ts'
import {findUnread} from './find-unread.ts'
import type {GraphFacts} from './graph-facts.ts'
import type {OnnxNode} from './schema.ts'
import type {AttentionSite} from './structure.ts'
import {weightsOrderOf} from './weights-layout.ts'

/** One place where tokens are mixed: a site, or a node that hands nothing out. */
export interface FoundSite {
  readonly node: OnnxNode
  readonly site: AttentionSite | null
  readonly counts: HeadCounts
  readonly problem: Problem | null
}

/**
 * Every place where tokens are mixed by attention, in topological order. What is not understood is there as
 * well, with a Problem; of a graph without a stream only what is.
 */
export function findAttention(facts: GraphFacts, stream: Stream | null): FoundSite[] {
  const {index, shapes} = facts
  const softmaxes = new SoftmaxFinder(index, shapes).find()
  const found = softmaxes.map((softmax): FoundSite => {
    const queryKey = findQueryKey(index, shapes, softmax)
    const site: AttentionSite = {
      operator: 'softmax',
      node: softmax.softmax,
      weights: softmax.weights,
      weightsOrder: weightsOrderOf(softmax.mixing),
      queryKey,
      values: findValues(index, shapes, softmax),
      outputProjection: findOutputProjection(index, shapes, softmax.mixing.output),
    }
    const known = headCountsOf(index, shapes, softmax, queryKey)
    const queryHeadCount = known.queryHeadCount ?? headsOfWeights(shapes, site)
    return {node: softmax.softmax, site, counts: {...known, queryHeadCount}, problem: null}
  })
  const fused = findFused(facts)
  found.push(...fused)
  if (stream) found.push(...findUnread(facts, stream, softmaxes, fused))
  return found.sort((a, b) => index.positionOf(a.node) - index.positionOf(b.node))
}
