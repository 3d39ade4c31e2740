import {
  type TreeNode,
  type TreeResult,
  type TreeStatus,
  type TreeTokenNode,
  treeRequestSchema,
} from '../../lenses/tree.ts'
import {storyResult} from '../tokens/sample-result.ts'

const WORDS = [' has', ' a', ' lamp', ' coin', '.', ' the', ' ring', ' does']

/** What a sample's node has beside its place. */
type Given = Partial<TreeTokenNode> & Pick<TreeTokenNode, 'id' | 'parent' | 'order'>

/** A token of an invented tree. */
export function sampleToken(given: Given): TreeTokenNode {
  const text = given.text ?? WORDS[given.id % WORDS.length]!
  const bytes = new TextEncoder().encode(text)
  return {
    ...{step: 0, depth: 1, tokenId: 300 + given.id, text, cut: false},
    bytesHex: [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    ...{logprob: 0, pathLogprob: 0, rawLogprob: 0, temperatureLogprob: 0, truncatedLogprob: 0},
    ...{draftProb: null, usedProb: null, jointDraftProb: null, value: null, perturbed: null},
    ...{multiplicity: null, visits: null, targetProb: null, residualProb: null},
    ...{acceptProb: null, uniform: null, reachProb: null, origin: 'model', status: 'open'},
    ...given,
  }
}

export interface SampleTreeOptions {
  readonly depth: number
  readonly childCount: number
}

/**
 * An invented tree: every node above the last level has so many children of falling probability and a rest,
 * which together are 1 in every law.
 */
export function sampleTree({depth, childCount}: SampleTreeOptions): TreeResult {
  const nodes: TreeNode[] = []
  let nextId = 0
  let level: (number | null)[] = [null]
  for (let at = 1; at <= depth; at++) {
    const below: number[] = []
    for (const parent of level) {
      let left = 1
      for (let order = 0; order < childCount; order++) {
        const prob = left * (0.7 - 0.1 * order)
        left -= prob
        const logprob = Math.log(prob)
        const status: TreeStatus = at < depth ? 'expanded' : 'open'
        below.push(nextId)
        nodes.push(
          sampleToken({
            ...{id: nextId++, parent, order, depth: at, status, cut: order > 1},
            ...{logprob, rawLogprob: logprob, temperatureLogprob: logprob},
            truncatedLogprob: order > 1 ? null : logprob,
          })
        )
      }
      nodes.push({
        ...{id: nextId++, parent, tokenId: null, restProb: left, rawRestProb: left},
        ...{temperatureRestProb: left, truncatedRestProb: left, restCount: 2048 - childCount},
      })
    }
    level = below
  }
  const {model, tokenizer, versions, text, tokens, promptTokenCount} = storyResult()
  return {
    schema: 'tokenscope/tree@1',
    request: treeRequestSchema.parse({model: model.id, prompt: text}),
    ...{model, tokenizer, versions, draft: null, warnings: [], status: 'completed', text},
    promptTokenCount,
    tokens: tokens.map(
      ({position, id, bytesHex, text, byteStart, byteEnd, isSpecial, isInserted, spanClass}) => ({
        ...{position, id, bytesHex, text, byteStart, byteEnd, isSpecial, isInserted, spanClass},
      })
    ),
    ...{distribution: 'raw', method: 'tree-mask', nodes, verdicts: [], stats: null},
    ...{expandedCount: 1, surplusCount: 0, completionIds: []},
  }
}
