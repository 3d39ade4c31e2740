import type {Problem} from '../../../shared/domain/problem.ts'
import {intAttribute} from './attributes.ts'
import type {FoundSite} from './find-attention.ts'
import {findOutputProjection} from './find-output-projection.ts'
import {
  findValues,
  headCountsOf,
  headsOfWeights,
  keyHeadCount,
  weightsChanged,
} from './find-query-key.ts'
import {placeBefore, type Stream} from './find-residual.ts'
import type {SoftmaxSite} from './find-softmax.ts'
import {type FollowedScores, followScores, type ScoreFlow, sumsOverKeys} from './follow-scores.ts'
import type {GraphFacts} from './graph-facts.ts'
import type {OnnxNode} from './schema.ts'
import {notReplayable} from './score-steps.ts'
import type {AttentionSite} from './structure.ts'
import {weightsOrderOf} from './weights-layout.ts'

/** Says that the scores before a softmax have other axes than the weights behind it. */
export const SCORES_TURNED = 'scores-turned'

/**
 * Attention that has another form than those that are known: its weights, where they sum to 1 over the keys that
 * they are multiplied with, or else a Problem that names the node. `known` are the softmaxes that were found,
 * `fused` the operators.
 */
export function findUnread(
  facts: GraphFacts,
  stream: Stream,
  known: readonly SoftmaxSite[],
  fused: readonly FoundSite[]
): FoundSite[] {
  const {index, shapes} = facts
  const all = followScores(index, shapes, stream, known)
  const withSoftmax = all.filter(({flow}) => flow.softmax)
  // What stands beside attention that has a softmax, as distances do, is a part of it.
  const nodes = [
    ...known.map(({softmax}) => softmax),
    ...fused.map(({node}) => node),
    ...withSoftmax.map(({mixing}) => mixing.node),
  ]
  const taken = new Set(nodes.map((node) => placeBefore(stream, node)))
  const seen = new Set<OnnxNode>()
  return all.flatMap((followed) => {
    const {flow, mixing} = followed
    const node = flow.softmax ?? mixing.node
    if (seen.has(node) || (!flow.softmax && taken.has(placeBefore(stream, mixing.node)))) return []
    seen.add(node)
    return [flow.softmax ? ofSoftmax(facts, followed, flow.softmax) : refused(mixing.node, NONE)]
  })
}

function ofSoftmax(facts: GraphFacts, followed: FollowedScores, softmax: OnnxNode): FoundSite {
  const {index, shapes} = facts
  const {flow, mixing, isRight} = followed
  if (!sumsOverKeys(followed)) return refused(softmax, axisOf(softmax))
  const side = isRight ? mixing.right : mixing.left
  const rank = shapes.rankOf(side.tensor)
  const isTurned = isRight && !side.isTransposed
  if (isTurned && rank === null) return refused(softmax, 'weights of an unknown number of axes')
  const queryKey = reasonOf(flow, softmax)
  const like: SoftmaxSite = {
    ...{softmax, scores: flow.scores, chain: [], weights: side.tensor},
    ...{change: flow.change, mixing},
  }
  const values = isRight ? null : findValues(index, shapes, like)
  const site: AttentionSite = {
    operator: 'softmax',
    node: softmax,
    weights: side.tensor,
    weightsOrder: isTurned ? lastSwapped(rank!) : weightsOrderOf(mixing),
    queryKey,
    values,
    outputProjection: findOutputProjection(index, shapes, mixing.output),
  }
  const counts = headCountsOf(index, shapes, like, queryKey)
  // Heads may be mixed into others on the way.
  const queryHeadCount = rank === 4 ? headsOfWeights(shapes, site) : counts.queryHeadCount
  const keyValueHeadCount = values && keyHeadCount(index, shapes, values.value, queryHeadCount)
  return {
    ...{node: softmax, site, problem: null},
    counts: {...counts, queryHeadCount, keyValueHeadCount},
  }
}

/** Why rows cannot be recomputed, by the node that stands in the way. */
function reasonOf({change, strange, axis}: ScoreFlow, softmax: OnnxNode): Problem {
  if (change) return weightsChanged(change)
  return strange && axis === -1 ? notReplayable(strange, null) : scoresTurned(softmax)
}

function lastSwapped(rank: number): number[] {
  return Array.from({length: rank}, (_, axis) =>
    axis < rank - 2 ? axis : axis === rank - 2 ? rank - 1 : rank - 2
  )
}

const NONE = 'a product of scores and values without a softmax between them'

function axisOf(softmax: OnnxNode): string {
  const axis = intAttribute(softmax, 'axis', null)
  return `a softmax over ${axis === null ? 'its default axis' : `axis ${axis}`}, which is not that of the keys`
}

function refused(node: OnnxNode, found: string): FoundSite {
  return {
    node,
    site: null,
    counts: {queryHeadCount: null, keyValueHeadCount: null, headSize: null},
    problem: {
      code: 'attention-not-understood',
      message: 'This layer mixes tokens by scores of two tensors, in a way that is not understood.',
      field: `node ${JSON.stringify(node.name || node.output[0])}`,
      found,
      expected: 'weights that sum to 1 over the keys, multiplied with values',
      advice: 'Look at the other layers, or export the model with its attention as one operator.',
    },
  }
}

function scoresTurned(softmax: OnnxNode): Problem {
  const axis = intAttribute(softmax, 'axis', null)
  return {
    code: SCORES_TURNED,
    message: 'The softmax is taken over scores whose axes are not those of the weights.',
    field: `node ${JSON.stringify(softmax.name || softmax.output[0])}`,
    found: axis === null ? softmax.opType : `${softmax.opType} over axis ${axis}`,
    expected: 'scores [batch, head, query, key] and a softmax over the last axis',
    advice: 'Use the captured weights of this layer; its rows cannot be recomputed.',
  }
}
