import {describe, expect, it} from 'vitest'
import {COMBINATIONS, cellName} from '../../../../fixtures/families/combinations.ts'
import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {type FamilyFeed, feedsOf} from '../../../../fixtures/families/feeds.ts'
import {GraphBuilder} from '../../../../fixtures/graph-builder.ts'
import {openSession, runFeeds} from '../runtime/test-onnxruntime.ts'
import {findStructure} from './find-structure.ts'
import {unmergeDecoder} from './merged-decoder.ts'
import {decodeMessage, encodeMessage} from './schema.ts'
import {testGraph, testModel} from './test-models.ts'

const MERGED = COMBINATIONS.filter(({cache, dtype}) => cache === 'merged' && dtype !== 'float16')
const TOKEN_IDS = [5, 17, 3, 60, 42, 7]
const RUN_LENGTHS = [4, 1, 1]

describe('a merged decoder', () => {
  it.each(MERGED.map((cell) => [cellName(cell), cell] as const))(
    '%s: its graph with the cache starts and continues a text as the two do',
    async (_, cell) => {
      const {bytes, facts} = buildFamilyModel(cell)
      const merged = {path: 'model.onnx', model: decodeMessage('Model', bytes)}
      expect(findStructure(merged).problems).toMatchObject([{code: 'merged-decoder'}])
      const {model} = unmergeDecoder(merged)
      const structure = findStructure({path: 'model.onnx', model})
      expect(structure.problems).toEqual([])
      expect(structure.layers).toHaveLength(facts.layerCount)
      expect(structure.residual?.points).toHaveLength(facts.layerCount + 1)
      expect(structure.inputs.kvCache).toHaveLength(facts.kvCache.length)
      expect(structure.inputs.useCacheBranch).toBeNull()
      expect(model.graph.input.some(({name}) => name === 'use_cache_branch')).toBe(false)

      const taken = new Set(model.graph.input.map(({name}) => name))
      const whole = await openSession({bytes, folder: '.'})
      const flat = await openSession({bytes: encodeMessage('Model', model), folder: '.'})
      let pastCount = 0
      let kvCache: Record<string, FamilyFeed> | undefined
      for (const length of RUN_LENGTHS) {
        const tokenIds = TOKEN_IDS.slice(pastCount, pastCount + length)
        const feeds = feedsOf(facts, {tokenIds, pastCount, ...(kvCache && {kvCache})})
        const expected = await runFeeds(whole, feeds)
        const own = Object.entries(feeds).filter(([name]) => taken.has(name))
        const found = await runFeeds(flat, Object.fromEntries(own))
        expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted())
        for (const [name, {data}] of Object.entries(expected)) {
          const other = found[name]!.data as Float32Array
          const difference = other.map((one, at) => Math.abs(one - (data[at] as number)))
          expect(Math.max(...difference), name).toBeLessThan(1e-5)
        }
        kvCache = Object.fromEntries(
          facts.kvCache.map(({output, dtype}) => {
            const {data, dims} = expected[output]!
            return [output, {type: dtype, data: data as Float32Array, dimensions: dims}]
          })
        )
        pastCount += length
      }
      await Promise.all([whole.release(), flat.release()])
    }
  )

  it('is known by what its branches take, whatever inputs are called and whichever branch it is', () => {
    for (const isThen of [true, false]) {
      const graph = new GraphBuilder()
      const tokens = graph.input('tokens', 'float32', [1, 'length'])
      const earlier = graph.input('earlier', 'float32', [1, 'before'])
      const isFirst = graph.input('first', 'int64', [1])
      const branch = (inputs: string[], opType: string, name: string) => {
        const body = graph.branch()
        body.node(opType, inputs, opType === 'Concat' ? {axis: 1} : {}, `${name}.state`)
        body.output(`${name}.state`, 'float32', [1, 'total'])
        return {body, value: body.asAttribute(name)}
      }
      const cached = branch([earlier, tokens], 'Concat', 'cached')
      const fresh = branch([tokens], 'Identity', 'fresh')
      const condition = graph.node('Cast', [isFirst], {to: 9})
      graph.nodes('If', [condition], {
        attributes: isThen
          ? {then_branch: cached.value, else_branch: fresh.value}
          : {then_branch: fresh.value, else_branch: cached.value},
        outputs: ['state'],
      })
      graph.output('state', 'float32', [1, 'total'])
      const model = decodeMessage('Model', graph.build())
      const own = unmergeDecoder({path: 'model.onnx', model}).model.graph
      expect(own.node.map(({opType}) => opType)).toEqual(['Concat'])
      expect(own.input.map(({name}) => name)).toEqual(['tokens', 'earlier'])
    }
  })

  it('is nothing else: a graph without such a choice is given back as it is', () => {
    const graph = {path: 'model.onnx', model: testModel(testGraph({}))}
    expect(unmergeDecoder(graph)).toBe(graph)
  })
})
