import type {Problem} from '../../../shared/domain/problem.ts'
import {findFused} from './find-fused.ts'
import {findOutputProjection} from './find-output-projection.ts'
import {findQueryKey, findValues, type HeadCounts, headCountsOf} from './find-query-key.ts'
import {SoftmaxFinder} from './find-softmax.ts'
import type {GraphFacts} from './graph-facts.ts'
import type {OnnxNode} from './schema.ts'
import type {AttentionSite} from './structure.ts'

/** One place where tokens are mixed: a site, or a node that hands nothing out. */
export interface FoundSite {
  readonly node: OnnxNode
  readonly site: AttentionSite | null
  readonly counts: HeadCounts
  readonly problem: Problem | null
}

/** Every place where tokens are mixed by attention, in topological order. */
export function findAttention(facts: GraphFacts): FoundSite[] {
  const {index, shapes} = facts
  const found = new SoftmaxFinder(index, shapes).find().map((softmax): FoundSite => {
    const queryKey = findQueryKey(index, shapes, softmax)
    const site: AttentionSite = {
      operator: 'softmax',
      node: softmax.softmax,
      weights: softmax.weights,
      queryKey,
      values: findValues(index, shapes, softmax),
      outputProjection: findOutputProjection(index, shapes, softmax.mixing.output),
    }
    const counts = headCountsOf(index, shapes, softmax, queryKey)
    return {node: softmax.softmax, site, counts, problem: null}
  })
  found.push(...findFused(facts))
  return found.sort((a, b) => index.positionOf(a.node) - index.positionOf(b.node))
}
