import {describe, expect, it} from 'vitest'
import {createDraftMemory} from './draft-strategy.ts'
import {LookaheadTrie} from './lookahead-trie.ts'
import {tokensOf, toyRun} from './test-toys.ts'
import {draftRecycled, RecycledCandidates, recyclingTemplate} from './token-recycling.ts'

const CONTEXT = {isEnd: () => false, maxDepth: 50, key: 1}

describe('the template of Token Recycling', () => {
  it('has 80 nodes in levels of 8, 21, 25, 15, 8 and 3, parents first, 40 of them leaves', () => {
    const nodes = recyclingTemplate()
    const levels = [1, 2, 3, 4, 5, 6].map(
      (depth) => nodes.filter(({ranks}) => ranks.length === depth).length
    )
    expect(levels).toEqual([8, 21, 25, 15, 8, 3])
    expect(nodes).toHaveLength(80)
    const parents = new Set(nodes.map(({parent}) => parent))
    expect(nodes.filter((_, at) => !parents.has(at))).toHaveLength(40)
    for (const [at, {ranks, parent}] of nodes.entries()) {
      expect(parent).toBeLessThan(at)
      expect(parent < 0 ? '' : nodes[parent]!.ranks).toBe(ranks.slice(0, -1))
    }
  })
})

describe('recycled candidates', () => {
  it('fill the template by rank; what was not seen has no children', () => {
    const candidates = new RecycledCandidates()
    candidates.record(0, Float64Array.of(-9, -1, -2, -9, -9))
    candidates.record(1, Float64Array.of(-1, -9, -9, -9, -2))
    const tree = draftRecycled(CONTEXT, candidates, 0, 80)
    const children = (parent: number) =>
      tree.nodes.flatMap(({parent: above, tokenId}) => (above === parent ? [tokenId] : []))
    expect(children(-1)).toEqual([1, 2, 0, 3, 4])
    // Under 1, rank 0 of the root, its own candidates; under 2, which was not seen, nothing.
    expect(children(0)).toEqual([0, 4, 1, 2, 3])
    expect(children(1)).toEqual([])
    expect(draftRecycled(CONTEXT, new RecycledCandidates(), 0, 80).nodes).toEqual([])
    expect(draftRecycled(CONTEXT, candidates, 0, 3).nodes).toHaveLength(3)
  })

  it('take the last word', () => {
    const candidates = new RecycledCandidates()
    candidates.record(4, Float64Array.of(0, -1))
    candidates.record(4, Float64Array.of(-1, 0))
    expect(candidates.after(4)).toEqual([1, 0])
  })
})

describe('the trie of Lookahead', () => {
  function golden() {
    const trie = new LookaheadTrie(4)
    trie.insert([1, 2, 3, 4, 5], 'prompt')
    trie.insert([1, 2, 3, 7], 'output')
    trie.insert([1, 2, 3, 7], 'output')
    return trie
  }
  const options = {maxNodes: 64, maxDepth: 12}

  it('gives back what followed: the prompt’s branch before the output’s', () => {
    expect(golden().retrieve([1], options)).toMatchObject([
      {tokenId: 2, parent: -1},
      {tokenId: 3, parent: 0},
      {tokenId: 4, parent: 1},
      {tokenId: 5, parent: 2},
      {tokenId: 7, parent: 1},
    ])
    const {retrieve} = {retrieve: golden().retrieve([1, 2], options)}
    expect(retrieve.map(({tokenId}) => tokenId)).toEqual([3, 4, 5, 7])
  })

  it('counts each source, forgets a prompt, and emits nothing that counts nothing', () => {
    const trie = golden()
    expect(trie.countsOf([1, 2, 3])).toEqual({prompt: 1, output: 2})
    trie.forgetPrompt()
    expect(trie.retrieve([1], options).map(({tokenId}) => tokenId)).toEqual([2, 3, 7])
  })

  it('halves the counts of what has grown too large, and cuts what is rare', () => {
    const trie = new LookaheadTrie(4)
    for (let i = 0; i < 5; i++) trie.insert([1, 2, 3], 'output')
    trie.insert([1, 9], 'output')
    trie.prune({nodes: 2, outputs: 100})
    expect(trie.countsOf([1, 2, 3])).toEqual({prompt: 0, output: 2})
    expect(trie.countsOf([1, 9])).toEqual({prompt: 0, output: 0})
  })

  it('of a run has no text of a first begin token, nothing behind an end, and no trie of a stop', async () => {
    const learnt = async (promptIds: readonly number[]) => {
      const memory = createDraftMemory({branchLength: 3})
      const options = {promptIds, memory, beginId: 3, isEnd: (id: number) => id === 2, maxSteps: 1}
      await tokensOf(toyRun('lookahead', {branchLength: 3}, options))
      return memory.trie
    }
    const trie = await learnt([3, 0, 1, 2, 1, 0])
    expect(trie.countsOf([3])).toEqual({prompt: 0, output: 0})
    expect(trie.countsOf([0, 1])).toEqual({prompt: 1, output: 0})
    // Up to the end, without it and without what is behind it.
    for (const gone of [[2], [0, 1, 2], [1, 2], [1, 0]]) {
      expect(trie.countsOf(gone)).toEqual({prompt: 0, output: 0})
    }
    // Where the begin token stands later it is a token like any other.
    expect((await learnt([0, 3, 1])).countsOf([3, 1])).toEqual({prompt: 1, output: 0})
    const stops = new LookaheadTrie(3)
    stops.insert([1, 2, 1], 'output', {isStop: (id) => id === 2})
    expect([[2], [1, 2], [1, 2, 1]].map((ids) => stops.countsOf(ids).output)).toEqual([0, 1, 0])
  })

  it('within its budget lets some of each source in, parents with them', () => {
    const trie = new LookaheadTrie(12)
    trie.insert([1, 2, 3, 4, 5, 6], 'prompt')
    for (let i = 0; i < 9; i++) trie.insert([1, 20, 21, 22], 'output')
    const found = trie.retrieve([1], {maxNodes: 4, maxDepth: 12})
    expect(found.map(({tokenId}) => tokenId)).toEqual([2, 3, 20, 21])
    for (const [at, {parent}] of found.entries()) expect(parent).toBeLessThan(at)
  })
})
