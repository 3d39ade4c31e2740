import {describe, expect, it} from 'vitest'
import type {TreeLaw} from '../../../shared/lenses/tree.ts'
import type {BareTreeNode} from '../../../shared/lenses/tree-columns.ts'
import {growBeams, rankedBeams} from './grow-beams.ts'
import {type BestFirstOptions, growBestFirst} from './grow-best-first.ts'
import {growSamples, growStochasticBeams} from './grow-samples.ts'
import {type LawSource, shapeLaw} from './law.ts'
import {hashedModel, MARKOV_TARGET, markovModel, PLAIN_LAW, tokenLists} from './test-toys.ts'
import {type GrowContext, TreeBuilder} from './tree-builder.ts'

const END = 15
const VOCABULARY = 16

function builderOn(source: LawSource, changes: Partial<GrowContext> & {law?: TreeLaw} = {}) {
  const {law = PLAIN_LAW, ...context} = changes
  return new TreeBuilder({
    ...{source, distribution: 'raw', seed: 0, maxDepth: 100},
    isEnd: (id) => id === END,
    shape: (logprobs) => shapeLaw(logprobs, law),
    ...context,
  })
}

async function grown(builder: TreeBuilder, rounds: AsyncGenerator<number>) {
  for await (const _ of rounds) void _
  return builder.takeChanges()
}

const BEST_FIRST: BestFirstOptions = {
  ...{maxNodes: 100_000, maxDepth: 3, width: 16, maxChildren: 1000, keptOnly: false},
  jointThreshold: 0,
}

/** Every path of up to `depth` tokens that no end of the text cuts short, with its log-probability. */
async function allPaths(source: LawSource, depth: number): Promise<Map<string, number>> {
  const paths = new Map([['', 0]])
  for (let length = 1; length <= depth; length++) {
    for (const path of tokenLists(VOCABULARY, length)) {
      if (path.slice(0, -1).includes(END)) continue
      const [row] = await source.logprobsAfter([path.slice(0, -1)])
      paths.set(path.join(), paths.get(path.slice(0, -1).join())! + row![path.at(-1)!]!)
    }
  }
  paths.delete('')
  return paths
}

function pathsOf(builder: TreeBuilder): Map<string, number> {
  return new Map(
    [...builder.tokens.values()].map((node) => [
      builder.pathTo(node.id).join(),
      node.pathLogprob ?? Number.NEGATIVE_INFINITY,
    ])
  )
}

/** Of every expanded node: its children with their rest, under each distribution. */
function sumsByParent(nodes: readonly BareTreeNode[]) {
  const sums = new Map<number | null, {raw: number; temperature: number; truncated: number}>()
  for (const node of nodes) {
    const sum = sums.get(node.parent) ?? {raw: 0, temperature: 0, truncated: 0}
    sums.set(node.parent, sum)
    if (node.tokenId === null) {
      sum.raw += node.rawRestProb
      sum.temperature += node.temperatureRestProb
      sum.truncated += node.truncatedRestProb
    } else {
      const exp = (logprob: number | null) => (logprob === null ? 0 : Math.exp(logprob))
      sum.raw += exp(node.rawLogprob)
      sum.temperature += exp(node.temperatureLogprob)
      sum.truncated += exp(node.truncatedLogprob)
    }
  }
  return sums
}

describe('a best-first tree', () => {
  it('of everything is the exhaustive enumeration, on 16 tokens to depth 3', async () => {
    const source = hashedModel(VOCABULARY, 5)
    const builder = builderOn(source)
    await grown(builder, growBestFirst(builder, BEST_FIRST))
    const all = await allPaths(source, 3)
    const found = pathsOf(builder)
    expect(found.size).toBe(all.size)
    for (const [path, logprob] of all) expect(found.get(path)).toBeCloseTo(logprob, 9)
    for (const {id, depth} of builder.tokens.values()) {
      expect(depth).toBe(builder.pathTo(id).length)
    }
  })

  it('with a threshold holds exactly the paths above it', async () => {
    const source = hashedModel(VOCABULARY, 6)
    const builder = builderOn(source)
    await grown(builder, growBestFirst(builder, {...BEST_FIRST, jointThreshold: 0.002}))
    const above = [...(await allPaths(source, 3))].filter(([, p]) => Math.exp(p) >= 0.002)
    expect(above.length).toBeGreaterThan(20)
    expect(new Set(pathsOf(builder).keys())).toEqual(new Set(above.map(([path]) => path)))
  })

  it('is the same whatever is computed together, and counts what was computed in vain', async () => {
    const source = hashedModel(VOCABULARY, 7)
    const trees = await Promise.all(
      [1, 5, 64].map(async (width) => {
        const asked: number[] = []
        const logprobsAfter = (paths: readonly (readonly number[])[]) => {
          asked.push(paths.length)
          return source.logprobsAfter(paths)
        }
        const builder = builderOn({logprobsAfter})
        const options = {...BEST_FIRST, maxNodes: 60, maxDepth: 6, maxChildren: 3, width}
        const nodes = await grown(builder, growBestFirst(builder, options))
        return {nodes, asked, surplus: builder.surplusCount, expanded: builder.expandedCount}
      })
    )
    for (const {nodes, expanded, surplus, asked} of trees) {
      expect(nodes).toEqual(trees[0]!.nodes)
      expect(expanded).toBe(20)
      expect(expanded + surplus).toBe(asked.reduce((sum, count) => sum + count, 0))
    }
    expect(trees[0]!.surplus).toBe(0)
    expect(trees[2]!.surplus).toBeGreaterThan(0)
    // Of one at a time every node is a run; together they are as few as the tree is deep, nearly.
    expect(trees.map(({asked}) => asked.length)).toEqual([
      20,
      expect.any(Number),
      expect.any(Number),
    ])
    expect(Math.max(...trees[1]!.asked)).toBe(5)
    expect(trees[1]!.asked.length).toBeLessThan(10)
  })

  it('runs children of nodes that are known ahead of their turn, and none whose turn cannot come', async () => {
    // A chain: of one node after the other the first child is certain, all but.
    const chain = Float64Array.of(Math.log(0.999), Math.log(0.0006), Math.log(0.0004))
    const asked: (readonly number[])[][] = []
    const builder = builderOn({
      async logprobsAfter(paths) {
        asked.push([...paths])
        return paths.map(() => chain)
      },
    })
    const options = {...BEST_FIRST, maxExpanded: 9, maxDepth: 100, maxChildren: 3, width: 8}
    await grown(builder, growBestFirst(builder, options))
    expect(builder.expandedCount).toBe(9)
    // Nine nodes below the root are the chain: its side branches are not among the nine best.
    expect([...builder.tokens.values()].filter(({status}) => status === 'expanded')).toSatisfy(
      (nodes: {tokenId: number}[]) => nodes.every(({tokenId}) => tokenId === 0)
    )
    const inVain = asked.flat().filter((path) => path.some((id) => id !== 0))
    expect(builder.surplusCount).toBe(inVain.length)
    // A side branch is run while too few nodes are known to rule it out, and never afterwards.
    for (const [round, paths] of asked.entries()) {
      const knownBefore = asked.slice(0, round).flat().length
      expect(paths.length).toBeLessThanOrEqual(Math.min(8, 1 + 3 * knownBefore))
    }
    expect(asked.at(-1)).toHaveLength(1)
  })

  it('has children that sum to 1 with their rest, under every distribution', async () => {
    const law = {temperature: 0.7, topP: 0.8}
    const builder = builderOn(hashedModel(VOCABULARY, 8), {law, distribution: 'truncated'})
    const options = {...BEST_FIRST, maxNodes: 50, maxChildren: 5, maxDepth: 5}
    const nodes = await grown(builder, growBestFirst(builder, options))
    const sums = [...sumsByParent(nodes).values()]
    expect(sums.length).toBe(builder.expandedCount)
    for (const {raw, temperature, truncated} of sums) {
      for (const sum of [raw, temperature, truncated]) expect(sum).toBeCloseTo(1, 9)
    }
    // Leaves and rests are all there is.
    const tokens = nodes.filter((node) => node.tokenId !== null)
    const parents = new Set(nodes.map(({parent}) => parent))
    const path = (id: number | null) =>
      id === null ? 1 : Math.exp(builder.tokens.get(id)!.pathLogprob ?? -Infinity)
    let total = 0
    for (const node of nodes) {
      if (node.tokenId === null) total += path(node.parent) * node.restProb
      else if (!parents.has(node.id)) total += path(node.id)
    }
    expect(total).toBeCloseTo(1, 9)
    expect(tokens.some((node) => node.tokenId !== null && node.cut)).toBe(true)
  })

  it('does not go on behind an end of the text, a cut token or the end of the context', async () => {
    const builder = builderOn(hashedModel(VOCABULARY, 9), {
      ...{law: {temperature: 1, topK: 3}, distribution: 'truncated', maxDepth: 2},
    })
    const options = {...BEST_FIRST, maxDepth: 10}
    const nodes = await grown(builder, growBestFirst(builder, options))
    const expanded = new Set(nodes.map(({parent}) => parent))
    for (const node of builder.tokens.values()) {
      expect(node.depth).toBeLessThanOrEqual(2)
      if (node.depth === 2 || node.tokenId === END) expect(node.status).toBe('finished')
      if (node.cut || node.status === 'finished') expect(expanded.has(node.id)).toBe(false)
    }
  })

  it('keeps paths whose probability is too small for a number', async () => {
    const improbable = Float64Array.of(0, -500)
    const source = {logprobsAfter: async (paths: readonly unknown[]) => paths.map(() => improbable)}
    const builder = builderOn(source)
    await grown(builder, growBestFirst(builder, {...BEST_FIRST, maxDepth: 2}))
    expect(pathsOf(builder).get('1,1')).toBe(-1000)
  })
})

/** Written anew: all beams as plain lists. */
async function plainBeams(source: LawSource, count: number, depth: number, penalty: number) {
  let beams: {path: number[]; score: number}[] = [{path: [], score: 0}]
  const finished: typeof beams = []
  for (let length = 1; length <= depth && finished.length < count; length++) {
    const rows = await source.logprobsAfter(beams.map(({path}) => path))
    const all = beams.flatMap(({path, score}, i) =>
      Array.from(rows[i]!, (logprob, id) => ({path: [...path, id], score: score + logprob}))
    )
    all.sort((a, b) => b.score - a.score)
    const best = all.slice(0, 2 * count)
    for (const [rank, one] of best.entries()) {
      if (one.path.at(-1) === END && rank < count) finished.push(one)
    }
    beams = best.filter(({path}) => path.at(-1) !== END).slice(0, count)
  }
  return (finished.length >= count ? finished : [...finished, ...beams])
    .map(({path, score}) => ({path, score: score / path.length ** penalty}))
    .sort((a, b) => b.score - a.score)
}

describe('beam search', () => {
  it('equals a plain implementation, ends and length penalty included', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const source = hashedModel(VOCABULARY, seed, 1 + (seed % 3))
      const [count, penalty] = [1 + (seed % 5), seed % 2]
      const builder = builderOn(source)
      const options = {beams: count, maxDepth: 5, lengthPenalty: penalty}
      await grown(builder, growBeams(builder, options))
      const expected = await plainBeams(source, count, 5, penalty)
      const found = rankedBeams(builder)
      expect(found.map(({id}) => builder.pathTo(id).join())).toEqual(
        expected.map(({path}) => path.join())
      )
      for (const [i, {value}] of found.entries()) expect(value).toBeCloseTo(expected[i]!.score, 9)
    }
  })

  it('of one beam is greedy, and of enough beams exhaustive', async () => {
    const source = markovModel(MARKOV_TARGET)
    const one = builderOn(source)
    await grown(one, growBeams(one, {beams: 1, maxDepth: 4, lengthPenalty: 1}))
    expect(one.pathTo(rankedBeams(one)[0]!.id)).toEqual([0, 0, 0, 0])
    const all = builderOn(source)
    const nodes = await grown(all, growBeams(all, {beams: 64, maxDepth: 3, lengthPenalty: 0}))
    expect(rankedBeams(all)).toHaveLength(64)
    for (const sum of sumsByParent(nodes).values()) expect(sum.raw).toBeCloseTo(1, 9)
  })
})

describe('sampled runs', () => {
  it('count their visits, and follow the law', async () => {
    const builder = builderOn(markovModel(MARKOV_TARGET))
    const options = {sampleCount: 20_000, maxDepth: 2}
    const nodes = await grown(builder, growSamples(builder, options))
    let statistic = 0
    for (const node of builder.tokens.values()) {
      const below = [...builder.tokens.values()].filter(({parent}) => parent === node.id)
      const through = below.reduce((sum, {visits}) => sum + visits!, 0)
      if (node.depth === 1) expect(through).toBe(node.visits)
      if (node.depth !== 2) continue
      const expected = 20_000 * Math.exp(node.pathLogprob!)
      statistic += (node.visits! - expected) ** 2 / expected
    }
    // 15 degrees of freedom, p = 0.001.
    expect(statistic).toBeLessThan(37.7)
    for (const sum of sumsByParent(nodes).values()) expect(sum.raw).toBeCloseTo(1, 9)
  })
})

describe('stochastic beams', () => {
  it('draw whole texts without replacement: ordered pairs follow Plackett and Luce', async () => {
    const probs = MARKOV_TARGET
    const counts = new Map<string, number>()
    const runs = 4000
    for (let seed = 0; seed < runs; seed++) {
      const builder = builderOn(markovModel(probs), {seed})
      await grown(builder, growStochasticBeams(builder, {beams: 2, maxDepth: 2}))
      const ends = [...builder.tokens.values()].filter(
        ({depth, status}) => depth === 2 && status !== 'pruned'
      )
      ends.sort((a, b) => b.perturbed! - a.perturbed!)
      expect(ends).toHaveLength(2)
      const key = ends.map(({id}) => builder.pathTo(id).join('')).join()
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    const prob = (path: string) =>
      probs[0]![Number(path[0])]! * probs[Number(path[0])]![Number(path[1])]!
    const paths = [...tokenLists(4, 2)].map((path) => path.join(''))
    let statistic = 0
    let cells = 0
    let pooled = 0
    let pooledCount = 0
    for (const first of paths) {
      for (const second of paths) {
        if (first === second) continue
        const expected = (runs * prob(first) * prob(second)) / (1 - prob(first))
        const count = counts.get(`${first},${second}`) ?? 0
        if (expected < 5) {
          pooled += expected
          pooledCount += count
          continue
        }
        statistic += (count - expected) ** 2 / expected
        cells++
      }
    }
    statistic += (pooledCount - pooled) ** 2 / pooled
    // Wilson and Hilferty's bound at p = 0.0001.
    const critical = cells * (1 - 2 / (9 * cells) + 3.72 * Math.sqrt(2 / (9 * cells))) ** 3
    expect(statistic).toBeLessThan(critical)
  })
})
