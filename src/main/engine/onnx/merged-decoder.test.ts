import {describe, expect, it} from 'vitest'
import {COMBINATIONS, cellName} from '../../../../fixtures/families/combinations.ts'
import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {feedsOf} from '../../../../fixtures/families/feeds.ts'
import {runOnce, type TestFeeds} from '../runtime/test-onnxruntime.ts'
import {findStructure} from './find-structure.ts'
import {withoutCacheBranch} from './merged-decoder.ts'
import {decodeMessage, encodeMessage} from './schema.ts'
import {testGraph, testModel} from './test-models.ts'
import {unmergeDecoder} from './unmerge.ts'

const MERGED = COMBINATIONS.filter(({cache, dtype}) => cache === 'merged' && dtype !== 'float16')
const TOKEN_IDS = [5, 17, 3, 60, 42, 7]
const BRANCHES = {'with-cache': unmergeDecoder, 'without-cache': withoutCacheBranch}

describe('the two graphs of a merged decoder', () => {
  it.each(MERGED.map((cell) => [cellName(cell), cell] as const))(
    '%s: both are found, and compute what it does',
    async (_, cell) => {
      const {bytes, facts} = buildFamilyModel(cell)
      const merged = {path: 'model.onnx', model: decodeMessage('Model', bytes)}
      expect(findStructure(merged).problems).toMatchObject([{code: 'merged-decoder'}])
      const feeds: Record<string, TestFeeds[string]> = {}
      for (const [name, feed] of Object.entries(feedsOf(facts, {tokenIds: TOKEN_IDS}))) {
        const values = Array.from(feed.data as ArrayLike<number | bigint>, Number)
        feeds[name] = [feed.type as 'int64', feed.dimensions, values]
      }
      const expected = await runOnce({bytes, folder: '.'}, feeds)
      for (const [branch, take] of Object.entries(BRANCHES)) {
        const {model} = take(merged)
        const structure = findStructure({path: 'model.onnx', model})
        expect(structure.problems, branch).toEqual([])
        expect(structure.layers).toHaveLength(facts.layerCount)
        expect(structure.residual?.points).toHaveLength(facts.layerCount + 1)
        const hasCache = branch === 'with-cache'
        expect(structure.inputs.kvCache).toHaveLength(hasCache ? facts.kvCache.length : 0)
        expect(structure.inputs.useCacheBranch).toBeNull()
        const own = model.graph.input.map(({name}) => [name, feeds[name]!] as const)
        const flat = {bytes: encodeMessage('Model', model), folder: '.'}
        const found = await runOnce(flat, Object.fromEntries(own))
        expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted())
        const logits = found.logits?.data as Float32Array
        const difference = logits.map((one, at) => one - (expected.logits?.data[at] as number))
        expect(Math.max(...difference.map(Math.abs))).toBeLessThan(1e-5)
      }
    }
  )

  it('gives a graph without a choice back as it is', () => {
    const graph = {path: 'model.onnx', model: testModel(testGraph({}))}
    expect(withoutCacheBranch(graph)).toBe(graph)
  })
})
