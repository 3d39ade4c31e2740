import {tokenTableOf} from '../domain/token.ts'
import type {TreeEvent, TreeExpansion, TreeOpenAnswer, TreeRequest} from '../lenses/tree.ts'
import {type BareTreeNode, treeColumnsOf} from '../lenses/tree-columns.ts'
import {distributionOf, withTreeDefaults} from '../lenses/tree-defaults.ts'
import {fakeEncode, fakePartOf, topFakeIds} from './fake-language.ts'
import {FAKE_PROVENANCE} from './fake-model.ts'
import {fakeEncodePrompt} from './fake-prompt.ts'

const CHILD_COUNT = 3

/** A tree of three levels, likeliest first, whatever the strategy; drafts are not pretended. */
export async function* runFakeTree(
  given: TreeRequest,
  {contextLength, pause}: {contextLength: number; pause: (signal: AbortSignal) => Promise<void>},
  signal: AbortSignal
): AsyncGenerator<TreeEvent, void, undefined> {
  const request = withTreeDefaults(given)
  const {text, parts} = fakeEncodePrompt(request, contextLength)
  const ids = parts.map(({id}) => id)
  await pause(signal)
  yield {
    ...{kind: 'tokenized', request, text, promptTokenCount: parts.length, turns: []},
    ...{tokens: tokenTableOf(parts), ...FAKE_PROVENANCE, draft: null, warnings: []},
    ...{distribution: distributionOf(request), method: 'tree-mask'},
  }
  let nextId = 0
  let level: {id: number | null; path: number[]; logprob: number}[] = [
    {id: null, path: [], logprob: 0},
  ]
  let expandedCount = 0
  for (let depth = 1; depth <= Math.min(3, request.depth ?? 3); depth++) {
    await pause(signal)
    const nodes: BareTreeNode[] = []
    const next: typeof level = []
    for (const parent of level) {
      expandedCount++
      const {children, restProb} = topFakeIds([...ids, ...parent.path], CHILD_COUNT)
      for (const [order, {id: tokenId, logprob}] of children.entries()) {
        const id = nextId++
        const pathLogprob = parent.logprob + logprob
        nodes.push({
          ...{id, step: 0, parent: parent.id, depth, order, tokenId, cut: false},
          ...{logprob, pathLogprob, rawLogprob: logprob, temperatureLogprob: logprob},
          ...{truncatedLogprob: logprob, draftProb: null, usedProb: null, jointDraftProb: null},
          ...{value: null, perturbed: null, multiplicity: null, visits: null, targetProb: null},
          ...{residualProb: null, acceptProb: null, uniform: null, reachProb: null},
          ...{origin: 'model', status: 'open'},
        })
        next.push({id, path: [...parent.path, tokenId], logprob: pathLogprob})
      }
      nodes.push({
        ...{id: nextId++, parent: parent.id, tokenId: null, restProb, rawRestProb: restProb},
        ...{temperatureRestProb: restProb, truncatedRestProb: restProb, restCount: 1000},
      })
    }
    level = next
    yield {kind: 'nodes', nodes: treeColumnsOf(nodes, (id) => fakePartOf(id, 0))}
    yield {kind: 'progress', phase: 'growing', done: depth, total: 3, secondsLeft: null}
  }
  yield {
    ...{kind: 'completed', expandedCount, surplusCount: 0, stats: null, warnings: []},
    timing: {totalMs: 1, draft: null},
  }
}

/** The likeliest children of each path, and tokens that are asked for. */
export function fakeExpansionsOf(
  paths: readonly ArrayLike<number>[],
  maxChildren: number,
  tokenIds: readonly number[] = []
): TreeExpansion[] {
  return paths.map((path) => {
    const all = topFakeIds(Array.from(path), Number.MAX_SAFE_INTEGER).children
    const wanted = new Set(tokenIds)
    const children = all.filter(({id}, i) => i < maxChildren || wanted.has(id))
    const restProb = 1 - children.reduce((sum, {logprob}) => sum + Math.exp(logprob), 0)
    const logprobs = () => Float64Array.from(children, ({logprob}) => logprob)
    return {
      tokens: tokenTableOf(children.map(({id}) => fakePartOf(id, 0))),
      ...{rawLogprobs: logprobs(), temperatureLogprobs: logprobs(), truncatedLogprobs: logprobs()},
      ...{rawRestProb: restProb, temperatureRestProb: restProb, truncatedRestProb: restProb},
      ...{restCount: all.length - children.length, isFinished: false},
    }
  })
}

/** Texts that the pretended vocabulary has as one token. */
export function fakeOpenedTree(texts: readonly string[]): TreeOpenAnswer {
  return {
    ...FAKE_PROVENANCE,
    tokenIds: Int32Array.from(texts, (text) => {
      const parts = fakeEncode(text, false)
      return parts.length === 1 ? parts[0]!.id : -1
    }),
  }
}
